/** Our certificates as `openssl` sees them. */
import { describe, expect, test } from 'vitest'
import { authorityOf, subjectPublicKeyInfo } from '../../../src/identity/authority.ts'
import type { Certificate, CertificateContent } from '../../../src/identity/certificate/certificate.ts'
import { issueCertificate, newSerialNumber } from '../../../src/identity/certificate/certificate-writer.ts'
import { CERTIFICATE_LABEL } from '../../../src/identity/certificate/identity-certificate.ts'
import { DER_TRUE } from '../../../src/identity/der-writer.ts'
import { objectIdentifier } from '../../../src/identity/object-identifier.ts'
import { encodePem } from '../../../src/identity/pem.ts'
import type { Role } from '../../../src/identity/role.ts'
import { openssl, opensslOutput } from '../openssl.ts'
import { crypto, random } from '../platform.ts'
import {
  altered,
  bob,
  contents,
  group,
  inOrder,
  keyPairOf,
  NOW,
  nameOf,
  type SampleKind,
  sampleKinds,
  samples,
  YEAR,
} from './certificate-samples.ts'

const pem = (der: Uint8Array): string => encodePem(CERTIFICATE_LABEL, der)
/** The moment of the samples, for `-attime`. */
const AT = String(NOW / 1000 + 3600)

/** The certificates above each sample. */
const chains: Readonly<Record<SampleKind, readonly Certificate[]>> = {
  identity: [samples.identity],
  groupRoot: [samples.groupRoot],
  groupMembership: [samples.groupRoot, samples.groupMembership],
  link: [samples.groupRoot, samples.groupMembership, samples.link],
}

/** Whether `openssl verify` accepts the last certificate of a chain with the first as the only trusted one. */
function verified(
  chain: readonly Pick<Certificate, 'der'>[],
  ...options: readonly string[]
): { accepted: boolean; errors: string } {
  const [root, ...rest] = chain.map(({ der }) => pem(der))
  const files = { root: root ?? '', between: rest.slice(0, -1).join(''), last: rest.at(-1) ?? root ?? '' }
  const between = rest.length > 1 ? ['-untrusted', 'between'] : []
  return openssl(['verify', '-attime', AT, ...options, '-CAfile', 'root', ...between, 'last'], files)
}

const print = (der: Uint8Array, ...options: readonly string[]): string =>
  opensslOutput(['x509', '-in', 'certificate', '-noout', ...options], { certificate: pem(der) })

describe('openssl verify', () => {
  test.each(sampleKinds)('I-24, I-26, P-005: accepts a %s certificate, in strict mode too', (kind) => {
    expect(verified(chains[kind])).toMatchObject({ accepted: true })
    expect(verified(chains[kind], '-x509_strict')).toMatchObject({ accepted: true })
  })

  test.each(sampleKinds)('I-25: refuses a %s certificate for either side of TLS', (kind) => {
    for (const purpose of ['sslserver', 'sslclient']) {
      const { accepted, errors } = verified(chains[kind], '-purpose', purpose)
      expect(accepted).toBe(false)
      expect(errors).toMatch(/error 26 .*unsuitable certificate purpose|error 79 .*invalid CA certificate/)
    }
  })

  test('I-24: would refuse one of our extensions if it were critical, as it says in error 34', () => {
    const unknown = { identifier: objectIdentifier('1.3.6.1.4.1.311.44.3.99'), critical: DER_TRUE, value: DER_TRUE }
    const der = altered('identity', {}, (given) => inOrder([...given, unknown]))
    const { accepted, errors } = verified([{ der }])
    expect(accepted).toBe(false)
    expect(errors).toContain('error 34')
  })

  test('P-005: accepts a chain of 25 in which all members share one friendly name', () => {
    const chain = longestChain('Ann')
    expect(chain).toHaveLength(25)
    expect(verified(chain, '-x509_strict')).toMatchObject({ accepted: true })
    expect(verified(chain.toSpliced(7, 1))).toMatchObject({ accepted: false })
  })
})

