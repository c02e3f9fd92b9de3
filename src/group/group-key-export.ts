/**
 * The export of a group's key (P-126): one text that carries it to another place, always encrypted with a password. It is the
 * only way in which the key leaves the node that made it; `openssl pkey` opens it.
 */
import { subjectPublicKeyInfo } from '../identity/authority.ts'
import { readPeerNameLine, readPublicKeyLine } from '../identity/named-key.ts'
import { checkPassphrase } from '../identity/passphrase.ts'
import type { PeerName } from '../identity/peer-name.ts'
import { decodeKeyExport, encodeKeyExport, type KeyExportKind } from '../identity/signed-key-export.ts'
import { toBase64 } from '../runtime/bytes.ts'
import type { Crypto, SigningKeyPair } from '../runtime/crypto.ts'
import { PeerageError } from '../runtime/peerage-error.ts'
import type { Random } from '../runtime/random.ts'

const SCHEMA = 1

const KIND: KeyExportKind<'Group' | 'Public-Key'> = {
  format: { name: 'Peerage-Group-Key', schema: SCHEMA, lines: ['Group', 'Public-Key'], seal: 'Signature' },
  purpose: 'group-key-export',
  refuse: (problem) => new PeerageError('invalid-group-export', { problem }),
  newer: (version) =>
    new PeerageError('unsupported-version', { structure: 'export of a group key', version, known: SCHEMA }),
}

/**
 * The text of an export. Slow by intention.
 *
 * @param group The peer name of the group whose key it is
 * @throws PeerageError `empty-password`, `invalid-argument`: no password that `openssl` can be given
 */
export function encodeGroupKey(
  crypto: Crypto,
  random: Random,
  group: PeerName,
  keyPair: SigningKeyPair,
  password: string,
): string {
  checkPassphrase(password, 'the export of a group key')
  const values = { Group: JSON.stringify(group), 'Public-Key': toBase64(subjectPublicKeyInfo(keyPair.publicKey)) }
  return encodeKeyExport(crypto, random, KIND, values, keyPair.secretKey, password)
}

/**
 * Reads an export, for one group only. Slow by intention.
 *
 * @throws PeerageError `invalid-group-export`, `unsupported-version`, `another-group`, `wrong-passphrase`
 */
export function decodeGroupKey(crypto: Crypto, text: string, group: PeerName, password: string): SigningKeyPair {
  const read = decodeKeyExport(crypto, KIND, text, (value) => {
    const peerName = readPeerNameLine(value('Group'), 'group', KIND.refuse)
    return { peerName, publicKey: readPublicKeyLine(crypto, value('Public-Key'), peerName, KIND.refuse) }
  })
  const { peerName } = read.lines
  if (peerName !== group) throw new PeerageError('another-group', { expected: group, given: peerName })
  const keyPair = read.open(password)
  if (keyPair === undefined) throw new PeerageError('wrong-passphrase', { identity: `the key of the group ${group}` })
  return keyPair
}
