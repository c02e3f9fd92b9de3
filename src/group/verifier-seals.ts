/**
 * Sealing the verifier of a password to those who may admit: to the Ed25519 keys of their certificates, by one
 * ephemeral key of X25519 for all of them.
 *
 * ```
 * sealing key   = X25519 public key of a seed drawn for this sealing
 * secret        = X25519(that seed, the member's Ed25519 key as an X25519 key)
 * key           = HMAC-SHA-256(secret, "peerage/1/password-seal" ‖ 00 ‖ sealing key ‖ the member's Ed25519 key
 *                   ‖ the certificate's digest)
 * seal          = ChaCha20-Poly1305(key, nonce of 12 zero bytes, verifier, associated data: the context)
 * ```
 *
 * A key seals once: so the nonce can be constant. The context says where the verifier belongs, so that a seal that was copied
 * to another group, another role or another password does not open there. A seal does not say who made it: the
 * signature of the record does.
 */
import { toUtf8 } from '../runtime/bytes.ts'
import {
  AEAD_NONCE_LENGTH,
  AEAD_TAG_LENGTH,
  AGREEMENT_KEY_LENGTH,
  type Crypto,
  SEED_LENGTH,
  type SigningKeyPair,
} from '../runtime/crypto.ts'
import { type Random, randomBytes } from '../runtime/random.ts'
import { type CertificateDigest, digestBytes } from './digests.ts'
import { VERIFIER_LENGTH } from './password-verifier.ts'

/** A certificate whose holder may admit, and its key. */
export interface Admitter {
  readonly certificate: CertificateDigest
  /** Ed25519. */
  readonly publicKey: Uint8Array
}

/** The verifier, sealed to the holder of one certificate. */
export interface VerifierSeal {
  readonly certificate: CertificateDigest
  /** {@link SEAL_LENGTH} bytes. */
  readonly sealed: Uint8Array
}

/** A verifier, sealed to several. */
export interface SealedVerifier {
  /** {@link AGREEMENT_KEY_LENGTH} bytes. */
  readonly sealingKey: Uint8Array
  readonly seals: readonly VerifierSeal[]
}

/** In bytes. */
export const SEAL_LENGTH: number = VERIFIER_LENGTH + AEAD_TAG_LENGTH
export const SEALING_KEY_LENGTH: number = AGREEMENT_KEY_LENGTH

/** Whether something can be sealed to a key: to one of mixed order, which no honest node makes, nothing can. */
export function canBeSealedTo(crypto: Crypto, publicKey: Uint8Array): boolean {
  return crypto.agreementPublicKey(publicKey) !== undefined
}

/** Seals a verifier to each of these. A key to which nothing can be sealed is a programming error. */
export function sealVerifier(
  crypto: Crypto,
  random: Random,
  verifier: Uint8Array,
  admitters: readonly Admitter[],
  context: Uint8Array,
): SealedVerifier {
  const ephemeral = crypto.agreementKeyPair(randomBytes(random, SEED_LENGTH))
  const seals = admitters.map((admitter) => {
    const agreementKey = crypto.agreementPublicKey(admitter.publicKey)
    const shared = agreementKey === undefined ? undefined : crypto.agree(ephemeral.secretKey, agreementKey)
    if (shared === undefined) throw new TypeError(`nothing can be sealed to the key of ${admitter.certificate}`)
    const key = sealKey(crypto, shared, ephemeral.publicKey, admitter)
    return { certificate: admitter.certificate, sealed: crypto.seal(key, ONLY_NONCE, verifier, context) }
  })
  ephemeral.secretKey.fill(0)
  return { sealingKey: ephemeral.publicKey, seals }
}

/** The verifier, for the holder of one certificate; undefined if nothing was sealed to it, or anything was altered. */
export function openVerifier(
  crypto: Crypto,
  { sealingKey, seals }: SealedVerifier,
  certificate: CertificateDigest,
  { publicKey, secretKey }: SigningKeyPair,
  context: Uint8Array,
): Uint8Array | undefined {
  const seal = seals.find((one) => one.certificate === certificate)
  if (seal === undefined) return undefined
  const agreementKey = crypto.agreementSecretKey(secretKey)
  const shared = crypto.agree(agreementKey, sealingKey)
  agreementKey.fill(0)
  if (shared === undefined) return undefined
  return crypto.open(sealKey(crypto, shared, sealingKey, { certificate, publicKey }), ONLY_NONCE, seal.sealed, context)
}

const ONLY_NONCE = new Uint8Array(AEAD_NONCE_LENGTH)
const KEY_CONTEXT = toUtf8('peerage/1/password-seal\0')

function sealKey(crypto: Crypto, shared: Uint8Array, sealingKey: Uint8Array, admitter: Admitter): Uint8Array {
  return crypto.hmacSha256(shared, KEY_CONTEXT, sealingKey, admitter.publicKey, digestBytes(admitter.certificate))
}
