/**
 * The security properties of a group: what the holder of the group key says of it, in the one record of type
 * `peerage.group-properties` (MS-PPSEC 2.2.3.1; P-029, P-031, P-032, P-035, P-077, P-078). It takes the place of what a graph
 * says of itself elsewhere.
 *
 * Its creation time and its nonce, and with them its ID, follow from the GRC and from what never changes, so that two made by one
 * creator in two places are two versions of one record, and no version can change what is fixed. Should the group key say
 * different things all the same, there are several such records, and the one with the lowest ID counts, on every node.
 */

import {
  DEFAULT_RECORD_LIFE,
  type GraphProperties,
  LONGEST_PRESENCE_LIFETIME,
  SHORTEST_PRESENCE_LIFETIME,
} from '../graph/graph-properties.ts'
import type { GraphScope } from '../graph/graph-scope.ts'
import { classifierPart, type PeerName } from '../identity/peer-name.ts'
import { readPeerName, writePeerName } from '../identity/peer-name-wire.ts'
import type { GraphRecord, RecordAuthor } from '../records/record.ts'
import { RECORD_NONCE_LENGTH } from '../records/record-format.ts'
import { equalBytes, toUtf8 } from '../runtime/bytes.ts'
import type { Crypto } from '../runtime/crypto.ts'
import { PeerageError } from '../runtime/peerage-error.ts'
import { readTaggedFields, writeTaggedFields } from '../wire/tagged-fields.ts'
import { WireReader } from '../wire/wire-reader.ts'
import { WireWriter } from '../wire/wire-writer.ts'
import type { AuthorChain } from './author-chain.ts'
import type { GroupRecordProblem } from './group-record-problem.ts'
import { authorshipProblem } from './group-record-rules.ts'
import { GROUP_RECORD_FIELDS, GROUP_VERSION, requireGroupVersion } from './group-version.ts'
import { readProofs } from './record-proofs.ts'

/** The type of the record. */
export const GROUP_PROPERTIES_TYPE = 'peerage.group-properties'

/** What is said of a group. */
export interface GroupProperties extends FixedGroupProperties {
  readonly friendlyName: string
  readonly comment: string
  /** Flag M: a member publishes its membership record only when there is a need. */
  readonly memberDataOptional: boolean
  /** Flag D: no node publishes presence. */
  readonly presenceDisabled: boolean
  /** Flag E: a node without a connection lets nothing expire. */
  readonly deferredExpiration: boolean
}

/** What never changes. */
export interface FixedGroupProperties {
  readonly group: PeerName
  readonly creator: PeerName
  readonly scope: GraphScope
  /** The name of its cloud; empty for all that a member has open. */
  readonly cloud: string
  /** In milliseconds: 300,000 or more. */
  readonly presenceLifetime: number
  /** How long after its creation a record may expire at most, in milliseconds. */
  readonly longestRecordLife: number
}

/** Of the friendly name and the comment, in UTF-16 code units (P-029). */
export const LONGEST_GROUP_TEXT = 254
/** Of the name of a cloud, in UTF-16 code units. */
export const LONGEST_CLOUD_NAME = 255
/** The least that a group can choose as its longest record life, in milliseconds, and the most. */
export const SHORTEST_RECORD_LIFE = 60_000
export const LONGEST_RECORD_LIFE: number = 10 * DEFAULT_RECORD_LIFE

/** The payload of the record of properties, in bytes. */
const LONGEST_PAYLOAD = 8192
const FLAGS = { memberDataOptional: 0x01, presenceDisabled: 0x02, deferredExpiration: 0x04 } as const
const SCOPES: readonly GraphScope[] = ['global', 'site-local', 'link-local']
const NONCE_CONTEXT = 'peerage/1/group-properties\0'

/** Checks what somebody wants to say of a group. @throws PeerageError `invalid-graph-property` */
export function requireGroupProperties(properties: GroupProperties): GroupProperties {
  const problem = propertyProblem(properties)
  if (problem !== undefined) throw new PeerageError('invalid-graph-property', problem)
  return properties
}

/** The payload of the record. */
export function encodeGroupProperties(properties: GroupProperties): Uint8Array {
  const writer = new WireWriter(LONGEST_PAYLOAD)
  writer.uint8(GROUP_VERSION)
  let flags = 0
  if (properties.memberDataOptional) flags |= FLAGS.memberDataOptional
  if (properties.presenceDisabled) flags |= FLAGS.presenceDisabled
  if (properties.deferredExpiration) flags |= FLAGS.deferredExpiration
  writer.uint8(flags)
  writePeerName(writer, properties.group)
  writePeerName(writer, properties.creator)
  writer.text(properties.friendlyName, 3 * LONGEST_GROUP_TEXT)
  writer.text(properties.comment, 3 * LONGEST_GROUP_TEXT)
  writer.uint8(SCOPES.indexOf(properties.scope) + 1)
  writer.text(properties.cloud, 3 * LONGEST_CLOUD_NAME)
  writer.uint48(properties.presenceLifetime)
  writer.uint48(properties.longestRecordLife)
  writeTaggedFields(writer, [], GROUP_RECORD_FIELDS)
  return writer.copy()
}

