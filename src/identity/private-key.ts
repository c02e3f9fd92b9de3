/**
 * Private keys as files hold them: PKCS#8 of an Ed25519 seed (RFC 8410 section 7), in the clear or
 * encrypted with a passphrase (EncryptedPrivateKeyInfo, RFC 5958 section 3). Both are what
 * `openssl pkey` reads and writes.
 *
 * The encryption is PBES2 (RFC 8018) with scrypt (RFC 7914), which makes each guess cost 16 MiB of
 * memory, and AES-256 in CBC mode, the strongest that every OpenSSL 3 reads there. It proves nothing
 * about its content: a changed ciphertext looks like a wrong passphrase, or even decrypts to another
 * seed. So whoever decrypts compares the authority of the key with the one that is expected.
 */
import { concatBytes, equalBytes, toUtf8 } from '../runtime/bytes.ts'
import {
  AES_BLOCK_LENGTH,
  AES256_KEY_LENGTH,
  type Crypto,
  type ScryptCost,
  SECRET_KEY_LENGTH,
  SEED_LENGTH,
} from '../runtime/crypto.ts'
import { type Random, randomBytes } from '../runtime/random.ts'
import { DerReader } from './der-reader.ts'
import { INTEGER, OBJECT_IDENTIFIER, OCTET_STRING, SEQUENCE } from './der-tags.ts'
import { derElement, derInteger, derObjectIdentifier } from './der-writer.ts'
import { formatObjectIdentifier, objectIdentifier } from './object-identifier.ts'

/** The PEM label of a key in the clear. */
export const PRIVATE_KEY_LABEL = 'PRIVATE KEY'
/** The PEM label of an encrypted key. */
export const ENCRYPTED_PRIVATE_KEY_LABEL = 'ENCRYPTED PRIVATE KEY'

/** The most bytes of a key, encrypted or not, that is read: a 16-kilobit RSA key still gets its proper error. */
const LONGEST_PRIVATE_KEY = 16_384

/** What writing uses: the setting that OWASP (2023) recommends for 16 MiB. A guess takes about 0.2 s. */
export const SCRYPT_COST: ScryptCost = { cost: 2 ** 14, blockSize: 8, parallelization: 5 }
const SALT_LENGTH = 16

// What reading accepts, so that no file can make it take more than 64 MiB and a few seconds.
/** The highest cost (N) of scrypt with which a key may be encrypted that is read. */
const HIGHEST_SCRYPT_COST = 2 ** 16
/** The highest block size (r) of scrypt, likewise. */
const HIGHEST_SCRYPT_BLOCK_SIZE = 8
/** The highest parallelization (p) of scrypt, likewise. */
const HIGHEST_SCRYPT_PARALLELIZATION = 16
/** The shortest and the longest salt of scrypt, likewise, in bytes. */
const SHORTEST_SALT = 8
const LONGEST_SALT = 64

const ED25519 = objectIdentifier('1.3.101.112')
const PBES2 = objectIdentifier('1.2.840.113549.1.5.13')
const SCRYPT = objectIdentifier('1.3.6.1.4.1.11591.4.11')
const AES256_CBC = objectIdentifier('2.16.840.1.101.3.4.1.42')

/** Version 0, the algorithm, and the headers of the two strings around the seed. */
const PRIVATE_KEY_PREFIX = Uint8Array.of(
  ...[SEQUENCE, 0x2e, INTEGER, 1, 0, SEQUENCE, 5, OBJECT_IDENTIFIER, 3, ...ED25519],
  ...[OCTET_STRING, 0x22, OCTET_STRING, SEED_LENGTH],
)
const VERSION_0_AND_SEQUENCE = Uint8Array.of(INTEGER, 1, 0, SEQUENCE)

/** The algorithms that people are likely to have keys of, by name. */
const OTHER_ALGORITHMS = new Map([
  ['1.2.840.113549.1.1.1', 'RSA'],
  ['1.2.840.10045.2.1', 'elliptic curve (ECDSA)'],
  ['1.3.101.110', 'X25519'],
  ['1.3.101.111', 'X448'],
  ['1.3.101.113', 'Ed448'],
])

/** PKCS#8 in DER: 48 bytes. @param secretKey 64 bytes, as in {@link SigningKeyPair} */
export function encodePrivateKey(secretKey: Uint8Array): Uint8Array {
  if (secretKey.length !== SECRET_KEY_LENGTH) {
    throw new RangeError(`a secret key has ${SECRET_KEY_LENGTH} bytes, not ${secretKey.length}`)
  }
  return concatBytes(PRIVATE_KEY_PREFIX, secretKey.subarray(0, SEED_LENGTH))
}

