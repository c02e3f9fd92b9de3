/**
 * Judges revocation records and their pages by themselves: form, right and times. Whether a revocation counts depends on
 * the revocations of its author's certificates, and is for revocations.ts to say.
 */
import { mayIssueCertificates } from '../identity/role.ts'
import type { GraphRecord } from '../records/record.ts'
import type { AuthorChain } from './author-chain.ts'
import type { GroupRecordProblem } from './group-record-problem.ts'
import { addOnlyProblem, authorshipProblem, expirationOfProof } from './group-record-rules.ts'
import { readProofs } from './record-proofs.ts'
import type { RevocationContent, RevokedCertificate } from './revocation-record.ts'
import { hasRight, mayRevoke } from './rights.ts'
import type { RecordVersion } from './standing.ts'

/** A revocation that was made by right. */
export interface Revocation extends RevocationContent, RecordVersion {
  /** When its record ends: none of its pages may end before. */
  readonly expires: number
}

/**
 * Judges a revocation record whose chains hold.
 *
 * @param longestLife In milliseconds, from the group's properties
 */
export function judgeRevocation(
  record: GraphRecord,
  content: RevocationContent,
  longestLife: number,
): Revocation | GroupRecordProblem {
  const { author, revoked } = content
  const problem = addOnlyProblem(record) ?? authorshipProblem(record, { creator: author, author })
  if (problem !== undefined) return problem
  const proofs = readProofs(record.proofs)
  if (proofs?.author !== author.digest || proofs.creator !== author.digest) return 'proofs'
  if (!revoked.every(({ path }) => mayRevoke(author, path, path.length - 1))) return 'no-right'
  const latest = expirationOfProof(author.chain[0].notAfter, longestLife)
  if (record.expires < revocationExpires(revoked, longestLife) || record.expires > latest) return 'expiration'
  return { ...content, id: record.id, digest: record.digest, expires: record.expires }
}

/**
 * When a revocation ends (P-099): when nothing can be alive that was done under the certificates. What a plain member wrote or
 * changed is gone after the end of its certificate and the longest record life. But whoever may issue may also revoke, and what
 * it revoked lives as long as what it revoked would have: were the revocation gone before, such a key could still revoke,
 * backdated. So this one stays as long as the group can.
 */
export function revocationExpires(revoked: readonly RevokedCertificate[], longestLife: number): number {
  const ends = revoked.map(({ chain, notAfter }) => {
    const last = chain.at(-1)
    const mayIssue = last !== undefined && 'roles' in last && last.roles.some(mayIssueCertificates)
    return mayIssue ? chain[0].notAfter : notAfter
  })
  return expirationOfProof(Math.max(...ends), longestLife)
}

/** Judges the record of a page whose form is right. @param author The chain that it names */
export function pageProblem(
  record: GraphRecord,
  author: AuthorChain,
  longestLife: number,
): GroupRecordProblem | undefined {
  const problem = addOnlyProblem(record) ?? authorshipProblem(record, { creator: author, author })
  if (problem !== undefined) return problem
  if (author.depth > 0 && !hasRight(author.roles, 'revoke-issued')) return 'no-right'
  return record.expires > expirationOfProof(author.chain[0].notAfter, longestLife) ? 'expiration' : undefined
}
