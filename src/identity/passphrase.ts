/**
 * Passphrases and passwords that protect a key at rest.
 *
 * `openssl` must be able to open with them what it is given, from a file or a prompt: so they are one
 * line, and not longer than what it reads.
 */
import { toUtf8 } from '../runtime/bytes.ts'
import { PeerageError } from '../runtime/peerage-error.ts'

/** In bytes of UTF-8: `openssl` reads 1,023 from a file. */
export const LONGEST_PASSPHRASE = 1000

/**
 * Checks that a text can be a passphrase: 1 to {@link LONGEST_PASSPHRASE} bytes of UTF-8, no control
 * character. The text is never part of the error.
 *
 * @param use What it is for, in errors: `the export of an identity`, ...
 * @throws PeerageError `empty-password`, `invalid-argument`
 */
export function checkPassphrase(passphrase: string, use: string): void {
  if (passphrase === '') throw new PeerageError('empty-password', { use })
  const problem = passphraseProblem(passphrase)
  if (problem === undefined) return
  throw new PeerageError('invalid-argument', {
    name: `the password for ${use}`,
    value: problem,
    expected: `one line of at most ${LONGEST_PASSPHRASE} bytes of UTF-8 without control characters`,
  })
}

function passphraseProblem(passphrase: string): string | undefined {
  if (!passphrase.isWellFormed()) return 'not well-formed: it has an unpaired surrogate'
  if (toUtf8(passphrase).length > LONGEST_PASSPHRASE) return 'too long'
  if (/\p{Cc}/u.test(passphrase)) return 'a text with a control character or a line break'
  return undefined
}
