/**
 * Comparing one part of two tries: each side describes what it has below a prefix, and whoever reads that tells from its own
 * trie what the other lacks, what it lacks itself, and where both have to look deeper.
 *
 * A side describes its uppermost node below the prefix with the hashes of its children, or, where there are few records of
 * one type, its leaves by *short names*: the 8 digits of the key behind the path, and 8 bytes of
 *
 *     SHA-256(salt ‖ hash of the leaf)
 *
 * The salt is drawn by both ends for the session, so nobody can make two records beforehand whose short names are alike.
 */
import { equalBytes, toHex } from '../runtime/bytes.ts'
import type { Crypto } from '../runtime/crypto.ts'
import { type HashedLeaf, KEY_NIBBLES, type MerkleTrie, TYPE_NIBBLES } from './merkle-trie.ts'
import type { ReconciledRecords } from './reconciled-records.ts'
import { MOST_OPEN_ASKS } from './reconciliation-message.ts'
import { FRAGMENT_DIGITS, MOST_LISTED_LEAVES, SHORT_NAME_DIGITS, type TrieRange, type Wanted } from './trie-range.ts'
import { TRIE_WIDTH } from './trie-slots.ts'

/** What is compared. */
type ComparedRecords = Pick<ReconciledRecords, 'trie' | 'waiting'>

/** What came out of comparing a range with the own trie: prefixes, in ascending order. */
export interface RangeDifference {
  /** Both sides have something there, and it differs. */
  readonly deeper: readonly string[]
  /** The other side has it. */
  readonly wants: readonly Wanted[]
  /** The other side lacks it. */
  readonly sends: readonly Wanted[]
}

/** A node is described beside the uppermost one if it holds more than this part of all records. */
const HEAVY_PART = 1 / 8
/** So is one that parts at most so many types, or groups of them. */
const SMALL_NODE = 4

/**
 * How many times the own records comparing may cost in one session, and so much more: in hashes that are made or looked
 * up. Where everything differs, each leaf is named twice and each node is gone through twice.
 */
const MOST_TIMES_HASHED = 16
const LEEWAY = 16_384

/** Compares the parts of one trie in one session. */
export class RangeComparison {
  readonly #trie: MerkleTrie
  readonly #crypto: Crypto
  readonly #salt: Uint8Array
  /** Types that are compared on their own, as prefixes: a range of all types leaves them out. */
  readonly #separate: ReadonlySet<string>
  /** What waits here for its time, in the order of its keys. */
  readonly #waiting: readonly HashedLeaf[]
  #hashed = 0

  constructor(records: ComparedRecords, crypto: Crypto, salt: Uint8Array, separate: ReadonlySet<string>) {
    this.#trie = records.trie
    this.#waiting = records.waiting().toSorted((one, other) => (one.path < other.path ? -1 : 1))
    this.#crypto = crypto
    this.#salt = salt
    this.#separate = separate
  }

  /** Whether the other end has caused more work than any honest one does. */
  get isMisused(): boolean {
    return this.#hashed > MOST_TIMES_HASHED * this.#trie.size + LEEWAY
  }

  /** What is here below a prefix; undefined if that is nothing. */
  describe(prefix: string): TrieRange | undefined {
    const node = this.#trie.nodeAt(prefix)
    const isOfOneType = node === undefined || node.path.length >= TYPE_NIBBLES
    if (isOfOneType && prefix.length <= KEY_NIBBLES - FRAGMENT_DIGITS) {
      const count = this.#trie.countAt(prefix)
      if (count === 0) return undefined
      if (count <= MOST_LISTED_LEAVES) return this.#leaves(prefix)
    }
    this.#hashed += TRIE_WIDTH
    return node === undefined ? undefined : { prefix, path: node.path, below: { children: node.children } }
  }

