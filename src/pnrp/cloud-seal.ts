/**
 * The seal of a private cloud with a secret: a MAC over all bytes of a datagram, in its last field (N-111).
 */
import { equalSecrets } from '../runtime/bytes.ts'
import type { Crypto } from '../runtime/crypto.ts'
import type { WireWriter } from '../wire/wire-writer.ts'
import { FIELD_HEADER_LENGTH, Field, writeField } from './message-field.ts'

/** In bytes. */
const SEAL_LENGTH = 16
export const SEAL_FIELD_LENGTH = FIELD_HEADER_LENGTH + SEAL_LENGTH

/** Appends the seal to the message that was written. */
export function writeSeal(crypto: Crypto, key: Uint8Array, writer: WireWriter): void {
  writeField(writer, Field.messageAuthenticationCode, sealOf(crypto, key, writer.view()))
}

/** The datagram without its seal, or undefined if the seal is not there or wrong. */
export function withoutSeal(crypto: Crypto, key: Uint8Array, datagram: Uint8Array): Uint8Array | undefined {
  if (!endsWithSeal(datagram)) return undefined
  const content = datagram.subarray(0, datagram.length - SEAL_FIELD_LENGTH)
  const seal = datagram.subarray(content.length + FIELD_HEADER_LENGTH)
  return equalSecrets(seal, sealOf(crypto, key, content)) ? content : undefined
}

/** Whether the last bytes look like a seal, right or wrong. */
export function endsWithSeal(datagram: Uint8Array): boolean {
  const start = datagram.length - SEAL_FIELD_LENGTH
  return (
    start >= 0 &&
    datagram[start] === Field.messageAuthenticationCode >> 8 &&
    datagram[start + 1] === (Field.messageAuthenticationCode & 0xff) &&
    datagram[start + 2] === 0 &&
    datagram[start + 3] === SEAL_FIELD_LENGTH
  )
}

function sealOf(crypto: Crypto, key: Uint8Array, content: Uint8Array): Uint8Array {
  return crypto.hmacSha256(key, content).subarray(0, SEAL_LENGTH)
}
