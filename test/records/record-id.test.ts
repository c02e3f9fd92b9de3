import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseRecordId, recordIdBytes, recordIdFromBytes, recordIdOf } from '../../src/records/record-id.ts'
import { toHex } from '../../src/runtime/bytes.ts'
import { PeerageError } from '../../src/runtime/peerage-error.ts'
import { crypto } from '../identity/platform.ts'
import { hex, keys, recordVectors } from './record-vectors.ts'

test('G-046: an ID is made of the graph and the end of the header', () => {
  for (const { record, header } of recordVectors.records) {
    const identityLength = 32 + 1 + record.type.length + 6 + 16
    const identity = hex(header).subarray(-identityLength)
    expect(toHex(identity.subarray(0, 32))).toBe(recordVectors.authors[record.creator].publicKey)
    expect(recordIdOf(crypto, keys, identity)).toBe(record.id)
    expect(recordIdOf(crypto, { ...keys, recordKey: new Uint8Array(32) }, identity)).not.toBe(record.id)
  }
})

test('G-045: an ID has 16 bytes, and as a text 32 digits', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), (bytes) => {
      const id = recordIdFromBytes(bytes)
      expect(recordIdBytes(id)).toEqual(bytes)
      expect(parseRecordId(id)).toBe(id)
    }),
  )
  for (const length of [0, 15, 17]) expect(() => recordIdFromBytes(new Uint8Array(length))).toThrow(RangeError)
})

test.each(['', '0'.repeat(31), '0'.repeat(33), 'A'.repeat(32), `${'0'.repeat(31)}g`, `${'0'.repeat(32)}\n`])(
  'the text %j names no record',
  (text) => {
    expect(() => parseRecordId(text)).toThrow(
      new PeerageError('invalid-argument', { name: 'id', value: text, expected: '32 digits 0-9 a-f' }),
    )
  },
)
