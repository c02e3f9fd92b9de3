/**
 * A Merkle trie over the records of a graph (DESIGN section 7, G-160): one hash stands for a whole set of records, and two
 * sets that differ are told apart by descending where their hashes differ.
 *
 * The key of a record is SHA-256(type) ‖ SHA-256(ID), 128 nibbles, so the records of one type form a subtree. Paths without
 * a branching take no node. So the shape, and with it every hash, depends on the set alone:
 *
 *     leaf   SHA-256(00 ‖ key ‖ digest)
 *     node   SHA-256(01 ‖ depth of the branching ‖ 16 bits, the highest for child 0 ‖ hashes of the children)
 *
 * each cut to 16 bytes. Somebody who wants two sets to look alike has to find a collision of 128 bits, which takes 2^64
 * trials, and each of them is a record of their own that they have to sign anew. To forge somebody else's record
 * takes 2^128. Hashes of nodes are computed when somebody asks, and kept until something below changes.
 *
 * The trie holds the records that are current at its *minute*, a whole minute of peer time: two nodes whose clocks are seconds
 * apart, and who compare at the later of their minutes, leave out the same ones (G-161).
 *
 * A *prefix*, or *path*, is a string of 0 to 128 lower-case hexadecimal digits: the nibbles with which keys begin.
 */
import type { StoredLeaf } from '../records/record-database.ts'
import { type RecordId, recordIdBytes, recordIdFromBytes } from '../records/record-id.ts'
import { fromHex, toHex, toUtf8 } from '../runtime/bytes.ts'
import { type Crypto, SHA256_LENGTH } from '../runtime/crypto.ts'
import { TrieExpirations } from './trie-expirations.ts'
import { LeafSlots, NodeSlots, nibbleAt, TRIE_HASH_LENGTH, TRIE_WIDTH } from './trie-slots.ts'
import { type TrieType, TrieTypes } from './trie-types.ts'

/** The nibbles of SHA-256(type), and of SHA-256(ID). */
export const TYPE_NIBBLES: number = SHA256_LENGTH * 2
/** The nibbles of a key. */
export const KEY_NIBBLES: number = TYPE_NIBBLES * 2
const MINUTE = 60_000
const LEAF_TAG = 0
const NODE_TAG = 1

/** A leaf. */
export interface TrieLeaf {
  /** All 128 digits. */
  readonly path: string
  readonly type: string
  readonly id: RecordId
}

/** A leaf whose time is over. */
export interface ExpiredLeaf {
  readonly type: string
  readonly id: RecordId
  /** The whole minute at which it expired, or the exact time. */
  readonly expires: number
}

/** A leaf as it would be, were the record in the trie. */
export interface HashedLeaf {
  readonly path: string
  readonly hash: Uint8Array
}

/** A node where keys part. */
export interface TrieNode {
  /** What its keys have in common. */
  readonly path: string
  /** The hash of each child; undefined: nothing is there. */
  readonly children: readonly (Uint8Array | undefined)[]
}

/** The lasting records of one graph at one node. */
export class MerkleTrie {
  readonly #crypto: Crypto
  #leaves = new LeafSlots()
  #nodes = new NodeSlots()
  #expirations = new TrieExpirations(this.#leaves)
  #types: TrieTypes
  /** A subtree is 0 for none, an even number for a leaf (twice its slot), an odd one for a node (and 1). */
  #root = 0
  #size = 0
  #minute = 0
  /** The key, or the prefix, that is being looked for. */
  readonly #sought = new Uint8Array(2 * SHA256_LENGTH)
  /** Of which record it is the key, if of one: the same is looked for several times while it arrives. */
  #soughtRecord: { readonly type: TrieType; readonly id: RecordId } | undefined
  readonly #leafInput = new Uint8Array(1 + 3 * SHA256_LENGTH)
  readonly #nodeInput = new Uint8Array(4 + TRIE_WIDTH * TRIE_HASH_LENGTH)

