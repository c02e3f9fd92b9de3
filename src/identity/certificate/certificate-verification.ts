/**
 * Judging a certificate that was read: whether it is in time, whether its peer name belongs to its key, and
 * whether the key that should have signed it did.
 */
import type { Crypto } from '../../runtime/crypto.ts'
import { authorityOf } from '../authority.ts'
import { authorityPart } from '../peer-name.ts'
import type { Certificate } from './certificate.ts'
import { refused } from './certificate-refusal.ts'

/**
 * How far the clocks of two honest machines may be apart, in milliseconds: each certificate counts so much
 * before and after its validity. Ten minutes are two clocks, each wrong by the 5 minutes that peer time
 * corrects at most.
 */
export const CLOCK_TOLERANCE = 600_000

/**
 * Accepts a certificate or throws.
 *
 * @param issuerKey The 32-byte public key that should have signed it; for an IDC or GRC, its own.
 * @param now In milliseconds since 1970, by {@link Clock.utc}
 * @throws PeerageError `invalid-certificate`: not-yet-valid, expired, authority or signature
 */
export function verifyCertificate(crypto: Crypto, certificate: Certificate, issuerKey: Uint8Array, now: number): void {
  const { peerName, publicKey, signature, signedPart } = certificate
  requireInTime(certificate, now)
  if (authorityOf(crypto, publicKey) !== authorityPart(peerName)) {
    throw refused('authority', 'its peer name does not belong to its key')
  }
  if (!crypto.verify(signature, signedPart, issuerKey)) {
    throw refused('signature', 'its signature does not verify')
  }
}

function requireInTime({ notBefore, notAfter }: Certificate, now: number): void {
  if (now < notBefore - CLOCK_TOLERANCE) throw refused('not-yet-valid', 'its validity has not begun')
  if (now > notAfter + CLOCK_TOLERANCE) throw refused('expired', 'its validity has ended')
}
