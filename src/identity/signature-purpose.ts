/**
 * Signatures with a purpose. Every signature outside X.509 covers a context and then the content, so
 * that a signature made for one thing never serves for another (DESIGN section 4):
 *
 * ```
 * signed bytes = "peerage/1/" purpose, in UTF-8 ‖ 0x00 ‖ content
 * ```
 *
 * No context contains a zero byte, so the first one ends it: no two pairs of purpose and content give
 * the same bytes. `docs/protocol/signatures.md` has the table of purposes for other implementations.
 */
import { toUtf8 } from '../runtime/bytes.ts'
import type { Crypto } from '../runtime/crypto.ts'

/** The one structure that each purpose belongs to. Whoever adds a structure that is signed adds its purpose here. */
export const signaturePurposes = {
  'certified-peer-address': 'certified peer address',
  'extended-payload': 'extended payload of a PNRP registration',
  'group-key-export': 'export of a group key',
  'identity-export': 'export of an identity',
  link: 'proof of identity at the opening of a link',
  'record-header': 'header of a record',
  record: 'whole record',
} as const

/** What a signature is for. */
export type SignaturePurpose = keyof typeof signaturePurposes

/** Signs the content of the one structure that belongs to the purpose. 64 bytes; the secret key has 64 as well. */
export function signFor(
  crypto: Crypto,
  purpose: SignaturePurpose,
  content: Uint8Array,
  secretKey: Uint8Array,
): Uint8Array {
  return crypto.sign(signedBytes(purpose, content), secretKey)
}

/** Whether this key signed this content for this purpose. Never throws, whatever a stranger sent. */
export function verifyFor(
  crypto: Crypto,
  purpose: SignaturePurpose,
  content: Uint8Array,
  signature: Uint8Array,
  publicKey: Uint8Array,
): boolean {
  return crypto.verify(signature, signedBytes(purpose, content), publicKey)
}

const CONTEXT_PREFIX = 'peerage/1/'

/** For each purpose its context and the zero byte that ends it. */
const contexts: ReadonlyMap<string, Uint8Array> = new Map(
  Object.keys(signaturePurposes).map((purpose) => [purpose, toUtf8(`${CONTEXT_PREFIX}${purpose}\0`)]),
)

function signedBytes(purpose: SignaturePurpose, content: Uint8Array): Uint8Array {
  const context = contexts.get(purpose)
  if (context === undefined) throw new TypeError(`nothing is signed for the purpose ${purpose}`)
  const bytes = new Uint8Array(context.length + content.length)
  bytes.set(context)
  bytes.set(content, context.length)
  return bytes
}
