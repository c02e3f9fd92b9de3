/**
 * The order of texts by code point (G-068): that of their UTF-8, and so that of SQLite. JavaScript's own order, by code
 * unit, differs where one text has a character past U+FFFF and the other one from U+E000 to U+FFFF.
 */

/** Negative, 0 or positive. Both texts must be well-formed. */
export function compareByCodePoint(one: string, other: string): number {
  const length = Math.min(one.length, other.length)
  for (let index = 0; index < length; index++) {
    const [unit, otherUnit] = [one.charCodeAt(index), other.charCodeAt(index)]
    if (unit !== otherUnit) return rank(unit) - rank(otherUnit)
  }
  return one.length - other.length
}

const FIRST_SURROGATE = 0xd800
const LAST_SURROGATE = 0xdfff
const PAST_ALL_UNITS = 0x10000

/** Surrogates, of which the characters past U+FFFF consist, come after all else. */
function rank(unit: number): number {
  return unit >= FIRST_SURROGATE && unit <= LAST_SURROGATE ? unit + PAST_ALL_UNITS : unit
}
