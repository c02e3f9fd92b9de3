/**
 * The payload of a `peerage.membership` record (MS-PPSEC 2.2.3.2): one chain, whose it is, and the names that no
 * certificate shows (P-120). There is one record a chain; it is never changed or deleted, and a renewal has its own (P-073, P-074).
 *
 * A member publishes the record of its own chain, and is then believed by this very chain. Somebody else does so who issued a
 * certificate of the chain, or who admits the holder of a link (P-049, P-072): then the chain of that author has to be known.
 */
import { authorityOf } from '../identity/authority.ts'
import { LARGEST_CHAIN } from '../identity/certificate/chain-encoding.ts'
import { checkFriendlyName, LONGEST_FRIENDLY_NAME } from '../identity/friendly-name.ts'
import { authorityPart, type PeerName } from '../identity/peer-name.ts'
import { readPeerName, writePeerName } from '../identity/peer-name-wire.ts'
import type { GraphRecord } from '../records/record.ts'
import { LARGEST_RECORD } from '../records/record-size.ts'
import { equalBytes, toHex } from '../runtime/bytes.ts'
import type { Crypto } from '../runtime/crypto.ts'
import { readTaggedFields, writeTaggedFields } from '../wire/tagged-fields.ts'
import { WireReader } from '../wire/wire-reader.ts'
import { WireWriter } from '../wire/wire-writer.ts'
import type { AuthorChain } from './author-chain.ts'
import { type ChainDigest, chainDigest } from './digests.ts'
import type { GroupRecordProblem } from './group-record-problem.ts'
import { addOnlyProblem, authorshipProblem, expirationOfProof } from './group-record-rules.ts'
import { GROUP_RECORD_FIELDS, GROUP_VERSION, requireGroupVersion } from './group-version.ts'
import { linkEntries } from './link-admission.ts'
import { type MemberChain, readMemberChain } from './member-chain.ts'
import { readProofs } from './record-proofs.ts'
import type { RecordVersion } from './standing.ts'

/** The type of such records. */
export const MEMBERSHIP_TYPE = 'peerage.membership'

/** What a membership record says, its chain verified. */
export interface MembershipContent {
  readonly chain: MemberChain
  /** The member's peer name, with the classifier of its identity. */
  readonly peerName: PeerName
  /** undefined where whoever made the record did not know it. */
  readonly friendlyName: string | undefined
}

/** A valid membership record. */
export interface Membership extends MembershipContent, RecordVersion {
  /** When it was made, in peer time. */
  readonly created: number
  /** Under which chain it was made: this one, or that of an issuer or admitter. */
  readonly author: ChainDigest
}

/** In bytes of UTF-8. */
const LONGEST_FRIENDLY_NAME_UTF8: number = 3 * LONGEST_FRIENDLY_NAME

/** The payload of a membership record. */
export function encodeMembership(chain: Uint8Array, peerName: PeerName, friendlyName: string | undefined): Uint8Array {
  const writer = new WireWriter(LARGEST_RECORD)
  writer.uint8(GROUP_VERSION)
  writer.byteString(chain, LARGEST_CHAIN)
  writePeerName(writer, peerName)
  writer.text(friendlyName ?? '', LONGEST_FRIENDLY_NAME_UTF8)
  writeTaggedFields(writer, [], GROUP_RECORD_FIELDS)
  return writer.copy()
}

/**
 * What a membership record says.
 *
 * @param known Chains that were verified before: to verify one costs a check of each of its signatures
 * @throws PeerageError `malformed`, `unsupported-version`, `invalid-friendly-name`; `invalid-certificate` if the
 *   chain does not hold, or is of another group
 */
export function readMembership(
  crypto: Crypto,
  group: PeerName,
  payload: Uint8Array,
  known: (digest: ChainDigest) => MemberChain | undefined,
): MembershipContent {
  const reader = new WireReader(payload, 'membership record')
  requireGroupVersion(reader.uint8(), 'membership record')
  const bytes = reader.byteString(LARGEST_CHAIN)
  const nameStart = reader.offset
  const peerName = readPeerName(reader)
  const friendlyName = reader.text(LONGEST_FRIENDLY_NAME_UTF8) || undefined
  readTaggedFields(reader, GROUP_RECORD_FIELDS)
  reader.finish()
  if (friendlyName !== undefined) checkFriendlyName(friendlyName)
  const chain = known(chainDigest(crypto, bytes)) ?? readMemberChain(crypto, group, bytes)
  if (authorityPart(peerName) !== authorityOf(crypto, chain.leaf.publicKey)) {
    throw reader.malformed('its peer name is not of the key of its chain', nameStart)
  }
  return { chain, peerName, friendlyName }
}

/**
 * Judges a membership record whose chain holds. That nothing is revoked is not looked at.
 *
 * @param author The chain that its author names; the one in the record, where that is the author's
 * @param longestLife In milliseconds, from the group's properties
 */
export function judgeMembership(
  record: GraphRecord,
  content: MembershipContent,
  author: AuthorChain,
  longestLife: number,
): Membership | GroupRecordProblem {
  const problem = addOnlyProblem(record) ?? authorshipProblem(record, { creator: author, author })
  if (problem !== undefined) return problem
  const proofs = readProofs(record.proofs)
  if (proofs?.author !== author.digest || proofs.creator !== author.digest) return 'proofs'
  const { chain } = content
  if (!mayPublish(author, chain)) return 'no-right'
  if (record.expires !== expirationOfProof(chain.notAfter, longestLife)) return 'expiration'
  return { ...content, id: record.id, digest: record.digest, created: record.created, author: author.digest }
}

/** Its holder may, whoever issued a certificate of it, and, where its holder came in by a link, every other member. */
function mayPublish(author: AuthorChain, chain: MemberChain): boolean {
  if (author.key === chain.key) return author.digest === chain.digest
  if (chain.chain.some(({ publicKey }) => toHex(publicKey) === author.key)) return true
  const holder = linkEntries(chain.chain).at(-1)?.holder
  return author.depth > 0 && holder !== undefined && equalBytes(holder.publicKey, chain.leaf.publicKey)
}
