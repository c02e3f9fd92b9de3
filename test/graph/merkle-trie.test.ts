import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { KEY_NIBBLES, MerkleTrie, TYPE_NIBBLES, typePath } from '../../src/graph/merkle-trie.ts'
import { SharedTypes } from '../../src/graph/reconciliation-stages.ts'
import { parseRecordId, type RecordId, recordIdBytes, recordIdFromBytes } from '../../src/records/record-id.ts'
import { concatBytes, fromHex, toHex, toUtf8 } from '../../src/runtime/bytes.ts'
import { crypto, MINUTE } from './reconciled-pair.ts'

interface TrieVectors {
  readonly types: readonly string[]
  readonly records: readonly Record<'type' | 'id' | 'digest' | 'key' | 'leaf', string>[]
  readonly tries: readonly { readonly count: number; readonly root: string }[]
  readonly typesOf1000: readonly {
    readonly type: string
    readonly prefix: string
    readonly count: number
    readonly hash: string
  }[]
  readonly shared: readonly { readonly types: readonly string[]; readonly count: number; readonly hash: string }[]
  readonly updated: { readonly count: number; readonly digestOf0: string; readonly root: string }
}

interface Leaf {
  readonly type: string
  readonly id: RecordId
  readonly digest: Uint8Array
  readonly expires: number
}

const vectors: TrieVectors = JSON.parse(
  readFileSync(new URL('../../docs/protocol/vectors/graph-tries.json', import.meta.url), 'utf8'),
)
const NEVER = 2 ** 40 * 1000

function hash(text: string): Uint8Array {
  return crypto.sha256(toUtf8(text))
}

/** Record i of the vectors. */
function recordOf(index: number): Leaf {
  const id = recordIdFromBytes(hash(`record ${index}`).subarray(0, 16))
  return { type: vectors.types[index % 3] ?? '', id, digest: hash(`digest ${index}`), expires: NEVER }
}

function trieOf(leaves: Iterable<Leaf>): MerkleTrie {
  const trie = new MerkleTrie(crypto)
  for (const leaf of leaves) trie.put(leaf)
  return trie
}

function trieOfCount(count: number): MerkleTrie {
  return trieOf(Array.from({ length: count }, (_, index) => recordOf(index)))
}

function pathOf({ type, id }: Pick<Leaf, 'type' | 'id'>): string {
  return typePath(crypto, type) + toHex(crypto.sha256(recordIdBytes(id)))
}

function hexOf(bytes: Uint8Array | undefined): string {
  return toHex(bytes ?? new Uint8Array(16))
}

/** The hash of a set of records, straight from its definition. */
function plainHash(leaves: readonly Leaf[], prefix = ''): string {
  const below = leaves.filter((leaf) => pathOf(leaf).startsWith(prefix))
  const [only] = below
  if (only === undefined) return '00'.repeat(16)
  if (below.length === 1) return cut(Uint8Array.of(0), bytesOf(pathOf(only)), only.digest)
  let depth = prefix.length
  while (new Set(below.map((leaf) => pathOf(leaf)[depth])).size === 1) depth++
  const common = pathOf(only).slice(0, depth)
  let map = 0
  let hashes = ''
  for (let nibble = 0; nibble < 16; nibble++) {
    const child = common + nibble.toString(16)
    const isThere = below.some((leaf) => pathOf(leaf).startsWith(child))
    map = map * 2 + (isThere ? 1 : 0)
    if (isThere) hashes += plainHash(below, child)
  }
  return cut(Uint8Array.of(1, depth, map >> 8, map & 0xff), bytesOf(hashes))
}

function cut(...parts: readonly Uint8Array[]): string {
  return toHex(crypto.sha256(concatBytes(...parts)).subarray(0, 16))
}

function bytesOf(hex: string): Uint8Array {
  const bytes = fromHex(hex)
  if (bytes === undefined) throw new TypeError(hex)
  return bytes
}

