/**
 * Judging a certificate that was read: whether its peer name belongs to its key, whether the key that should
 * have signed it did, and whether it is in time. Time is apart, because not everything that a
 * certificate proves is about the present.
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
 * Checks that a certificate says the truth about its key, and that its issuer says so.
 *
 * @param issuerKey The 32-byte public key that should have signed it; for an IDC or GRC, its own.
 * @throws PeerageError `invalid-certificate`: authority or signature
 */
export function verifyCertificate(crypto: Crypto, certificate: Certificate, issuerKey: Uint8Array): void {
  const { peerName, publicKey, signature, signedPart } = certificate
  if (authorityOf(crypto, publicKey) !== authorityPart(peerName)) {
    throw refused('authority', 'its peer name does not belong to its key')
  }
  if (!crypto.verify(signature, signedPart, issuerKey)) {
    throw refused('signature', 'its signature does not verify')
  }
}

/**
 * Checks that a certificate is valid at a moment, give or take {@link CLOCK_TOLERANCE}.
 *
 * @param moment In milliseconds since 1970; for the present, {@link Clock.utc}
 * @throws PeerageError `invalid-certificate`: not-yet-valid or expired
 */
export function requireInTime({ notBefore, notAfter }: Certificate, moment: number): void {
  if (moment < notBefore - CLOCK_TOLERANCE) throw refused('not-yet-valid', 'its validity has not begun')
  if (moment > notAfter + CLOCK_TOLERANCE) throw refused('expired', 'its validity has ended')
}
