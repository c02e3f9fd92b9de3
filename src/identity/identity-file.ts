/**
 * The file that keeps one identity: readable lines and then the private key, in the clear or
 * encrypted with a passphrase (docs/protocol/identities.md shows one).
 *
 * The lines are never encrypted, so that an identity with a passphrase is listed, shown and renamed
 * without it. A checksum over all the rest tells a damaged file from a wrong passphrase. It protects
 * from accidents, not from people: whoever may write the file may also write another checksum.
 */
import { equalBytes, fromUtf8, toHex, toUtf8 } from '../runtime/bytes.ts'
import { formatUtc, parseUtc } from '../runtime/calendar.ts'
import type { Crypto, SigningKeyPair } from '../runtime/crypto.ts'
import { PeerageError } from '../runtime/peerage-error.ts'
import {
  type HeadedPemFormat,
  type Refusal,
  readHeaderLines,
  refusing,
  required,
  splitHeadedPem,
  writeHeadedPem,
} from './headed-pem.ts'
import { NAMED_KEY_LINES, type NamedKey, namedKeyValues, readNamedKey } from './named-key.ts'
import { authorityPart } from './peer-name.ts'
import { encodePem, type PemBlock } from './pem.ts'
import {
  decodePrivateKey,
  decryptPrivateKey,
  ENCRYPTED_PRIVATE_KEY_LABEL,
  encodePrivateKey,
  PRIVATE_KEY_LABEL,
} from './private-key.ts'

/** What stands in the file of one identity. */
export interface IdentityFile extends NamedKey {
  /** When it came into this data directory, in milliseconds since 1970, by the clock of this machine. */
  readonly created: number
  /** Counts up with each identity that comes into a data directory, so that no clock decides which is older. */
  readonly order: number
  readonly key: StoredKey
}

/** The private key as the file has it: readable, or PKCS#8 encrypted with a passphrase. */
export type StoredKey = { readonly keyPair: SigningKeyPair } | { readonly encrypted: Uint8Array }

const FORMAT = {
  name: 'Peerage-Identity',
  schema: 1,
  lines: [...NAMED_KEY_LINES, 'Created', 'Order'],
  seal: 'Checksum',
} as const satisfies HeadedPemFormat<string>

/** In bytes. The longest names, with every character escaped, and the longest key need less than half of it. */
export const LARGEST_IDENTITY_FILE = 8192

/** The error for a file, or a text, of a newer schema. */
export function newerIdentityFile(file: string, schema: number, known: number): PeerageError {
  return new PeerageError('identity-file-newer', { file, schema, known })
}

/** The bytes of the file. */
export function encodeIdentityFile(crypto: Crypto, file: IdentityFile): Uint8Array {
  const block =
    'encrypted' in file.key
      ? encodePem(ENCRYPTED_PRIVATE_KEY_LABEL, file.key.encrypted)
      : encodePem(PRIVATE_KEY_LABEL, encodePrivateKey(file.key.keyPair.secretKey))
  const values = { ...namedKeyValues(file), Created: formatUtc(file.created), Order: String(file.order) }
  return toUtf8(writeHeadedPem(FORMAT, values, block, (sealed) => checksumOf(crypto, sealed)))
}

/**
 * Reads the file of the identity with this authority.
 *
 * @param location What to call the file in an error.
 * @throws PeerageError `identity-file-damaged`, `identity-file-newer`
 */
export function decodeIdentityFile(
  crypto: Crypto,
  bytes: Uint8Array,
  authority: string,
  location: string,
): IdentityFile {
  const refuse = refusalOf(location)
  const text = required(fromUtf8(bytes), 'it is not text', refuse)
  const parts = splitHeadedPem(FORMAT, text, (schema) => newerIdentityFile(location, schema, FORMAT.schema), refuse)
  // The key before the lines: whoever put a key of another program here learns that, and not of missing lines.
  const key = storedKey(crypto, parts.pem, refuse)
  const { value, sealed, seal } = readHeaderLines(FORMAT, parts, refuse)
  if (seal !== checksumOf(crypto, sealed)) throw refuse('it was changed or damaged: its checksum does not match')
  const named = readNamedKey(crypto, value, refuse)
  if (authorityPart(named.peerName) !== authority) throw refuse('it has the file name of another identity')
  if ('keyPair' in key) requireKeyOf(named, key.keyPair, refuse)
  const created = required(parseUtc(value('Created')), 'its line "Created" is not a time', refuse)
  const order = required(orderIn(value('Order')), 'its line "Order" is not a number of 1 to 15 digits', refuse)
  return { ...named, created, order, key }
}

/**
 * The key pair of a file whose key is encrypted, or undefined if the passphrase is wrong. Slow by intention.
 *
 * @throws PeerageError `identity-file-damaged`
 */
export function decryptStoredKey(
  crypto: Crypto,
  named: NamedKey,
  encrypted: Uint8Array,
  passphrase: string,
  location: string,
): SigningKeyPair | undefined {
  const refuse = refusalOf(location)
  const seed = refusing(() => decryptPrivateKey(crypto, encrypted, passphrase), refuse)
  if (seed === undefined) return undefined
  const keyPair = crypto.signingKeyPair(seed)
  requireKeyOf(named, keyPair, refuse)
  return keyPair
}

function storedKey(crypto: Crypto, pem: PemBlock, refuse: Refusal): StoredKey {
  if (pem.label === ENCRYPTED_PRIVATE_KEY_LABEL) return { encrypted: pem.bytes }
  if (pem.label !== PRIVATE_KEY_LABEL) throw refuse(`it holds a ${pem.label} and not a ${PRIVATE_KEY_LABEL}`)
  return { keyPair: crypto.signingKeyPair(refusing(() => decodePrivateKey(pem.bytes), refuse)) }
}

function requireKeyOf(named: NamedKey, keyPair: SigningKeyPair, refuse: Refusal): void {
  if (!equalBytes(keyPair.publicKey, named.publicKey)) throw refuse('its private key is not that of its public key')
}

function checksumOf(crypto: Crypto, sealed: string): string {
  return toHex(crypto.sha256(toUtf8(sealed)))
}

function orderIn(value: string): number | undefined {
  return /^[1-9][0-9]{0,14}$/.test(value) ? Number(value) : undefined
}

function refusalOf(file: string): Refusal {
  return (problem) => new PeerageError('identity-file-damaged', { file, problem })
}
