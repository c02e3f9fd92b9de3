/**
 * Signature checks as one block of bytes, so that a worker gets many of them at the price of one message; and its
 * verdicts, one byte each. This never leaves the process.
 *
 * ```
 * batch = count (u32), then of each check: purpose (u8), length of the content (u32), signature (64), public key (32), content
 * ```
 */
import type { SignatureCheck } from '../records/verify-record.ts'
import { PUBLIC_KEY_LENGTH, SIGNATURE_LENGTH } from '../runtime/crypto.ts'

const PURPOSES = ['record', 'record-header'] as const
const COUNT_LENGTH = 4
const CHECK_HEAD = 1 + 4 + SIGNATURE_LENGTH + PUBLIC_KEY_LENGTH

/** Checks, packed. */
export function packChecks(checks: readonly SignatureCheck[]): Uint8Array<ArrayBuffer> {
  const length = checks.reduce((sum, { content }) => sum + CHECK_HEAD + content.length, COUNT_LENGTH)
  const bytes = new Uint8Array(length)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, checks.length)
  let offset = COUNT_LENGTH
  for (const { purpose, content, signature, publicKey } of checks) {
    view.setUint8(offset, PURPOSES.indexOf(purpose))
    view.setUint32(offset + 1, content.length)
    bytes.set(signature, offset + 5)
    bytes.set(publicKey, offset + 5 + SIGNATURE_LENGTH)
    bytes.set(content, offset + CHECK_HEAD)
    offset += CHECK_HEAD + content.length
  }
  return bytes
}

/** The checks of a batch, in order. */
export function* unpackChecks(bytes: Uint8Array): Generator<Omit<SignatureCheck, 'problem'>> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const count = view.getUint32(0)
  let offset = COUNT_LENGTH
  for (let index = 0; index < count; index++) {
    const purpose = PURPOSES[view.getUint8(offset)]
    if (purpose === undefined) throw new RangeError('no such purpose')
    const length = view.getUint32(offset + 1)
    const signature = bytes.subarray(offset + 5, offset + 5 + SIGNATURE_LENGTH)
    const publicKey = bytes.subarray(offset + 5 + SIGNATURE_LENGTH, offset + CHECK_HEAD)
    const end = offset + CHECK_HEAD + length
    yield { purpose, content: bytes.subarray(offset + CHECK_HEAD, end), signature, publicKey }
    offset = end
  }
}
