/**
 * What two security providers of a group tell each other before a link is open (MS-PPSEC 2.2.2; P-062): a list of items in one
 * message, each a kind, a length and a body. An item of an unknown kind is passed over, so that later releases can add to it.
 */

import { LONGEST_PROVIDER_MESSAGE } from '../graph/security-provider.ts'
import { LARGEST_CHAIN } from '../identity/certificate/chain-encoding.ts'
import { PeerageError } from '../runtime/peerage-error.ts'
import { readTaggedFields, type TaggedFieldLimits, writeTaggedFields } from '../wire/tagged-fields.ts'
import { WireReader } from '../wire/wire-reader.ts'
import { WireWriter } from '../wire/wire-writer.ts'
import { type AdmissionRefusal, admissionRefusals } from './admission-refusal.ts'
import { type ChainDigest, chainDigestFromBytes, DIGEST_LENGTH, digestBytes } from './digests.ts'
import { LONGEST_PASSWORD_BODY } from './password-proof.ts'

/** One item. */
export type AdmissionItem =
  | { readonly kind: 'hello' }
  | { readonly kind: 'my-gmc'; readonly chain: Uint8Array }
  | { readonly kind: 'your-gmc'; readonly chain: Uint8Array }
  | { readonly kind: 'password'; readonly body: Uint8Array }
  /** Asks for the chain of this digest (P-130). */
  | { readonly kind: 'want-chain'; readonly digest: ChainDigest }
  /** The chain that was asked for. */
  | { readonly kind: 'chain'; readonly chain: Uint8Array }
  | { readonly kind: 'refused'; readonly reason: AdmissionRefusal | undefined }

/** A message that was read. */
export interface AdmissionMessage {
  readonly items: readonly AdmissionItem[]
  /** How many items were passed over. */
  readonly unknown: number
}

export const ADMISSION_KINDS: Readonly<Record<AdmissionItem['kind'], number>> = {
  hello: 0x0000,
  'my-gmc': 0x0001,
  'your-gmc': 0x0002,
  password: 0x0005,
  refused: 0x0100,
  'want-chain': 0x0101,
  chain: 0x0102,
}
/** The version of the exchange. Another major one is refused, the minor one is not looked at. */
export const ADMISSION_MAJOR = 1
export const ADMISSION_MINOR = 0
/** Of one message. */
export const MOST_ADMISSION_ITEMS = 16

const OPTIONAL_FIELDS: TaggedFieldLimits = { mostFields: 16, longestContent: 256 }
const LONGEST_BODY = LARGEST_CHAIN

/** One message. */
export function encodeAdmission(items: readonly AdmissionItem[]): Uint8Array {
  const writer = new WireWriter(LONGEST_PROVIDER_MESSAGE)
  for (const item of items) {
    writer.uint16(ADMISSION_KINDS[item.kind])
    writer.byteString(bodyOf(item), LONGEST_BODY)
  }
  return writer.copy()
}

/** Reads a message; chains and bodies are views of it. */
export function decodeAdmission(message: Uint8Array): AdmissionMessage | 'malformed' | 'other-version' {
  try {
    return readMessage(new WireReader(message, 'admission message'))
  } catch (error) {
    if (PeerageError.is(error, 'malformed')) return 'malformed'
    throw error
  }
}

function bodyOf(item: AdmissionItem): Uint8Array {
  switch (item.kind) {
    case 'hello': {
      const writer = new WireWriter(LONGEST_BODY)
      writer.uint8(ADMISSION_MAJOR)
      writer.uint8(ADMISSION_MINOR)
      writeTaggedFields(writer, [], OPTIONAL_FIELDS)
      return writer.copy()
    }
    case 'my-gmc':
    case 'your-gmc':
    case 'chain':
      return item.chain
    case 'want-chain':
      return digestBytes(item.digest)
    case 'password':
      return item.body
    case 'refused':
      return Uint8Array.of(item.reason === undefined ? 0 : admissionRefusals.indexOf(item.reason) + 1)
  }
}

function readMessage(reader: WireReader): AdmissionMessage | 'other-version' {
  const items: AdmissionItem[] = []
  let unknown = 0
  while (reader.remaining > 0) {
    if (items.length + unknown === MOST_ADMISSION_ITEMS) throw reader.malformed('it has too many items')
    const kind = reader.uint16()
    const body = reader.byteString(LONGEST_BODY)
    const item = readItem(kind, body)
    if (item === 'other-version') return item
    if (item === undefined) unknown++
    else items.push(item)
  }
  return { items, unknown }
}

function readItem(kind: number, body: Uint8Array): AdmissionItem | 'other-version' | undefined {
  const reader = new WireReader(body, 'item of an admission message')
  switch (kind) {
    case ADMISSION_KINDS.hello: {
      if (reader.uint8() !== ADMISSION_MAJOR) return 'other-version'
      reader.uint8()
      readTaggedFields(reader, OPTIONAL_FIELDS)
      reader.finish()
      return { kind: 'hello' }
    }
    case ADMISSION_KINDS['my-gmc']:
      return { kind: 'my-gmc', chain: body }
    case ADMISSION_KINDS['your-gmc']:
      return { kind: 'your-gmc', chain: body }
    case ADMISSION_KINDS.password:
      if (body.length > LONGEST_PASSWORD_BODY) throw reader.malformed('a step of a password is too long')
      return { kind: 'password', body }
    case ADMISSION_KINDS['want-chain']:
      if (body.length !== DIGEST_LENGTH) throw reader.malformed('the digest of a chain is of another length')
      return { kind: 'want-chain', digest: chainDigestFromBytes(body) }
    case ADMISSION_KINDS.chain:
      return { kind: 'chain', chain: body }
    case ADMISSION_KINDS.refused:
      // Later releases may have more to say, and other reasons.
      return { kind: 'refused', reason: admissionRefusals[reader.uint8() - 1] }
    default:
      return undefined
  }
}
