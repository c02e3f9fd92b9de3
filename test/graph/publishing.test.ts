/** Writing records: what an author may do, and what becomes of it. */
import { expect, test } from 'vitest'
import { noSecurity } from '../../src/graph/no-security.ts'
import { parseRecordId } from '../../src/records/record-id.ts'
import { LARGEST_RECORD } from '../../src/records/record-size.ts'
import { verifyRecord } from '../../src/records/verify-record.ts'
import { toUtf8 } from '../../src/runtime/bytes.ts'
import type { PeerageError } from '../../src/runtime/peerage-error.ts'
import { codeOf, crypto, HOUR, identityOf, keys, LoneRecords, MINUTE, providerWith } from './lone-records.ts'

const UNKNOWN = parseRecordId('00'.repeat(16))

/** Nothing was stored, sent or reported. */
function expectNothing(node: LoneRecords): void {
  node.records.store.commit()
  expect(node.records.store.trie.size).toBe(0)
  expect(node.records.store.database.lastArrival).toBe(0)
  expect(node.published).toEqual([])
  expect(node.changes).toEqual([])
}

test('G-048: a record that is added is of version 1, without a modifier, made and modified at peer time by this identity', () => {
  const node = new LoneRecords()
  node.run(12_345)
  const record = node.add({ text: 'hello' })
  const { keyPair } = identityOf('self')
  expect(record).toMatchObject({ version: 1, modifier: undefined, deleted: false, type: 'test.note' })
  expect(record.creator).toEqual({ publicKey: keyPair.publicKey, classifier: 'peer' })
  expect([record.created, record.modified]).toEqual([node.now, node.now])
  expect(verifyRecord(crypto, keys, record)).toBe(undefined)
  const [one, other] = [node.add(), node.add()]
  expect(one.id).not.toBe(other.id)
  expect(node.add({ payload: new Uint8Array(), encoding: 'bytes' }).payload).toHaveLength(0)
})

test('G-047, P-071: an application does not add, update or delete records of internal types', () => {
  const node = new LoneRecords()
  for (const type of ['peerage.graph-info', '~peerage.presence', 'peerage.anything']) {
    expect(codeOf(() => node.add({ type }))).toBe('not-authorized')
  }
  expectNothing(node)
  const record = node.made({ type: 'peerage.anything' })
  node.arrive(record)
  expect(codeOf(() => node.update(record.id))).toBe('not-authorized')
  expect(codeOf(() => node.delete(record.id))).toBe('not-authorized')
  expect(node.records.store.find(record.id)?.version).toBe(1)
})

test('G-049: what may not be added fails with its own code, and nothing is stored or sent', () => {
  const node = new LoneRecords()
  const { now } = node
  const attributes = [{ name: 'a b', values: [{ type: 'integer', value: 1 }] }] as const
  const cases: readonly (readonly [string, Parameters<LoneRecords['add']>[0]])[] = [
    ['invalid-record-type', { type: '' }],
    ['invalid-record-type', { type: 'x'.repeat(65) }],
    ['not-authorized', { type: 'peerage.x' }],
    ['invalid-attributes', { attributes }],
    ['invalid-expiration', { expires: now }],
    ['invalid-expiration', { expires: now - 1 }],
    ['invalid-expiration', { expires: Number.NaN }],
    ['record-too-large', { payload: new Uint8Array(LARGEST_RECORD + 1), encoding: 'bytes' }],
  ]
  for (const [code, record] of cases) expect(codeOf(() => node.add(record))).toBe(code)
  expectNothing(node)
  expect(node.add({ payload: new Uint8Array(LARGEST_RECORD), encoding: 'bytes', expires: now + 1 }).version).toBe(1)
  try {
    node.add({ payload: new Uint8Array(LARGEST_RECORD + 1), encoding: 'bytes' })
  } catch (error) {
    const { message, advice } = error as PeerageError
    expect(`${message} ${advice}`).toMatch(/65,?537.*65,?536.*direct connection/)
  }
})

test('G-050: a version is stored before its author is told and before it is sent', () => {
  const node = new LoneRecords()
  const told: string[] = []
  const payload = toUtf8('first')
  const record = {
    type: 'test.note',
    expires: node.now + HOUR,
    refresh: false,
    encoding: 'text',
    payload,
    attributes: [],
  } as const
  node.records.publishing.add(record, () => told.push('told'))
  expect([told, node.published, node.changes]).toEqual([[], [], []])
  node.restart()
  expect(node.texts()).toEqual([])
  expect(told).toEqual([])
  node.records.publishing.add(record, () => told.push('told'))
  node.run()
  expect(told).toEqual(['told'])
  expect(node.published).toHaveLength(1)
  node.restart()
  expect(node.texts()).toEqual(['first'])
})