/**
 * The 32-byte seed in a PKCS#8 key, a copy.
 *
 * @throws PeerageError `malformed`: cut short, not a private key, or a key of another type
 */
export function decodePrivateKey(der: Uint8Array): Uint8Array {
  const reader = enterKey(der, 'private key', INTEGER)
  const version = reader.unsignedInteger('the version')
  if (!reader.isNext(SEQUENCE)) throw reader.malformed('this is not a PKCS#8 private key')
  requireEd25519(reader)
  if (version !== 0) throw reader.malformed(`its version is ${version}, and only 0 is read`)
  const outerString = reader.enter(OCTET_STRING, 'the key string')
  const seed = reader.content(OCTET_STRING, 'the seed')
  if (seed.length !== SEED_LENGTH) throw reader.malformed(`its seed has ${seed.length} bytes instead of ${SEED_LENGTH}`)
  reader.leave(outerString, 'the key string')
  reader.finish('the key')
  return new Uint8Array(seed)
}

/**
 * EncryptedPrivateKeyInfo in DER. Takes about 0.2 s and 16 MiB.
 *
 * @param secretKey 64 bytes, as in {@link SigningKeyPair}
 * @param passphrase At least one character; its UTF-8 form counts, as it does for `openssl`.
 */
export function encryptPrivateKey(
  crypto: Crypto,
  random: Random,
  secretKey: Uint8Array,
  passphrase: string,
): Uint8Array {
  if (passphrase === '') throw new RangeError('a passphrase has at least one character')
  const salt = randomBytes(random, SALT_LENGTH)
  const iv = randomBytes(random, AES_BLOCK_LENGTH)
  const key = crypto.scrypt(toUtf8(passphrase), salt, SCRYPT_COST, AES256_KEY_LENGTH)
  const ciphertext = crypto.encryptAes256Cbc(key, iv, encodePrivateKey(secretKey))
  const scrypt = derElement(
    SEQUENCE,
    derElement(OCTET_STRING, salt),
    derInteger(SCRYPT_COST.cost),
    derInteger(SCRYPT_COST.blockSize),
    derInteger(SCRYPT_COST.parallelization),
  )
  const scheme = derElement(
    SEQUENCE,
    derElement(SEQUENCE, derObjectIdentifier(SCRYPT), scrypt),
    derElement(SEQUENCE, derObjectIdentifier(AES256_CBC), derElement(OCTET_STRING, iv)),
  )
  return derElement(
    SEQUENCE,
    derElement(SEQUENCE, derObjectIdentifier(PBES2), scheme),
    derElement(OCTET_STRING, ciphertext),
  )
}

/**
 * The 32-byte seed in an encrypted key, or undefined if the passphrase is wrong (or the ciphertext was
 * changed, which cannot be told apart). Takes the time and memory that the file asks for, within limits.
 *
 * @throws PeerageError `malformed`: cut short, not an encrypted private key, encrypted in another way or
 *   at too high a cost, or a key of another type
 */
export function decryptPrivateKey(crypto: Crypto, der: Uint8Array, passphrase: string): Uint8Array | undefined {
  const { salt, cost, iv, ciphertext } = readEncryptedKey(der)
  const key = crypto.scrypt(toUtf8(passphrase), salt, cost, AES256_KEY_LENGTH)
  const plaintext = crypto.decryptAes256Cbc(key, iv, ciphertext)
  // One wrong passphrase in 256 leaves correct padding, so what comes out must be a key, too.
  return plaintext !== undefined && looksLikeAKey(plaintext) ? decodePrivateKey(plaintext) : undefined
}

interface EncryptedKey {
  readonly salt: Uint8Array
  readonly cost: ScryptCost
  readonly iv: Uint8Array
  readonly ciphertext: Uint8Array
}

function readEncryptedKey(der: Uint8Array): EncryptedKey {
  const reader = enterKey(der, 'encrypted private key', SEQUENCE)
  const algorithm = reader.enter(SEQUENCE, 'the encryption')
  requireAlgorithm(reader, PBES2, 'PBES2')
  const scheme = reader.enter(SEQUENCE, 'the parameters of PBES2')
  const derivation = reader.enter(SEQUENCE, 'the key derivation')
  requireAlgorithm(reader, SCRYPT, 'scrypt')
  const { salt, cost } = readScryptParameters(reader)
  reader.leave(derivation, 'the key derivation')
  const cipher = reader.enter(SEQUENCE, 'the cipher')
  requireAlgorithm(reader, AES256_CBC, 'AES-256-CBC')
  const iv = reader.content(OCTET_STRING, 'the initialization vector')
  if (iv.length !== AES_BLOCK_LENGTH) throw reader.malformed(`its initialization vector has ${iv.length} bytes`)
  reader.leave(cipher, 'the cipher')
  reader.leave(scheme, 'the parameters of PBES2')
  reader.leave(algorithm, 'the encryption')
  const ciphertext = reader.content(OCTET_STRING, 'the ciphertext')
  if (ciphertext.length === 0 || ciphertext.length % AES_BLOCK_LENGTH !== 0) {
    throw reader.malformed(`its ciphertext has ${ciphertext.length} bytes, not whole blocks`)
  }
  reader.finish('the key')
  return { salt, cost, iv, ciphertext }
}

