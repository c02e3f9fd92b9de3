/**
 * The export of an identity: one text that carries it to another place, readable lines and then the
 * private key, always encrypted with a password (docs/protocol/identities.md shows one).
 *
 * The key itself signs all the rest, the encrypted key included. So an altered text is told from a
 * wrong password before the password is tried, and nobody can put another name on it. Without the
 * password the text shows what everybody may know of the identity: its names and its public key.
 */
import { equalBytes, fromBase64, toBase64, toUtf8 } from '../runtime/bytes.ts'
import type { Crypto, SigningKeyPair } from '../runtime/crypto.ts'
import { PeerageError } from '../runtime/peerage-error.ts'
import type { Random } from '../runtime/random.ts'
import {
  type HeadedPemFormat,
  readHeaderLines,
  refusing,
  required,
  splitHeadedPem,
  writeHeadedPem,
} from './headed-pem.ts'
import { NAMED_KEY_LINES, type NamedKey, namedKeyValues, readNamedKey } from './named-key.ts'
import type { PeerName } from './peer-name.ts'
import { encodePem } from './pem.ts'
import { decryptPrivateKey, ENCRYPTED_PRIVATE_KEY_LABEL, encryptPrivateKey } from './private-key.ts'
import { signFor, verifyFor } from './signature-purpose.ts'

/** What an export carries. */
export interface ExportedIdentity {
  readonly peerName: PeerName
  readonly friendlyName: string
  readonly keyPair: SigningKeyPair
}

const FORMAT = {
  name: 'Peerage-Identity-Export',
  schema: 1,
  lines: NAMED_KEY_LINES,
  seal: 'Signature',
} as const satisfies HeadedPemFormat<string>

/** In characters. The longest names, with every character escaped, and the longest key need less than half of it. */
export const LONGEST_IDENTITY_EXPORT = 8192

/** The text of an export. The password is one that passphrase.ts accepts. Slow by intention. */
export function encodeIdentityExport(
  crypto: Crypto,
  random: Random,
  identity: ExportedIdentity,
  password: string,
): string {
  const { publicKey, secretKey } = identity.keyPair
  const block = encodePem(ENCRYPTED_PRIVATE_KEY_LABEL, encryptPrivateKey(crypto, random, secretKey, password))
  return writeHeadedPem(FORMAT, namedKeyValues({ ...identity, publicKey }), block, (sealed) =>
    toBase64(signFor(crypto, 'identity-export', toUtf8(sealed), secretKey)),
  )
}

/**
 * Reads an export. Lines may end in CR LF, and the end of the last line may be missing, because programs
 * that carry texts change that; nothing else may have changed. Slow by intention.
 *
 * @throws PeerageError `invalid-identity-export`, `identity-file-newer`, `wrong-passphrase`
 */
export function decodeIdentityExport(crypto: Crypto, text: string, password: string): ExportedIdentity {
  if (text.length > LONGEST_IDENTITY_EXPORT) throw refuse(`it has more than ${LONGEST_IDENTITY_EXPORT} characters`)
  if (!text.isWellFormed()) throw refuse('it is not well-formed text')
  const { named, encrypted } = readSigned(crypto, asWritten(text))
  const seed = refusing(() => decryptPrivateKey(crypto, encrypted, password), refuse)
  if (seed === undefined) throw new PeerageError('wrong-passphrase', { identity: named.peerName })
  const keyPair = crypto.signingKeyPair(seed)
  if (!equalBytes(keyPair.publicKey, named.publicKey)) throw refuse('its private key is not that of its public key')
  return { peerName: named.peerName, friendlyName: named.friendlyName, keyPair }
}

function readSigned(crypto: Crypto, text: string): { named: NamedKey; encrypted: Uint8Array } {
  const parts = splitHeadedPem(FORMAT, text, 'to import', refuse)
  if (parts.pem.label !== ENCRYPTED_PRIVATE_KEY_LABEL) throw refuse(`it holds a ${parts.pem.label}`)
  const { value, sealed, seal } = readHeaderLines(FORMAT, parts, refuse)
  const named = readNamedKey(crypto, value, refuse)
  const signature = required(fromBase64(seal), 'its signature is not in base64', refuse)
  if (!verifyFor(crypto, 'identity-export', toUtf8(sealed), signature, named.publicKey)) {
    throw refuse('it was altered: its signature does not match')
  }
  return { named, encrypted: parts.pem.bytes }
}

/** The text with the line ends that it was written with. */
function asWritten(text: string): string {
  const lines = text.replaceAll('\r\n', '\n')
  return lines.endsWith('\n') ? lines : `${lines}\n`
}

function refuse(problem: string): PeerageError {
  return new PeerageError('invalid-identity-export', { problem })
}
