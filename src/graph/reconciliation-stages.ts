/**
 * In which order the records of two nodes are compared and exchanged (G-081, G-165): the types that the provider names, the
 * other types of Peerage, each prioritized type, and everything else.
 */
import { RESERVED_PREFIX } from '../records/record-type.ts'
import { compareBytes, toHex, toUtf8 } from '../runtime/bytes.ts'
import type { Crypto } from '../runtime/crypto.ts'
import type { MerkleTrie } from './merkle-trie.ts'
import { TRIE_HASH_LENGTH } from './trie-slots.ts'

/** What one node wants and keeps. */
export interface ReconciliationPolicy {
  /** The types that the security provider names. */
  readonly firstTypes: readonly string[]
  /** The types that the application wants first, in this order. */
  readonly prioritized: readonly string[]
  /** The types that it keeps beside `peerage.*`; undefined: all. */
  readonly types: readonly string[] | undefined
}

/** Records that are compared and exchanged before those of the next stage. */
export interface Stage {
  /** undefined: all types that no other stage has. */
  readonly types: readonly string[] | undefined
  /** The type, if the stage is one that an application wanted; empty otherwise. */
  readonly prioritized: string
}

/** Which records both ends keep. */
export class SharedTypes {
  readonly #types: ReadonlySet<string> | undefined

  constructor(own: readonly string[] | undefined, other: readonly string[] | undefined) {
    if (own === undefined || other === undefined) this.#types = toSet(own ?? other)
    else this.#types = new Set(own.filter((type) => other.includes(type)))
  }

  get areAll(): boolean {
    return this.#types === undefined
  }

  has(type: string): boolean {
    return this.#types === undefined || this.#types.has(type) || type.startsWith(RESERVED_PREFIX)
  }

  /** Those of one end that are compared one by one, beside the first and the prioritized ones. */
  named(trie: MerkleTrie): readonly string[] {
    const types = [...trie.types()].filter((type) => type.startsWith(RESERVED_PREFIX))
    types.sort((one, other) => compareBytes(toUtf8(one), toUtf8(other)))
    return this.#types === undefined ? types : [...this.#types, ...types]
  }

  /** The hash of what is here of them. Of all types it is the root; otherwise it stands for the hash of each type. */
  hash(trie: MerkleTrie, crypto: Crypto): Uint8Array {
    const nothing = new Uint8Array(TRIE_HASH_LENGTH)
    if (this.areAll) return trie.hashAt('') ?? nothing
    const types = [...trie.types()].filter((type) => this.has(type))
    if (types.length === 0) return nothing
    const hashes = types.map((type) => crypto.sha256(toUtf8(type))).sort(compareBytes)
    const parts = hashes.flatMap((hash) => [hash, trie.hashAt(toHex(hash)) ?? nothing])
    return crypto.sha256(SHARED_TAG, ...parts).subarray(0, TRIE_HASH_LENGTH)
  }
}

/** The stages of one session. @param named The types that either end names, beside the first and the prioritized ones */
export function stagesOf(
  firstTypes: readonly string[],
  named: readonly string[],
  prioritized: readonly string[],
  shared: SharedTypes,
): readonly Stage[] {
  const taken = new Set<string>()
  const stages: Stage[] = []
  const add = (types: readonly string[], wanted = ''): void => {
    const fresh = [...new Set(types)].filter((type) => shared.has(type) && !taken.has(type))
    for (const type of fresh) taken.add(type)
    if (fresh.length > 0) stages.push({ types: fresh, prioritized: wanted })
  }
  add(firstTypes)
  add(named.filter((type) => type.startsWith(RESERVED_PREFIX)))
  for (const type of prioritized) add([type], type)
  if (shared.areAll) stages.push({ types: undefined, prioritized: '' })
  else add(named)
  return stages
}

/** Comes before a hash over the types that two ends share, so that it is never that of a node. */
const SHARED_TAG = Uint8Array.of(2)

function toSet(types: readonly string[] | undefined): ReadonlySet<string> | undefined {
  return types === undefined ? undefined : new Set(types)
}
