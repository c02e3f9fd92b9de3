/** Records as bytes: what is read, and what is refused. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { authorName } from '../../src/records/author-name.ts'
import { graphKeys, parseGraphId } from '../../src/records/graph-id.ts'
import { readRecord, readStoredRecord } from '../../src/records/read-record.ts'
import type { GraphRecord } from '../../src/records/record.ts'
import { LONGEST_RECORD_ENCODING } from '../../src/records/record-format.ts'
import { formProblems, signatureProblems } from '../../src/records/record-problem.ts'
import { LARGEST_RECORD } from '../../src/records/record-size.ts'
import { verifyRecord } from '../../src/records/verify-record.ts'
import { concatBytes, equalBytes, toHex } from '../../src/runtime/bytes.ts'
import { WireWriter } from '../../src/wire/wire-writer.ts'
import { crypto } from '../identity/platform.ts'
import { anyRecord } from './any-record.ts'
import { authorCalled, hex, keys, recordCalled, recordFrom, recordVectors } from './record-vectors.ts'

/** What is wrong with these bytes, in form or signatures; undefined if nothing is. */
function problemOf(bytes: Uint8Array): string | undefined {
  const record = readRecord(crypto, keys, bytes)
  return typeof record === 'string' ? record : verifyRecord(crypto, keys, record)
}

/** Everything of a record but its bytes, with keys as they are in vectors. */
function described(record: GraphRecord): unknown {
  const { bytes: _, digest, nonce, payload, proofs, creator, modifier, ...others } = record
  const modifiedBy = modifier && { modifier: authorName(crypto, modifier) }
  const hexed = { nonce: toHex(nonce), payload: toHex(payload), proofs: toHex(proofs), digest: toHex(digest) }
  return { ...others, ...hexed, creator: authorName(crypto, creator), ...modifiedBy }
}

describe('docs/protocol/vectors/graph-records.json', () => {
  test('G-045: what is derived from the ID of the graph', () => {
    expect(toHex(keys.tag)).toBe(recordVectors.graph.tag)
    expect(toHex(keys.recordKey)).toBe(recordVectors.graph.recordKey)
  })

  test.each(recordVectors.records)('G-045, G-046, G-066, G-146, G-147: $what', ({ record, digest, bytes }) => {
    const { creator, modifier, ...others } = record
    const names = {
      creator: recordVectors.authors[creator].peerName,
      ...(modifier && { modifier: recordVectors.authors[modifier].peerName }),
    }
    const read = recordFrom(hex(bytes))
    expect(described(read)).toEqual({ ...others, ...names, digest })
    expect(read.bytes).toEqual(hex(bytes))
    expect(verifyRecord(crypto, keys, read)).toBeUndefined()
  })

  test.each(recordVectors.refused)('G-061, P-079, P-080, P-082: $what: $problem', ({ problem, bytes }) => {
    expect(problemOf(hex(bytes))).toBe(problem)
  })

  test('G-061: has every reason but size, which would be long', () => {
    const reasons = new Set<string>([...formProblems, ...signatureProblems])
    reasons.delete('too-large')
    expect(new Set(recordVectors.refused.map(({ problem }) => problem))).toEqual(reasons)
  })
})