  constructor(crypto: Crypto) {
    this.#crypto = crypto
    this.#types = new TrieTypes(crypto)
    this.#leafInput[0] = LEAF_TAG
    this.#nodeInput[0] = NODE_TAG
  }

  /** How many records it holds. */
  get size(): number {
    return this.#size
  }

  /** In milliseconds since 1970: what has expired by then is not in it. */
  get minute(): number {
    return this.#minute
  }

  /** How many bytes its arrays take. */
  get memory(): number {
    return this.#leaves.memory + this.#nodes.memory + this.#expirations.memory
  }

  /**
   * Takes a record in, in the place of another version of it.
   *
   * @returns whether it is in the trie now: not if it has expired by the trie's minute
   */
  put(record: StoredLeaf): boolean {
    const { type, id, digest } = record
    const minute = Math.ceil(record.expires / MINUTE)
    if (minute * MINUTE <= this.#minute) {
      this.remove(type, id)
      return false
    }
    const number = this.#types.add(type)
    this.#seek(number, id)
    const nearest = this.#nearestLeaf()
    const branching = nearest === 0 ? 0 : this.#firstDifference(nearest)
    if (branching === KEY_NIBBLES) {
      this.#leaves.setDigest(nearest, digest)
      this.#expirations.change(nearest, minute)
      this.#walk(KEY_NIBBLES, 0)
      this.#types.remove(number)
      return true
    }
    const slot = this.#leaves.take(number, this.#sought.subarray(SHA256_LENGTH), recordIdBytes(id), digest)
    this.#expirations.add(slot, minute)
    this.#attach(slot * 2, nearest, branching)
    this.#size++
    return true
  }

  /** @returns whether it was there */
  remove(type: string, id: RecordId): boolean {
    const slot = this.#find(type, id)
    if (slot !== 0) this.#remove(slot)
    return slot !== 0
  }

