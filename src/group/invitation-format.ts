/**
 * The bytes inside an invitation (docs/protocol/group-invitations.md). There is little room, so what follows from other
 * fields is not in it: certificates are in their compact form, authorities in 20 bytes.
 */
import { AUTHORITY_LENGTH, authorityBytes } from '../identity/authority.ts'
import { LONGEST_CHAIN } from '../identity/certificate/chain-encoding.ts'
import { friendlyNameProblem } from '../identity/friendly-name.ts'
import {
  authorityPart,
  classifierPart,
  LONGEST_CLASSIFIER,
  makePeerName,
  type PeerName,
} from '../identity/peer-name.ts'
import { ROLES } from '../identity/role.ts'
import { LONGEST_CLOUD_NAME } from '../pnrp/cloud.ts'
import { type GraphId, parseGraphId } from '../records/graph-id.ts'
import { fromHex, toHex } from '../runtime/bytes.ts'
import { LATEST_UTC } from '../runtime/calendar.ts'
import { type Crypto, SEED_LENGTH } from '../runtime/crypto.ts'
import { PeerageError } from '../runtime/peerage-error.ts'
import {
  readTaggedFields,
  type TaggedField,
  type TaggedFieldLimits,
  taggedField,
  writeTaggedFields,
} from '../wire/tagged-fields.ts'
import { WireReader } from '../wire/wire-reader.ts'
import { WireWriter } from '../wire/wire-writer.ts'
import {
  compactChain,
  expandChain,
  type KnownNames,
  readCompactCertificate,
  writeCompactCertificate,
} from './compact-certificate.ts'
import { chainDigestFromBytes, DIGEST_LENGTH, digestBytes } from './digests.ts'
import { GROUP_VERSION, requireGroupVersion } from './group-version.ts'
import { type CarriedChain, type InvitationContent, LONGEST_GROUP_FRIENDLY_NAME, MOST_HINTS } from './invitation.ts'

/** Which optional fields there may be. */
const INVITATION_FIELDS: TaggedFieldLimits = { mostFields: 16, longestContent: 512 }
/** The tag of the ports of the hints in the cloud. */
const CLOUD_PORTS = 1
/** Of a port, in bytes. */
const PORT_LENGTH = 2

const KINDS = ['identity', 'link', 'password'] as const
const GRAPH_ID_LENGTH = 16
/** In bytes of UTF-8. */
const LONGEST_CLASSIFIER_UTF8 = 3 * LONGEST_CLASSIFIER
const LONGEST_NAME_UTF8 = 3 * LONGEST_GROUP_FRIENDLY_NAME
const LONGEST_CLOUD_UTF8 = 3 * LONGEST_CLOUD_NAME
/** An endpoint, in bytes. */
const HINT_LENGTH = 18
/** A compact certificate has more bytes than this. */
const SHORTEST_CERTIFICATE = 2

/** Writes the content of an invitation. Whatever is not legal in it is an error of the program. */
export function writeInvitation(crypto: Crypto, writer: WireWriter, content: InvitationContent): void {
  writer.uint8(GROUP_VERSION)
  writer.uint8(KINDS.indexOf(content.kind) + 1)
  writeName(writer, content.group)
  writer.bytes(graphIdBytes(content.graphId))
  writer.text(content.friendlyName, LONGEST_NAME_UTF8)
  writer.text(content.cloud ?? '', LONGEST_CLOUD_UTF8)
  writeName(writer, content.inviter)
  writer.uint8(ROLES.indexOf(content.role) + 1)
  writer.uint48(content.expires)
  writer.count(content.hints.length, MOST_HINTS)
  for (const hint of content.hints) writer.endpoint(hint)
  if (content.kind === 'identity') writer.bytes(authorityBytes(content.invited))
  if (content.kind === 'link') writer.bytes(content.seed)
  if (content.kind !== 'password') writeChain(crypto, writer, content.chain, content)
  writeTaggedFields(writer, cloudPortsField(content), INVITATION_FIELDS)
}

/**
 * Reads what {@link writeInvitation} wrote.
 *
 * @throws PeerageError `malformed`, `unsupported-version`, `invalid-certificate`
 */
export function readInvitationContent(crypto: Crypto, reader: WireReader): InvitationContent {
  requireGroupVersion(reader.uint8(), 'invitation')
  const kind = KINDS[reader.uint8() - 1]
  if (kind === undefined) throw reader.malformed('it is of an unknown kind', reader.offset - 1)
  const common = {
    group: readName(reader),
    graphId: readGraphId(reader),
    friendlyName: readFriendlyName(reader),
    cloud: readCloud(reader),
    inviter: readName(reader),
    role: readRole(reader),
    expires: readExpiry(reader),
    hints: Array.from({ length: reader.count(MOST_HINTS, HINT_LENGTH) }, () => reader.endpoint()),
  }
  const content = readKind(crypto, reader, kind, common)
  const start = reader.offset
  const ports = taggedField(readTaggedFields(reader, INVITATION_FIELDS), CLOUD_PORTS)
  reader.finish()
  if (ports === undefined) return content
  if (ports.length !== content.hints.length * PORT_LENGTH)
    throw reader.malformed('it has not one port for each hint', start)
  const read = new WireReader(ports, 'ports of hints')
  return { ...content, cloudPorts: content.hints.map(() => read.uint16()) }
}

