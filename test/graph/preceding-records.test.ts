/** Records that a security provider wants to be out before others. */
import { expect, test } from 'vitest'
import type { PrecedingRecord } from '../../src/graph/security-provider.ts'
import { codeOf, HOUR, LoneRecords, providerWith } from './lone-records.ts'

const TYPE = 'peerage.proof'

/** A provider that wants one record first, and once that is stored no other. */
function wanting(wanted: Partial<PrecedingRecord> = {}) {
  let isStored = false
  const asked: string[] = []
  const provider = providerWith({
    firstTypes: [TYPE],
    precedes: ({ type, created }) => {
      asked.push(type)
      if (isStored || type === TYPE) return undefined
      return { type: TYPE, expires: created + HOUR, payload: new Uint8Array(3), ...wanted }
    },
    stored: () => {
      isStored = true
    },
  })
  return { provider, asked }
}

test('what the provider wants first is stored with the record, and leaves before it, once', () => {
  const { provider, asked } = wanting()
  const node = new LoneRecords({ provider })
  const first = node.add()
  const second = node.add()
  node.run()
  expect(node.published.map(({ type }) => type)).toEqual([TYPE, 'test.note', 'test.note'])
  expect(node.published.slice(1)).toEqual([first, second])
  expect(asked).toEqual(['test.note', TYPE, 'test.note'])
})

test('a record that is not stored waits until what precedes it is', () => {
  const { provider } = wanting()
  const node = new LoneRecords({ provider })
  node.records.publishing.addInternal(
    {
      ...{ type: '~test.status', expires: node.now + HOUR, refresh: false, encoding: 'bytes', attributes: [] },
      payload: new Uint8Array(1),
    },
    () => undefined,
  )
  expect(node.published).toEqual([])
  node.run()
  expect(node.published.map(({ type }) => type)).toEqual([TYPE, '~test.status'])
})

test('a change is preceded as well', () => {
  let isWanted = false
  const node = new LoneRecords({
    provider: providerWith({
      precedes: ({ type, created }) =>
        isWanted && type !== TYPE ? { type: TYPE, expires: created + HOUR, payload: new Uint8Array(1) } : undefined,
    }),
  })
  const { id } = node.add()
  isWanted = true
  node.update(id, { text: 'changed' })
  node.delete(id)
  node.run()
  expect(node.published.map(({ type }) => type)).toEqual(['test.note', TYPE, 'test.note', TYPE, 'test.note'])
})

test('nonsense in its place fails the write, and nothing is stored', () => {
  for (const wanted of [{ type: 'test.note' }, { expires: 1.5 }, { payload: 'text' as unknown as Uint8Array }]) {
    const node = new LoneRecords({ provider: wanting(wanted).provider })
    expect(codeOf(() => node.add())).toBe('provider-failed')
    node.run()
    expect([...node.records.store.database.leaves()]).toEqual([])
  }
})

test('a record whose end depends on when it is made is made at the moment from which that was worked out', () => {
  const node = new LoneRecords()
  const now = node.now
  node.run(5)
  const record = { type: TYPE, refresh: false, encoding: 'bytes', attributes: [], payload: new Uint8Array(1) } as const
  const made = node.records.publishing.addInternal({ ...record, expires: now + HOUR }, () => undefined, now)
  expect([made.created, made.modified, made.expires]).toEqual([now, now, now + HOUR])
})