/** What a payload says. @throws PeerageError `malformed`, `unsupported-version` */
export function readGroupProperties(payload: Uint8Array): GroupProperties {
  const reader = new WireReader(payload, 'security properties')
  requireGroupVersion(reader.uint8(), 'security properties')
  const flags = reader.uint8()
  const group = readPeerName(reader)
  const creator = readPeerName(reader)
  const friendlyName = reader.text(3 * LONGEST_GROUP_TEXT)
  const comment = reader.text(3 * LONGEST_GROUP_TEXT)
  const scope = SCOPES[reader.uint8() - 1]
  if (scope === undefined) throw reader.malformed('its scope is not known')
  const cloud = reader.text(3 * LONGEST_CLOUD_NAME)
  const presenceLifetime = reader.uint48()
  const longestRecordLife = reader.uint48()
  readTaggedFields(reader, GROUP_RECORD_FIELDS)
  reader.finish()
  const properties: GroupProperties = {
    ...{ group, creator, friendlyName, comment, scope, cloud, presenceLifetime, longestRecordLife },
    memberDataOptional: (flags & FLAGS.memberDataOptional) !== 0,
    presenceDisabled: (flags & FLAGS.presenceDisabled) !== 0,
    deferredExpiration: (flags & FLAGS.deferredExpiration) !== 0,
  }
  const problem = propertyProblem(properties)
  if (problem !== undefined) throw reader.malformed(`its ${problem.name} is not ${problem.expected}`)
  return properties
}

/** When the record of a group was created, and its nonce: both follow from the GRC and from what is fixed (P-078). */
export function propertiesOrigin(
  crypto: Crypto,
  root: AuthorChain,
  fixed: FixedGroupProperties,
): { readonly created: number; readonly nonce: Uint8Array } {
  const [{ der, notBefore }] = root.chain
  const nonce = crypto.sha256(toUtf8(NONCE_CONTEXT), der, encodeFixed(fixed)).slice(0, RECORD_NONCE_LENGTH)
  return { created: notBefore, nonce }
}

/** Under which name the record is written: that of the group. */
export function propertiesAuthor({ chain }: AuthorChain): RecordAuthor {
  return { publicKey: chain[0].publicKey, classifier: classifierPart(chain[0].peerName) }
}

/** Judges a record whose payload is read. */
export function groupPropertiesProblem(
  crypto: Crypto,
  record: GraphRecord,
  content: GroupProperties,
  root: AuthorChain,
): GroupRecordProblem | undefined {
  const problem = authorshipProblem(record, { creator: root, author: root })
  if (problem !== undefined) return problem
  const proofs = readProofs(record.proofs)
  if (proofs?.creator !== root.digest || proofs.author !== root.digest) return 'proofs'
  const { classifier } = propertiesAuthor(root)
  if (record.creator.classifier !== classifier) return 'wrong-chain'
  if (record.modifier !== undefined && record.modifier.classifier !== classifier) return 'wrong-chain'
  if (content.group !== root.chain[0].peerName) return 'malformed'
  const { created, nonce } = propertiesOrigin(crypto, root, content)
  if (record.created !== created || !equalBytes(record.nonce, nonce)) return 'modified'
  return record.expires === root.notAfter ? undefined : 'expiration'
}

/** What a graph is told of its properties. */
export function graphPropertiesOf(properties: GroupProperties): GraphProperties {
  const { friendlyName, comment, scope, presenceLifetime, deferredExpiration, longestRecordLife } = properties
  const maxPresenceRecords = properties.presenceDisabled ? 0 : -1
  return {
    ...{ friendlyName, comment, scope, presenceLifetime, maxPresenceRecords },
    ...{ deferredExpiration, longestRecordLife },
  }
}

/** What never changes, as the nonce covers it. */
function encodeFixed(fixed: FixedGroupProperties): Uint8Array {
  const writer = new WireWriter(LONGEST_PAYLOAD)
  writePeerName(writer, fixed.group)
  writePeerName(writer, fixed.creator)
  writer.uint8(SCOPES.indexOf(fixed.scope) + 1)
  writer.text(fixed.cloud, 3 * LONGEST_CLOUD_NAME)
  writer.uint48(fixed.presenceLifetime)
  writer.uint48(fixed.longestRecordLife)
  return writer.copy()
}

interface PropertyProblem {
  readonly name: string
  readonly value: string
  readonly expected: string
}

function propertyProblem(properties: GroupProperties): PropertyProblem | undefined {
  const { friendlyName, comment, cloud, presenceLifetime, longestRecordLife } = properties
  const texts = [
    ['friendlyName', friendlyName, LONGEST_GROUP_TEXT],
    ['comment', comment, LONGEST_GROUP_TEXT],
    ['cloud', cloud, LONGEST_CLOUD_NAME],
  ] as const
  for (const [name, value, limit] of texts) {
    if (value.length <= limit && value.isWellFormed() && !value.includes('\0')) continue
    return { name, value: value.slice(0, 40), expected: `0 to ${limit} characters without U+0000` }
  }
  const times = [
    ['presenceLifetime', presenceLifetime, SHORTEST_PRESENCE_LIFETIME, LONGEST_PRESENCE_LIFETIME],
    ['longestRecordLife', longestRecordLife, SHORTEST_RECORD_LIFE, LONGEST_RECORD_LIFE],
  ] as const
  for (const [name, value, least, most] of times) {
    if (Number.isInteger(value) && value >= least && value <= most) continue
    return { name, value: String(value), expected: `${least} to ${most} milliseconds` }
  }
  return undefined
}
