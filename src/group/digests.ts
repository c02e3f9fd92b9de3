/**
 * The names of chains and certificates in a group (P-117): SHA-256 over the encoding of a chain, and over the DER of a certificate.
 * Records, revocations and requests name them by these, never by serial number or peer name. As texts they have 64
 * lower-case hexadecimal digits, so that `===` and keys of a Map work.
 */
import type { Branded } from '../runtime/branded.ts'
import { fromHex, toHex } from '../runtime/bytes.ts'
import { type Crypto, SHA256_LENGTH } from '../runtime/crypto.ts'

/** Names a chain. */
export type ChainDigest = Branded<string, 'ChainDigest'>
/** Names a certificate. */
export type CertificateDigest = Branded<string, 'CertificateDigest'>

/** In bytes. */
export const DIGEST_LENGTH: number = SHA256_LENGTH

/** The digest of an encoded chain. */
export function chainDigest(crypto: Crypto, encodedChain: Uint8Array): ChainDigest {
  return chainDigestFromBytes(crypto.sha256(encodedChain))
}

/** The digest of a certificate. */
export function certificateDigest(crypto: Crypto, der: Uint8Array): CertificateDigest {
  return certificateDigestFromBytes(crypto.sha256(der))
}

/** Another length than {@link DIGEST_LENGTH} is a programming error. */
export function chainDigestFromBytes(bytes: Uint8Array): ChainDigest {
  const text = toHex(bytes)
  if (!isChainDigest(text)) throw new RangeError(`no digest: ${text}`)
  return text
}

/** Another length than {@link DIGEST_LENGTH} is a programming error. */
export function certificateDigestFromBytes(bytes: Uint8Array): CertificateDigest {
  const text = toHex(bytes)
  if (!isCertificateDigest(text)) throw new RangeError(`no digest: ${text}`)
  return text
}

/** The bytes of either. */
export function digestBytes(digest: ChainDigest | CertificateDigest): Uint8Array {
  const bytes = fromHex(digest)
  if (bytes === undefined) throw new TypeError(`no digest: ${digest}`)
  return bytes
}

function isChainDigest(text: string): text is ChainDigest {
  return isDigest(text)
}

function isCertificateDigest(text: string): text is CertificateDigest {
  return isDigest(text)
}

function isDigest(text: string): boolean {
  return /^[0-9a-f]{64}$/.test(text)
}
