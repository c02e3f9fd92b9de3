/**
 * How what was done under a certificate stands before the revocations of a group.
 */
import type { RecordId } from '../records/record-id.ts'
import { compareBytes } from '../runtime/bytes.ts'
import type { AuthorChain } from './author-chain.ts'

/**
 * `stands`; `falls`, because a revocation does not keep it; or `undecided`, because pages are missing that may keep it.
 */
export type Standing = 'stands' | 'undecided' | 'falls'

/** One version of one record. */
export interface RecordVersion {
  readonly id: RecordId
  /** SHA-256 over the record. */
  readonly digest: Uint8Array
}

/** The chains under which a version was written; they are the same where it was never modified. */
export interface VersionChains {
  readonly creator: AuthorChain
  readonly author: AuthorChain
}

/** What stands, by a number of revocations. */
export interface Standings {
  record(version: RecordVersion, chains: VersionChains): Standing
}

/**
 * Whether a version takes the place of another one of the same record. All records of which a security state consists are of
 * version 1, and of two that their author made of one header the one with the higher digest wins, as everywhere (record-order.ts).
 */
export function supersedes(version: RecordVersion, former: RecordVersion | undefined): boolean {
  return former === undefined || compareBytes(version.digest, former.digest) > 0
}

/** The worse of two. */
export function worse(one: Standing, other: Standing): Standing {
  if (one === 'falls' || other === 'falls') return 'falls'
  return one === 'stands' ? other : one
}