/** Few types, few IDs and few minutes, so that records meet. */
const anyLeaf = fc.record({
  type: fc.constantFrom('a', 'b', 'peerage.c'),
  id: fc.integer({ min: 0, max: 60 }).map((number) => recordIdFromBytes(hash(`${number}`).subarray(0, 16))),
  digest: fc.integer({ min: 0, max: 3 }).map((number) => hash(`version ${number}`)),
  expires: fc.integer({ min: 1, max: 8 * MINUTE }),
})

describe('the root of a trie', () => {
  test('G-160: is that of the published vectors, for 0, 1, 2 and 1,000 records', () => {
    expect(vectors.tries.map(({ count }) => count)).toEqual(expect.arrayContaining([0, 1, 2, 1000]))
    for (const { count, root } of vectors.tries) expect(hexOf(trieOfCount(count).hashAt(''))).toBe(root)
    for (const [index, { type, id, digest, key, leaf }] of vectors.records.entries()) {
      const record = recordOf(index)
      expect([record.type, record.id, toHex(record.digest)]).toEqual([type, id, digest])
      expect(pathOf({ type, id: parseRecordId(id) })).toBe(key)
      expect(hexOf(trieOf([record]).hashAt(key))).toBe(leaf)
    }
  })

  test('G-160: depends on the digest of every record', () => {
    const { count, digestOf0, root } = vectors.updated
    const trie = trieOfCount(count)
    expect(trie.put({ ...recordOf(0), digest: bytesOf(digestOf0) })).toBe(true)
    expect(trie.size).toBe(count)
    expect(hexOf(trie.hashAt(''))).toBe(root)
  })

  test('G-160: covers the records of each type by a hash of their own', () => {
    const trie = trieOfCount(1000)
    for (const { type, prefix, count, hash } of vectors.typesOf1000) {
      expect(typePath(crypto, type)).toBe(prefix)
      expect(trie.countAt(prefix)).toBe(count)
      expect(hexOf(trie.hashAt(prefix))).toBe(hash)
    }
    expect([...trie.types()].sort()).toEqual([...vectors.types].sort())
  })

  test('G-160: is the same after any insertions, changes, expirations and removals in any order', () => {
    const anyStep = fc.oneof(
      anyLeaf.map((leaf) => ({ do: 'put', leaf }) as const),
      anyLeaf.map((leaf) => ({ do: 'remove', leaf }) as const),
      fc.integer({ min: 0, max: 9 }).map((minute) => ({ do: 'advance', minute }) as const),
      fc.constant({ do: 'look' } as const),
    )
    fc.assert(
      fc.property(fc.array(anyStep, { maxLength: 120 }), (steps) => {
        const trie = new MerkleTrie(crypto)
        const held = new Map<string, Leaf>()
        let minute = 0
        for (const step of steps) {
          if (step.do === 'look') {
            trie.hashAt('')
          } else if (step.do === 'advance') {
            minute = Math.max(minute, step.minute)
            const expired = [...held].filter(([, { expires }]) => expires <= minute * MINUTE)
            const taken = trie.advance(step.minute * MINUTE).map((leaf) => pathOf(leaf))
            expect([...taken].sort()).toEqual(expired.map(([path]) => path).sort())
            for (const [path] of expired) held.delete(path)
          } else if (step.do === 'remove') {
            const path = pathOf(step.leaf)
            expect(trie.remove(step.leaf.type, step.leaf.id)).toBe(held.delete(path))
          } else {
            const isCurrent = step.leaf.expires > minute * MINUTE
            expect(trie.put(step.leaf)).toBe(isCurrent)
            if (isCurrent) held.set(pathOf(step.leaf), step.leaf)
            else held.delete(pathOf(step.leaf))
          }
        }
        const leaves = [...held.values()]
        expect(trie.size).toBe(leaves.length)
        expect(hexOf(trie.hashAt(''))).toBe(plainHash(leaves))
        expect(hexOf(trieOf([...leaves].reverse()).hashAt(''))).toBe(plainHash(leaves))
        for (const { type, id, digest } of leaves) expect(trie.digestOf(type, id)).toEqual(digest)
      }),
      { numRuns: 150 },
    )
  })
})

