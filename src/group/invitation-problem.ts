/**
 * Why an invitation cannot be used.
 */
import { PeerageError } from '../runtime/peerage-error.ts'

/** The reasons: `problem` of PeerageError `invalid-invitation`. */
export type InvitationProblem =
  // Its text
  | 'no-invitation'
  | 'too-long'
  | 'characters'
  | 'cut-short'
  | 'left-over'
  | 'altered'
  | 'content'
  // Its use
  | 'expired'
  | 'for-another-identity'
  | 'chain-expired'
  | 'chain-of-another-group'
  | 'chain-refused'
  | 'another-chain'

/** The error for an invitation that cannot be used. @param detail A clause for people. */
export function unusable(
  problem: InvitationProblem,
  detail: string,
  cause?: unknown,
): PeerageError<'invalid-invitation'> {
  return new PeerageError('invalid-invitation', { problem, detail }, { cause })
}
