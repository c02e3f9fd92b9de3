/**
 * The memory of a Merkle trie: its leaves and nodes as numbered slots in a few large arrays. An object with arrays of its own
 * for each leaf would cost four times as much, and a hundred thousand of them would keep the garbage collector busy. Slots
 * that are given back are used again first.
 */
import { RECORD_ID_LENGTH } from '../records/record-id.ts'
import { SHA256_LENGTH } from '../runtime/crypto.ts'

/** Of a node's hash, in bytes: merkle-trie.ts says why that is enough. */
export const TRIE_HASH_LENGTH = 16
/** The children of a node: one for each nibble of the key. */
export const TRIE_WIDTH = 16

const FIRST_CAPACITY = 8
const GROWTH = 1.25
const KEY_OFFSET = RECORD_ID_LENGTH
const DIGEST_OFFSET = KEY_OFFSET + SHA256_LENGTH
const LEAF_LENGTH = DIGEST_OFFSET + SHA256_LENGTH

/** The leaves: 96 bytes each, with their place in the order of expiration. */
export class LeafSlots {
  #bytes = new Uint8Array(0)
  /** The number of the type of each leaf; of a free slot, the next free one. */
  #types = new Uint32Array(0)
  #used = 0
  #firstFree = 0
  /** The first whole minute at which each leaf has expired, in minutes since 1970. */
  minutes: Uint32Array = new Uint32Array(0)
  /** Where each leaf stands in the heap of expirations. */
  places: Uint32Array = new Uint32Array(0)

  /** A new leaf. @returns its slot, from 1 up */
  take(type: number, key: Uint8Array, id: Uint8Array, digest: Uint8Array): number {
    const slot = this.#firstFree === 0 ? this.#next() : this.#firstFree
    if (slot === this.#firstFree) this.#firstFree = this.#types[slot] ?? 0
    const start = slot * LEAF_LENGTH
    this.#types[slot] = type
    this.#bytes.set(id, start)
    this.#bytes.set(key, start + KEY_OFFSET)
    this.#bytes.set(digest, start + DIGEST_OFFSET)
    return slot
  }

  giveBack(slot: number): void {
    this.#types[slot] = this.#firstFree
    this.#firstFree = slot
  }

  type(slot: number): number {
    return this.#types[slot] ?? 0
  }

  /** SHA-256 over the ID: a view. */
  key(slot: number): Uint8Array {
    return this.#part(slot, KEY_OFFSET, SHA256_LENGTH)
  }

  keyNibble(slot: number, index: number): number {
    return nibbleAt(this.#bytes, (slot * LEAF_LENGTH + KEY_OFFSET) * 2 + index)
  }

  id(slot: number): Uint8Array {
    return this.#part(slot, 0, RECORD_ID_LENGTH)
  }

  digest(slot: number): Uint8Array {
    return this.#part(slot, DIGEST_OFFSET, SHA256_LENGTH)
  }

  /** The key and the digest, one after the other: a view. */
  keyAndDigest(slot: number): Uint8Array {
    return this.#part(slot, KEY_OFFSET, 2 * SHA256_LENGTH)
  }

  setDigest(slot: number, digest: Uint8Array): void {
    this.#bytes.set(digest, slot * LEAF_LENGTH + DIGEST_OFFSET)
  }

  /** How many bytes of memory are taken. */
  get memory(): number {
    return this.#bytes.length + this.#types.byteLength + this.minutes.byteLength + this.places.byteLength
  }

  #part(slot: number, offset: number, length: number): Uint8Array {
    const start = slot * LEAF_LENGTH + offset
    return this.#bytes.subarray(start, start + length)
  }

  #next(): number {
    const slot = ++this.#used
    if (slot >= this.#types.length) {
      const capacity = grown(this.#types.length)
      this.#bytes = copied(this.#bytes, new Uint8Array(capacity * LEAF_LENGTH))
      this.#types = copied(this.#types, new Uint32Array(capacity))
      this.minutes = copied(this.minutes, new Uint32Array(capacity))
      this.places = copied(this.places, new Uint32Array(capacity))
    }
    return slot
  }
}

/** The inner nodes: 86 bytes each. A child is a number that the trie gives meaning to; 0 is none. */
export class NodeSlots {
  #children = new Uint32Array(0)
  #hashes = new Uint8Array(0)
  #depths = new Uint8Array(0)
  #isStale = new Uint8Array(0)
  /** How many leaves are below each node; of a free slot, the next free one. */
  counts: Uint32Array = new Uint32Array(0)
  #used = 0
  #firstFree = 0

  /** A new node without children. @returns its slot, from 1 up */
  take(depth: number, count: number): number {
    const slot = this.#firstFree === 0 ? this.#next() : this.#firstFree
    if (slot === this.#firstFree) this.#firstFree = this.counts[slot] ?? 0
    this.#children.fill(0, slot * TRIE_WIDTH, (slot + 1) * TRIE_WIDTH)
    this.#depths[slot] = depth
    this.#isStale[slot] = 1
    this.counts[slot] = count
    return slot
  }

  giveBack(slot: number): void {
    this.counts[slot] = this.#firstFree
    this.#firstFree = slot
  }

  /** Up to which nibble all its keys are alike. */
  depth(slot: number): number {
    return this.#depths[slot] ?? 0
  }

  child(slot: number, nibble: number): number {
    return this.#children[slot * TRIE_WIDTH + nibble] ?? 0
  }

  setChild(slot: number, nibble: number, child: number): void {
    this.#children[slot * TRIE_WIDTH + nibble] = child
  }

  isStale(slot: number): boolean {
    return this.#isStale[slot] === 1
  }

  /** Something below has changed by so many leaves. */
  change(slot: number, by: number): void {
    this.#isStale[slot] = 1
    this.counts[slot] = (this.counts[slot] ?? 0) + by
  }

  /** A view. */
  hash(slot: number): Uint8Array {
    return this.#hashes.subarray(slot * TRIE_HASH_LENGTH, (slot + 1) * TRIE_HASH_LENGTH)
  }

  setHash(slot: number, hash: Uint8Array): void {
    this.#hashes.set(hash, slot * TRIE_HASH_LENGTH)
    this.#isStale[slot] = 0
  }

  /** How many bytes of memory are taken. */
  get memory(): number {
    return this.#children.byteLength + this.#hashes.length + 2 * this.#depths.length + this.counts.byteLength
  }

  #next(): number {
    const slot = ++this.#used
    if (slot >= this.#depths.length) {
      const capacity = grown(this.#depths.length)
      this.#children = copied(this.#children, new Uint32Array(capacity * TRIE_WIDTH))
      this.#hashes = copied(this.#hashes, new Uint8Array(capacity * TRIE_HASH_LENGTH))
      this.#depths = copied(this.#depths, new Uint8Array(capacity))
      this.#isStale = copied(this.#isStale, new Uint8Array(capacity))
      this.counts = copied(this.counts, new Uint32Array(capacity))
    }
    return slot
  }
}

/** The nibble with this index; the upper half of a byte comes first. */
export function nibbleAt(bytes: Uint8Array, index: number): number {
  const byte = bytes[index >> 1] ?? 0
  return (index & 1) === 0 ? byte >> 4 : byte & 0xf
}

function grown(capacity: number): number {
  return Math.max(FIRST_CAPACITY, Math.ceil(capacity * GROWTH))
}

function copied<Numbers extends Uint8Array | Uint32Array>(from: Numbers, to: Numbers): Numbers {
  to.set(from)
  return to
}
