/**
 * Patterns of `like` clauses (SDK record-search-query-format; G-070): `*` stands for any run of characters, also none,
 * `?` for exactly one, and `\*`, `\?` and `\\` for the characters themselves. A character is a code point.
 *
 * Of the runs only the last one can ever need to grow: an earlier one that were longer would only leave less for the
 * rest. So a match costs at most the length of the pattern times that of the text.
 */

/** Whether a text fits a pattern. */
export type TextMatcher = (text: string) => boolean

const ANY_RUN = -1
const ANY_CHARACTER = -2
const MEANINGS = new Map([
  ['*', ANY_RUN],
  ['?', ANY_CHARACTER],
])

/** The matcher of a pattern, or undefined if a backslash in it stands before something else, or nothing. */
export function patternMatcher(pattern: string): TextMatcher | undefined {
  const parts = patternParts(pattern)
  return parts && ((text) => fits(parts, text))
}

/** Code points, and what stands for others. */
function patternParts(pattern: string): readonly number[] | undefined {
  const parts: number[] = []
  let isEscaped = false
  for (const character of pattern) {
    const meaning = MEANINGS.get(character)
    if (isEscaped && meaning === undefined && character !== '\\') return undefined
    if (!isEscaped && character === '\\') {
      isEscaped = true
      continue
    }
    parts.push(isEscaped || meaning === undefined ? codePointAt(character, 0) : meaning)
    isEscaped = false
  }
  return isEscaped ? undefined : parts
}

function fits(parts: readonly number[], text: string): boolean {
  let part = 0
  let place = 0
  // After the last run: the part that follows it, and the place from which that was tried.
  let partAfterRun = -1
  let placeAfterRun = 0
  while (place < text.length) {
    const expected = parts[part]
    const found = codePointAt(text, place)
    if (expected === ANY_RUN) {
      part++
      partAfterRun = part
      placeAfterRun = place
    } else if (expected === found || expected === ANY_CHARACTER) {
      part++
      place += unitsOf(found)
    } else if (partAfterRun >= 0) {
      placeAfterRun += unitsOf(codePointAt(text, placeAfterRun))
      part = partAfterRun
      place = placeAfterRun
    } else {
      return false
    }
  }
  while (parts[part] === ANY_RUN) part++
  return part === parts.length
}

function codePointAt(text: string, place: number): number {
  return text.codePointAt(place) ?? Number.NaN
}

function unitsOf(codePoint: number): number {
  return codePoint > 0xffff ? 2 : 1
}
