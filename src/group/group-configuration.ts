/**
 * The configuration of a group as one identity has it, in a text that carries it to another place (P-106): all that it takes
 * to open the group there and to connect. Two lines say in the clear whose it is and of which group. The rest, with the ID of
 * the graph and the chain, is encrypted with a password. The key of the group is never in it, nor that of the identity.
 *
 * The password becomes a key by scrypt, as it does for private keys; ChaCha20-Poly1305 seals the rest with it, and the lines
 * along with the rest. A checksum tells a damaged text from a wrong password.
 */
import { LARGEST_CHAIN } from '../identity/certificate/chain-encoding.ts'
import {
  type HeadedPemFormat,
  readHeaderLines,
  refusing,
  splitHeadedPem,
  writeHeadedPem,
} from '../identity/headed-pem.ts'
import { readPeerNameLine } from '../identity/named-key.ts'
import { checkPassphrase } from '../identity/passphrase.ts'
import { authorityPart, type PeerName, requireSecured } from '../identity/peer-name.ts'
import { encodePem } from '../identity/pem.ts'
import { SCRYPT_COST } from '../identity/private-key.ts'
import { asWritten } from '../identity/signed-key-export.ts'
import { LONGEST_CLOUD_NAME } from '../pnrp/cloud.ts'
import { type GraphId, LONGEST_GRAPH_ID, parseGraphId } from '../records/graph-id.ts'
import { concatBytes, toHex, toUtf8 } from '../runtime/bytes.ts'
import { AEAD_KEY_LENGTH, AEAD_NONCE_LENGTH, AEAD_TAG_LENGTH, type Crypto } from '../runtime/crypto.ts'
import type { Endpoint } from '../runtime/endpoint.ts'
import { PeerageError } from '../runtime/peerage-error.ts'
import { type Random, randomBytes } from '../runtime/random.ts'
import { readTaggedFields, type TaggedFieldLimits, writeTaggedFields } from '../wire/tagged-fields.ts'
import { WireReader } from '../wire/wire-reader.ts'
import { WireWriter } from '../wire/wire-writer.ts'
import { type MemberChain, readMemberChain } from './member-chain.ts'

/** What is exported. */
export interface GroupConfiguration {
  readonly identity: PeerName
  readonly group: PeerName
  readonly graphId: GraphId
  /** undefined for every cloud that is open. */
  readonly cloud: string | undefined
  /** Where members may be: up to {@link MOST_CONFIGURED_HINTS}. */
  readonly hints: readonly Endpoint[]
  readonly chain: MemberChain
}

/** What the text says without the password. */
export type ConfigurationHead = Pick<GroupConfiguration, 'identity' | 'group'>

/** The most addresses of members in a configuration. */
export const MOST_CONFIGURED_HINTS = 32
/** In characters. */
const LONGEST_CONFIGURATION = 90_112

const FORMAT = {
  name: 'Peerage-Group-Configuration',
  schema: 1,
  lines: ['Identity', 'Group'],
  seal: 'Checksum',
  // The longest chain and all else, in base64 and in lines.
  longestBlock: 81_920,
} as const satisfies HeadedPemFormat<string>

const LABEL = 'PEERAGE GROUP CONFIGURATION'
const FIELDS: TaggedFieldLimits = { mostFields: 16, longestContent: 1024 }
const SALT_LENGTH = 16
/** Of what is encrypted, in bytes. */
const LARGEST_CONTENT = 57_344
/** Of texts, in bytes of UTF-8. */
const LONGEST_ID_UTF8 = 3 * LONGEST_GRAPH_ID
const LONGEST_CLOUD_UTF8 = 3 * LONGEST_CLOUD_NAME
const HINT_LENGTH = 18

/**
 * The text of a configuration. Slow by intention.
 *
 * @throws PeerageError `empty-password`, `invalid-argument`
 */
export function encodeGroupConfiguration(
  crypto: Crypto,
  random: Random,
  configuration: GroupConfiguration,
  password: string,
): string {
  checkPassphrase(password, 'the export of a group')
  const salt = randomBytes(random, SALT_LENGTH)
  const nonce = randomBytes(random, AEAD_NONCE_LENGTH)
  const key = crypto.scrypt(toUtf8(password), salt, SCRYPT_COST, AEAD_KEY_LENGTH)
  const sealed = crypto.seal(key, nonce, encodeContent(configuration), sealedAlong(configuration))
  const { identity, group } = configuration
  const values = { Identity: JSON.stringify(identity), Group: JSON.stringify(group) }
  const block = encodePem(LABEL, concatBytes(salt, nonce, sealed))
  return writeHeadedPem(FORMAT, values, block, (text) => checksumOf(crypto, text))
}

