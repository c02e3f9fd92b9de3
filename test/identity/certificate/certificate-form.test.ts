import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type CertificateContent, LONGEST_CERTIFICATE } from '../../../src/identity/certificate/certificate.ts'
import { readCertificate } from '../../../src/identity/certificate/certificate-reader.ts'
import { verifyCertificate } from '../../../src/identity/certificate/certificate-verification.ts'
import {
  encodeCertificate,
  encodeSignedPart,
  issueCertificate,
  newSerialNumber,
} from '../../../src/identity/certificate/certificate-writer.ts'
import { makePeerName } from '../../../src/identity/peer-name.ts'
import { toHex } from '../../../src/runtime/bytes.ts'
import { crypto, random } from '../platform.ts'
import { anyContent } from './any-certificate.ts'
import { ann, contents, issuers, NOW, nameOf, refusalOf, sampleKinds, samples } from './certificate-samples.ts'

/** Whether the bytes are a certificate that this key signed. Any error but a refusal is the test's. */
function isAccepted(bytes: Uint8Array, issuerKey: Uint8Array): boolean {
  const { problem } = refusalOf(() => verifyCertificate(crypto, readCertificate(bytes), issuerKey))
  return problem === 'none'
}

describe('one form', () => {
  test('I-32: what any certificate says is read back, and written again gives the same bytes', () => {
    fc.assert(
      fc.property(anyContent, (content) => {
        const certificate = issueCertificate(crypto, content, ann.secretKey)
        expect(certificate).toMatchObject(content)
        expect(encodeSignedPart(certificate)).toEqual(certificate.signedPart)
        expect(encodeCertificate(certificate.signedPart, certificate.signature)).toEqual(certificate.der)
        expect(crypto.verify(certificate.signature, certificate.signedPart, ann.publicKey)).toBe(true)
      }),
      { numRuns: 500 },
    )
  })

  test.each(sampleKinds)('I-32: no %s certificate with one byte changed is accepted', (kind) => {
    const { der } = samples[kind]
    const { publicKey } = issuers[kind]
    expect(isAccepted(der, publicKey)).toBe(true)
    for (let index = 0; index < der.length; index++) {
      for (const flipped of [0x01, 0x80, 0x24, 0xff]) {
        const changed = Uint8Array.from(der)
        changed[index] = (changed[index] ?? 0) ^ flipped
        expect(isAccepted(changed, publicKey)).toBe(false)
      }
    }
  })

  test('I-28, I-32: of random changes, cuts and insertions none is accepted, and none does more than be refused', () => {
    const change = fc.record({ place: fc.nat(), removed: fc.nat(3), inserted: fc.uint8Array({ maxLength: 3 }) })
    fc.assert(
      fc.property(
        fc.constantFrom(...sampleKinds),
        fc.array(change, { minLength: 1, maxLength: 3 }),
        (kind, changes) => {
          let bytes = samples[kind].der
          for (const { place, removed, inserted } of changes) {
            const at = place % (bytes.length + 1)
            bytes = Uint8Array.of(...bytes.subarray(0, at), ...inserted, ...bytes.subarray(at + removed))
          }
          const isSame = toHex(bytes) === toHex(samples[kind].der)
          expect(isAccepted(bytes, issuers[kind].publicKey)).toBe(isSame)
        },
      ),
      { numRuns: 3000 },
    )
  })

  test('I-32: whatever is read, signed or not, is written again as it was', () => {
    const mutation = fc.tuple(fc.nat(), fc.nat(255))
    fc.assert(
      fc.property(fc.constantFrom(...sampleKinds), fc.array(mutation, { minLength: 1, maxLength: 3 }), (kind, list) => {
        const bytes = Uint8Array.from(samples[kind].der)
        for (const [place, value] of list) bytes[place % bytes.length] = value
        refusalOf(() => {
          const certificate = readCertificate(bytes)
          const again = encodeCertificate(encodeSignedPart(certificate), certificate.signature)
          expect(toHex(again)).toBe(toHex(bytes))
        })
      }),
      { numRuns: 5000 },
    )
  })

  test.each(sampleKinds)('I-28: a %s certificate that is cut short anywhere is refused as that', (kind) => {
    const { der } = samples[kind]
    for (let length = 0; length < der.length; length++) {
      expect(refusalOf(() => readCertificate(der.subarray(0, length))).problem).toBe('encoding')
    }
  })

  test('I-28: random bytes are refused', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(refusalOf(() => readCertificate(bytes)).problem).toBe('encoding')
      }),
      { numRuns: 1000 },
    )
  })

  test('a certificate that was read does not change with the bytes that it was read from', () => {
    const bytes = Uint8Array.from(samples.link.der)
    const certificate = readCertificate(bytes)
    bytes.fill(0)
    expect(certificate).toEqual(samples.link)
  })
})

