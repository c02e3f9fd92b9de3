/**
 * Writing certificates: the bytes of a content, and signing them.
 */
import { compareBytes, toUtf8 } from '../../runtime/bytes.ts'
import { type Crypto, SIGNATURE_LENGTH } from '../../runtime/crypto.ts'
import { type Random, randomBytes } from '../../runtime/random.ts'
import { subjectPublicKeyInfo } from '../authority.ts'
import { BIT_STRING, contextConstructed, INTEGER, OCTET_STRING, SEQUENCE, SET, UTF8_STRING } from '../der-tags.ts'
import { DER_TRUE, derElement, derObjectIdentifier } from '../der-writer.ts'
import { requireSecured } from '../peer-name.ts'
import { type Certificate, type CertificateContent, SERIAL_NUMBER_LENGTH } from './certificate.ts'
import {
  COMMON_NAME_IDENTIFIER,
  ED25519_ALGORITHM,
  EXTENSIONS,
  isSerialNumber,
  X509_VERSION,
} from './certificate-profile.ts'
import { readCertificate } from './certificate-reader.ts'
import { derTime } from './certificate-time.ts'

/**
 * Signs a certificate. It is read back before it is handed out, so that nothing is issued that other
 * nodes would refuse for its form.
 *
 * @param secretKey Of the issuer; in a self-signed certificate, the one of its own key.
 * @throws PeerageError `unsecured-peer-name`; `invalid-certificate` if no legal certificate has this content
 */
export function issueCertificate(crypto: Crypto, content: CertificateContent, secretKey: Uint8Array): Certificate {
  requireSecured(content.peerName)
  if ('issuerPeerName' in content) {
    requireSecured(content.issuerPeerName)
    requireSecured(content.groupPeerName)
  }
  const signedPart = encodeSignedPart(content)
  return readCertificate(encodeCertificate(signedPart, crypto.sign(signedPart, secretKey)))
}

/** A new serial number: {@link SERIAL_NUMBER_LENGTH} bytes, positive, and without a zero in front. */
export function newSerialNumber(random: Random): Uint8Array {
  const serialNumber = randomBytes(random, SERIAL_NUMBER_LENGTH)
  while (!isSerialNumber(serialNumber)) random.fill(serialNumber.subarray(0, 1))
  return serialNumber
}

/** The bytes that the signature of a certificate covers. */
export function encodeSignedPart(content: CertificateContent): Uint8Array {
  return derElement(
    SEQUENCE,
    X509_VERSION,
    derElement(INTEGER, content.serialNumber),
    ED25519_ALGORITHM,
    encodeName(content.issuer),
    derElement(SEQUENCE, derTime(content.notBefore), derTime(content.notAfter)),
    encodeName(content.subject),
    subjectPublicKeyInfo(content.publicKey),
    derElement(contextConstructed(3), derElement(SEQUENCE, ...encodeExtensions(content))),
  )
}

/** The bytes of a whole certificate. */
export function encodeCertificate(signedPart: Uint8Array, signature: Uint8Array): Uint8Array {
  if (signature.length !== SIGNATURE_LENGTH) throw new RangeError(`a signature has ${SIGNATURE_LENGTH} bytes`)
  return derElement(SEQUENCE, signedPart, ED25519_ALGORITHM, derElement(BIT_STRING, Uint8Array.of(0), signature))
}

/** A name of one part, the common name. */
function encodeName(commonName: string): Uint8Array {
  const value = derElement(UTF8_STRING, toUtf8(commonName))
  return derElement(SEQUENCE, derElement(SET, derElement(SEQUENCE, derObjectIdentifier(COMMON_NAME_IDENTIFIER), value)))
}

function encodeExtensions(content: CertificateContent): Uint8Array[] {
  const extensions = content.unknownExtensions.map((extension) => ({ ...extension, critical: false }))
  for (const { identifier, critical, kinds, optional, value } of EXTENSIONS) {
    const isIn = kinds.includes(content.kind) && (!optional || content.hasFlags)
    if (isIn) extensions.push({ identifier, critical, value: value(content) })
  }
  return extensions
    .sort((one, other) => compareBytes(one.identifier, other.identifier))
    .map(({ identifier, critical, value }) =>
      derElement(
        SEQUENCE,
        derObjectIdentifier(identifier),
        critical ? DER_TRUE : new Uint8Array(),
        derElement(OCTET_STRING, value),
      ),
    )
}
