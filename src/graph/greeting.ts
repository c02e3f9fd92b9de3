/**
 * What both ends of a link say before anything else (DESIGN section 7; docs/protocol/graph-links.md): the dialler proves that
 * it knows the graph's ID, and each end reveals who it is in a greeting, sealed so that only somebody who knows the ID can
 * read it, and signed so that it counts on this one link only.
 *
 * Everything is made from the channel binding, which nobody has who is not an end of the stream: a proof, a seal and a
 * signature of another link, of another graph or of the other role are worth nothing.
 */
import { authorityOf } from '../identity/authority.ts'
import { classifierPart, LONGEST_CLASSIFIER, makePeerName, type PeerName } from '../identity/peer-name.ts'
import { signFor, verifyFor } from '../identity/signature-purpose.ts'
import type { GraphKeys } from '../records/graph-id.ts'
import { concatBytes, toUtf8 } from '../runtime/bytes.ts'
import {
  AEAD_NONCE_LENGTH,
  AEAD_TAG_LENGTH,
  type Crypto,
  PUBLIC_KEY_LENGTH,
  SHA256_LENGTH,
  SIGNATURE_LENGTH,
} from '../runtime/crypto.ts'
import { PeerageError } from '../runtime/peerage-error.ts'
import { CHANNEL_BINDING_LENGTH } from '../runtime/streams.ts'
import { readTaggedFields, type TaggedFieldLimits, writeTaggedFields } from '../wire/tagged-fields.ts'
import { WireReader } from '../wire/wire-reader.ts'
import { WireWriter } from '../wire/wire-writer.ts'
import type { DropReason } from './graph-counters.ts'
import type { LinkIdentity } from './security-provider.ts'

/** Which end of a link speaks. */
export type LinkRole = 'dialler' | 'responder'

/** What one end says of itself. */
export interface Greeting {
  readonly name: PeerName
  readonly publicKey: Uint8Array
  /** The versions of the protocol that it speaks, ascending. */
  readonly versions: readonly number[]
  /** A bit for each feature that it has. */
  readonly features: number
}

/** The one link that a greeting is for. */
export interface LinkContext {
  readonly crypto: Crypto
  readonly keys: GraphKeys
  readonly channelBinding: Uint8Array
}

/** Of the proof of knowing a graph's ID, in bytes. */
export const GRAPH_PROOF_LENGTH: number = SHA256_LENGTH
/** A greeting, sealed, in bytes. */
export const LONGEST_SEALED_GREETING = 2048

/** Versions in one greeting. */
const MOST_VERSIONS = 16
/** Of a classifier in UTF-8, in bytes. */
const LONGEST_CLASSIFIER_BYTES = 3 * LONGEST_CLASSIFIER
/** Optional fields, none of which is known yet. */
const OPTIONAL_FIELDS: TaggedFieldLimits = { mostFields: 16, longestContent: 1024 }
/** Flags: the signature covers the key of the other end. */
const COVERS_OTHER = 0x01
const SIGNED_LENGTH = LONGEST_SEALED_GREETING + 1024
const NO_KEY = new Uint8Array(PUBLIC_KEY_LENGTH)
/** Each key seals one greeting only. */
const ONLY_NONCE = new Uint8Array(AEAD_NONCE_LENGTH)
const NOTHING = new Uint8Array(0)

const PROOF_CONTEXT = toUtf8('peerage/1/link-graph\0')
const sealContexts: Readonly<Record<LinkRole, Uint8Array>> = {
  dialler: toUtf8('peerage/1/link-seal-dialler\0'),
  responder: toUtf8('peerage/1/link-seal-responder\0'),
}
const roleNumbers: Readonly<Record<LinkRole, number>> = { dialler: 1, responder: 2 }

/** What the dialler of this link sends to name the graph: only who knows its ID can tell which one it is. */
export function graphProof({ crypto, keys, channelBinding }: LinkContext): Uint8Array {
  return crypto.hmacSha256(keys.secret, PROOF_CONTEXT, channelBinding)
}

/**
 * A greeting, signed and sealed.
 *
 * @param other The public key of the other end; undefined if the dialler does not know whom it dials.
 */
