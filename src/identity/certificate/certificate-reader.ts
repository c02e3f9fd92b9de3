/**
 * Reading certificates, strictly: exactly the bytes that the writer gives for some content are read, and
 * nothing else (RFC 5280 in DER, narrowed to our profile). Signature, time and the match of name and
 * key are not judged here; certificate-verification.ts does that.
 */
import { equalBytes, fromUtf8, toHex } from '../../runtime/bytes.ts'
import { SIGNATURE_LENGTH } from '../../runtime/crypto.ts'
import { PeerageError } from '../../runtime/peerage-error.ts'
import { publicKeyOfInfo } from '../authority.ts'
import { DerReader } from '../der-reader.ts'
import {
  BIT_STRING,
  contextConstructed,
  contextPrimitive,
  INTEGER,
  OBJECT_IDENTIFIER,
  SEQUENCE,
  SET,
  UTF8_STRING,
} from '../der-tags.ts'
import { type Certificate, type CertificateContent, LONGEST_CERTIFICATE } from './certificate.ts'
import { COMMON_NAME_IDENTIFIER, ED25519_ALGORITHM, isSerialNumber, X509_VERSION } from './certificate-profile.ts'
import { refused } from './certificate-refusal.ts'
import { readTime } from './certificate-time.ts'
import { type OuterFields, readContent } from './content-reader.ts'
import { readExtensions } from './extension-reader.ts'

/**
 * Reads a certificate of any kind. The result owns its bytes: changing the input afterwards changes nothing.
 *
 * @throws PeerageError `invalid-certificate`, with the first {@link CertificateProblem} that was found
 */
export function readCertificate(der: Uint8Array): Certificate {
  if (der.length > LONGEST_CERTIFICATE) {
    throw refused('too-long', `it has ${der.length} bytes, and at most ${LONGEST_CERTIFICATE} are allowed`)
  }
  try {
    return readStructure(new Uint8Array(der))
  } catch (error) {
    if (PeerageError.is(error, 'malformed')) throw refused('encoding', error.message)
    throw error
  }
}

function readStructure(der: Uint8Array): Certificate {
  const reader = new DerReader(der, 'certificate')
  const outer = reader.enter(SEQUENCE, 'the certificate')
  const start = reader.offset
  const content = readSignedPart(reader)
  const signedPart = der.subarray(start, reader.offset)
  requireAlgorithm(reader)
  const signature = readSignature(reader)
  reader.leave(outer, 'the signature')
  reader.finish('the certificate')
  return { ...content, der, signedPart, signature }
}

function readSignedPart(reader: DerReader): CertificateContent {
  const outer = reader.enter(SEQUENCE, 'the signed part')
  requireVersion(reader)
  const serialNumber = readSerialNumber(reader)
  requireAlgorithm(reader)
  const issuer = readName(reader, 'the issuer')
  const { notBefore, notAfter } = readValidity(reader)
  const subject = readName(reader, 'the subject')
  const publicKey = readPublicKey(reader)
  const fields: OuterFields = { serialNumber, issuer, notBefore, notAfter, subject, publicKey }
  const extensions = readExtensions(reader)
  reader.leave(outer, 'the extensions')
  return readContent(fields, extensions)
}

function requireVersion(reader: DerReader): void {
  const tag = contextConstructed(0)
  if (!reader.isNext(tag) || !equalBytes(reader.element(tag, 'the version'), X509_VERSION)) {
    throw refused('version', 'it is not version 3 of X.509')
  }
}

function readSerialNumber(reader: DerReader): Uint8Array {
  const serialNumber = reader.content(INTEGER, 'the serial number')
  if (!isSerialNumber(serialNumber)) {
    throw refused('serial-number', `its serial number is not 16 bytes from 01 to 7f on: ${toHex(serialNumber)}`)
  }
  return serialNumber
}

function requireAlgorithm(reader: DerReader): void {
  if (!equalBytes(reader.element(SEQUENCE, 'the algorithm'), ED25519_ALGORITHM)) {
    throw refused('algorithm', 'its signature algorithm is not Ed25519 without parameters')
  }
}

/** Reads a Name that consists of one common name, in UTF-8. Whether that is a legal one, its content tells. */
function readName(reader: DerReader, what: string): string {
  const name = reader.enter(SEQUENCE, what)
  const part = reader.enter(SET, what)
  const attribute = reader.enter(SEQUENCE, what)
  if (!equalBytes(reader.content(OBJECT_IDENTIFIER, what), COMMON_NAME_IDENTIFIER)) {
    throw refused('common-name', `${what} does not begin with a common name`)
  }
  const text = fromUtf8(reader.content(UTF8_STRING, what))
  if (text === undefined) throw refused('common-name', `${what} is not valid UTF-8`)
  reader.leave(attribute, what)
  reader.leave(part, what)
  reader.leave(name, what)
  return text
}

function readValidity(reader: DerReader): { notBefore: number; notAfter: number } {
  const validity = reader.enter(SEQUENCE, 'the validity')
  const notBefore = readTime(reader, 'the beginning of the validity')
  const notAfter = readTime(reader, 'the end of the validity')
  reader.leave(validity, 'the validity')
  if (notBefore > notAfter) throw refused('validity', 'its validity ends before it begins')
  return { notBefore, notAfter }
}

function readPublicKey(reader: DerReader): Uint8Array {
  const publicKey = publicKeyOfInfo(reader.element(SEQUENCE, 'the public key'))
  if (publicKey === undefined) throw refused('public-key', 'its public key is not one of Ed25519')
  for (const number of [1, 2]) {
    if (reader.isNext(contextPrimitive(number)) || reader.isNext(contextConstructed(number))) {
      throw refused('unique-identifier', 'it has a unique identifier, which is not used')
    }
  }
  return publicKey
}

function readSignature(reader: DerReader): Uint8Array {
  const bits = reader.content(BIT_STRING, 'the signature')
  // The first byte tells how many bits at the end do not count.
  if (bits.length !== 1 + SIGNATURE_LENGTH || bits[0] !== 0) {
    throw refused('signature-form', `its signature does not have ${SIGNATURE_LENGTH} bytes`)
  }
  return bits.subarray(1)
}
