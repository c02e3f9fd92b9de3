/**
 * The lines that say in the clear whose key a file or an export holds: peer name, friendly name and
 * public key. The peer name must be one of the key.
 */
import { fromBase64, toBase64 } from '../runtime/bytes.ts'
import type { Crypto } from '../runtime/crypto.ts'
import { authorityOf, publicKeyOfInfo, subjectPublicKeyInfo } from './authority.ts'
import { checkFriendlyName } from './friendly-name.ts'
import { type Refusal, refusing, required } from './headed-pem.ts'
import { authorityPart, type PeerName, parsePeerName } from './peer-name.ts'

/** A public key and its names. */
export interface NamedKey {
  readonly peerName: PeerName
  readonly friendlyName: string
  readonly publicKey: Uint8Array
}

/** The names of the lines. */
export const NAMED_KEY_LINES = ['Peer-Name', 'Friendly-Name', 'Public-Key'] as const

type NamedKeyLine = (typeof NAMED_KEY_LINES)[number]

/** The values of the lines. Names are written as JSON, so that each stays one line whatever is in it. */
export function namedKeyValues(named: NamedKey): Readonly<Record<NamedKeyLine, string>> {
  return {
    'Peer-Name': JSON.stringify(named.peerName),
    'Friendly-Name': JSON.stringify(named.friendlyName),
    'Public-Key': toBase64(subjectPublicKeyInfo(named.publicKey)),
  }
}

/** Reads what {@link namedKeyValues} wrote. @throws what `refuse` makes */
export function readNamedKey(crypto: Crypto, value: (name: NamedKeyLine) => string, refuse: Refusal): NamedKey {
  const peerName = readPeerNameLine(value('Peer-Name'), 'peer name', refuse)
  const friendlyName = required(unquoted(value('Friendly-Name')), 'its friendly name is not a text in quotes', refuse)
  refusing(() => checkFriendlyName(friendlyName), refuse)
  return { peerName, friendlyName, publicKey: readPublicKeyLine(crypto, value('Public-Key'), peerName, refuse) }
}

/** The peer name in a line. @param what Whose it is, in errors. @throws what `refuse` makes */
export function readPeerNameLine(value: string, what: string, refuse: Refusal): PeerName {
  const text = required(unquoted(value), `its ${what} is not a text in quotes`, refuse)
  return refusing(() => parsePeerName(text), refuse)
}

/** The public key in a line, which must be that of the peer name. @throws what `refuse` makes */
export function readPublicKeyLine(crypto: Crypto, value: string, peerName: PeerName, refuse: Refusal): Uint8Array {
  const info = required(fromBase64(value), 'its public key is not in base64', refuse)
  const publicKey = required(publicKeyOfInfo(info), 'its public key is not an Ed25519 key', refuse)
  if (authorityOf(crypto, publicKey) !== authorityPart(peerName)) throw refuse('its peer name is not a name of its key')
  return publicKey
}

function unquoted(value: string): string | undefined {
  try {
    const text: unknown = JSON.parse(value)
    return typeof text === 'string' && JSON.stringify(text) === value ? text : undefined
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}
