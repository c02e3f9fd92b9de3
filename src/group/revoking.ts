/**
 * Revoking at one node: members (P-131), and links (P-050). A revocation names the certificates, and what stays as it is here at that
 * moment; records and pages that belong together are stored together.
 */
import type { PrecedingRecord } from '../graph/security-provider.ts'
import type { Chain } from '../identity/certificate/chain-encoding.ts'
import type { PeerName } from '../identity/peer-name.ts'
import type { GraphRecord } from '../records/record.ts'
import { PeerageError } from '../runtime/peerage-error.ts'
import type { AuthorChain } from './author-chain.ts'
import { type CertificateDigest, certificateDigest } from './digests.ts'
import type { GroupDone } from './group-node-options.ts'
import type { GroupParts } from './group-parts.ts'
import type { GroupRecords } from './group-records.ts'
import type { GroupWriting } from './group-writing.ts'
import { type Keeping, keptByRevoking, type StoredVersion } from './kept-by-revoking.ts'
import type { Kept } from './kept-list.ts'
import { MEMBERSHIP_TYPE } from './membership-record.ts'
import { readProofs } from './record-proofs.ts'
import { revocationExpires } from './revocation.ts'
import { REVOCATION_PAGE_TYPE } from './revocation-page.ts'
import { encodeRevocation, MOST_REVOKED, REVOCATION_TYPE, readRevocation } from './revocation-record.ts'
import { mayRevoke } from './rights.ts'

/** Who revokes: this node's identity, or the group key where it is at hand. */
export type RevokingAs = 'member' | 'group'

/** Records that are to be written, and as whom. */
export interface RevocationPlan {
  readonly as: RevokingAs
  readonly records: readonly PrecedingRecord[]
}

/** Records that are read at once to see what stays. */
const READ_AT_ONCE = 500

/** Revokes at one node. */
export class Revoking {
  readonly #parts: GroupParts
  readonly #writing: GroupWriting

  constructor(parts: GroupParts, writing: GroupWriting) {
    this.#parts = parts
    this.#writing = writing
  }

  /** Every certificate of a member that has not ended. @throws PeerageError as GroupNode.revoke */
  revoke(peer: PeerName, keeping: Keeping, as: RevokingAs | undefined, done: GroupDone<void>): void {
    const key = this.#parts.keyOf(peer)
    const records = this.#parts.requireRecords()
    const chains = key === undefined ? [] : records.state.chainsToRevoke(key, this.#parts.now)
    if (chains.length === 0) throw new PeerageError('member-not-found', { peer })
    this.write(
      this.plan(
        chains.map(({ chain }) => chain),
        keeping,
        as,
      ),
      done,
    )
  }

  /**
   * What is to be written to revoke the ends of these chains.
   *
   * @param as undefined: this identity if it has the right to it, else the group key
   */
  plan(revoked: readonly Chain[], keeping: Keeping, as: RevokingAs | undefined): RevocationPlan {
    const { crypto } = this.#parts
    const records = this.#parts.requireRecords()
    const paths = revoked.map((chain) => chain.map(({ der }) => certificateDigest(crypto, der)))
    const author = this.#author(paths, records, as)
    const certificates = new Set(paths.flatMap((path) => path.slice(-1)))
    const chains = [...records.state.keys()].flatMap((key) => records.state.chainsOf(key))
    const kept = keptByRevoking(certificates, chains, this.#stored(records, certificates), keeping)
    const written: PrecedingRecord[] = []
    for (let from = 0; from < revoked.length; from += MOST_REVOKED) {
      written.push(...this.#records(records, author, revoked.slice(from, from + MOST_REVOKED), kept))
    }
    return { as: author.depth === 0 ? 'group' : 'member', records: written }
  }

  /** @param before What is to be stored along with it */
  write({ as, records }: RevocationPlan, done: GroupDone<void>, before: readonly PrecedingRecord[] = []): void {
    if (as === 'member') {
      this.#writing.addAll([...before, ...records], done)
      return
    }
    const revoke = (error: PeerageError | undefined): void => {
      if (error === undefined) this.#writing.addAsGroup(records, done)
      else done(error)
    }
    if (before.length > 0) this.#writing.addAll(before, revoke)
    else revoke(undefined)
  }

  /** The pages first: without them nobody could tell what stays. */
  #records(records: GroupRecords, author: AuthorChain, revoked: readonly Chain[], kept: Kept): PrecedingRecord[] {
    const { crypto, group } = this.#parts
    const { revocation, pages } = encodeRevocation(crypto, author.chain, revoked, kept)
    const content = readRevocation(crypto, group, revocation)
    const expires = revocationExpires(content.revoked, records.longestLife)
    return [
      ...pages.map((payload) => ({ type: REVOCATION_PAGE_TYPE, expires, payload })),
      { type: REVOCATION_TYPE, expires, payload: revocation },
    ]
  }

  /** Of the own chains that may revoke all this, the one nearest to the root: nobody deeper can say otherwise. */
  #author(
    paths: readonly (readonly CertificateDigest[])[],
    records: GroupRecords,
    as: RevokingAs | undefined,
  ): AuthorChain {
    const mayAll = (author: AuthorChain): boolean => paths.every((path) => mayRevoke(author, path, path.length - 1))
    const operation = 'revoking a certificate'
    if (as !== 'group') {
      const { security, now, groupKey } = this.#parts
      const own = security.own.inForce(now).filter(mayAll)
      if (own.length > 0) return own.reduce((best, chain) => (chain.depth < best.depth ? chain : best))
      if (as === 'member' || groupKey === undefined) {
        this.#parts.requireOwn(operation, () => true)
        throw new PeerageError('not-authorized', {
          operation,
          problem: 'it takes the group key, an administrator who is nearer to it, or who has issued the certificate',
        })
      }
    }
    if (this.#parts.groupKey === undefined) {
      throw new PeerageError('not-authorized', { operation, problem: 'the group key is not at hand' })
    }
    return records.root
  }

  /** What is stored of what was done under these certificates, tombstones too: what they have deleted stays deleted. */
  *#stored(records: GroupRecords, certificates: ReadonlySet<CertificateDigest>): Iterable<StoredVersion> {
    const { database } = this.#parts.graph.store
    const isUnder = ({ certificateDigests }: AuthorChain): boolean =>
      certificateDigests.some((certificate) => certificates.has(certificate))
    let after = 0
    for (;;) {
      const changes = database.changes(after, undefined, READ_AT_ONCE)
      for (const change of changes) {
        const version = change.kind === 'stored' ? storedVersion(records, change.record) : undefined
        if (version !== undefined && (isUnder(version.chains.author) || isUnder(version.chains.creator))) yield version
      }
      const last = changes.at(-1)
      if (last === undefined) return
      after = last.arrival
    }
  }
}

function storedVersion({ state }: GroupRecords, { id, digest, type, proofs }: GraphRecord): StoredVersion | undefined {
  const named = readProofs(proofs)
  const creator = named && state.author(named.creator)
  const author = named && state.author(named.author)
  if (creator === undefined || author === undefined) return undefined
  const membershipOf = type === MEMBERSHIP_TYPE ? state.membership(id)?.chain : undefined
  return { id, digest, chains: { creator, author }, membershipOf }
}
