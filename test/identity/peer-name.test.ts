import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { authorityBytes, authorityOf, subjectPublicKeyInfo } from '../../src/identity/authority.ts'
import {
  authorityPart,
  classifierPart,
  isSecured,
  LONGEST_CLASSIFIER,
  LONGEST_PEER_NAME,
  makePeerName,
  parsePeerName,
  requireSecured,
} from '../../src/identity/peer-name.ts'
import { platformCrypto } from '../../src/nodejs/crypto/crypto.ts'
import { fromHex } from '../../src/runtime/bytes.ts'
import { AUTHORITY, anyPeerName, nameVectors } from './peer-name-samples.ts'

const crypto = platformCrypto()

describe('peer names', () => {
  test('I-13, N-01: a name is split at the first dot, so that a classifier may hold dots', () => {
    const name = parsePeerName('0.JohnDoe.Games')
    expect(authorityPart(name)).toBe('0')
    expect(classifierPart(name)).toBe('JohnDoe.Games')
    expect(makePeerName('0', 'JohnDoe.Games')).toBe(name)
  })

  test.each(nameVectors.names)('I-13, N-01: $name is a peer name and stays exactly as it is', ({ name }) => {
    const parsed: string = parsePeerName(name)
    expect(parsed).toBe(name)
  })

  test.each(nameVectors.invalidNames)('I-13, I-14, N-01, N-02, N-03: $name is refused as $code', ({ name, code }) => {
    expect(() => parsePeerName(name)).toThrowError(expect.objectContaining({ code }))
  })

  test('I-13, N-01: the fault of an authority is named', () => {
    expect(() => parsePeerName('nodot')).toThrowError(/no dot/)
    expect(() => parsePeerName(`${AUTHORITY.toUpperCase()}.a`)).toThrowError(/upper-case/)
    expect(() => parsePeerName(`${AUTHORITY.slice(1)}.a`)).toThrowError(/39 digits/)
    expect(() => parsePeerName(`${AUTHORITY}0.a`)).toThrowError(/41 digits/)
    expect(() => parsePeerName('peer.a')).toThrowError(/neither '0' nor 40 hexadecimal digits/)
  })

  test('I-14, N-02: 149 code units are allowed and 150 are not, whatever characters they make', () => {
    for (const unit of ['x', 'é', '\u{1F600}']) {
      const longest = unit.repeat(Math.floor(LONGEST_CLASSIFIER / unit.length))
      const fill = 'x'.repeat(LONGEST_CLASSIFIER - longest.length)
      expect(classifierPart(makePeerName('0', longest + fill))).toHaveLength(149)
      expect(() => makePeerName('0', `${longest}${fill}x`)).toThrowError(
        expect.objectContaining({ code: 'classifier-too-long', details: { length: 150, limit: 149 } }),
      )
    }
  })

  test('I-14, N-03: an empty classifier is legal after a secured authority only', () => {
    expect(classifierPart(makePeerName(AUTHORITY, ''))).toBe('')
    expect(() => makePeerName('0', '')).toThrowError(expect.objectContaining({ code: 'invalid-classifier' }))
  })

  test('I-13, N-02: names are compared by code unit: case and normalization make another name', () => {
    expect(parsePeerName('0.a')).not.toBe(parsePeerName('0.A'))
    expect(parsePeerName('0.\u00e9')).not.toBe(parsePeerName('0.e\u0301'))
    expect(parsePeerName('0. a ')).toBe('0. a ')
  })

  test('I-16: the longest legal name has 190 code units', () => {
    const longest = makePeerName(AUTHORITY, 'x'.repeat(LONGEST_CLASSIFIER))
    expect(longest).toHaveLength(LONGEST_PEER_NAME)
    expect(parsePeerName(longest)).toBe(longest)
  })

  test('I-18: an unsecured name is refused where a secured one is needed', () => {
    const secured = makePeerName(AUTHORITY, 'a')
    expect(requireSecured(secured)).toBe(secured)
    expect(isSecured(parsePeerName('0.a'))).toBe(false)
    expect(() => requireSecured(parsePeerName('0.a'))).toThrowError(
      expect.objectContaining({ code: 'unsecured-peer-name', details: { value: '0.a' } }),
    )
  })

  test('I-13: every legal name survives its text form', () => {
    fc.assert(
      fc.property(anyPeerName, (name) => {
        expect(makePeerName(authorityPart(name), classifierPart(name))).toBe(name)
        expect(parsePeerName(name)).toBe(name)
      }),
    )
  })

  test('I-13, I-14: any text is a legal name, or is refused with one of three codes', () => {
    const codes = ['invalid-peer-name', 'invalid-classifier', 'classifier-too-long']
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
        try {
          const parsed: string = parsePeerName(text)
          expect(parsed).toBe(text)
        } catch (error) {
          expect(codes).toContain((error as { code: string }).code)
        }
      }),
    )
  })
})

describe('authorities', () => {
  test.each(nameVectors.authorities)('I-15, N-04: key $publicKey has authority $authority', (vector) => {
    const publicKey = fromHex(vector.publicKey) ?? new Uint8Array()
    expect(authorityOf(crypto, publicKey)).toBe(vector.authority)
    expect(authorityBytes(vector.authority)).toEqual(fromHex(vector.authority))
  })

  test('I-15: what is hashed is the SubjectPublicKeyInfo of RFC 8410, and a key of another length is a mistake', () => {
    expect(subjectPublicKeyInfo(new Uint8Array(32))).toHaveLength(44)
    expect(() => subjectPublicKeyInfo(new Uint8Array(31))).toThrowError(RangeError)
    expect(() => authorityBytes('0')).toThrowError(TypeError)
  })
})