function cloudPortsField({ hints, cloudPorts }: InvitationContent): readonly TaggedField[] {
  if (cloudPorts === undefined) return []
  if (cloudPorts.length !== hints.length) throw new RangeError('there is one port for each hint')
  const writer = new WireWriter(MOST_HINTS * PORT_LENGTH)
  for (const port of cloudPorts) writer.uint16(port)
  return [{ tag: CLOUD_PORTS, content: writer.copy() }]
}

type Common = Omit<Extract<InvitationContent, { readonly kind: 'password' }>, 'kind'>

function readKind(
  crypto: Crypto,
  reader: WireReader,
  kind: InvitationContent['kind'],
  common: Common,
): InvitationContent {
  switch (kind) {
    case 'identity': {
      const invited = toHex(reader.bytes(AUTHORITY_LENGTH))
      return { kind, ...common, invited, chain: readChain(crypto, reader, common) }
    }
    case 'link': {
      const seed = new Uint8Array(reader.bytes(SEED_LENGTH))
      return { kind, ...common, seed, chain: readChain(crypto, reader, common) }
    }
    case 'password':
      return { kind, ...common }
  }
}

/** Certificates, and before them the digest of the chain under which they stand, if they do not begin with the GRC. */
function writeChain(crypto: Crypto, writer: WireWriter, chain: CarriedChain, names: KnownNames): void {
  if ('whole' in chain) {
    writer.uint8(0)
    writer.count(chain.whole.length, LONGEST_CHAIN)
    for (const compact of compactChain(crypto, chain.whole, names)) writeCompactCertificate(writer, compact)
    return
  }
  writer.uint8(1)
  writer.bytes(digestBytes(chain.named))
  writer.count(chain.rest.length, LONGEST_CHAIN)
  for (const compact of chain.rest) writeCompactCertificate(writer, compact)
}

function readChain(crypto: Crypto, reader: WireReader, names: KnownNames): CarriedChain {
  const isNamed = reader.uint8()
  if (isNamed > 1) throw reader.malformed('its chain is of an unknown form', reader.offset - 1)
  const named = isNamed === 1 ? chainDigestFromBytes(reader.bytes(DIGEST_LENGTH)) : undefined
  const count = reader.count(LONGEST_CHAIN, SHORTEST_CERTIFICATE)
  const rest = Array.from({ length: count }, () => readCompactCertificate(reader))
  return named === undefined ? { whole: expandChain(crypto, [], rest, names) } : { named, rest }
}

function writeName(writer: WireWriter, name: PeerName): void {
  writer.bytes(authorityBytes(authorityPart(name)))
  writer.text(classifierPart(name), LONGEST_CLASSIFIER_UTF8)
}

function readName(reader: WireReader): PeerName {
  const authority = toHex(reader.bytes(AUTHORITY_LENGTH))
  const start = reader.offset
  const classifier = reader.text(LONGEST_CLASSIFIER_UTF8)
  try {
    return makePeerName(authority, classifier)
  } catch (error) {
    if (error instanceof PeerageError) throw reader.malformed(error.message, start)
    throw error
  }
}

/** The ID of a group's graph is 16 random bytes in hexadecimal digits. */
function graphIdBytes(graphId: GraphId): Uint8Array {
  const bytes = fromHex(graphId)
  if (bytes?.length !== GRAPH_ID_LENGTH || toHex(bytes) !== graphId) {
    throw new RangeError('the ID of the graph is not that of a group')
  }
  return bytes
}

function readGraphId(reader: WireReader): GraphId {
  return parseGraphId(toHex(reader.bytes(GRAPH_ID_LENGTH)))
}

function readFriendlyName(reader: WireReader): string {
  const start = reader.offset
  const text = reader.text(LONGEST_NAME_UTF8)
  const problem = text === '' ? undefined : groupNameProblem(text)
  if (problem !== undefined) throw reader.malformed(`in its friendly name, ${problem}`, start)
  return text
}

/** Why a text that is not empty cannot be the friendly name of a group. */
export function groupNameProblem(text: string): string | undefined {
  if (text.length <= LONGEST_GROUP_FRIENDLY_NAME) return friendlyNameProblem(text)
  return `it has ${text.length} characters, and at most ${LONGEST_GROUP_FRIENDLY_NAME} are allowed`
}

function readCloud(reader: WireReader): string | undefined {
  const start = reader.offset
  const text = reader.text(LONGEST_CLOUD_UTF8)
  if (text.length > LONGEST_CLOUD_NAME || text.includes('\0'))
    throw reader.malformed('its cloud has no legal name', start)
  return text === '' ? undefined : text
}

function readRole(reader: WireReader): (typeof ROLES)[number] {
  const role = ROLES[reader.uint8() - 1]
  if (role === undefined) throw reader.malformed('its role is not known', reader.offset - 1)
  return role
}

function readExpiry(reader: WireReader): number {
  const expires = reader.uint48()
  if (expires > LATEST_UTC) throw reader.malformed('it expires after the year 9999', reader.offset - 6)
  return expires
}