  /** Takes out what has expired by a whole minute of peer time, in milliseconds. An earlier one than before does nothing. */
  advance(minute: number): readonly ExpiredLeaf[] {
    const expired: ExpiredLeaf[] = []
    if (minute <= this.#minute) return expired
    this.#minute = minute
    const number = Math.floor(minute / MINUTE)
    for (let slot = this.#expirations.due(number); slot !== undefined; slot = this.#expirations.due(number)) {
      const expires = (this.#leaves.minutes[slot] ?? 0) * MINUTE
      expired.push({ type: this.#typeOf(slot).name, id: recordIdFromBytes(this.#leaves.id(slot)), expires })
      this.#seekLeaf(slot)
      this.#remove(slot)
    }
    return expired
  }

  /** Takes everything out. */
  clear(): void {
    this.#leaves = new LeafSlots()
    this.#nodes = new NodeSlots()
    this.#expirations = new TrieExpirations(this.#leaves)
    this.#types = new TrieTypes(this.#crypto)
    this.#root = 0
    this.#size = 0
  }

  /** The digest of the version that is here: a view, good until the next change. */
  digestOf(type: string, id: RecordId): Uint8Array | undefined {
    const slot = this.#find(type, id)
    return slot === 0 ? undefined : this.#leaves.digest(slot)
  }

  /** The hash of the records below a prefix, the root for an empty one; undefined if there are none. */
  hashAt(prefix: string): Uint8Array | undefined {
    const subtree = this.#subtree(prefix)
    return subtree === 0 ? undefined : this.#hash(subtree)
  }

  /** How many records are below a prefix. */
  countAt(prefix: string): number {
    return this.#count(this.#subtree(prefix))
  }

  /** The uppermost node below a prefix; undefined if there are fewer than two records. */
  nodeAt(prefix: string): TrieNode | undefined {
    const subtree = this.#subtree(prefix)
    if ((subtree & 1) === 0) return undefined
    const slot = subtree >>> 1
    const children: (Uint8Array | undefined)[] = []
    for (let nibble = 0; nibble < TRIE_WIDTH; nibble++) {
      const child = this.#nodes.child(slot, nibble)
      children.push(child === 0 ? undefined : this.#hash(child))
    }
    return { path: this.#path(subtree), children }
  }

  /** The first records below a prefix, in the order of their keys, behind the one with this path. */
  leaves(prefix: string, limit: number, after = ''): readonly TrieLeaf[] {
    const leaves: TrieLeaf[] = []
    this.#collect(this.#subtree(prefix), after, limit, leaves)
    return leaves
  }

  /** The subtrees below a prefix that are not below another, longer one: their prefixes, in ascending order. */
  outside(prefix: string, inner: string): readonly string[] {
    const found: string[] = []
    let subtree = this.#subtree(prefix)
    let at = prefix
    while (subtree !== 0) {
      const path = this.#path(subtree)
      if (path.startsWith(inner)) break
      if (!inner.startsWith(path) || (subtree & 1) === 0) {
        found.push(at)
        break
      }
      const slot = subtree >>> 1
      const onward = nibbleOf(inner, path.length)
      for (let nibble = 0; nibble < TRIE_WIDTH; nibble++) {
        if (nibble !== onward && this.#nodes.child(slot, nibble) !== 0) found.push(path + nibble.toString(16))
      }
      at = path + onward.toString(16)
      subtree = this.#nodes.child(slot, onward)
    }
    return found.sort()
  }

  /** The types of which there are records. */
  types(): Iterable<string> {
    return this.#types.names()
  }

  #find(type: string, id: RecordId): number {
    const number = this.#types.numberOf(type)
    if (number === undefined || this.#root === 0) return 0
    this.#seek(number, id)
    const nearest = this.#nearestLeaf()
    return this.#firstDifference(nearest) === KEY_NIBBLES ? nearest : 0
  }

  #seek(type: number, id: RecordId): void {
    const ofType = this.#types.type(type)
    if (this.#soughtRecord?.id === id && this.#soughtRecord.type === ofType) return
    this.#soughtRecord = { type: ofType, id }
    this.#sought.set(ofType.hash)
    this.#sought.set(this.#crypto.sha256(recordIdBytes(id)), SHA256_LENGTH)
  }

  #seekLeaf(slot: number): void {
    this.#soughtRecord = undefined
    this.#sought.set(this.#typeOf(slot).hash)
    this.#sought.set(this.#leaves.key(slot), SHA256_LENGTH)
  }

  /** A leaf that no other has more nibbles in common with what is sought than; 0 in an empty trie. */
  #nearestLeaf(): number {
    let subtree = this.#root
    while ((subtree & 1) === 1) {
      const slot = subtree >>> 1
      const child = this.#nodes.child(slot, nibbleAt(this.#sought, this.#nodes.depth(slot)))
      subtree = child === 0 ? this.#anyChild(slot) : child
    }
    return subtree >>> 1
  }

  /** The first nibble in which a leaf is not what is sought, or {@link KEY_NIBBLES}. */
  #firstDifference(leaf: number): number {
    const type = this.#typeOf(leaf).hash
    const key = this.#leaves.key(leaf)
    for (let index = 0; index < 2 * SHA256_LENGTH; index++) {
      const own = index < SHA256_LENGTH ? type[index] : key[index - SHA256_LENGTH]
      const difference = (own ?? 0) ^ (this.#sought[index] ?? 0)
      if (difference !== 0) return index * 2 + (difference < 0x10 ? 1 : 0)
    }
    return KEY_NIBBLES
  }

  /** Goes down the way that is sought as far as a depth; everything passed has changed by so many leaves. */
  #walk(depth: number, by: number): { readonly subtree: number; readonly parent: number } {
    let subtree = this.#root
    let parent = 0
    while ((subtree & 1) === 1 && this.#nodes.depth(subtree >>> 1) < depth) {
      parent = subtree >>> 1
      this.#nodes.change(parent, by)
      subtree = this.#nodes.child(parent, nibbleAt(this.#sought, this.#nodes.depth(parent)))
    }
    return { subtree, parent }
  }

  /** Hangs a new leaf in, whose key parts from that of the nearest one at a nibble. */
  #attach(leaf: number, nearest: number, branching: number): void {
    if (nearest === 0) {
      this.#root = leaf
      return
    }
    const { subtree, parent } = this.#walk(branching, 1)
    const nibble = nibbleAt(this.#sought, branching)
    if ((subtree & 1) === 1 && this.#nodes.depth(subtree >>> 1) === branching) {
      this.#nodes.setChild(subtree >>> 1, nibble, leaf)
      this.#nodes.change(subtree >>> 1, 1)
      return
    }
    const node = this.#nodes.take(branching, this.#count(subtree) + 1)
    this.#nodes.setChild(node, this.#nibble(nearest, branching), subtree)
    this.#nodes.setChild(node, nibble, leaf)
    this.#replace(parent, node * 2 + 1)
  }

  /** Takes out the leaf that is sought. */
  #remove(leaf: number): void {
    const { parent } = this.#walk(KEY_NIBBLES, -1)
    this.#replace(parent, 0)
    const only = parent === 0 ? 0 : this.#onlyChild(parent)
    if (only !== 0) {
      // A node with one child is none: the child takes its place.
      const { parent: above } = this.#walk(this.#nodes.depth(parent), 0)
      this.#replace(above, only)
      this.#nodes.giveBack(parent)
    }
    this.#types.remove(this.#leaves.type(leaf))
    this.#expirations.remove(leaf)
    this.#leaves.giveBack(leaf)
    this.#size--
  }

  /** Puts a subtree in the place below a node that leads to what is sought; 0 is above the root. */
  #replace(parent: number, subtree: number): void {
    if (parent === 0) this.#root = subtree
    else this.#nodes.setChild(parent, nibbleAt(this.#sought, this.#nodes.depth(parent)), subtree)
  }

  #onlyChild(slot: number): number {
    let only = 0
    for (let nibble = 0; nibble < TRIE_WIDTH; nibble++) {
      const child = this.#nodes.child(slot, nibble)
      if (child === 0) continue
      if (only !== 0) return 0
      only = child
    }
    return only
  }

  #anyChild(slot: number): number {
    for (let nibble = 0; nibble < TRIE_WIDTH; nibble++) {
      const child = this.#nodes.child(slot, nibble)
      if (child !== 0) return child
    }
    throw new Error('a node has children')
  }

