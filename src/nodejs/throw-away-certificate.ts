/**
 * The key and certificate that this process shows in TLS handshakes.
 *
 * TLS wants a certificate from whoever is dialled, and whoever dials sees it before having proven
 * anything. So it says nothing: the key is made anew for each process, the names in it are random, the
 * validity is all of time. Nobody checks it; who is at the other end is proven inside the stream
 * (DESIGN section 7). It has the oldest form of X.509, version 1, because it has no extensions.
 */
import { generateKeyPairSync, randomBytes, sign } from 'node:crypto'
import { BIT_STRING, GENERALIZED_TIME, INTEGER, SEQUENCE, SET, UTF8_STRING } from '../identity/der-tags.ts'
import { derElement, derObjectIdentifier } from '../identity/der-writer.ts'
import { objectIdentifier } from '../identity/object-identifier.ts'
import { encodePem } from '../identity/pem.ts'
import { toUtf8 } from '../runtime/bytes.ts'

/** A private key and its self-signed certificate, both in PEM. */
export interface ThrowAwayCertificate {
  readonly key: string
  readonly cert: string
}

const ED25519 = derElement(SEQUENCE, derObjectIdentifier(objectIdentifier('1.3.101.112')))
const COMMON_NAME = derObjectIdentifier(objectIdentifier('2.5.4.3'))
const SERIAL_LENGTH = 16
const ALL_OF_TIME = derElement(
  SEQUENCE,
  derElement(GENERALIZED_TIME, toUtf8('19700101000000Z')),
  derElement(GENERALIZED_TIME, toUtf8('99991231235959Z')),
)

/** Makes a new one. */
export function throwAwayCertificate(): ThrowAwayCertificate {
  // Ed25519 rather than P-256: a handshake takes the same time, and the certificate is shorter.
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  const serial = randomBytes(SERIAL_LENGTH)
  // Positive, and without a leading zero.
  serial[0] = 0x40 | ((serial[0] ?? 0) & 0x3f)
  const commonName = derElement(UTF8_STRING, toUtf8(randomBytes(SERIAL_LENGTH).toString('hex')))
  const name = derElement(SEQUENCE, derElement(SET, derElement(SEQUENCE, COMMON_NAME, commonName)))
  const toBeSigned = derElement(
    SEQUENCE,
    derElement(INTEGER, serial),
    ED25519,
    name,
    ALL_OF_TIME,
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
  )
  const signature = derElement(BIT_STRING, Uint8Array.of(0), sign(null, toBeSigned, privateKey))
  const cert = encodePem('CERTIFICATE', derElement(SEQUENCE, toBeSigned, ED25519, signature))
  return { key: encodePem('PRIVATE KEY', privateKey.export({ type: 'pkcs8', format: 'der' })), cert }
}
