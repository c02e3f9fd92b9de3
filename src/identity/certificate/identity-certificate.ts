/**
 * The IDC: what an identity gives to others, so that they can invite it and know it again. It says which key
 * has which peer name and which friendly name, signed by that key.
 *
 * It is valid for {@link INFINITE_VALIDITY}. An identity has no end of its own, and whoever has its key
 * can sign a new IDC at any moment, so an earlier end would be no safeguard; what an identity may do ends
 * with its GMCs.
 */
import type { Crypto, SigningKeyPair } from '../../runtime/crypto.ts'
import type { Random } from '../../runtime/random.ts'
import { checkFriendlyName } from '../friendly-name.ts'
import { type PeerName, requireSecured } from '../peer-name.ts'
import type { IdentityCertificate } from './certificate.ts'
import { readCertificate } from './certificate-reader.ts'
import { refused } from './certificate-refusal.ts'
import { requireInTime, verifyCertificate } from './certificate-verification.ts'
import { issueCertificate, newSerialNumber } from './certificate-writer.ts'

/** The PEM label of a certificate. */
export const CERTIFICATE_LABEL = 'CERTIFICATE'

/** What stands for "without end": 1,000 years of the Gregorian calendar, in milliseconds. */
export const INFINITE_VALIDITY = 1000 * 365.2425 * 86_400_000

/** What an IDC says. */
export interface Identification {
  /** Its authority must be that of the key. */
  readonly peerName: PeerName
  /** Without one, the peer name stands in its place. */
  readonly friendlyName?: string | undefined
  readonly keyPair: SigningKeyPair
  /** From when on it is valid, in milliseconds since 1970; rounded down to a whole second. */
  readonly now: number
}

/**
 * A new IDC in DER.
 *
 * @throws PeerageError `invalid-friendly-name`, `unsecured-peer-name`
 */
export function makeIdentityCertificate(crypto: Crypto, random: Random, identification: Identification): Uint8Array {
  const { peerName, friendlyName, keyPair, now } = identification
  requireSecured(peerName)
  if (friendlyName !== undefined) checkFriendlyName(friendlyName)
  const name = friendlyName ?? peerName
  const notBefore = now - (now % 1000)
  const certificate = issueCertificate(
    crypto,
    {
      kind: 'identity',
      serialNumber: newSerialNumber(random),
      issuer: name,
      notBefore,
      notAfter: notBefore + INFINITE_VALIDITY,
      subject: name,
      publicKey: keyPair.publicKey,
      peerName,
      hasFlags: false,
      unknownExtensions: [],
    },
    keyPair.secretKey,
  )
  verifyCertificate(crypto, certificate, keyPair.publicKey)
  return certificate.der
}

/**
 * Reads and judges an IDC that somebody gave: type, extensions, time, that its peer name belongs to its
 * key, and that this key signed it. Nothing in it may be used before.
 *
 * @param now In milliseconds since 1970, by {@link Clock.utc}
 * @throws PeerageError `invalid-certificate`
 */
export function verifyIdentityCertificate(crypto: Crypto, der: Uint8Array, now: number): IdentityCertificate {
  const certificate = readCertificate(der)
  if (certificate.kind !== 'identity') throw refused('kind', 'it is not the certificate of an identity')
  requireInTime(certificate, now)
  verifyCertificate(crypto, certificate, certificate.publicKey)
  return certificate
}