describe('openssl x509', () => {
  test('I-19, I-20: prints version, serial number, algorithm and key', () => {
    const text = print(samples.identity.der, '-text')
    expect(text).toContain('Version: 3 (0x2)')
    expect(text).toContain(Array(16).fill('11').join(':'))
    expect(text.match(/Signature Algorithm: ED25519/g)).toHaveLength(2)
    expect(text).toContain('Public Key Algorithm: ED25519')
    expect(text).not.toContain('Unique ID')
    expect(print(samples.identity.der, '-pubkey')).toBe(
      encodePem('PUBLIC KEY', subjectPublicKeyInfo(samples.identity.publicKey)),
    )
  })

  test('I-21: prints friendly names in any script', () => {
    const content = { ...contents.identity, subject: 'Änn 🐎', issuer: 'Änn 🐎' }
    const { der } = issueCertificate(crypto, content, keyPairOf(1).secretKey)
    const name = print(der, '-subject', '-issuer', '-nameopt', 'utf8,-esc_msb')
    expect(name.replaceAll(' = ', '=')).toBe('subject=CN=Änn 🐎\nissuer=CN=Änn 🐎\n')
  })

  test('I-22: prints the peer name, and the host name of an IDC', () => {
    const { peerName } = samples.identity
    const authority = authorityOf(crypto, keyPairOf(1).publicKey)
    expect(print(samples.identity.der, '-ext', 'subjectAltName')).toContain(
      `othername: 1.3.6.1.4.1.311.44.0.2::${peerName}, DNS:a-nn.p${authority}.peerage.alt`,
    )
    expect(print(samples.groupMembership.der, '-ext', 'issuerAltName,subjectAltName')).not.toContain('DNS:')
  })

  test('I-23, I-25: prints type, version and what the key is for', () => {
    const text = print(samples.link.der, '-text')
    for (const extension of ['44.0.1', '44.0.4', '44.3.1', '44.3.3', '44.3.5']) {
      expect(text).toContain(`1.3.6.1.4.1.311.${extension}: \n`)
    }
    expect(print(samples.link.der, '-ext', 'extendedKeyUsage')).toMatch(/Usage: \n +1\.3\.6\.1\.4\.1\.311\.44\.3\.4\n$/)
    expect(print(samples.link.der, '-ext', 'keyUsage')).toMatch(/Usage: critical\n +Certificate Sign\n$/)
    expect(print(samples.groupRoot.der, '-ext', 'keyUsage')).toMatch(/Digital Signature, Certificate Sign\n$/)
    expect(print(samples.identity.der, '-ext', 'keyUsage')).toMatch(/critical\n +Digital Signature\n$/)
    expect(print(samples.identity.der, '-ext', 'basicConstraints')).toMatch(/critical\n +CA:FALSE\n$/)
    expect(print(samples.groupMembership.der, '-ext', 'basicConstraints')).toMatch(/critical\n +CA:TRUE\n$/)
  })

  test('prints when a link expires, and that its certificate does not', () => {
    const text = print(samples.link.der, '-text')
    expect(text).toContain('Not After: Nov 29 17:00:00 2026 GMT')
    expect(text).toContain('Not After : Nov 22 17:00:00 2027 GMT')
  })

  test.each([
    ['before 2050', Date.UTC(2049, 11, 31, 23, 59, 59), 'Dec 31 23:59:59 2049 GMT'],
    ['from 2050 on', Date.UTC(2050, 0, 1), 'Jan  1 00:00:00 2050 GMT'],
    ['in 1,000 years', Date.UTC(3026, 10, 22, 5), 'Nov 22 05:00:00 3026 GMT'],
    ['at the end of the calendar', Date.UTC(9999, 11, 31, 23, 59, 59), 'Dec 31 23:59:59 9999 GMT'],
  ])('I-19: prints an end %s right', (_when, notAfter, printed) => {
    const { der } = issueCertificate(crypto, { ...contents.groupRoot, notAfter }, group.secretKey)
    expect(print(der, '-dates')).toBe(`notBefore=Nov 22 17:00:00 2026 GMT\nnotAfter=${printed}\n`)
    expect(verified([{ der }])).toMatchObject({ accepted: true })
  })
})

/** A GRC and 24 GMCs, each issued by the one before it, all members with this friendly name. */
function longestChain(friendlyName: string): readonly Certificate[] {
  const chain: Certificate[] = [samples.groupRoot]
  let issuer = group
  let issuerPeerName = samples.groupRoot.peerName
  for (let depth = 1; depth <= 24; depth++) {
    const keyPair = depth === 1 ? bob : keyPairOf(100 + depth)
    const roles: readonly Role[] = [depth === 24 ? 'member' : 'administrator']
    const content: CertificateContent = {
      ...contents.groupMembership,
      serialNumber: newSerialNumber(random),
      subject: friendlyName,
      issuer: depth === 1 ? samples.groupRoot.subject : friendlyName,
      publicKey: keyPair.publicKey,
      peerName: nameOf(keyPair),
      issuerPeerName,
      roles,
      notAfter: NOW + 2 * YEAR,
    }
    chain.push(issueCertificate(crypto, content, issuer.secretKey))
    issuer = keyPair
    issuerPeerName = content.peerName
  }
  return chain
}