  /** All that is here: the uppermost node, and nodes below it that save a question. */
  describeAll(): readonly TrieRange[] {
    const ranges: TrieRange[] = []
    const whole = this.describe('')
    if (whole !== undefined) ranges.push(whole)
    for (let index = 0; index < ranges.length; index++) {
      const range = ranges[index]
      if (range === undefined || 'leaves' in range.below || this.#isSeparate(range.path)) continue
      for (const [nibble, hash] of range.below.children.entries()) {
        if (ranges.length === MOST_OPEN_ASKS) return ranges
        const prefix = range.path + nibble.toString(16)
        if (hash === undefined || this.#trie.countAt(prefix) <= MOST_LISTED_LEAVES) continue
        const child = this.describe(prefix)
        if (child !== undefined && this.#savesQuestion(child)) ranges.push(child)
      }
    }
    return ranges
  }

  /** Whether a range of several types has nothing but records of one that is compared on its own. */
  isOfOtherStage({ prefix, path }: TrieRange): boolean {
    return prefix.length < TYPE_NIBBLES && this.#isSeparate(path)
  }

  /** What differs between what the other side described and what is here. */
  compare(range: TrieRange): RangeDifference {
    const { prefix, path, below } = range
    const sends: Wanted[] = this.#trie.outside(prefix, path).map((outside) => ({ prefix: outside, hasOther: false }))
    if (this.isOfOtherStage(range)) return { deeper: [], wants: [], sends }
    if ('leaves' in below) return this.#compareLeaves(path, below.leaves, sends)
    this.#hashed += TRIE_WIDTH
    const deeper: string[] = []
    const wants: Wanted[] = []
    for (const [nibble, hash] of below.children.entries()) {
      const child = path + nibble.toString(16)
      if (prefix.length < TYPE_NIBBLES && this.#isSeparate(child)) continue
      if (hash !== undefined && this.#waits(child, hash)) continue
      const own = this.#trie.hashAt(child)
      if (own === undefined && hash !== undefined) wants.push({ prefix: child, hasOther: false })
      else if (own !== undefined && hash === undefined) sends.push({ prefix: child, hasOther: false })
      else if (own !== undefined && hash !== undefined && !equalBytes(own, hash)) deeper.push(child)
    }
    return { deeper, wants, sends }
  }

  #compareLeaves(path: string, theirs: readonly string[], sends: Wanted[]): RangeDifference {
    // Where many are here, the other side compares: it gets the node.
    if (this.#trie.countAt(path) > MOST_LISTED_LEAVES) return { deeper: [path], wants: [], sends }
    const own = this.#shortNames(path)
    const ownNames = new Set(own.values())
    const waiting = this.#waitingNames(path, theirs)
    const waitingFragments = new Set([...waiting].map(fragmentOf))
    const missing = theirs.filter((name) => !ownNames.has(name) && !waiting.has(name))
    const ownFragments = new Set([...ownNames].map(fragmentOf))
    const missingFragments = new Set(missing.map(fragmentOf))
    const theirNames = new Set(theirs)
    for (const [leaf, name] of own) {
      // Of what waits here the other side has the version that it is to have.
      if (theirNames.has(name) || waitingFragments.has(fragmentOf(name))) continue
      sends.push({ prefix: leaf, hasOther: missingFragments.has(fragmentOf(name)) })
    }
    const wants = [...missingFragments].sort().map((fragment) => {
      return { prefix: path + fragment, hasOther: ownFragments.has(fragment) }
    })
    return { deeper: [], wants, sends }
  }

  #leaves(prefix: string): TrieRange | undefined {
    const first = this.#trie.leaves(prefix, 1)[0]
    if (first === undefined) return undefined
    const path = first.path.slice(0, Math.max(prefix.length, TYPE_NIBBLES))
    return { prefix, path, below: { leaves: [...this.#shortNames(path).values()] } }
  }

  /** The short names of the leaves below a path, by their keys. */
  #shortNames(path: string): ReadonlyMap<string, string> {
    const names = new Map<string, string>()
    for (const leaf of this.#trie.leaves(path, MOST_LISTED_LEAVES)) {
      const hash = this.#trie.hashAt(leaf.path)
      if (hash === undefined) continue
      this.#hashed++
      names.set(leaf.path, this.#shortName(path, leaf.path, hash))
    }
    return names
  }

  #shortName(path: string, leaf: string, hash: Uint8Array): string {
    const check = toHex(this.#crypto.sha256(this.#salt, hash)).slice(0, SHORT_NAME_DIGITS - FRAGMENT_DIGITS)
    return leaf.slice(path.length, path.length + FRAGMENT_DIGITS) + check
  }

  /** Whether the other side's only record there waits here, and nothing else is here. */
  #waits(prefix: string, hash: Uint8Array): boolean {
    if (this.#waiting.length === 0 || this.#trie.countAt(prefix) > 1) return false
    return this.#waitingBelow(prefix).some((leaf) => equalBytes(leaf.hash, hash))
  }

  #waitingBelow(prefix: string): readonly HashedLeaf[] {
    let [first, end] = [0, this.#waiting.length]
    while (first < end) {
      const middle = (first + end) >> 1
      if ((this.#waiting[middle]?.path ?? '') < prefix) first = middle + 1
      else end = middle
    }
    while (this.#waiting[end]?.path.startsWith(prefix) === true) end++
    return this.#waiting.slice(first, end)
  }

  /** Those of the other side's leaves below a path that wait here. */
  #waitingNames(path: string, theirs: readonly string[]): ReadonlySet<string> {
    if (this.#waiting.length === 0) return new Set()
    const named = new Set(theirs)
    const names = this.#waitingBelow(path).map((leaf) => this.#shortName(path, leaf.path, leaf.hash))
    return new Set(names.filter((name) => named.has(name)))
  }

  /** Whether a node is a long way above most records, or takes few bytes to tell some types from each other. */
  #savesQuestion({ prefix, path, below }: TrieRange): boolean {
    if ('leaves' in below) return false
    if (this.#trie.countAt(prefix) > this.#trie.size * HEAVY_PART) return true
    return path.length < TYPE_NIBBLES && below.children.filter((child) => child !== undefined).length <= SMALL_NODE
  }

  #isSeparate(path: string): boolean {
    return path.length >= TYPE_NIBBLES && this.#separate.has(path.slice(0, TYPE_NIBBLES))
  }
}

function fragmentOf(name: string): string {
  return name.slice(0, FRAGMENT_DIGITS)
}
