/** Limits of ephemeral records. */
import { expect, test } from 'vitest'
import {
  EphemeralRecords,
  LARGEST_EPHEMERAL,
  LARGEST_EPHEMERAL_OF_CREATOR,
  MOST_EPHEMERAL,
  MOST_EPHEMERAL_OF_CREATOR,
} from '../../src/graph/ephemeral-records.ts'
import { GraphCounters } from '../../src/graph/graph-counters.ts'
import { codeOf, HOUR, LoneRecords, MINUTE, madeRecord } from './lone-records.ts'

const type = '~test.mood'

test('G-173: a creator at its own limit loses only its own, those that expire first, and each loss is counted', () => {
  const node = new LoneRecords()
  const { now } = node
  const other = node.made({ type, by: 'bob', expires: now + 2 * MINUTE })
  node.arrive(other)
  const made = Array.from({ length: MOST_EPHEMERAL_OF_CREATOR + 3 }, (_, index) =>
    node.made({ type, nonce: String(index), expires: now + HOUR + index }),
  )
  for (const record of made.toReversed()) node.arrive(record)
  const { ephemeral } = node.records.store
  expect(made.filter(({ id }) => ephemeral.get(id) === undefined)).toEqual(made.slice(0, 3))
  expect(ephemeral.get(other.id)).toBeDefined()
  expect(node.counters['dropped-ephemeral-limit']).toBe(3)
  const longer = node.made({ type, nonce: 'longer', expires: now + 2 * HOUR })
  expect(node.arrive(longer)).toEqual(['new'])
  expect(ephemeral.get(made[3]?.id ?? other.id)).toBe(undefined)
  node.run()
  const removed = node.changes.flatMap((change) => (change.kind === 'removed' ? [[change.id, change.reason]] : []))
  expect(removed).toEqual([[made[3]?.id, 'expired']])
})

test('G-173: a creator is limited in bytes, and its own node tells it so', () => {
  const node = new LoneRecords()
  const text = 'x'.repeat(60_000)
  const most = Math.floor(LARGEST_EPHEMERAL_OF_CREATOR / 60_200)
  for (let index = 0; index < most; index++) node.add({ type, text, life: HOUR })
  expect(codeOf(() => node.add({ type, text, life: MINUTE }))).toBe('too-many-ephemeral')
  expect([node.records.store.ephemeral.size, node.published.length]).toEqual([most, most])
  expect(node.add({ type, text, life: 2 * HOUR }).version).toBe(1)
  expect(node.records.store.ephemeral.size).toBe(most)
})

test('G-173: in all there are so many, and the one that expires first makes room', () => {
  const counters = new GraphCounters()
  const records = new EphemeralRecords(counters)
  const template = madeRecord(0, { type, expires: HOUR })
  for (let index = 0; index < MOST_EPHEMERAL + 5; index++) {
    const creator = { publicKey: new Uint8Array([index >> 8, index & 0xff]), classifier: '' }
    const record = { ...template, id: `${index}` as typeof template.id, creator, expires: HOUR + index }
    records.put(record)
  }
  expect(records.size).toBe(MOST_EPHEMERAL)
  expect(counters.read()).toEqual({ 'dropped-ephemeral-limit': 5 })
  expect([...records.all()].map(({ expires }) => expires).toSorted((one, other) => one - other)[0]).toBe(HOUR + 5)
})

test('G-173: in all there are so many bytes, and the one that expires first makes room', () => {
  const counters = new GraphCounters()
  const records = new EphemeralRecords(counters)
  const template = { ...madeRecord(0, { type, expires: HOUR }), bytes: new Uint8Array(LARGEST_EPHEMERAL_OF_CREATOR) }
  const most = LARGEST_EPHEMERAL / LARGEST_EPHEMERAL_OF_CREATOR
  for (let index = 0; index < most + 2; index++) {
    const creator = { publicKey: new Uint8Array([index >> 8, index & 0xff]), classifier: '' }
    records.put({ ...template, id: `${index}` as typeof template.id, creator, expires: 2 * HOUR - index })
  }
  expect(records.size).toBe(most)
  expect(counters.read()).toEqual({ 'dropped-ephemeral-limit': 2 })
})

test('a new version that would be the first to go takes the one before it along, which is reported', () => {
  const node = new LoneRecords()
  const { now } = node
  const first = node.made({ type, expires: now + 3 * HOUR })
  node.arrive(first)
  for (let index = 0; index < MOST_EPHEMERAL_OF_CREATOR - 1; index++) {
    node.arrive(node.made({ type, nonce: String(index), expires: now + HOUR }))
  }
  expect(node.arrive(node.made({ after: first, expires: now + MINUTE }))).toEqual(['new'])
  expect(node.arrive(node.made({ type, nonce: 'one more', expires: now + HOUR }))).toEqual(['new'])
  node.run()
  expect(node.changes.at(-2)).toMatchObject({ kind: 'removed', id: first.id, reason: 'expired' })
})
