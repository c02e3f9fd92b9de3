/**
 * The signatures of records (DESIGN section 6, G-046), and what they cover:
 *
 * ```
 * version 1          the creator, purpose record-header: record key ‖ header ‖ SHA-256(content)
 * later versions     the same of the first content, carried along (the origin)
 *                    the modifier, purpose record: record key ‖ SHA-256(header ‖ content)
 * ```
 *
 * So version 1 costs one check, which is most of what a record costs, and no later version can claim a header that its
 * creator never wrote. The record key stands for the graph: the tag in the header is too short for that, since
 * who founds two graphs can make their tags alike.
 */
import { signFor, verifyFor } from '../identity/signature-purpose.ts'
import { concatBytes } from '../runtime/bytes.ts'
import { type Crypto, SIGNATURE_LENGTH } from '../runtime/crypto.ts'
import type { GraphKeys } from './graph-id.ts'
import type { GraphRecord } from './record.ts'
import { headerEnd, originOf } from './record-format.ts'
import type { SignatureProblem } from './record-problem.ts'

/** One signature of a record, and what it has to cover. */
export interface SignatureCheck {
  readonly purpose: 'record' | 'record-header'
  readonly content: Uint8Array
  readonly signature: Uint8Array
  readonly publicKey: Uint8Array
  /** What is wrong with the record if the signature is. */
  readonly problem: SignatureProblem
}

/** Checks the signatures of a record whose form is right. Keeps nothing: the same record costs the same again. */
export function verifyRecord(crypto: Crypto, keys: GraphKeys, record: GraphRecord): SignatureProblem | undefined {
  for (const { purpose, content, signature, publicKey, problem } of signatureChecks(crypto, keys, record)) {
    if (!verifyFor(crypto, purpose, content, signature, publicKey)) return problem
  }
  return undefined
}

/** What is to be checked: one signature of a version 1, two of a later one. */
export function signatureChecks(crypto: Crypto, keys: GraphKeys, record: GraphRecord): readonly SignatureCheck[] {
  const { bytes, creator, modifier } = record
  const contentStart = headerEnd(bytes)
  const header = bytes.subarray(0, contentStart)
  const end = bytes.length - SIGNATURE_LENGTH
  const signature = bytes.subarray(end)
  const { publicKey } = creator
  if (modifier === undefined) {
    const content = signedFirst(keys, header, crypto.sha256(bytes.subarray(contentStart, end)))
    return [{ purpose: 'record-header', content, signature, publicKey, problem: 'wrong-creator-signature' }]
  }
  const origin = originOf(bytes, contentStart)
  return [
    {
      ...{ purpose: 'record', content: signedLater(crypto, keys, bytes.subarray(0, end)), signature },
      ...{ publicKey: modifier.publicKey, problem: 'wrong-modifier-signature' },
    },
    {
      ...{ purpose: 'record-header', content: signedFirst(keys, header, origin.contentHash) },
      ...{ signature: origin.signature, publicKey, problem: 'wrong-creator-signature' },
    },
  ]
}

/** The creator's signature over a header and its first content. */
export function signFirstVersion(
  crypto: Crypto,
  keys: GraphKeys,
  header: Uint8Array,
  content: Uint8Array,
  secretKey: Uint8Array,
): Uint8Array {
  return signFor(crypto, 'record-header', signedFirst(keys, header, crypto.sha256(content)), secretKey)
}

/** The modifier's signature over header and content. */
export function signLaterVersion(
  crypto: Crypto,
  keys: GraphKeys,
  unsigned: Uint8Array,
  secretKey: Uint8Array,
): Uint8Array {
  return signFor(crypto, 'record', signedLater(crypto, keys, unsigned), secretKey)
}

function signedFirst(keys: GraphKeys, header: Uint8Array, contentHash: Uint8Array): Uint8Array {
  return concatBytes(keys.recordKey, header, contentHash)
}

function signedLater(crypto: Crypto, keys: GraphKeys, unsigned: Uint8Array): Uint8Array {
  return concatBytes(keys.recordKey, crypto.sha256(unsigned))
}
