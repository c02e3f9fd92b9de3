/**
 * Friendly names: what people call an identity or a group. They prove nothing and need not be
 * unique; a peer name is for that.
 */
import { PeerageError } from '../runtime/peerage-error.ts'

/** In UTF-16 code units (MS-PPSEC 2.2.5). */
export const LONGEST_FRIENDLY_NAME = 255

/**
 * Checks that a text can be a friendly name: 1 to {@link LONGEST_FRIENDLY_NAME} code units, not all
 * of them spaces, no control character, no unpaired surrogate.
 *
 * @throws PeerageError `invalid-friendly-name`
 */
export function checkFriendlyName(text: string): void {
  const problem = friendlyNameProblem(text)
  if (problem !== undefined) throw new PeerageError('invalid-friendly-name', { value: text, problem })
}

/** Why a text cannot be a friendly name, or undefined if it can. */
export function friendlyNameProblem(text: string): string | undefined {
  if (text.trim() === '') return 'there is nothing in it'
  if (text.length > LONGEST_FRIENDLY_NAME) {
    return `it has ${text.length} characters, and at most ${LONGEST_FRIENDLY_NAME} are allowed`
  }
  if (!text.isWellFormed()) return 'it contains an unpaired surrogate'
  if (hasUnprintable(text)) return 'it contains a control character or a line break'
  return undefined
}

/**
 * Whether there are control characters or line breaks (Cc, Zl, Zp), which would forge lines of a list, a log or a file. A pattern
 * of these classes takes longer, the first times, than reading a certificate.
 */
function hasUnprintable(text: string): boolean {
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index)
    if (code < 0x20 || (code >= 0x7f && code <= 0x9f) || code === 0x2028 || code === 0x2029) return true
  }
  return false
}