describe('a record', () => {
  test('G-152: is kept with flags and fields that are not known, byte for byte', () => {
    const vectors = recordVectors.records.filter(({ fields, flags }) => (fields ?? flags) !== undefined)
    expect(vectors.length).toBeGreaterThan(1)
    for (const { bytes, digest, fields } of vectors) {
      const read = recordFrom(hex(bytes))
      expect(toHex(read.bytes)).toBe(bytes)
      const stored = readStoredRecord(read.id, read.digest, read.bytes)
      expect(stored).toEqual(read)
      expect(toHex(read.digest)).toBe(digest)
      for (const { content } of fields ?? []) expect(bytes).toContain(content)
    }
  })

  test('G-061: larger than any can be is refused unread', () => {
    expect(readRecord(crypto, keys, new Uint8Array(LONGEST_RECORD_ENCODING + 1))).toBe('too-large')
    expect(readRecord(crypto, keys, new Uint8Array(LONGEST_RECORD_ENCODING))).toBe('unknown-format')
  })

  test('G-061: of the largest size is read, and with one byte more it is too large', () => {
    const { bytes } = recordCalled('the shortest')
    // An empty payload, no attributes, proofs and fields, and the signature are the last 68 bytes.
    const [before, after] = [bytes.subarray(0, -68), bytes.subarray(-67)]
    for (const [length, problem] of [
      [LARGEST_RECORD, 'wrong-creator-signature'],
      [LARGEST_RECORD + 1, 'too-large'],
    ] as const) {
      const payload = new WireWriter(LARGEST_RECORD + 10)
      payload.byteString(new Uint8Array(length), length)
      expect(problemOf(concatBytes(before, payload.view(), after))).toBe(problem)
    }
  })

  test('G-061, P-080: of another graph is refused for that', () => {
    const other = graphKeys(crypto, parseGraphId('another graph'))
    expect(readRecord(crypto, other, recordCalled('the shortest').bytes)).toBe('wrong-graph')
  })

  test('has memory of its own, and no more than it needs', () => {
    const bytes = hex(recordVectors.records[1]?.bytes ?? '')
    const buffer = Buffer.from(concatBytes(new Uint8Array(1000), bytes, new Uint8Array(1000)))
    const read = recordFrom(buffer.subarray(1000, -1000))
    buffer.fill(0)
    expect(read).toEqual(recordFrom(bytes))
    for (const part of [read.bytes, read.payload, read.nonce, read.creator.publicKey, read.proofs]) {
      expect(part.buffer).toBe(read.bytes.buffer)
      expect(part.buffer.byteLength).toBe(bytes.length)
    }
  })

  test('has plain byte strings, whatever it was read from', () => {
    const { id, digest, bytes } = recordCalled('JSON with proofs')
    for (const read of [
      readRecord(crypto, keys, Buffer.from(bytes)),
      readStoredRecord(id, digest, Buffer.from(bytes)),
    ]) {
      if (typeof read === 'string') throw new Error(read)
      for (const part of [read.bytes, read.payload, read.nonce, read.creator.publicKey, read.proofs]) {
        expect(Object.getPrototypeOf(part)).toBe(Uint8Array.prototype)
      }
    }
  })

  test('that was stored is read without its graph, and refused if it is damaged', () => {
    const { id, digest, bytes } = recordCalled('JSON with proofs')
    expect(readStoredRecord(id, digest, bytes)).toEqual(recordCalled('JSON with proofs'))
    expect(readStoredRecord(id, digest, bytes.subarray(1))).toBe('unknown-format')
    expect(readStoredRecord(id, digest, bytes.subarray(0, -1))).toBe('malformed')
    expect(readStoredRecord(id, digest, new Uint8Array())).toBe('malformed')
    expect(readStoredRecord(id, digest, new Uint8Array(LONGEST_RECORD_ENCODING + 1))).toBe('too-large')
  })

  test('G-045: that was made is read back, with good signatures', () => {
    fc.assert(
      fc.property(anyRecord, (record) => {
        expect(readRecord(crypto, keys, new Uint8Array(record.bytes))).toEqual(record)
        expect(verifyRecord(crypto, keys, record)).toBeUndefined()
      }),
      { numRuns: 200 },
    )
  })

  test('G-046, P-079: with any other header has another ID, and no good signature', () => {
    const { bytes, id } = recordCalled('JSON with proofs')
    const { header, content } = recordVectors.records.find(({ what }) => what === 'JSON with proofs') ?? {
      header: '',
      content: '',
    }
    const headerLength = hex(header).length
    expect(headerLength + hex(content).length + 64).toBe(bytes.length)
    const identityStart = 1 + 8 + 1 + authorCalled('ann').classifier.length
    for (let place = identityStart; place < headerLength; place++) {
      const changed = new Uint8Array(bytes)
      changed[place] = (changed[place] ?? 0) ^ 0x01
      const read = readRecord(crypto, keys, changed)
      if (typeof read === 'string') continue
      expect(read.id).not.toBe(id)
      expect(verifyRecord(crypto, keys, read)).toBe('wrong-creator-signature')
    }
  })
})

describe('bytes of strangers', () => {
  test('G-046, G-146, P-079: any byte of a record changed is refused, or leaves a wrong signature, and changes the digest', () => {
    fc.assert(
      fc.property(anyRecord, fc.nat(), fc.integer({ min: 1, max: 255 }), (record, anyPlace, change) => {
        const changed = new Uint8Array(record.bytes)
        const place = anyPlace % changed.length
        changed[place] = (changed[place] ?? 0) ^ change
        const read = readRecord(crypto, keys, changed)
        if (typeof read === 'string') return
        expect(verifyRecord(crypto, keys, read)).toBeDefined()
        expect(equalBytes(read.digest, record.digest)).toBe(false)
      }),
      { numRuns: 1000 },
    )
  })

  test('G-061: every record cut short or made longer is refused', () => {
    for (const { bytes: digits } of recordVectors.records) {
      const bytes = hex(digits)
      for (let length = 0; length < bytes.length; length++) expect(problemOf(bytes.subarray(0, length))).toBeDefined()
      expect(problemOf(concatBytes(bytes, new Uint8Array(1)))).toBe('malformed')
    }
  })

  test('G-061: random bytes give a reason, never an exception, also after a good beginning', () => {
    const beginnings = [new Uint8Array(), ...recordVectors.records.map(({ bytes }) => hex(bytes))]
    fc.assert(
      fc.property(
        fc.constantFrom(...beginnings),
        fc.nat(),
        fc.uint8Array({ maxLength: 400 }),
        (beginning, cut, rest) => {
          const bytes = concatBytes(beginning.subarray(0, cut % (beginning.length + 1)), rest)
          const read = readRecord(crypto, keys, bytes)
          if (typeof read !== 'string') expect(equalBytes(read.bytes, bytes)).toBe(true)
          else expect(formProblems).toContain(read)
        },
      ),
      { numRuns: 3000 },
    )
  })
})
