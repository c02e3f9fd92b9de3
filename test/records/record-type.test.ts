import { expect, test } from 'vitest'
import {
  isEphemeral,
  isRecordType,
  isReserved,
  LONGEST_RECORD_TYPE,
  requireRecordType,
} from '../../src/records/record-type.ts'
import { PeerageError } from '../../src/runtime/peerage-error.ts'

test('G-045: a type has 1 to 64 bytes of UTF-8', () => {
  for (const type of ['a', 'chat.message', '~a', 'a'.repeat(64), 'é'.repeat(32), '🐎'.repeat(16), ' ']) {
    expect(requireRecordType(type)).toBe(type)
  }
  for (const type of ['', '~', 'a'.repeat(65), 'é'.repeat(33), `${'🐎'.repeat(16)}a`, 'a\0b', '\udc00']) {
    expect(isRecordType(type)).toBe(false)
    expect(() => requireRecordType(type)).toThrow(
      new PeerageError('invalid-record-type', { type, limit: LONGEST_RECORD_TYPE }),
    )
  }
})

test.each([
  ['peerage.graph', true],
  ['peerage.', true],
  ['~peerage.presence', true],
  ['peerage', false],
  ['Peerage.graph', false],
  ['chat.peerage.', false],
  ['~~peerage.', false],
  ['~chat', false],
])('G-047: whether "%s" is reserved: %s', (type, reserved) => {
  expect(isReserved(type)).toBe(reserved)
})

test.each([
  ['~typing', true],
  ['~peerage.presence', true],
  ['typing', false],
  ['typing~', false],
  ['peerage.~', false],
])('G-149: whether "%s" is ephemeral: %s', (type, ephemeral) => {
  expect(isEphemeral(type)).toBe(ephemeral)
})