test('G-050: where the disk is full the author is told so, and nothing is sent, shown or compared', () => {
  const node = new LoneRecords()
  node.add({ text: 'before' })
  const { root } = node
  node.databases.isFull = true
  expect(codeOf(() => node.add({ text: 'lost' }))).toBe('disk-full')
  expect([node.root, node.texts(), node.published.length, node.changes.length]).toEqual([root, ['before'], 1, 1])
  node.databases.isFull = false
  expect(node.add({ text: 'after' }).version).toBe(1)
  expect(node.texts()).toEqual(['after', 'before'])
})

test('G-051: an update keeps the header, raises the version by one, and replaces what is given', () => {
  const node = new LoneRecords()
  const attributes = [{ name: 'a', values: [{ type: 'integer', value: 1 }] }] as const
  const first = node.add({ attributes })
  node.run(5000)
  const second = node.update(first.id, { text: 'second' })
  const { id, type, creator, created, nonce, expires } = first
  expect(second).toMatchObject({ id, type, creator, created, nonce, expires, version: 2, attributes })
  expect(second.modifier).toEqual({ publicKey: identityOf('self').keyPair.publicKey, classifier: 'peer' })
  expect([second.modified, second.payload]).toEqual([node.now, toUtf8('second')])
  const third = node.update(first.id, { attributes: [], expires: expires + 1 })
  expect(third).toMatchObject({ version: 3, attributes: [], expires: expires + 1 })
})

test('G-051: where peer time has moved back, a modification is the next instant after the one before', () => {
  const node = new LoneRecords()
  const first = node.add()
  node.host.skewClock(-10_000)
  expect(node.update(first.id).modified).toBe(first.modified + 1)
  expect(node.delete(first.id).modified).toBe(first.modified + 2)
})

test('G-052: what may not be updated fails with its own code, and the record stays', () => {
  const node = new LoneRecords()
  const first = node.add({ life: HOUR + 30_000 })
  const gone = node.add()
  node.delete(gone.id)
  const attributes = [{ name: '', values: [{ type: 'integer', value: 1 }] }] as const
  const big = { content: { encoding: 'bytes', payload: new Uint8Array(LARGEST_RECORD + 1) } } as const
  expect(codeOf(() => node.update(UNKNOWN))).toBe('record-not-found')
  expect(codeOf(() => node.update(gone.id))).toBe('record-not-found')
  expect(codeOf(() => node.update(first.id, { ifVersion: 2 }))).toBe('version-conflict')
  expect(codeOf(() => node.update(first.id, { expires: first.expires - 1 }))).toBe('invalid-expiration')
  expect(codeOf(() => node.update(first.id, { attributes }))).toBe('invalid-attributes')
  expect(codeOf(() => node.update(first.id, big))).toBe('record-too-large')
  expect(node.records.store.find(first.id)).toMatchObject({ version: 1 })
  expect(node.update(first.id, { ifVersion: 1, expires: first.expires }).version).toBe(2)
  // Expired by peer time, though not by the minute: it can be extended, and not left as it is.
  node.run(first.expires - node.now + 1)
  expect(codeOf(() => node.update(first.id))).toBe('invalid-expiration')
  expect(node.update(first.id, { expires: node.now + HOUR }).version).toBe(3)
  const other = node.made({ text: 'of another' })
  node.arrive(other)
  expect(node.update(other.id, { refresh: false }).version).toBe(2)
})

test('G-053: a killed process leaves the old version or the new one, and no tombstone was sent for what was replaced', () => {
  for (const isCommitted of [false, true]) {
    const node = new LoneRecords()
    const { id } = node.add({ text: 'old' })
    const content = { encoding: 'text', payload: toUtf8('new') } as const
    const update = { content, attributes: undefined, expires: undefined, refresh: undefined, ifVersion: undefined }
    node.records.publishing.update(id, update, () => undefined)
    expect(node.texts()).toEqual(['new'])
    if (isCommitted) node.records.store.commit()
    node.restart()
    expect(node.texts()).toEqual([isCommitted ? 'new' : 'old'])
    expect(node.published.filter(({ deleted }) => deleted)).toEqual([])
  }
})

test('G-054: a tombstone has the header, nothing in it, and lasts until no version can be live any more', () => {
  const node = new LoneRecords()
  node.longestLife = 10 * HOUR
  const first = node.add({ attributes: [{ name: 'a', values: [{ type: 'integer', value: 1 }] }] })
  node.run(MINUTE)
  const deleted = node.delete(first.id)
  const { id, type, creator, created, nonce } = first
  expect(deleted).toMatchObject({ id, type, creator, created, nonce, version: 2, deleted: true, attributes: [] })
  expect([deleted.payload.length, deleted.modified]).toEqual([0, node.now])
  expect(deleted.expires).toBe(created + 10 * HOUR)
  expect(node.records.store.live(id)).toBe(undefined)
  expect(node.changes.at(-1)).toEqual({ kind: 'removed', id, type, reason: 'deleted' })
  for (const gone of [id, UNKNOWN]) expect(codeOf(() => node.delete(gone))).toBe('record-not-found')
  expect(node.published.at(-1)).toBe(deleted)
})

