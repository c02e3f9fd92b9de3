/**
 * A part of a Merkle trie, as it travels (docs/protocol/graph-reconciliation.md): what one side has below a prefix, and what is
 * wanted below one. range-comparison.ts makes and compares them.
 */
import { fromHex, toHex } from '../runtime/bytes.ts'
import type { WireReader } from '../wire/wire-reader.ts'
import type { WireWriter } from '../wire/wire-writer.ts'
import { KEY_NIBBLES } from './merkle-trie.ts'
import { TRIE_HASH_LENGTH, TRIE_WIDTH } from './trie-slots.ts'

/** What a side has below a prefix. */
export interface TrieRange {
  readonly prefix: string
  /** What all keys below the prefix begin with; of leaves, the prefix and at least the hash of the type. */
  readonly path: string
  /** The hashes below a node, 16 of them, or its leaves as short names (range-comparison.ts). */
  readonly below: { readonly children: readonly (Uint8Array | undefined)[] } | { readonly leaves: readonly string[] }
}

/** Records below a prefix. */
export interface Wanted {
  readonly prefix: string
  /** Whether whoever wants it has another version of it. */
  readonly hasOther: boolean
}

/** Leaves that a range lists; where there are more, it is a node. */
export const MOST_LISTED_LEAVES = 64
/** In hexadecimal digits: the part of a short name that belongs to the key, and the whole. */
export const FRAGMENT_DIGITS = 8
export const SHORT_NAME_DIGITS = 24
const SHORT_NAME_LENGTH = SHORT_NAME_DIGITS / 2
/** What a range takes at least, in bytes. */
const SHORTEST_RANGE = 4
/** What a want takes at least, in bytes. */
const SHORTEST_WANTED = 3
const HAS_OTHER = 1
const NODE_FORM = 0
const LEAVES_FORM = 1

/** A range that can be kept: the hashes of one that was read lie in the memory of a message. */
export function copiedRange(range: TrieRange): TrieRange {
  const { prefix, path, below } = range
  if ('leaves' in below) return range
  return { prefix, path, below: { children: below.children.map((child) => child?.slice()) } }
}

/** Writes ranges. @param most The limit that the reader sets */
export function writeRanges(writer: WireWriter, ranges: readonly TrieRange[], most: number): void {
  writer.count(ranges.length, most)
  let last = ''
  for (const { prefix, path, below } of ranges) {
    writePrefix(writer, prefix, last)
    last = prefix
    writeDigits(writer, path.slice(prefix.length))
    if ('leaves' in below) {
      writer.uint8(LEAVES_FORM)
      writer.count(below.leaves.length, MOST_LISTED_LEAVES)
      for (const name of below.leaves) writer.bytes(bytesOf(name))
    } else {
      writer.uint8(NODE_FORM)
      let map = 0
      for (const child of below.children) map = map * 2 + (child === undefined ? 0 : 1)
      writer.uint16(map)
      for (const child of below.children) if (child !== undefined) writer.bytes(child)
    }
  }
}

/** Reads ranges; their hashes are views of the input. @throws PeerageError `malformed` */
export function readRanges(reader: WireReader, most: number): readonly TrieRange[] {
  let last = ''
  return readList(reader, most, SHORTEST_RANGE, () => {
    const prefix = readPrefix(reader, last)
    last = prefix
    const path = prefix + readDigits(reader)
    if (path.length > KEY_NIBBLES) throw reader.malformed('a path is longer than a key')
    const form = reader.uint8()
    if (form === LEAVES_FORM) {
      if (path.length > KEY_NIBBLES - FRAGMENT_DIGITS) throw reader.malformed('a path is too long for leaves')
      const leaves = readList(reader, MOST_LISTED_LEAVES, SHORT_NAME_LENGTH, () =>
        toHex(reader.bytes(SHORT_NAME_LENGTH)),
      )
      if (leaves.length === 0) throw reader.malformed('a range without leaves')
      return { prefix, path, below: { leaves } }
    }
    if (form !== NODE_FORM) throw reader.malformed('a range of an unknown form')
    if (path.length === KEY_NIBBLES) throw reader.malformed('a node below a whole key')
    return { prefix, path, below: { children: readChildren(reader) } }
  })
}

function readChildren(reader: WireReader): readonly (Uint8Array | undefined)[] {
  const map = reader.uint16()
  const children: (Uint8Array | undefined)[] = []
  let count = 0
  for (let bit = TRIE_WIDTH - 1; bit >= 0; bit--) {
    const isThere = (map & (1 << bit)) !== 0
    if (isThere) count++
    children.push(isThere ? reader.bytes(TRIE_HASH_LENGTH) : undefined)
  }
  if (count < 2) throw reader.malformed('a node with fewer than two children')
  return children
}

/** Writes what is wanted. @param most The limit that the reader sets */
export function writeWants(writer: WireWriter, wants: readonly Wanted[], most: number): void {
  writer.count(wants.length, most)
  let last = ''
  for (const { prefix, hasOther } of wants) {
    writePrefix(writer, prefix, last)
    last = prefix
    writer.uint8(hasOther ? HAS_OTHER : 0)
  }
}

/** Reads what is wanted. @throws PeerageError `malformed` */
export function readWants(reader: WireReader, most: number): readonly Wanted[] {
  let last = ''
  return readList(reader, most, SHORTEST_WANTED, () => {
    const prefix = readPrefix(reader, last)
    last = prefix
    return { prefix, hasOther: (reader.uint8() & HAS_OTHER) !== 0 }
  })
}

/** Of a prefix, only what is other than in the one before it is written. */
function writePrefix(writer: WireWriter, prefix: string, last: string): void {
  let shared = 0
  while (shared < prefix.length && prefix[shared] === last[shared]) shared++
  writer.uint8(shared)
  writeDigits(writer, prefix.slice(shared))
}

function readPrefix(reader: WireReader, last: string): string {
  const shared = reader.uint8()
  if (shared > last.length) throw reader.malformed('more digits are shared than there are')
  const prefix = last.slice(0, shared) + readDigits(reader)
  if (prefix.length > KEY_NIBBLES) throw reader.malformed('a prefix is longer than a key')
  return prefix
}

function writeDigits(writer: WireWriter, digits: string): void {
  writer.uint8(digits.length)
  writer.bytes(bytesOf(digits.length % 2 === 0 ? digits : `${digits}0`))
}

function readDigits(reader: WireReader): string {
  const count = reader.uint8()
  const digits = toHex(reader.bytes(Math.ceil(count / 2)))
  if (count % 2 === 1 && !digits.endsWith('0')) throw reader.malformed('half a byte is left over')
  return digits.slice(0, count)
}

function bytesOf(digits: string): Uint8Array {
  const bytes = fromHex(digits)
  if (bytes === undefined) throw new TypeError(`not hexadecimal digits: ${digits}`)
  return bytes
}

/** Reads a list. @param shortest Of an item, in bytes */
export function readList<Item>(reader: WireReader, most: number, shortest: number, read: () => Item): readonly Item[] {
  const count = reader.count(most, shortest)
  const items: Item[] = []
  for (let index = 0; index < count; index++) items.push(read())
  return items
}
