/**
 * The password of a group, and what proves it: its *verifier*, the Argon2id value of the password under a salt of the group.
 *
 * Members prove to each other that they have the same verifier, by CPace (cpace.ts), and never send it. Argon2id runs where a
 * password is typed, and never in whoever admits, so that guesses hold nobody up. The salt follows from the graph's
 * ID, which invitations carry: a joiner needs to be told nothing before it derives the verifier, and nobody can
 * choose a salt for it.
 */
import type { GraphKeys } from '../records/graph-id.ts'
import { toUtf8 } from '../runtime/bytes.ts'
import { ARGON2ID_SALT_LENGTH, type Argon2idCost, type Crypto } from '../runtime/crypto.ts'
import { PeerageError } from '../runtime/peerage-error.ts'

/** What a guess costs whoever has a verifier. */
export type PasswordCost = Pick<Argon2idCost, 'memory' | 'passes'>

/** What proves a password. Whoever has it can join, and can test guesses of the password itself. */
export interface PasswordVerifier {
  readonly cost: PasswordCost
  /** {@link VERIFIER_LENGTH} bytes. */
  readonly value: Uint8Array
}

/** What new passwords are derived at: 64 MiB and 3 passes (RFC 9106 section 4, the second recommended option, with one lane). */
export const PASSWORD_COST: PasswordCost = { memory: 65_536, passes: 3 }
/** In KiB: cheaper verifiers are refused, which would be easy to guess from. */
export const LEAST_PASSWORD_MEMORY = 19_456
/** In KiB, and in passes: what whoever joins is made to do at most. */
export const LARGEST_PASSWORD_MEMORY = 262_144
export const MOST_PASSWORD_PASSES = 10
/** In characters, code points of Unicode. A verifier can come into wrong hands: longer is better. */
export const SHORTEST_PASSWORD = 8
/** In bytes of UTF-8. */
export const LONGEST_PASSWORD = 1000
/** In bytes. */
export const VERIFIER_LENGTH = 32

/** What Argon2id makes a verifier of. */
export interface VerifierInputs {
  readonly password: Uint8Array
  readonly salt: Uint8Array
  readonly cost: Argon2idCost
}

/**
 * What the verifier of a password is derived from. Whoever derives it waits for that, and so it is done outside of engines
 * (peer-node/password-deriving.ts).
 *
 * @throws PeerageError `password-too-short`, `invalid-argument`
 */
export function verifierInputs(
  crypto: Crypto,
  graph: Pick<GraphKeys, 'secret'>,
  password: string,
  cost: PasswordCost = PASSWORD_COST,
): VerifierInputs {
  if (!isLegalCost(cost)) throw new RangeError('this cost of a password is out of bounds')
  const salt = crypto.sha256(toUtf8(SALT_CONTEXT), graph.secret).slice(0, ARGON2ID_SALT_LENGTH)
  const argon2idCost = { memory: cost.memory, passes: cost.passes, length: VERIFIER_LENGTH }
  return { password: passwordBytes(password), salt, cost: argon2idCost }
}

/** Whether a cost that others name is within the limits. */
export function isLegalCost({ memory, passes }: PasswordCost): boolean {
  return (
    Number.isInteger(memory) &&
    Number.isInteger(passes) &&
    memory >= LEAST_PASSWORD_MEMORY &&
    memory <= LARGEST_PASSWORD_MEMORY &&
    passes >= 1 &&
    passes <= MOST_PASSWORD_PASSES
  )
}

/** Whether a verifier that is at hand is of the cost that is asked for. */
export function isSameCost(one: PasswordCost, other: PasswordCost): boolean {
  return one.memory === other.memory && one.passes === other.passes
}

const SALT_CONTEXT = 'peerage/1/password-salt\0'

/**
 * The bytes of a password, the same however a keyboard composes it: every space becomes U+0020, then Unicode's form C, then UTF-8
 * (the profile OpaqueString of RFC 8265 section 4.2). No error shows any of it.
 */
function passwordBytes(password: string): Uint8Array {
  if (!password.isWellFormed()) throw refused('not well-formed: it has an unpaired surrogate')
  const normalized = password.replaceAll(/\p{Zs}/gu, ' ').normalize('NFC')
  const length = [...normalized].length
  if (length < SHORTEST_PASSWORD) throw new PeerageError('password-too-short', { length, limit: SHORTEST_PASSWORD })
  if (/\p{Cc}/u.test(normalized)) throw refused('a text with a control character or a line break')
  const bytes = toUtf8(normalized)
  if (bytes.length > LONGEST_PASSWORD) throw refused('too long')
  return bytes
}

function refused(problem: string): PeerageError<'invalid-argument'> {
  return new PeerageError('invalid-argument', {
    name: 'the password of the group',
    value: problem,
    expected: `one line of at most ${LONGEST_PASSWORD} bytes of UTF-8 without control characters`,
  })
}
