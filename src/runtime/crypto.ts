/**
 * The crypto port: every cryptographic operation of Peerage, synchronous, so that an engine can use
 * it in the middle of a step and a simulation can put seeded keys or a cheap fake in its place.
 *
 * A verdict of this port is part of the protocol: two nodes that disagree on one signature disagree
 * on a database for ever. Implementations therefore refuse, by their own check, every encoding on
 * which libraries differ (DESIGN section 4): an Ed25519 S that is not reduced, keys and points that
 * are not canonical or of small order. One vector set binds all implementations.
 *
 * Lengths are part of each function's contract: an array of another length is a programming error
 * and throws a RangeError, except in {@link Crypto.verify} and {@link Crypto.open}, whose inputs
 * come from strangers and which answer false and undefined.
 */
export interface Crypto {
  /** Which implementation this is, for the diagnosis: `sodium-native`, `node:crypto`, `fake`, ... */
  readonly implementation: string
  /** Why it is not the preferred implementation of this platform; absent where it is. */
  readonly fallbackReason?: string

  /** The Ed25519 key pair (RFC 8032) of a 32-byte seed, which is what PKCS#8 stores. */
  signingKeyPair(seed: Uint8Array): SigningKeyPair
  /**
   * A 64-byte Ed25519 signature. Deterministic.
   *
   * @param secretKey From {@link Crypto.signingKeyPair}. That its halves belong together is not checked, and signing
   *   with halves that do not can give the key away.
   */
  sign(message: Uint8Array, secretKey: Uint8Array): Uint8Array
  /** Whether the signature is strictly valid (see above). Never throws. */
  verify(signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array): boolean

  /** SHA-256 over the parts, joined. 32 bytes. */
  sha256(...parts: readonly Uint8Array[]): Uint8Array
  /** SHA-512 over the parts, joined. 64 bytes. */
  sha512(...parts: readonly Uint8Array[]): Uint8Array
  /** HMAC-SHA-256 (RFC 2104) over the parts, joined. 32 bytes. The key may have any length. */
  hmacSha256(key: Uint8Array, ...parts: readonly Uint8Array[]): Uint8Array

  /** ChaCha20-Poly1305 (RFC 8439): the ciphertext followed by its 16-byte tag. */
  seal(key: Uint8Array, nonce: Uint8Array, plaintext: Uint8Array, associated: Uint8Array): Uint8Array
  /** The plaintext, or undefined if anything was altered. Never throws on a bad ciphertext. */
  open(key: Uint8Array, nonce: Uint8Array, sealed: Uint8Array, associated: Uint8Array): Uint8Array | undefined

  /** The X25519 key pair (RFC 7748) of a 32-byte seed. */
  agreementKeyPair(seed: Uint8Array): AgreementKeyPair
  /** The 32-byte X25519 secret shared with a public key; undefined if that key is of small order. */
  agree(secretKey: Uint8Array, publicKey: Uint8Array): Uint8Array | undefined

  /**
   * The X25519 public key for what is sealed to the holder of an Ed25519 public key: the same point in Montgomery's form
   * (RFC 7748 section 4.1); undefined if that is no point of the prime-order group, or not canonical.
   */
  agreementPublicKey(publicKey: Uint8Array): Uint8Array | undefined
  /** The X25519 secret key that belongs to it, from {@link SigningKeyPair.secretKey}. 32 bytes. */
  agreementSecretKey(secretKey: Uint8Array): Uint8Array

  /** The element of ristretto255 that is derived from 64 bytes (RFC 9496 section 4.3.4). 32 bytes. */
  ristretto255Element(uniform: Uint8Array): Uint8Array
  /**
   * The product of a scalar and an element of ristretto255 (RFC 9496), 32 bytes; undefined if the element is none, is not
   * canonical, or is the neutral one.
   *
   * @param scalar 32 bytes, lowest first: 1 to the group order less 1; anything else is a programming error.
   */
  ristretto255Multiply(scalar: Uint8Array, element: Uint8Array): Uint8Array | undefined

  /** Argon2id (RFC 9106), version 1.3, with one lane. Slow by intention; never run it in an engine. */
  argon2id(password: Uint8Array, salt: Uint8Array, cost: Argon2idCost): Uint8Array

  /** scrypt (RFC 7914). Encrypted PKCS#8 needs it. Slow by intention. */
  scrypt(password: Uint8Array, salt: Uint8Array, cost: ScryptCost, length: number): Uint8Array
  /** AES-256 in CBC mode with PKCS#7 padding, with an IV of 16 bytes. Encrypted PKCS#8 needs it; nothing else may use it. */
  encryptAes256Cbc(key: Uint8Array, iv: Uint8Array, plaintext: Uint8Array): Uint8Array
  /** The plaintext, or undefined if the padding is wrong. Never throws on a bad ciphertext. */
  decryptAes256Cbc(key: Uint8Array, iv: Uint8Array, ciphertext: Uint8Array): Uint8Array | undefined
}

/** An Ed25519 key pair. */
export interface SigningKeyPair {
  /** 32 bytes. */
  readonly publicKey: Uint8Array
  /** 64 bytes: the seed, then the public key. Never log it. */
  readonly secretKey: Uint8Array
}

/** An X25519 key pair, 32 bytes each. */
export interface AgreementKeyPair {
  readonly publicKey: Uint8Array
  readonly secretKey: Uint8Array
}

/** What Argon2id costs whoever computes it. */
export interface Argon2idCost {
  /** Memory in KiB, 8 to what {@link LARGEST_DERIVATION_MEMORY} allows. */
  readonly memory: number
  /** Passes over that memory, at least 1. */
  readonly passes: number
  /** Length of the salt is 16 bytes; of the result, this many: 16 to 64. */
  readonly length: number
}

/** What scrypt costs whoever computes it: N (a power of two), r and p of RFC 7914. Its result has 1 to 64 bytes. */
export interface ScryptCost {
  readonly cost: number
  readonly blockSize: number
  readonly parallelization: number
}

export const SEED_LENGTH = 32
export const PUBLIC_KEY_LENGTH = 32
export const SECRET_KEY_LENGTH = 64
export const SIGNATURE_LENGTH = 64
export const SHA256_LENGTH = 32
export const SHA512_LENGTH = 64
export const AEAD_KEY_LENGTH = 32
export const AEAD_NONCE_LENGTH = 12
export const AEAD_TAG_LENGTH = 16
export const AGREEMENT_KEY_LENGTH = 32
/** Of an encoded element, and of a scalar. */
export const RISTRETTO255_LENGTH = 32
/** Of what an element is derived from. */
export const RISTRETTO255_UNIFORM_LENGTH = 64
export const ARGON2ID_SALT_LENGTH = 16
export const AES256_KEY_LENGTH = 32
export const AES_BLOCK_LENGTH = 16
/** The most memory that Argon2id or scrypt may take, in bytes. A greater cost is a programming error: check what you read. */
export const LARGEST_DERIVATION_MEMORY = 2 ** 30
