/**
 * The export of an identity: one text that carries it to another place (docs/protocol/identities.md shows one).
 */
import type { Crypto, SigningKeyPair } from '../runtime/crypto.ts'
import { PeerageError } from '../runtime/peerage-error.ts'
import type { Random } from '../runtime/random.ts'
import { newerIdentityFile } from './identity-file.ts'
import { NAMED_KEY_LINES, namedKeyValues, readNamedKey } from './named-key.ts'
import type { PeerName } from './peer-name.ts'
import { decodeKeyExport, encodeKeyExport, type KeyExportKind } from './signed-key-export.ts'

/** What an export carries. */
export interface ExportedIdentity {
  readonly peerName: PeerName
  readonly friendlyName: string
  readonly keyPair: SigningKeyPair
}

const SCHEMA = 1

const KIND: KeyExportKind<(typeof NAMED_KEY_LINES)[number]> = {
  format: { name: 'Peerage-Identity-Export', schema: SCHEMA, lines: NAMED_KEY_LINES, seal: 'Signature' },
  purpose: 'identity-export',
  refuse: (problem) => new PeerageError('invalid-identity-export', { problem }),
  newer: (schema) => newerIdentityFile('to import', schema, SCHEMA),
}

/** The text of an export. The password is one that passphrase.ts accepts. Slow by intention. */
export function encodeIdentityExport(
  crypto: Crypto,
  random: Random,
  identity: ExportedIdentity,
  password: string,
): string {
  const { publicKey, secretKey } = identity.keyPair
  return encodeKeyExport(crypto, random, KIND, namedKeyValues({ ...identity, publicKey }), secretKey, password)
}

/**
 * Reads an export. Slow by intention.
 *
 * @throws PeerageError `invalid-identity-export`, `identity-file-newer`, `wrong-passphrase`
 */
export function decodeIdentityExport(crypto: Crypto, text: string, password: string): ExportedIdentity {
  const read = decodeKeyExport(crypto, KIND, text, (value) => readNamedKey(crypto, value, KIND.refuse))
  const { peerName, friendlyName } = read.lines
  const keyPair = read.open(password)
  if (keyPair === undefined) throw new PeerageError('wrong-passphrase', { identity: peerName })
  return { peerName, friendlyName, keyPair }
}
