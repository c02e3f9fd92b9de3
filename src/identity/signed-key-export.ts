/**
 * Exports of a private key: one text, readable lines and then the key, always encrypted with a password.
 *
 * The key itself signs all the rest, the encrypted key included. So an altered text is told from a wrong password before the
 * password is tried, and nobody can put another name on it. Without the password the text shows what everybody may know.
 */
import { equalBytes, fromBase64, toBase64, toUtf8 } from '../runtime/bytes.ts'
import type { Crypto, SigningKeyPair } from '../runtime/crypto.ts'
import type { PeerageError } from '../runtime/peerage-error.ts'
import type { Random } from '../runtime/random.ts'
import {
  type HeadedPemFormat,
  type Refusal,
  readHeaderLines,
  refusing,
  required,
  splitHeadedPem,
  writeHeadedPem,
} from './headed-pem.ts'
import { encodePem } from './pem.ts'
import { decryptPrivateKey, ENCRYPTED_PRIVATE_KEY_LABEL, encryptPrivateKey } from './private-key.ts'
import { type SignaturePurpose, signFor, verifyFor } from './signature-purpose.ts'

/** One kind of export. */
export interface KeyExportKind<Name extends string> {
  readonly format: HeadedPemFormat<Name>
  /** What the key signs the export for. */
  readonly purpose: SignaturePurpose
  /** Makes the error for what is wrong with a text. */
  readonly refuse: Refusal
  /** Makes the error for a text of a newer schema. */
  readonly newer: (schema: number) => PeerageError
}

/** In characters. The longest names, with every character escaped, and the longest key need less than half of it. */
export const LONGEST_KEY_EXPORT = 8192

/** The text of an export. The password is one that passphrase.ts accepts. Slow by intention. */
export function encodeKeyExport<Name extends string>(
  crypto: Crypto,
  random: Random,
  { format, purpose }: KeyExportKind<Name>,
  values: Readonly<Record<Name, string>>,
  secretKey: Uint8Array,
  password: string,
): string {
  const block = encodePem(ENCRYPTED_PRIVATE_KEY_LABEL, encryptPrivateKey(crypto, random, secretKey, password))
  return writeHeadedPem(format, values, block, (sealed) =>
    toBase64(signFor(crypto, purpose, toUtf8(sealed), secretKey)),
  )
}

/** An export that was read: it is as its key signed it. */
export interface KeyExport<Lines> {
  /** What its lines say. */
  readonly lines: Lines
  /** The key pair, or undefined if the password is wrong. Slow by intention. @throws what `refuse` makes */
  open(password: string): SigningKeyPair | undefined
}

/**
 * Reads an export. Lines may end in CR LF, and the end of the last line may be missing, because programs
 * that carry texts change that; nothing else may have changed.
 *
 * @param read Reads the lines; the public key among them is the one that signed.
 * @throws what `refuse` and `newer` make
 */
export function decodeKeyExport<Name extends string, Lines extends { readonly publicKey: Uint8Array }>(
  crypto: Crypto,
  { format, purpose, refuse, newer }: KeyExportKind<Name>,
  text: string,
  read: (value: (name: Name) => string) => Lines,
): KeyExport<Lines> {
  if (text.length > LONGEST_KEY_EXPORT) throw refuse(`it has more than ${LONGEST_KEY_EXPORT} characters`)
  if (!text.isWellFormed()) throw refuse('it is not well-formed text')
  const parts = splitHeadedPem(format, asWritten(text), newer, refuse)
  if (parts.pem.label !== ENCRYPTED_PRIVATE_KEY_LABEL) throw refuse(`it holds a ${parts.pem.label}`)
  const { value, sealed, seal } = readHeaderLines(format, parts, refuse)
  const lines = read(value)
  const signature = required(fromBase64(seal), 'its signature is not in base64', refuse)
  if (!verifyFor(crypto, purpose, toUtf8(sealed), signature, lines.publicKey)) {
    throw refuse('it was altered: its signature does not match')
  }
  const open = (password: string): SigningKeyPair | undefined => {
    const seed = refusing(() => decryptPrivateKey(crypto, parts.pem.bytes, password), refuse)
    if (seed === undefined) return undefined
    const keyPair = crypto.signingKeyPair(seed)
    if (!equalBytes(keyPair.publicKey, lines.publicKey)) throw refuse('its private key is not that of its public key')
    return keyPair
  }
  return { lines, open }
}

/** The text with the line ends that it was written with. */
export function asWritten(text: string): string {
  const lines = text.replaceAll('\r\n', '\n')
  return lines.endsWith('\n') ? lines : `${lines}\n`
}
