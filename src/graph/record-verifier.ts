/**
 * Checks signatures of records: the one job that is worth a worker (DESIGN section 3). The engine sees a record only after
 * its verdict, in the order in which records came.
 */
import type { GraphKeys } from '../records/graph-id.ts'
import type { GraphRecord } from '../records/record.ts'
import type { SignatureProblem } from '../records/record-problem.ts'
import { verifyRecord } from '../records/verify-record.ts'
import type { Crypto } from '../runtime/crypto.ts'

/** Checks the signatures of records. */
export interface RecordVerifier {
  /** @param done Called once, maybe before this returns. Nothing calls it after {@link RecordVerifier.close}. */
  verify(record: GraphRecord, done: (problem: SignatureProblem | undefined) => void): void
  close(): void
}

/** Checks each at once, where it is called. */
export function inlineVerifier(crypto: Crypto, keys: GraphKeys): RecordVerifier {
  return {
    verify(record, done) {
      done(verifyRecord(crypto, keys, record))
    },
    close() {},
  }
}