  #anyLeaf(subtree: number): number {
    let below = subtree
    while ((below & 1) === 1) below = this.#anyChild(below >>> 1)
    return below >>> 1
  }

  #subtree(prefix: string): number {
    const bytes = fromHex(prefix.length % 2 === 0 ? prefix : `${prefix}0`)
    if (bytes === undefined || prefix.length > KEY_NIBBLES) throw new RangeError(`not a prefix of keys: ${prefix}`)
    this.#soughtRecord = undefined
    this.#sought.set(bytes)
    let subtree = this.#root
    while ((subtree & 1) === 1) {
      const depth = this.#nodes.depth(subtree >>> 1)
      if (depth >= prefix.length) break
      subtree = this.#nodes.child(subtree >>> 1, nibbleAt(this.#sought, depth))
    }
    if (subtree === 0 || this.#firstDifference(this.#anyLeaf(subtree)) < prefix.length) return 0
    return subtree
  }

  #count(subtree: number): number {
    if (subtree === 0) return 0
    return (subtree & 1) === 0 ? 1 : (this.#nodes.counts[subtree >>> 1] ?? 0)
  }

  /** What all keys of a subtree begin with; of a leaf, the whole key. */
  #path(subtree: number): string {
    const path = this.#leafPath(this.#anyLeaf(subtree))
    return (subtree & 1) === 0 ? path : path.slice(0, this.#nodes.depth(subtree >>> 1))
  }

  #leafPath(slot: number): string {
    return this.#typeOf(slot).path + toHex(this.#leaves.key(slot))
  }

  #nibble(leaf: number, depth: number): number {
    if (depth < TYPE_NIBBLES) return nibbleAt(this.#typeOf(leaf).hash, depth)
    return this.#leaves.keyNibble(leaf, depth - TYPE_NIBBLES)
  }

  #collect(subtree: number, after: string, limit: number, found: TrieLeaf[]): void {
    if (subtree === 0 || found.length >= limit) return
    if ((subtree & 1) === 0) {
      const slot = subtree >>> 1
      const path = this.#leafPath(slot)
      if (path <= after) return
      const id = recordIdFromBytes(this.#leaves.id(slot))
      found.push({ path, type: this.#typeOf(slot).name, id })
      return
    }
    const slot = subtree >>> 1
    let first = 0
    let border = ''
    if (after !== '') {
      const path = this.#path(subtree)
      const passed = after.slice(0, path.length)
      if (path < passed) return
      if (path === passed) {
        first = nibbleOf(after, path.length)
        border = after
      }
    }
    for (let nibble = first; nibble < TRIE_WIDTH; nibble++) {
      this.#collect(this.#nodes.child(slot, nibble), nibble === first ? border : '', limit, found)
    }
  }

  /** A copy. */
  #hash(subtree: number): Uint8Array {
    if ((subtree & 1) === 0) return this.#leafHash(subtree >>> 1)
    if (this.#nodes.isStale(subtree >>> 1)) this.#refresh(subtree >>> 1)
    return this.#nodes.hash(subtree >>> 1).slice()
  }

  #leafHash(slot: number): Uint8Array {
    this.#leafInput.set(this.#typeOf(slot).hash, 1)
    this.#leafInput.set(this.#leaves.keyAndDigest(slot), 1 + SHA256_LENGTH)
    return this.#crypto.sha256(this.#leafInput).subarray(0, TRIE_HASH_LENGTH)
  }

  #refresh(slot: number): void {
    const input = this.#nodeInput
    let map = 0
    // What is stale below comes first: it uses the same memory.
    for (let nibble = 0; nibble < TRIE_WIDTH; nibble++) {
      const child = this.#nodes.child(slot, nibble)
      map = map * 2 + (child === 0 ? 0 : 1)
      if ((child & 1) === 1 && this.#nodes.isStale(child >>> 1)) this.#refresh(child >>> 1)
    }
    input[1] = this.#nodes.depth(slot)
    input[2] = map >> 8
    input[3] = map & 0xff
    let length = 4
    for (let nibble = 0; nibble < TRIE_WIDTH; nibble++) {
      const child = this.#nodes.child(slot, nibble)
      if (child === 0) continue
      input.set((child & 1) === 0 ? this.#leafHash(child >>> 1) : this.#nodes.hash(child >>> 1), length)
      length += TRIE_HASH_LENGTH
    }
    this.#nodes.setHash(slot, this.#crypto.sha256(input.subarray(0, length)).subarray(0, TRIE_HASH_LENGTH))
  }

  #typeOf(slot: number): TrieType {
    return this.#types.type(this.#leaves.type(slot))
  }
}

/** The leaf of a record that is not in the trie. */
export function hashedLeaf(
  crypto: Crypto,
  { type, id, digest }: { readonly type: string; readonly id: RecordId; readonly digest: Uint8Array },
): HashedLeaf {
  const typeHash = crypto.sha256(toUtf8(type))
  const key = crypto.sha256(recordIdBytes(id))
  const hash = crypto.sha256(Uint8Array.of(LEAF_TAG), typeHash, key, digest).subarray(0, TRIE_HASH_LENGTH)
  return { path: toHex(typeHash) + toHex(key), hash }
}

/** SHA-256 of a type's name, as a prefix of the keys of its records. */
export function typePath(crypto: Crypto, type: string): string {
  return toHex(crypto.sha256(toUtf8(type)))
}

function nibbleOf(path: string, index: number): number {
  return Number.parseInt(path.charAt(index), 16)
}