test('G-054: a tombstone lasts to the end of the right of the creator, whatever the right of who deletes', () => {
  const [self, ann] = [identityOf('self'), identityOf('ann')]
  let ends = Number.POSITIVE_INFINITY
  const node = new LoneRecords({
    provider: providerWith({
      rightEnds: (key) => (key === self.keyPair.publicKey ? undefined : ends),
    }),
  })
  ends = node.now + 3 * HOUR
  const record = node.made()
  expect(record.creator.publicKey).toEqual(ann.keyPair.publicKey)
  node.arrive(record)
  expect(node.delete(record.id).expires).toBe(ends)
})

test('G-154: no record of an application outlives the longest life of the graph, or the right of its creator', () => {
  let ends: number | undefined
  const node = new LoneRecords({ provider: providerWith({ rightEnds: () => ends }) })
  const { now } = node
  node.longestLife = 5 * HOUR
  expect(codeOf(() => node.add({ expires: now + 5 * HOUR + 1 }))).toBe('invalid-expiration')
  const first = node.add({ expires: now + 5 * HOUR })
  expect(codeOf(() => node.update(first.id, { expires: first.expires + 1 }))).toBe('invalid-expiration')
  expect(node.arrive(node.made({ expires: now + 5 * HOUR, text: 'longest' }))).toEqual(['new'])
  expect(node.arrive(node.made({ expires: now + 5 * HOUR + 1, text: 'too long' }))).toEqual(['dropped'])
  ends = now + 2 * HOUR
  expect(codeOf(() => node.add({ expires: ends ?? 0 + 1 }))).toBe('no error')
  expect(codeOf(() => node.add({ expires: now + 2 * HOUR + 1 }))).toBe('invalid-expiration')
  expect(node.arrive(node.made({ expires: now + 2 * HOUR, text: 'within the right' }))).toEqual(['new'])
  expect(node.arrive(node.made({ expires: now + 2 * HOUR + 1, text: 'beyond the right' }))).toEqual(['dropped'])
  expect(node.counters['dropped-record-outlives']).toBe(2)
})

test('G-127: the provider secures each creation, update and deletion, of ephemeral and internal records too', () => {
  const secured: string[] = []
  const node = new LoneRecords({
    provider: providerWith({
      secure: ({ type, version, deleted }) => {
        secured.push(`${type} ${version} ${deleted}`)
        return toUtf8(`proof ${version}`)
      },
    }),
  })
  const record = node.add()
  expect(record.proofs).toEqual(toUtf8('proof 1'))
  expect(node.update(record.id).proofs).toEqual(toUtf8('proof 2'))
  expect(node.delete(record.id).proofs).toEqual(toUtf8('proof 3'))
  node.add({ type: '~test.mood' })
  const content = { encoding: 'text', payload: toUtf8('x'), attributes: [] } as const
  const internal = { type: 'peerage.test', expires: node.now + HOUR, refresh: false, ...content }
  node.records.publishing.addInternal(internal, () => undefined)
  expect(secured).toEqual([
    'test.note 1 false',
    'test.note 2 false',
    'test.note 3 true',
    '~test.mood 1 false',
    'peerage.test 1 false',
  ])
})

test('G-127, P-087: what the provider throws stops the operation, reaches the caller, and nothing is stored or sent', () => {
  const refusal = new Error('not today')
  let isRefused = false
  const node = new LoneRecords({
    provider: providerWith({
      secure: () => {
        if (isRefused) throw refusal
        return new Uint8Array(0)
      },
    }),
  })
  const record = node.add()
  const { root } = node
  const { length } = node.published
  isRefused = true
  const acts = [
    () => node.add(),
    () => node.add({ type: '~test.mood' }),
    () => node.update(record.id),
    () => node.delete(record.id),
  ]
  for (const act of acts) expect(act).toThrow(refusal)
  node.run()
  expect([node.root, node.published.length, node.records.store.ephemeral.size]).toEqual([root, length, 0])
  isRefused = false
  expect(node.update(record.id).version).toBe(2)
})

test('P-087: what others would refuse is not made: its author gets "not authorized"', () => {
  const node = new LoneRecords({
    provider: () => ({ ...noSecurity(), validate: ({ type }) => (type === 'test.note' ? 'valid' : 'invalid') }),
  })
  expect(codeOf(() => node.add({ type: 'test.secret' }))).toBe('not-authorized')
  expectNothing(node)
})

test('G-149: an ephemeral record is acknowledged when it is in memory, and lost where all who had it restart', () => {
  const node = new LoneRecords()
  const told: unknown[] = []
  const content = { encoding: 'text', payload: toUtf8('now'), attributes: [] } as const
  const record = { type: '~test.mood', expires: node.now + HOUR, refresh: false, ...content }
  node.records.publishing.add(record, (outcome) => told.push(outcome))
  expect(told).toEqual([node.published[0]])
  expect(node.records.store.live(node.published[0]?.id ?? UNKNOWN)?.record).toBe(told[0])
  expect(node.records.store.trie.size).toBe(0)
  node.restart()
  expect(node.records.store.ephemeral.size).toBe(0)
  expect([...node.records.store.database.leaves()]).toEqual([])
})