function readScryptParameters(reader: DerReader): { salt: Uint8Array; cost: ScryptCost } {
  const parameters = reader.enter(SEQUENCE, 'the parameters of scrypt')
  const salt = reader.content(OCTET_STRING, 'the salt')
  if (salt.length < SHORTEST_SALT || salt.length > LONGEST_SALT) {
    throw reader.malformed(`its salt has ${salt.length} bytes`)
  }
  const cost = reader.unsignedInteger('the cost of scrypt')
  if (cost < 2 || cost > HIGHEST_SCRYPT_COST || (cost & (cost - 1)) !== 0) {
    throw reader.malformed(`the cost of scrypt is ${cost}, not a power of two up to ${HIGHEST_SCRYPT_COST}`)
  }
  const blockSize = reader.unsignedInteger('the block size of scrypt')
  if (blockSize < 1 || blockSize > HIGHEST_SCRYPT_BLOCK_SIZE) {
    throw reader.malformed(`the block size of scrypt is ${blockSize}, not 1 to ${HIGHEST_SCRYPT_BLOCK_SIZE}`)
  }
  const parallelization = reader.unsignedInteger('the parallelization of scrypt')
  if (parallelization < 1 || parallelization > HIGHEST_SCRYPT_PARALLELIZATION) {
    throw reader.malformed(
      `the parallelization of scrypt is ${parallelization}, not 1 to ${HIGHEST_SCRYPT_PARALLELIZATION}`,
    )
  }
  if (!reader.atEnd) {
    const length = reader.unsignedInteger('the key length')
    if (length !== AES256_KEY_LENGTH) throw reader.malformed(`its key length is ${length}, not ${AES256_KEY_LENGTH}`)
  }
  reader.leave(parameters, 'the parameters of scrypt')
  return { salt, cost: { cost, blockSize, parallelization } }
}

/** A reader that has entered the outermost SEQUENCE, whose first element has the given tag. */
function enterKey(der: Uint8Array, structure: string, firstTag: number): DerReader {
  const reader = new DerReader(der, structure)
  if (der.length > LONGEST_PRIVATE_KEY) throw reader.malformed(`it has more than ${LONGEST_PRIVATE_KEY} bytes`)
  if (der.length === 0) throw reader.malformed('it is cut short: it has no bytes')
  if (!reader.isNext(SEQUENCE)) throw reader.malformed(`this is not a PKCS#8 ${structure}`)
  const end = reader.enter(SEQUENCE, 'the key')
  if (end !== reader.end) throw reader.malformed('bytes are left over after the key', reader.end)
  if (!reader.isNext(firstTag)) throw reader.malformed(`this is not a PKCS#8 ${structure}`)
  return reader
}

/** Reads the AlgorithmIdentifier of Ed25519, which has no parameters. */
function requireEd25519(reader: DerReader): void {
  const algorithm = reader.enter(SEQUENCE, 'the algorithm')
  const identifier = reader.content(OBJECT_IDENTIFIER, 'the type of the key')
  if (!equalBytes(identifier, ED25519)) {
    const dotted = formatObjectIdentifier(identifier)
    throw reader.malformed(`this is another type of key, ${OTHER_ALGORITHMS.get(dotted) ?? dotted}, not Ed25519`)
  }
  reader.leave(algorithm, 'the algorithm')
}

function requireAlgorithm(reader: DerReader, expected: Uint8Array, name: string): void {
  const identifier = reader.content(OBJECT_IDENTIFIER, `the place of ${name}`)
  if (!equalBytes(identifier, expected)) {
    throw reader.malformed(`it is encrypted with ${formatObjectIdentifier(identifier)} instead of ${name}`)
  }
}

/** Whether the bytes begin as PKCS#8 does: a SEQUENCE, then version 0, then another SEQUENCE. */
function looksLikeAKey(bytes: Uint8Array): boolean {
  const lengthByte = bytes[1] ?? 0
  const start = lengthByte < 0x80 ? 2 : 2 + (lengthByte & 0x7f)
  return (
    bytes[0] === SEQUENCE &&
    equalBytes(bytes.subarray(start, start + VERSION_0_AND_SEQUENCE.length), VERSION_0_AND_SEQUENCE)
  )
}
