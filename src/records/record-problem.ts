/**
 * Why a record is no good, as a counter or an error names it (G-061). Such a record is dropped, and the link stays.
 */

/** What the form of a record breaks. */
export const formProblems = [
  /** More than the format or {@link LARGEST_RECORD} allows. */
  'too-large',
  'unknown-format',
  /** It was made for another graph. */
  'wrong-graph',
  /** A length is out of range, bytes are missing or left over, a text is no UTF-8, a value is not in its one form. */
  'malformed',
  'invalid-type',
  /** A classifier is too long, or contains U+0000. */
  'invalid-author',
  'version-zero',
  /** It is of version 1 and names a modifier. */
  'modifier-unexpected',
  /** It is of a later version and names none. */
  'modifier-missing',
  /** A time is past the year 9999. */
  'time-out-of-range',
  'modified-before-created',
  'expires-before-modified',
  /** It is deleted and has a payload or attributes. */
  'deleted-with-content',
  /** The payload is not what its encoding says. */
  'invalid-payload',
  'invalid-attributes',
] as const

/** What the signatures of a record break. */
export const signatureProblems = ['wrong-creator-signature', 'wrong-modifier-signature'] as const

export type FormProblem = (typeof formProblems)[number]
export type SignatureProblem = (typeof signatureProblems)[number]
export type RecordProblem = FormProblem | SignatureProblem