describe('limits', () => {
  const wide = '\u4e2d'
  const longest = {
    ...contents.groupMembership,
    subject: wide.repeat(255),
    issuer: wide.repeat(255),
    publicKey: ann.publicKey,
    peerName: nameOf(ann, wide.repeat(149)),
    issuerPeerName: nameOf(ann, wide.repeat(149)),
    groupPeerName: nameOf(ann, wide.repeat(149)),
    roles: ['administrator', 'inviting-member', 'member'],
    classifiers: Array.from({ length: 8 }, (_, index) => `${index}${wide.repeat(148)}`),
    hasFlags: true,
  } as const satisfies CertificateContent

  test('I-16, I-28: the longest certificate of the profile is within the limit of bytes', () => {
    const { der } = issueCertificate(crypto, longest, ann.secretKey)
    expect(der.length).toBeLessThanOrEqual(LONGEST_CERTIFICATE)
    expect(der.length).toBeGreaterThan(LONGEST_CERTIFICATE / 2)
  })

  test('I-28: more bytes than that are refused before anything is read', () => {
    const bytes = new Uint8Array(LONGEST_CERTIFICATE + 1).fill(0x30)
    expect(refusalOf(() => readCertificate(bytes))).toEqual({
      problem: 'too-long',
      detail: 'it has 8193 bytes, and at most 8192 are allowed',
    })
  })

  test('nothing is issued that would be refused', () => {
    const issue = (changes: Partial<typeof contents.groupMembership> | object): string =>
      refusalOf(() => issueCertificate(crypto, { ...contents.groupMembership, ...changes }, ann.secretKey)).problem
    expect(issue({})).toBe('none')
    expect(issue({ serialNumber: new Uint8Array(16) })).toBe('serial-number')
    expect(issue({ serialNumber: new Uint8Array(15).fill(1) })).toBe('serial-number')
    expect(issue({ subject: '' })).toBe('common-name')
    expect(issue({ subject: 'x'.repeat(256) })).toBe('common-name')
    expect(issue({ notAfter: NOW - 1000 })).toBe('validity')
    expect(issue({ roles: [] })).toBe('roles')
    expect(issue({ roles: ['member', 'administrator'] })).toBe('roles')
    expect(issue({ classifiers: ['a', 'a'] })).toBe('classifiers')
    expect(issue({ classifiers: 'abcdefghi'.split('') })).toBe('classifiers')
    expect(issue({ unknownExtensions: [{ identifier: Uint8Array.of(0x2a), value: new Uint8Array() }] })).toBe('none')
  })

  test('I-18: no unsecured name is the subject or the issuer of a certificate, or its group', () => {
    const unsecured = makePeerName('0', 'Ann')
    for (const field of ['peerName', 'issuerPeerName', 'groupPeerName']) {
      expect(() =>
        issueCertificate(crypto, { ...contents.groupMembership, [field]: unsecured }, ann.secretKey),
      ).toThrowError(expect.objectContaining({ code: 'unsecured-peer-name' }))
    }
  })
})

describe('serial numbers', () => {
  test('I-20: are 16 random bytes, the first from 01 to 7f', () => {
    const serialNumbers = Array.from({ length: 2000 }, () => newSerialNumber(random))
    for (const serialNumber of serialNumbers) {
      expect(serialNumber).toHaveLength(16)
      expect(serialNumber[0]).toBeGreaterThanOrEqual(1)
      expect(serialNumber[0]).toBeLessThanOrEqual(0x7f)
    }
    expect(new Set(serialNumbers.map(toHex)).size).toBe(2000)
    // Every first byte that is allowed occurs, so none was cut down to a smaller range.
    expect(new Set(serialNumbers.map(([first]) => first)).size).toBe(127)
  })

  test('I-20: a first byte that would not do is drawn again', () => {
    const drawn = [[0, 1], [0x80], [0xff], [0x7f]]
    const bytes = newSerialNumber({
      fill: (target) => {
        target.fill(9)
        target.set(drawn.shift() ?? [])
      },
      uint32: () => 0,
    })
    expect(toHex(bytes)).toBe(`7f01${'09'.repeat(14)}`)
  })
})
