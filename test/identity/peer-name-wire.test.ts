import fc from 'fast-check'
import { expect, test } from 'vitest'
import { LONGEST_PEER_NAME, makePeerName } from '../../src/identity/peer-name.ts'
import { LONGEST_PEER_NAME_UTF8, readPeerName, writePeerName } from '../../src/identity/peer-name-wire.ts'
import { WireReader } from '../../src/wire/wire-reader.ts'
import { WireWriter } from '../../src/wire/wire-writer.ts'
import { AUTHORITY, anyPeerName, nameVectors } from './peer-name-samples.ts'

const LIMIT = 2 + LONGEST_PEER_NAME_UTF8

test('I-13, I-16: every legal name survives the wire', () => {
  fc.assert(
    fc.property(anyPeerName, (name) => {
      const writer = new WireWriter(LIMIT)
      writePeerName(writer, name)
      const reader = new WireReader(writer.view(), 'test')
      expect(readPeerName(reader)).toBe(name)
      reader.finish()
    }),
    { numRuns: 1000 },
  )
})

test('I-16: the longest name fits, and takes all of the limit', () => {
  const name = makePeerName(AUTHORITY, '\u4e2d'.repeat(149))
  expect(name).toHaveLength(LONGEST_PEER_NAME)
  const writer = new WireWriter(LIMIT)
  writePeerName(writer, name)
  expect(writer.length).toBe(LIMIT)
  expect(readPeerName(new WireReader(writer.view(), 'test'))).toBe(name)
})

test.each(nameVectors.invalidNames)('I-13, I-14: $name is refused on the wire, too', ({ name }) => {
  // An unpaired surrogate has no form on the wire in the first place.
  if (!name.isWellFormed()) return
  const writer = new WireWriter(2000)
  writer.text(name, 1998)
  expect(() => readPeerName(new WireReader(writer.view(), 'test'))).toThrowError(
    expect.objectContaining({ code: 'malformed' }),
  )
})