/**
 * What a configuration says without its password: whose it is, and of which group.
 *
 * @throws PeerageError `invalid-group-export`, `unsupported-version`
 */
export function readConfigurationHead(crypto: Crypto, text: string): ConfigurationHead {
  return readText(crypto, text).head
}

/**
 * Reads a configuration. Its chain is verified, and is one of its identity; whether it is still in time is not looked at,
 * since a renewed one may wait in the group. Slow by intention.
 *
 * @throws PeerageError `invalid-group-export`, `unsupported-version`, `wrong-passphrase`
 */
export function decodeGroupConfiguration(crypto: Crypto, text: string, password: string): GroupConfiguration {
  const { head, bytes } = readText(crypto, text)
  const salt = bytes.subarray(0, SALT_LENGTH)
  const nonce = bytes.subarray(SALT_LENGTH, SALT_LENGTH + AEAD_NONCE_LENGTH)
  const sealed = bytes.subarray(SALT_LENGTH + AEAD_NONCE_LENGTH)
  const key = crypto.scrypt(toUtf8(password), salt, SCRYPT_COST, AEAD_KEY_LENGTH)
  const content = crypto.open(key, nonce, sealed, sealedAlong(head))
  if (content === undefined) {
    throw new PeerageError('wrong-passphrase', { identity: `the configuration of ${head.group}` })
  }
  return refusing(() => ({ ...head, ...decodeContent(crypto, content, head) }), refuse)
}

function readText(crypto: Crypto, text: string): { head: ConfigurationHead; bytes: Uint8Array } {
  if (text.length > LONGEST_CONFIGURATION) throw refuse(`it has more than ${LONGEST_CONFIGURATION} characters`)
  if (!text.isWellFormed()) throw refuse('it is not well-formed text')
  const parts = splitHeadedPem(FORMAT, asWritten(text), newer, refuse)
  const { label, bytes } = parts.pem
  if (label !== LABEL) throw refuse(`it holds a ${label}`)
  const { value, sealed, seal } = readHeaderLines(FORMAT, parts, refuse)
  if (seal !== checksumOf(crypto, sealed)) throw refuse('it was changed or damaged: its checksum does not match')
  if (bytes.length < SALT_LENGTH + AEAD_NONCE_LENGTH + AEAD_TAG_LENGTH) throw refuse('its content is cut short')
  const [identity, group] = [
    readPeerNameLine(value('Identity'), 'identity', refuse),
    readPeerNameLine(value('Group'), 'group', refuse),
  ]
  refusing(() => [identity, group].map(requireSecured), refuse)
  return { head: { identity, group }, bytes }
}

function encodeContent({ graphId, cloud, hints, chain }: GroupConfiguration): Uint8Array {
  const writer = new WireWriter(LARGEST_CONTENT)
  writer.text(graphId, LONGEST_ID_UTF8)
  writer.text(cloud ?? '', LONGEST_CLOUD_UTF8)
  writer.count(hints.length, MOST_CONFIGURED_HINTS)
  for (const hint of hints) writer.endpoint(hint)
  writer.byteString(chain.bytes, LARGEST_CHAIN)
  writeTaggedFields(writer, [], FIELDS)
  return writer.copy()
}

function decodeContent(
  crypto: Crypto,
  bytes: Uint8Array,
  { identity, group }: ConfigurationHead,
): Omit<GroupConfiguration, keyof ConfigurationHead> {
  const reader = new WireReader(bytes, 'group configuration')
  const graphId = parseGraphId(reader.text(LONGEST_ID_UTF8))
  const cloud = reader.text(LONGEST_CLOUD_UTF8) || undefined
  const hints = Array.from({ length: reader.count(MOST_CONFIGURED_HINTS, HINT_LENGTH) }, () => reader.endpoint())
  const chain = readMemberChain(crypto, group, reader.byteString(LARGEST_CHAIN))
  readTaggedFields(reader, FIELDS)
  reader.finish()
  if (authorityPart(chain.leaf.peerName) !== authorityPart(identity)) throw refuse('its chain is of another identity')
  return { graphId, cloud, hints, chain }
}

/** What the seal covers beside what it encrypts. */
function sealedAlong({ identity, group }: ConfigurationHead): Uint8Array {
  return toUtf8(`${FORMAT.name}: ${FORMAT.schema}\n${identity}\n${group}\n`)
}

function checksumOf(crypto: Crypto, text: string): string {
  return toHex(crypto.sha256(toUtf8(text)))
}

function newer(version: number): PeerageError {
  return new PeerageError('unsupported-version', {
    structure: 'configuration of a group',
    version,
    known: FORMAT.schema,
  })
}

function refuse(problem: string): PeerageError {
  return new PeerageError('invalid-group-export', { problem })
}
