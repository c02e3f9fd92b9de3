/**
 * Attributes of records: typed values under short names, by which records are searched (MS-PPGRH 2.2.3.5, as values
 * instead of XML). A name may have several values.
 */

/** A value: a text, an integer from -(2^53 - 1) to 2^53 - 1, or an instant to the millisecond. */
export type AttributeValue =
  | { readonly type: 'string'; readonly value: string }
  | { readonly type: 'integer'; readonly value: number }
  /** Milliseconds since 1970. */
  | { readonly type: 'date'; readonly value: number }

/** One name and its values, in the order in which the writer gave them. At least one. */
export interface RecordAttribute {
  /** 1 to 40 characters from 0-9, a-z and A-Z. */
  readonly name: string
  /** In the order of the writer. */
  readonly values: readonly AttributeValue[]
}
