/**
 * Why a record is no good in a group, as counters and errors name it.
 */

/** The reasons. */
export const groupRecordProblems = [
  // Its proofs are not two digests, or differ although it was never modified.
  'proofs',
  // Creator or modifier do not hold the key of the chain that they name.
  'wrong-chain',
  // It was created or modified when the chain that it names was not valid.
  'outside-validity',
  // Its author has no right to it.
  'no-right',
  // It expires later than it may, or another time than it must.
  'expiration',
  // It is of a type that is never deleted.
  'deleted',
  // It is of a type that is never changed.
  'modified',
  // Its payload is not what its type says.
  'malformed',
  // Its payload is of a version that this release does not know.
  'unknown-version',
  // A chain in it is not valid, or of another group.
  'invalid-chain',
] as const

export type GroupRecordProblem = (typeof groupRecordProblems)[number]
