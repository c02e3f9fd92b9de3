/**
 * Variable-length integers, as in QUIC (RFC 9000 section 16): the two upper bits of the first byte say
 * whether 1, 2, 4 or 8 bytes hold the number. Other than there, only the shortest form is legal, so that
 * equal structures have equal bytes, and a number is at most {@link LARGEST_VARINT}, so that it is exact in
 * JavaScript.
 */

/** 2^53 - 1. */
export const LARGEST_VARINT: number = Number.MAX_SAFE_INTEGER

/** What fits into 1, 2 and 4 bytes; more takes 8. */
export const LARGEST_VARINT_1: number = 2 ** 6 - 1
export const LARGEST_VARINT_2: number = 2 ** 14 - 1
export const LARGEST_VARINT_4: number = 2 ** 30 - 1

/** How many bytes hold a number. */
export function varintLength(value: number): number {
  if (value <= LARGEST_VARINT_1) return 1
  if (value <= LARGEST_VARINT_2) return 2
  return value <= LARGEST_VARINT_4 ? 4 : 8
}