test('what is below a prefix is counted, described and listed', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(anyLeaf, { selector: pathOf, maxLength: 60 }),
      fc.nat(),
      fc.integer({ min: 0, max: KEY_NIBBLES }),
      fc.integer({ min: 1, max: 20 }),
      (leaves, drawn, length, limit) => {
        const trie = trieOf(leaves)
        const sorted = leaves.map((leaf) => pathOf(leaf)).sort()
        const some = sorted[drawn % Math.max(1, sorted.length)] ?? pathOf({ type: 'x', id: recordOf(0).id })
        const prefix = some.slice(0, length)
        const below = sorted.filter((path) => path.startsWith(prefix))
        expect(trie.countAt(prefix)).toBe(below.length)
        expect(hexOf(trie.hashAt(prefix))).toBe(plainHash(leaves, prefix))
        const node = trie.nodeAt(prefix)
        expect(node === undefined).toBe(below.length < 2)
        if (node !== undefined) {
          expect(below.every((path) => path.startsWith(node.path))).toBe(true)
          const children = node.children.map((_, nibble) => plainHash(leaves, node.path + nibble.toString(16)))
          expect(node.children.map((child) => hexOf(child))).toEqual(children)
        }
        const listed: string[] = []
        for (let after = ''; ; after = listed.at(-1) ?? '') {
          const page = trie.leaves(prefix, limit, after)
          listed.push(...page.map(({ path }) => path))
          if (page.length < limit) break
        }
        expect(listed).toEqual(below)
        expect(trie.leaves(prefix, 100, `${prefix}8`).map(({ path }) => path)).toEqual(
          below.filter((path) => path > `${prefix}8`),
        )
      },
    ),
    { numRuns: 150 },
  )
})

test('what is outside an inner prefix is everything else, each once', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(anyLeaf, { selector: pathOf, maxLength: 60 }),
      anyLeaf,
      fc.tuple(fc.integer({ min: 0, max: 70 }), fc.integer({ min: 0, max: 70 })),
      (leaves, target, [one, other]) => {
        const trie = trieOf(leaves)
        const path = pathOf(target)
        const prefix = path.slice(0, Math.min(one, other))
        const inner = path.slice(0, Math.max(one, other))
        const found = trie.outside(prefix, inner)
        expect([...found]).toEqual([...found].sort())
        const covered = found.flatMap((outside) => trie.leaves(outside, 100).map(({ path }) => path))
        const below = leaves.map((leaf) => pathOf(leaf)).filter((leaf) => leaf.startsWith(prefix))
        expect(covered.sort()).toEqual(below.filter((leaf) => !leaf.startsWith(inner)).sort())
      },
    ),
    { numRuns: 200 },
  )
})

test('two ends that share some types compare the hash of the published vectors', () => {
  for (const { types, count, hash } of vectors.shared) {
    const shared = new SharedTypes(types, undefined)
    expect(hexOf(shared.hash(trieOfCount(count), crypto))).toBe(hash)
  }
  expect(hexOf(new SharedTypes(['nothing'], undefined).hash(trieOfCount(1), crypto))).toBe('00'.repeat(16))
})

test('a trie that was cleared is as a new one', () => {
  const trie = trieOfCount(100)
  trie.clear()
  expect([trie.size, trie.hashAt(''), [...trie.types()]]).toEqual([0, undefined, []])
  trie.put(recordOf(0))
  expect(hexOf(trie.hashAt(''))).toBe(hexOf(trieOfCount(1).hashAt('')))
})

test('a hundred thousand records take at most 150 bytes each', () => {
  const trie = trieOfCount(100_000)
  trie.hashAt('')
  expect(trie.memory).toBeLessThan(150 * 100_000)
  expect(TYPE_NIBBLES * 2).toBe(KEY_NIBBLES)
})
