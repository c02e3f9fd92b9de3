/**
 * Which of two valid versions of a record wins: the same one on every node, in whatever order they came (MS-PPGRH
 * 3.1.7.32; G-062, G-063).
 */
import { compareBytes } from '../runtime/bytes.ts'
import { authorOf, type GraphRecord, type RecordAuthor } from './record.ts'

/**
 * Compares two versions of one record: what an administrator deleted is above all else, then what anybody deleted, then
 * the higher version, then the higher digest as unsigned bytes.
 *
 * @param isAdministrator The word of the graph's provider. Without one nobody is.
 * @returns negative if `other` wins, positive if `one` does, 0 if they are the same
 */
export function compareRecords(
  one: GraphRecord,
  other: GraphRecord,
  isAdministrator: (author: RecordAuthor, version: GraphRecord) => boolean,
): number {
  if (one.deleted !== other.deleted) return one.deleted ? 1 : -1
  if (one.deleted) {
    const isFinal = isAdministrator(authorOf(one), one)
    if (isFinal !== isAdministrator(authorOf(other), other)) return isFinal ? 1 : -1
  }
  return one.version - other.version || compareBytes(one.digest, other.digest)
}
