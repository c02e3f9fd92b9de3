/**
 * The chains that a node knows of one group, by digest and by key, and the membership records (MS-PPSEC 3.1.1). A member can have
 * several chains at once: a renewal, a change of role, another issuer (P-076).
 *
 * Chains come from membership records, revocations, links and proofs, in any order. To know a chain is to know that it was
 * verified, and nothing more: whether its holder is in is said by admissions.ts and revocations.ts.
 */
import { encodeChain } from '../identity/certificate/chain-encoding.ts'
import type { RecordId } from '../records/record-id.ts'
import type { Crypto } from '../runtime/crypto.ts'
import type { AuthorChain } from './author-chain.ts'
import { type ChainDigest, chainDigest } from './digests.ts'
import { type LinkEntry, linkEntries } from './link-admission.ts'
import type { MemberChain } from './member-chain.ts'
import type { Membership } from './membership-record.ts'

/** A membership record that may let in who came by a link. */
export interface AdmissionByLink {
  readonly membership: Membership
  readonly entry: LinkEntry
}

/** What one node knows. */
export class Memberships {
  readonly #crypto: Crypto
  readonly #root: AuthorChain
  readonly #chains = new Map<ChainDigest, MemberChain>()
  readonly #chainsOfKey = new Map<string, Set<MemberChain>>()
  /** For each chain that passes through links, the chains that end right under each of these. */
  readonly #entries = new Map<ChainDigest, readonly ChainDigest[]>()
  readonly #records = new Map<RecordId, Membership>()
  readonly #recordsOfChain = new Map<ChainDigest, Set<Membership>>()
  readonly #byLink = new Map<RecordId, AdmissionByLink>()

  /** @param root The chain that is the GRC alone */
  constructor(crypto: Crypto, root: AuthorChain) {
    this.#crypto = crypto
    this.#root = root
  }

  /** The chain of this digest, if it is known. */
  get(digest: ChainDigest): MemberChain | undefined {
    return this.#chains.get(digest)
  }

  /** As {@link get}, the chain that is the GRC alone among them. */
  author(digest: ChainDigest): AuthorChain | undefined {
    return digest === this.#root.digest ? this.#root : this.#chains.get(digest)
  }

  /** The chains of a key. */
  ofKey(key: string): readonly MemberChain[] {
    return [...(this.#chainsOfKey.get(key) ?? [])]
  }

  keys(): Iterable<string> {
    return this.#chainsOfKey.keys()
  }

  /** The membership records of a chain: more than one adds nothing (P-073). */
  recordsOf(digest: ChainDigest): readonly Membership[] {
    return [...(this.#recordsOfChain.get(digest) ?? [])]
  }

  /** @returns whether the chain was not known */
  learn(chain: MemberChain): boolean {
    if (this.#chains.has(chain.digest)) return false
    this.#chains.set(chain.digest, chain)
    const others = this.#chainsOfKey.get(chain.key)
    if (others === undefined) this.#chainsOfKey.set(chain.key, new Set([chain]))
    else others.add(chain)
    return true
  }

  /** Forgets a chain that no record names any more. */
  forget(digest: ChainDigest): void {
    const chain = this.#chains.get(digest)
    if (chain === undefined) return
    this.#chains.delete(digest)
    this.#entries.delete(digest)
    const others = this.#chainsOfKey.get(chain.key)
    others?.delete(chain)
    if (others?.size === 0) this.#chainsOfKey.delete(chain.key)
  }

  /** The membership record of this ID. */
  record(id: RecordId): Membership | undefined {
    return this.#records.get(id)
  }

  /** Adds a record, of which no other version is here. */
  add(membership: Membership): void {
    const { id, chain } = membership
    this.learn(chain)
    this.#records.set(id, membership)
    const others = this.#recordsOfChain.get(chain.digest)
    if (others === undefined) this.#recordsOfChain.set(chain.digest, new Set([membership]))
    else others.add(membership)
    const entry = linkEntries(chain.chain).at(-1)
    if (entry !== undefined && entry.holder === chain.leaf) this.#byLink.set(id, { membership, entry })
  }

  /** Removes a record. Its chain stays known. */
  remove(membership: Membership): void {
    this.#records.delete(membership.id)
    this.#byLink.delete(membership.id)
    const others = this.#recordsOfChain.get(membership.chain.digest)
    others?.delete(membership)
    if (others?.size === 0) this.#recordsOfChain.delete(membership.chain.digest)
  }

  /** The membership records that may let the holder of a link in. */
  byLink(): Iterable<AdmissionByLink> {
    return this.#byLink.values()
  }

  /** The one that a membership record is, if it is such a record. */
  admissionBy(id: RecordId): AdmissionByLink | undefined {
    return this.#byLink.get(id)
  }

  /** For a chain that passes through links, the digests of the chains that end right under each of these. */
  entriesOf({ digest, chain }: AuthorChain): readonly ChainDigest[] {
    const known = this.#entries.get(digest)
    if (known !== undefined) return known
    const [root, ...others] = chain
    const entries: ChainDigest[] = []
    for (const [index, { kind }] of others.entries()) {
      if (kind !== 'link' || index + 1 === others.length) continue
      entries.push(chainDigest(this.#crypto, encodeChain([root, ...others.slice(0, index + 2)])))
    }
    if (this.#chains.has(digest)) this.#entries.set(digest, entries)
    return entries
  }
}
