import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  compareBytes,
  concatBytes,
  equalBytes,
  equalSecrets,
  fromBase64,
  fromHex,
  fromUtf8,
  toBase64,
  toHex,
  toUtf8,
} from '../../src/runtime/bytes.ts'

const bytes = fc.uint8Array({ maxLength: 40 })

describe('byte strings', () => {
  test('joining keeps all parts in order', () => {
    fc.assert(
      fc.property(fc.array(bytes, { maxLength: 5 }), (parts) => {
        expect([...concatBytes(...parts)]).toEqual(parts.flatMap((part) => [...part]))
      }),
    )
  })

  test('both comparisons say equal for the same bytes and for no others', () => {
    fc.assert(
      fc.property(bytes, bytes, (one, other) => {
        const same = Buffer.compare(one, other) === 0
        expect(equalBytes(one, other)).toBe(same)
        expect(equalSecrets(one, other)).toBe(same)
        expect(equalBytes(one, Uint8Array.from(one))).toBe(true)
        expect(equalSecrets(one, Uint8Array.from(one))).toBe(true)
        expect(Math.sign(compareBytes(one, other))).toBe(Buffer.compare(one, other))
      }),
    )
  })

  test('hexadecimal and base64 are those of everybody, and are read back', () => {
    fc.assert(
      fc.property(bytes, (content) => {
        expect(toHex(content)).toBe(Buffer.from(content).toString('hex'))
        expect(fromHex(toHex(content).toUpperCase())).toEqual(content)
        expect(toBase64(content)).toBe(Buffer.from(content).toString('base64'))
        expect(fromBase64(toBase64(content))).toEqual(content)
      }),
    )
  })

  test('whatever is not hexadecimal, base64 or UTF-8 gives nothing', () => {
    for (const text of ['0', '0g', 'é0', ' 00']) expect(fromHex(text)).toBeUndefined()
    for (const text of ['A', 'AA', 'AAA', 'A===', 'AB==', 'AAB=', '====', '=', 'AA==AAAA', 'AA A', 'AA-_', 'ééé=']) {
      expect(fromBase64(text)).toBeUndefined()
    }
    for (const content of [[0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xe2, 0x82], [0xff]]) {
      expect(fromUtf8(Uint8Array.from(content))).toBeUndefined()
    }
  })

  test('base64 that is read is written again as it was', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'ABab01+/='), maxLength: 12 }), (text) => {
        const content = fromBase64(text)
        if (content !== undefined) expect(toBase64(content)).toBe(text)
      }),
      { numRuns: 2000 },
    )
  })

  test('text goes through UTF-8 unchanged, byte order marks too, and an unpaired surrogate is an error', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 40 }), (text) => {
        expect(fromUtf8(toUtf8(text))).toBe(text)
      }),
    )
    expect(fromUtf8(toUtf8('\uFEFFa\0'))).toBe('\uFEFFa\0')
    expect(() => toUtf8('a\uD800')).toThrow(TypeError)
  })
})
