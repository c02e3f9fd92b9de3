/**
 * The proofs of a record in a group: the digests of the chains under which its creator and its modifier wrote it (P-081).
 * They are equal in a record that was never modified. The chains themselves are in membership records.
 */
import { concatBytes } from '../runtime/bytes.ts'
import { type ChainDigest, chainDigestFromBytes, DIGEST_LENGTH, digestBytes } from './digests.ts'

/** Under which chains a record was written. */
export interface RecordProofs {
  readonly creator: ChainDigest
  /** Of the modifier, or of the creator where there is none. */
  readonly author: ChainDigest
}

export function encodeProofs({ creator, author }: RecordProofs): Uint8Array {
  return concatBytes(digestBytes(creator), digestBytes(author))
}

/** undefined if these are no proofs of a group. */
export function readProofs(bytes: Uint8Array): RecordProofs | undefined {
  if (bytes.length !== 2 * DIGEST_LENGTH) return undefined
  return {
    creator: chainDigestFromBytes(bytes.subarray(0, DIGEST_LENGTH)),
    author: chainDigestFromBytes(bytes.subarray(DIGEST_LENGTH)),
  }
}
