/**
 * Derives the verifiers of passwords (group/password-verifier.ts), where a password is typed: never in an engine (P-135).
 */
import { PASSWORD_COST, type PasswordCost, type PasswordVerifier, verifierInputs } from '../group/password-verifier.ts'
import type { GraphKeys } from '../records/graph-id.ts'
import { equalSecrets } from '../runtime/bytes.ts'
import type { Crypto } from '../runtime/crypto.ts'
import type { PasswordHashing } from '../runtime/password-hashing.ts'

/** What deriving stands on. */
export interface DerivingPorts {
  readonly crypto: Crypto
  /** Argon2id beside everything else; undefined: it runs on the thread that asks for it. */
  readonly passwordHashing: PasswordHashing | undefined
}

/**
 * Derives the verifier of a password. Takes {@link PasswordCost.memory} of memory.
 *
 * @throws PeerageError at once: `password-too-short`, `invalid-argument`
 */
export function passwordVerifier(
  { crypto, passwordHashing }: DerivingPorts,
  graph: Pick<GraphKeys, 'secret'>,
  password: string,
  cost: PasswordCost = PASSWORD_COST,
): Promise<PasswordVerifier> {
  const inputs = verifierInputs(crypto, graph, password, cost)
  const hash = passwordHashing ?? (async (...given) => crypto.argon2id(...given))
  return hash(inputs.password, inputs.salt, inputs.cost).then((value) => ({ cost, value }))
}

/**
 * Whether a verifier is that of this password, so that what may have become known is not set again (P-119). As slow
 * as {@link passwordVerifier}.
 *
 * @throws PeerageError `password-too-short`, `invalid-argument`
 */
export async function isVerifierOf(
  ports: DerivingPorts,
  graph: Pick<GraphKeys, 'secret'>,
  password: string,
  verifier: PasswordVerifier,
): Promise<boolean> {
  const { value } = await passwordVerifier(ports, graph, password, verifier.cost)
  return equalSecrets(value, verifier.value)
}
