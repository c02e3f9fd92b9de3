/**
 * The authority of a peer name: the hash of the public key that may speak for the name
 * (MS-PNRP 1.3.1.1, with SHA-256 in place of SHA-1).
 */
import { concatBytes, equalBytes, fromHex, toHex } from '../runtime/bytes.ts'
import { type Crypto, PUBLIC_KEY_LENGTH } from '../runtime/crypto.ts'

/** 160 bits. */
export const AUTHORITY_LENGTH = 20

/** What precedes the 32 bytes of an Ed25519 key in its DER SubjectPublicKeyInfo (RFC 8410 section 4). */
const ED25519_SPKI_PREFIX = Uint8Array.of(0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00)

/** The DER SubjectPublicKeyInfo of an Ed25519 public key: 44 bytes. */
export function subjectPublicKeyInfo(publicKey: Uint8Array): Uint8Array {
  if (publicKey.length !== PUBLIC_KEY_LENGTH) throw new RangeError(`a public key has 32 bytes, not ${publicKey.length}`)
  return concatBytes(ED25519_SPKI_PREFIX, publicKey)
}

/** The authority of a public key as 40 lower-case hexadecimal digits, first byte first. */
export function authorityOf(crypto: Crypto, publicKey: Uint8Array): string {
  return toHex(crypto.sha256(subjectPublicKeyInfo(publicKey)).subarray(0, AUTHORITY_LENGTH))
}

/** Whether the text is the authority of a secured name: exactly 40 digits 0-9 a-f. */
export function isSecuredAuthority(text: string): boolean {
  return /^[0-9a-f]{40}$/.test(text)
}

/** The 20 bytes of a secured authority; anything else is a programming error. */
export function authorityBytes(authority: string): Uint8Array {
  const bytes = isSecuredAuthority(authority) ? fromHex(authority) : undefined
  if (bytes === undefined) throw new TypeError('only a secured authority has bytes')
  return bytes
}

/** The Ed25519 public key in a DER SubjectPublicKeyInfo, or undefined if this is none. */
export function publicKeyOfInfo(info: Uint8Array): Uint8Array | undefined {
  const isEd25519 = equalBytes(info.subarray(0, ED25519_SPKI_PREFIX.length), ED25519_SPKI_PREFIX)
  if (!isEd25519 || info.length !== ED25519_SPKI_PREFIX.length + PUBLIC_KEY_LENGTH) return undefined
  return info.slice(ED25519_SPKI_PREFIX.length)
}
