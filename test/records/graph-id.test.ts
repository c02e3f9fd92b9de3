import fc from 'fast-check'
import { expect, test } from 'vitest'
import { drawGraphId, graphKeys, LONGEST_GRAPH_ID, parseGraphId } from '../../src/records/graph-id.ts'
import { toHex, toUtf8 } from '../../src/runtime/bytes.ts'
import { PeerageError } from '../../src/runtime/peerage-error.ts'
import { crypto, random } from '../identity/platform.ts'

test('G-002: a graph ID has 1 to 255 UTF-16 code units', () => {
  for (const id of ['a', ' ', 'a'.repeat(255), 'é'.repeat(255), '🐎'.repeat(127)]) expect(parseGraphId(id)).toBe(id)
  for (const id of ['', 'a'.repeat(256), '🐎'.repeat(128), 'a\0', '\ud800']) {
    expect(() => parseGraphId(id)).toThrow(
      new PeerageError('invalid-graph-id', { length: id.length, limit: LONGEST_GRAPH_ID }),
    )
  }
})

test('an error names neither the ID nor a part of it', () => {
  const secret = 'correct horse battery staple'.repeat(10)
  try {
    parseGraphId(secret)
    expect.unreachable()
  } catch (error) {
    expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toContain('horse')
  }
})

test('a drawn ID has 128 random bits', () => {
  const drawn = new Set(Array.from({ length: 100 }, () => drawGraphId(random)))
  expect(drawn.size).toBe(100)
  for (const id of drawn) expect(id).toMatch(/^[0-9a-f]{32}$/)
})

test('what is derived differs for any two IDs, and shows no part of them', () => {
  const anyId = fc.string({ unit: 'binary', minLength: 1, maxLength: 20 }).filter((id) => !id.includes('\0'))
  fc.assert(
    fc.property(anyId, anyId, (one, other) => {
      const [keys, others] = [graphKeys(crypto, parseGraphId(one)), graphKeys(crypto, parseGraphId(other))]
      expect(keys.secret).toEqual(toUtf8(one))
      expect(keys.label).toBe(toHex(keys.tag))
      expect(keys.label === others.label).toBe(one === other)
      expect(toHex(keys.recordKey) === toHex(others.recordKey)).toBe(one === other)
      expect(toHex(keys.recordKey)).not.toContain(keys.label)
    }),
  )
})
