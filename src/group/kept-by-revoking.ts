/**
 * What stays when certificates are revoked (P-131): what is here at that moment of what was done under them, as far as
 * whoever revokes wants it to stay.
 */
import type { RecordId } from '../records/record-id.ts'
import type { AuthorChain } from './author-chain.ts'
import type { CertificateDigest } from './digests.ts'
import type { Kept } from './kept-list.ts'
import type { RecordVersion, VersionChains } from './standing.ts'

/** What is to stay. */
export interface Keeping {
  /** Of the records: all, none, or those of these IDs. Membership records go by what they are needed for. */
  readonly records: 'all' | 'none' | ReadonlySet<RecordId>
  /** Whether those stay to whom the revoked have issued a certificate, or whom they have let in. */
  readonly members: boolean
}

/** A record that is stored here. */
export interface StoredVersion extends RecordVersion {
  readonly chains: VersionChains
  /** The chain that it carries, if it is a membership record. */
  readonly membershipOf?: AuthorChain | undefined
}

/**
 * The child certificates and the versions that a revocation has to name. With what stays stays what proves it to those who
 * come later: the membership records of the chains under which it was written.
 *
 * @param revoked The certificates
 * @param chains All that are known
 * @param stored All that is stored and would fall, or more; revocations and their pages are records as others
 */
export function keptByRevoking(
  revoked: ReadonlySet<CertificateDigest>,
  chains: Iterable<AuthorChain>,
  stored: Iterable<StoredVersion>,
  keeping: Keeping,
): Kept {
  const children = keeping.members ? childrenOf(revoked, chains) : new Set<CertificateDigest>()
  const falls = (chain: AuthorChain): boolean => fallsWith(chain, revoked, children)
  const kept: RecordVersion[] = []
  const needed = new Set<string>()
  const memberships: FallingMembership[] = []
  for (const version of stored) {
    const { creator, author } = version.chains
    if (!falls(author) && !falls(creator)) continue
    const { membershipOf } = version
    if (membershipOf === undefined) {
      if (!isWanted(version.id, keeping.records)) continue
      for (const chain of [author, creator]) addPlaces(needed, chain)
    } else if (falls(membershipOf) || !keeping.members) {
      memberships.push({ version, chain: membershipOf, author })
      continue
    } else addPlaces(needed, author)
    kept.push(version)
  }
  kept.push(...provenBy(memberships, needed))
  return { children: [...children], records: kept.map(({ id, digest }) => ({ id, digest })) }
}

/** A membership record that falls if nothing needs it. */
interface FallingMembership {
  readonly version: RecordVersion
  readonly chain: AuthorChain
  readonly author: AuthorChain
}

/** The membership records of chains that are needed, and those that these need in turn. */
function provenBy(memberships: readonly FallingMembership[], needed: Set<string>): readonly RecordVersion[] {
  const isNeeded = ({ chain }: FallingMembership): boolean => needed.has(placeOf(chain, chain.depth))
  const found = memberships.filter(isNeeded)
  if (found.length === 0) return []
  for (const { author } of found) addPlaces(needed, author)
  const others = memberships.filter((membership) => !found.includes(membership))
  return [...found.map(({ version }) => version), ...provenBy(others, needed)]
}

/** The certificates right under the revoked ones, but for those that are revoked themselves. */
function childrenOf(revoked: ReadonlySet<CertificateDigest>, chains: Iterable<AuthorChain>): Set<CertificateDigest> {
  const children = new Set<CertificateDigest>()
  for (const { certificateDigests } of chains) {
    for (const [index, certificate] of certificateDigests.entries()) {
      const child = certificateDigests[index + 1]
      if (revoked.has(certificate) && child !== undefined && !revoked.has(child)) children.add(child)
    }
  }
  return children
}

function fallsWith(
  { certificateDigests }: AuthorChain,
  revoked: ReadonlySet<CertificateDigest>,
  children: ReadonlySet<CertificateDigest>,
): boolean {
  return certificateDigests.some((certificate, index) => {
    const child = certificateDigests[index + 1]
    return revoked.has(certificate) && !(child !== undefined && children.has(child))
  })
}

function isWanted(id: RecordId, records: Keeping['records']): boolean {
  return records === 'all' || (records !== 'none' && records.has(id))
}

/** Whatever is needed of a chain is needed of those above, who may have come by links. */
function addPlaces(places: Set<string>, chain: AuthorChain): void {
  for (let depth = 1; depth <= chain.depth; depth++) places.add(placeOf(chain, depth))
}

/** Names a certificate where it stands. */
function placeOf({ certificateDigests }: AuthorChain, depth: number): string {
  return `${depth} ${certificateDigests[depth] ?? ''}`
}