export function sealGreeting(
  link: LinkContext,
  role: LinkRole,
  identity: LinkIdentity,
  offer: Pick<Greeting, 'versions' | 'features'>,
  other: Uint8Array | undefined,
): Uint8Array {
  const writer = new WireWriter(LONGEST_SEALED_GREETING - AEAD_TAG_LENGTH)
  writer.count(offer.versions.length, MOST_VERSIONS)
  for (const version of offer.versions) writer.uint8(version)
  writer.uint32(offer.features)
  writer.uint8(other === undefined ? 0 : COVERS_OTHER)
  writer.bytes(identity.keyPair.publicKey)
  writer.text(classifierPart(identity.name), LONGEST_CLASSIFIER_BYTES)
  writeTaggedFields(writer, [], OPTIONAL_FIELDS)
  const content = signedContent(link, role, other, writer.copy())
  writer.bytes(signFor(link.crypto, 'link', content, identity.keyPair.secretKey))
  return link.crypto.seal(sealKey(link, role), ONLY_NONCE, writer.view(), NOTHING)
}

/**
 * Reads the other end's greeting and proves it.
 *
 * @param own This end's public key, in case the signature covers it.
 */
export function openGreeting(
  link: LinkContext,
  role: LinkRole,
  sealed: Uint8Array,
  own: Uint8Array,
): Greeting | DropReason {
  const bytes = link.crypto.open(sealKey(link, role), ONLY_NONCE, sealed, NOTHING)
  if (bytes === undefined) return 'opening-wrong-seal'
  const reader = new WireReader(bytes, 'greeting')
  try {
    const greeting = readGreeting(link.crypto, reader)
    const content = signedContent(link, role, greeting.coversOther ? own : undefined, bytes.subarray(0, reader.offset))
    const signature = reader.bytes(SIGNATURE_LENGTH)
    reader.finish()
    // The responder knows whom it answers.
    if (role === 'responder' && !greeting.coversOther) return 'opening-malformed'
    const { publicKey } = greeting
    return verifyFor(link.crypto, 'link', content, signature, publicKey) ? greeting : 'opening-wrong-signature'
  } catch (error) {
    if (isBadInput(error)) return 'opening-malformed'
    throw error
  }
}

/** The highest version that both ends speak, or undefined. */
export function commonVersion(ours: readonly number[], theirs: readonly number[]): number | undefined {
  return ours.findLast((version) => theirs.includes(version))
}

interface ReadGreeting extends Greeting {
  readonly coversOther: boolean
}

function readGreeting(crypto: Crypto, reader: WireReader): ReadGreeting {
  const versions: number[] = []
  for (let left = reader.count(MOST_VERSIONS, 1); left > 0; left--) {
    const version = reader.uint8()
    if (version <= (versions.at(-1) ?? 0)) throw reader.malformed('its versions do not ascend')
    versions.push(version)
  }
  if (versions.length === 0) throw reader.malformed('it has no version')
  const features = reader.uint32()
  const coversOther = (reader.uint8() & COVERS_OTHER) !== 0
  const publicKey = reader.bytes(PUBLIC_KEY_LENGTH).slice()
  const name = makePeerName(authorityOf(crypto, publicKey), reader.text(LONGEST_CLASSIFIER_BYTES))
  readTaggedFields(reader, OPTIONAL_FIELDS)
  return { name, publicKey, versions, features, coversOther }
}

/** What a signature covers: the role, the graph, the link, the other end, and all of the greeting before it. */
function signedContent(
  link: LinkContext,
  role: LinkRole,
  other: Uint8Array | undefined,
  greeting: Uint8Array,
): Uint8Array {
  const writer = new WireWriter(SIGNED_LENGTH)
  writer.uint8(roleNumbers[role])
  writer.byteString(link.keys.secret, SIGNED_LENGTH)
  writer.bytes(link.channelBinding)
  writer.bytes(other ?? NO_KEY)
  return concatBytes(writer.view(), greeting)
}

function sealKey({ crypto, keys, channelBinding }: LinkContext, role: LinkRole): Uint8Array {
  if (channelBinding.length !== CHANNEL_BINDING_LENGTH) throw new RangeError('a stream has a channel binding')
  return crypto.hmacSha256(keys.secret, sealContexts[role], channelBinding)
}

function isBadInput(error: unknown): boolean {
  return (
    PeerageError.is(error, 'malformed') ||
    PeerageError.is(error, 'invalid-classifier') ||
    PeerageError.is(error, 'classifier-too-long')
  )
}
