/**
 * The rules for records in a group that need nothing but the record and the chains that it names (MS-PPSEC 3.1.7.2). All
 * times are those in the record: nobody's clock is asked, so that all nodes agree at any time.
 */
import { authorOf, type GraphRecord } from '../records/record.ts'
import { isEphemeral } from '../records/record-type.ts'
import { toHex } from '../runtime/bytes.ts'
import { LATEST_UTC } from '../runtime/calendar.ts'
import { type AuthorChain, isWithin } from './author-chain.ts'
import type { GroupRecordProblem } from './group-record-problem.ts'
import { hasRight } from './rights.ts'

/** The chains that a record names. */
export interface RecordChains {
  readonly creator: AuthorChain
  /** Of the modifier, or of the creator where there is none. */
  readonly author: AuthorChain
}

/**
 * What all records of a group have to be, those of its own types too: creator and modifier hold the keys of the chains that
 * they name (P-081), and wrote while these were valid (P-085).
 */
export function authorshipProblem(
  record: GraphRecord,
  { creator, author }: RecordChains,
): GroupRecordProblem | undefined {
  if (record.modifier === undefined && creator.digest !== author.digest) return 'proofs'
  if (toHex(record.creator.publicKey) !== creator.key) return 'wrong-chain'
  if (toHex(authorOf(record).publicKey) !== author.key) return 'wrong-chain'
  if (!isWithin(creator, record.created) || !isWithin(author, record.modified)) return 'outside-validity'
  return undefined
}

/**
 * What a record has to be that is not one of the group's own: written by members, changed by its creator or by
 * administrators (P-086), and no longer than its creator's chain and the longest record life (P-075). A tombstone lasts exactly
 * so long, whoever made it, so that nothing deleted comes back; that of an ephemeral record may be shorter.
 *
 * @param longestLife In milliseconds, from the group's properties
 */
export function memberRecordProblem(
  record: GraphRecord,
  chains: RecordChains,
  longestLife: number,
): GroupRecordProblem | undefined {
  const problem = authorshipProblem(record, chains)
  if (problem !== undefined) return problem
  const { creator, author } = chains
  const isOwn = creator.key === author.key
  if (!hasRight(creator.roles, 'publish')) return 'no-right'
  if (!hasRight(author.roles, isOwn ? 'change-own-records' : 'change-records-of-others')) return 'no-right'
  const latest = lastExpiration(creator, record.created, longestLife)
  const isLastWord = record.deleted && !isEphemeral(record.type)
  const isInTime = isLastWord ? record.expires === latest : record.expires <= latest
  return isInTime ? undefined : 'expiration'
}

/** When every version of a record is gone that was created at this time under this chain (P-075). */
export function lastExpiration(creator: Pick<AuthorChain, 'notAfter'>, created: number, longestLife: number): number {
  return Math.min(creator.notAfter, created + longestLife, LATEST_UTC)
}

/**
 * When a record has to end that proves a certificate, or revokes it: a record that names the certificate can live for the
 * longest record life after its end (P-074, P-099).
 *
 * @param notAfter When the certificate ends
 */
export function expirationOfProof(notAfter: number, longestLife: number): number {
  return Math.min(notAfter + longestLife, LATEST_UTC)
}

/** What the records of a group that are written once and for all have in common: memberships, revocations and their pages. */
export function addOnlyProblem({ deleted, version }: GraphRecord): GroupRecordProblem | undefined {
  if (deleted) return 'deleted'
  return version === 1 ? undefined : 'modified'
}
