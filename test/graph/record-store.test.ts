/** The records of a node and the trie over them. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { MerkleTrie } from '../../src/graph/merkle-trie.ts'
import type { GraphRecord } from '../../src/records/record.ts'
import { toHex } from '../../src/runtime/bytes.ts'
import { crypto, HOUR, LoneRecords, MINUTE } from './lone-records.ts'

/** The root that a trie of what is stored would have. */
function rootOfStored(node: LoneRecords): string {
  const trie = new MerkleTrie(crypto)
  const minute = node.parts.peerTime.minute()
  for (const leaf of node.records.store.database.leaves()) if (leaf.expires > minute) trie.put(leaf)
  return toHex(trie.hashAt('') ?? new Uint8Array(1))
}

test('G-164: after any changes, full disks and kills the root is that of the records that are stored', () => {
  const anyStep = fc.record({
    what: fc.constantFrom('put', 'put', 'put', 'update', 'delete', 'remove', 'commit', 'fail', 'kill', 'minute'),
    pick: fc.nat({ max: 1000 }),
  })
  fc.assert(
    fc.property(fc.array(anyStep, { maxLength: 40 }), (steps) => {
      const node = new LoneRecords()
      const records: GraphRecord[] = []
      for (const { what, pick } of steps) {
        const { store } = node.records
        const one = records[pick % Math.max(1, records.length)]
        const later = { text: `after ${pick}`, expires: node.now + HOUR, modified: node.now }
        if (what === 'put') {
          const expires = node.now + (pick % 5) * MINUTE + 1
          const record = node.made({ nonce: String(records.length), text: `${pick}`, expires })
          records.push(record)
          store.apply(record)
        } else if (what === 'update' && one !== undefined) {
          store.apply(node.made({ after: one, ...later }))
        } else if (what === 'delete' && one !== undefined) {
          store.apply(node.made({ after: one, ...later, deleted: true }))
        } else if (what === 'remove' && one !== undefined) {
          store.remove(one, 'revoked')
        } else if (what === 'minute') {
          node.run(MINUTE)
        } else if (what === 'kill') {
          node.restart()
        } else {
          node.databases.isFull = what === 'fail'
          store.commit()
          node.databases.isFull = false
        }
        node.records.store.advanceTrie(node.parts.peerTime.minute())
        expect(node.root).toBe(rootOfStored(node))
      }
      node.restart()
      node.records.store.advanceTrie(node.parts.peerTime.minute())
      expect(node.root).toBe(rootOfStored(node))
    }),
    { numRuns: 150 },
  )
})

test('G-164: tombstones are in the trie; what waits, lacks a proof, is invalid or is ephemeral is not', () => {
  const node = new LoneRecords()
  const record = node.add()
  node.delete(record.id)
  expect(node.records.store.trie.size).toBe(1)
  const { root } = node
  node.add({ type: '~test.mood' })
  node.arrive(node.made({ created: node.now + HOUR, expires: node.now + 2 * HOUR }))
  expect(node.root).toBe(root)
})

test('what a full disk does not take of others is neither here nor shown, and is taken when it comes again', () => {
  const node = new LoneRecords()
  const kept = node.made({ text: 'kept' })
  node.arrive(kept)
  node.run()
  const { root } = node
  node.databases.isFull = true
  const lost = node.made({ text: 'lost' })
  const later = node.made({ after: kept, text: 'later' })
  const mood = node.made({ type: '~test.mood', text: 'mood' })
  for (const record of [lost, later, mood]) expect(node.arrive(record)).toEqual(['new'])
  node.run()
  expect([node.root, node.texts()]).toEqual([root, ['kept']])
  expect(node.records.store.isHere(lost.id, lost.digest)).toBe(false)
  // An ephemeral record does not depend on the disk.
  const shown = node.changes.map((change) => (change.kind === 'removed' ? change.id : change.record.id))
  expect(shown).toEqual([kept.id, mood.id])
  expect(node.counters['dropped-record-lost-by-disk']).toBe(1)
  node.databases.isFull = false
  for (const record of [lost, later]) expect(node.arrive(record, 'neighbor', 'bulk')).toEqual(['new'])
  node.run()
  node.restart()
  expect(node.texts()).toEqual(['later', 'lost'])
})

test('a reader is told of each change once, as it sees it', () => {
  const node = new LoneRecords()
  const first = node.made({ text: 'first' })
  const deleted = node.made({ after: first, deleted: true })
  const unseen = node.made({ text: 'unseen' })
  for (const record of [first, node.made({ after: first, text: 'second' }), deleted]) node.arrive(record)
  node.arrive(node.made({ after: unseen, deleted: true }))
  node.arrive(node.made({ after: deleted, deleted: true, version: 9 }))
  expect(node.changes).toEqual([])
  node.run()
  expect(
    node.changes.map((change) => [change.kind, change.kind === 'removed' ? change.reason : change.record.version]),
  ).toEqual([
    ['added', 1],
    ['updated', 2],
    ['removed', 'deleted'],
  ])
})
