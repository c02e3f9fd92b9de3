import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readMessage, readMessageHeader } from '../../src/pnrp/decode-message.ts'
import { writeMessage } from '../../src/pnrp/encode-message.ts'
import type { Message } from '../../src/pnrp/message.ts'
import { criteria, messageTypes } from '../../src/pnrp/message-codes.ts'
import { pnrpIdFromBytes } from '../../src/pnrp/pnrp-id.ts'
import { concatBytes, toHex } from '../../src/runtime/bytes.ts'
import { LONGEST_DATAGRAM } from '../../src/runtime/datagrams.ts'
import type { Endpoint } from '../../src/runtime/endpoint.ts'
import { PeerageError } from '../../src/runtime/peerage-error.ts'
import { WireReader } from '../../src/wire/wire-reader.ts'
import { WireWriter } from '../../src/wire/wire-writer.ts'
import { anyMessage } from './any-message.ts'
import { address, entryOf, hex, idVectors, messageCalled, messageOf, messageVectors } from './pnrp-vectors.ts'

const TAG = hex(messageVectors.cloudTag)
const HEADER_LENGTH = 20

function encode(message: Message): Uint8Array {
  const writer = new WireWriter(LONGEST_DATAGRAM)
  writeMessage(writer, TAG, message)
  return writer.copy()
}

function decode(bytes: Uint8Array): Message {
  const reader = new WireReader(bytes, 'message')
  const { type, messageId } = readMessageHeader(reader)
  if (type === undefined) throw reader.malformed('its type is unknown')
  return readMessage(reader, type, messageId)
}

/** Whether the bytes are a message; anything but a message or `malformed` fails the test. */
function isLegal(bytes: Uint8Array): boolean {
  try {
    decode(bytes)
    return true
  } catch (error) {
    if (PeerageError.is(error, 'malformed')) return false
    throw error
  }
}

/** The message without what is undefined, and without padding, which is not kept. */
function stripped(message: Message): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(message).filter(([name, value]) => value !== undefined && name !== 'padding'),
  )
}

/** The fields of a message, each whole. */
function fieldsOf(bytes: Uint8Array): Uint8Array[] {
  const fields: Uint8Array[] = []
  for (let start = 0; start < bytes.length; ) {
    const length = ((bytes[start + 2] ?? 0) << 8) | (bytes[start + 3] ?? 0)
    const end = start + Math.ceil(length / 4) * 4
    fields.push(bytes.subarray(start, end))
    start = end
  }
  return fields
}

function fieldIdOf(field: Uint8Array): number {
  return ((field[0] ?? 0) << 8) | (field[1] ?? 0)
}

const all = messageVectors.messages.map(({ what, message, bytes }) => ({
  what,
  message: messageOf(message),
  bytes: hex(bytes),
}))

describe('the vectors', () => {
  test.each(all)('N-30, N-26: $what has these bytes', ({ message, bytes }) => {
    expect(toHex(encode(message))).toBe(toHex(bytes))
  })

  test.each(all)('N-30, N-26: $what is read back', ({ message, bytes }) => {
    expect(stripped(decode(bytes))).toEqual(stripped(message))
  })

  test('N-26: they have all eight types, with the numbers of the specification', () => {
    const numbers = new Map(all.map(({ message: { type } }) => [type, messageTypes.codeOf(type)]))
    expect(Object.fromEntries(numbers)).toEqual({
      ...{ SOLICIT: 0x01, ADVERTISE: 0x02, REQUEST: 0x03, FLOOD: 0x04 },
      ...{ INQUIRE: 0x07, AUTHORITY: 0x08, ACK: 0x09, LOOKUP: 0x0b },
    })
  })

  test('N-28: none is longer than a datagram with the seal of a private cloud', () => {
    for (const { bytes } of all) expect(bytes.length + 20).toBeLessThanOrEqual(LONGEST_DATAGRAM)
  })
})

describe('any message', () => {
  test('N-29: is what is read of what was written', () => {
    fc.assert(
      fc.property(anyMessage, (message) => {
        expect(stripped(decode(encode(message)))).toEqual(stripped(message))
      }),
    )
  })

  test('N-29: with one byte changed it is legal or malformed', () => {
    for (const { bytes } of all) {
      for (let place = 0; place < bytes.length; place++) {
        const changed = new Uint8Array(bytes)
        for (const value of [0, 1, 0x7f, 0x80, 0xff, (bytes[place] ?? 0) ^ 1]) {
          changed[place] = value
          isLegal(changed)
        }
      }
    }
  })

  test('N-29: cut short anywhere it is malformed, unless what is missing is a whole optional field', () => {
    for (const { what, bytes } of all) {
      const whole = new Set<number>()
      let end = 0
      for (const field of fieldsOf(bytes)) {
        end += field.length
        whole.add(end)
      }
      for (let length = 0; length < bytes.length; length++) {
        if (!whole.has(length))
          expect({ what, length, legal: isLegal(bytes.subarray(0, length)) }).toMatchObject({ legal: false })
      }
    }
  })

  test('N-29: bytes behind it that are no whole field make it malformed', () => {
    for (const { bytes } of all) {
      for (const rest of [
        [0],
        [0x20, 0],
        [0x20, 0, 0],
        [0x20, 0, 0, 3],
        [0x20, 0, 0, 8, 1, 2, 3],
        [0x20, 0, 0, 5, 1],
      ]) {
        expect(isLegal(concatBytes(bytes, Uint8Array.from(rest)))).toBe(false)
      }
    }
  })

  test('N-29: an unknown field anywhere behind the header changes nothing', () => {
    const unknown = [
      Uint8Array.of(0x20, 0x01, 0, 4),
      Uint8Array.of(0x7f, 0xff, 0, 7, 1, 2, 3, 0),
      Uint8Array.of(0, 0x84, 0, 6, 0, 1, 0xff, 0xff),
    ]
    for (const { bytes, message } of all) {
      const fields = fieldsOf(bytes)
      for (let place = 1; place <= fields.length; place++) {
        for (const field of unknown) {
          const extended = concatBytes(...fields.slice(0, place), field, field, ...fields.slice(place))
          expect(stripped(decode(extended))).toEqual(stripped(message))
        }
      }
    }
  })

  test('N-29: a known field that is doubled or out of order makes it malformed', () => {
    for (const { what, bytes } of all) {
      const fields = fieldsOf(bytes)
      for (let place = 0; place < fields.length; place++) {
        const field = fields[place] ?? new Uint8Array()
        const doubled = concatBytes(...fields.slice(0, place), field, field, ...fields.slice(place + 1))
        expect({ what, place, legal: isLegal(doubled) }).toMatchObject({ legal: false })
        for (let other = place + 1; other < fields.length; other++) {
          const swapped = [...fields]
          swapped[place] = fields[other] ?? field
          swapped[other] = field
          expect({ what, place, other, legal: isLegal(concatBytes(...swapped)) }).toMatchObject({ legal: false })
        }
      }
    }
  })

  test('N-29: with a second header, or a seal that nobody took off, it is malformed', () => {
    for (const { bytes } of all) {
      expect(isLegal(concatBytes(bytes, bytes.subarray(0, HEADER_LENGTH)))).toBe(false)
      expect(isLegal(concatBytes(bytes, Uint8Array.of(1, 0xff, 0, 20), new Uint8Array(16)))).toBe(false)
    }
  })

  test('N-29: a field that must be there and is not makes it malformed', () => {
    const optional = new Set([0x44, 0x9a, 0x9c, 0x93, 0x100, 0x102, 0x103])
    // In a REQUEST the nonce is what it is about, in a reply the cookie; an ACK without flags has none set.
    const isOptional = (type: string, field: number): boolean =>
      (optional.has(field) && !(type === 'REQUEST' && field === 0x93) && !(field === 0x102 && replies.has(type))) ||
      (type === 'ACK' && field === 0x40)
    const replies = new Set(['ADVERTISE', 'AUTHORITY', 'ACK'])
    for (const { bytes, message } of all) {
      const fields = fieldsOf(bytes)
      for (const [place, field] of fields.entries()) {
        const without = concatBytes(...fields.slice(0, place), ...fields.slice(place + 1))
        expect({ type: message.type, field: fieldIdOf(field), legal: isLegal(without) }).toEqual({
          type: message.type,
          field: fieldIdOf(field),
          legal: place > 0 && isOptional(message.type, fieldIdOf(field)),
        })
      }
    }
  })

  test('N-29: a length that disagrees with the content makes it malformed', () => {
    for (const { bytes, message } of all) {
      for (const [place, field] of fieldsOf(bytes).entries()) {
        const start = fieldsOf(bytes)
          .slice(0, place)
          .reduce((sum, { length }) => sum + length, 0)
        // Padding may have any length; that of a fragment or of a Revoke CPA is judged where it is read.
        if ([0x103, 0x104, 0x9c].includes(fieldIdOf(field))) continue
        for (const difference of [-4, -1, 1, 4]) {
          const changed = new Uint8Array(bytes)
          changed[start + 3] = (changed[start + 3] ?? 0) + difference
          expect({ type: message.type, place, difference, legal: isLegal(changed) }).toMatchObject({ legal: false })
        }
      }
    }
  })

  test('N-29: reserved bits and padding are zero when they are written and ignored when they are read', () => {
    const solicit = messageCalled('SOLICIT', ' with every optional field')
    const bytes = encode(solicit)
    // The reserved byte of SOLICIT_CONTROLS, the two that pad it, and the reserved byte of the route entry.
    const places = [HEADER_LENGTH + 4, HEADER_LENGTH + 6, HEADER_LENGTH + 7, HEADER_LENGTH + 8 + 4 + 36]
    for (const place of places) {
      expect(bytes[place]).toBe(0)
      const changed = new Uint8Array(bytes)
      changed[place] = 0xff
      expect(stripped(decode(changed))).toEqual(stripped(solicit))
    }
    const ack = encode(messageCalled('ACK', ''))
    const flags = ack.length - 4
    ack[flags] = 0x7f
    ack[flags + 1] = 0xfe
    expect(decode(ack)).toMatchObject({ notFound: false, cookieNeeded: false })
  })

  test('N-23, N-29: a SOLICIT without SOLICIT_CONTROLS counts as one for any, and one of a third type is malformed', () => {
    const fields = fieldsOf(encode(messageCalled('SOLICIT', ' without optional fields')))
    expect(decode(concatBytes(...fields.filter((field) => fieldIdOf(field) !== 0x44)))).toMatchObject({
      solicitType: 'any',
    })
    const third = concatBytes(...fields)
    third[HEADER_LENGTH + 5] = 2
    expect(isLegal(third)).toBe(false)
  })

  test('N-123: bits of features that this version does not know are read and do no harm', () => {
    const solicit = messageCalled('SOLICIT', ' without optional fields')
    expect(decode(encode({ ...solicit, features: 0xffff_ffff }))).toMatchObject({ features: 0xffff_ffff })
    const without = fieldsOf(encode(solicit)).filter((field) => fieldIdOf(field) !== 0x100)
    expect(decode(concatBytes(...without))).toMatchObject({ features: 0 })
  })
})

describe('ResolveCriteria', () => {
  const lookup = encode(messageCalled('LOOKUP', ' without optional fields'))
  const withCriterion = (code: number, precision: number): Uint8Array => {
    const changed = new Uint8Array(lookup)
    changed.set([precision >> 8, precision & 0xff, code], HEADER_LENGTH + 6)
    return changed
  }

  test.each(idVectors.criteria)('N-65: $criterion is $code', ({ criterion, code }) => {
    expect(criteria.codeOf(criterion)).toBe(code)
    expect(decode(withCriterion(code, 7))).toMatchObject({ criterion, precision: 7 })
  })

  test('N-65: a LOOKUP with another code, or for more than all 256 bits, is malformed', () => {
    const known = new Set(idVectors.criteria.map(({ code }) => code))
    for (let code = 0; code < 256; code++) expect(isLegal(withCriterion(code, 0))).toBe(known.has(code))
    expect(isLegal(withCriterion(0x08, 256))).toBe(true)
    expect(isLegal(withCriterion(0x08, 257))).toBe(false)
  })

  test('N-65: Precision is ignored with all other codes', () => {
    for (const code of [0x00, 0x01, 0x02, 0x04]) expect(isLegal(withCriterion(code, 0xffff))).toBe(true)
  })
})

describe('the limits of lists', () => {
  const endpoints = (count: number): Endpoint[] =>
    Array.from({ length: count }, (_, index) => ({ host: address(`203.0.113.${index}`), port: 4000 }))
  const ids = (count: number) =>
    Array.from({ length: count }, (_, index) => pnrpIdFromBytes(new Uint8Array(32).fill(index)))
  const flood = messageCalled('FLOOD', ' of nothing')
  const lookup = messageCalled('LOOKUP', ' without optional fields')
  const solicit = messageCalled('SOLICIT', ' without optional fields')
  const advertise = messageCalled('ADVERTISE', ' of no ID')
  const entry = (count: number) => entryOf(1, ...Array.from({ length: count }, (_, index) => `203.0.113.${index}`))

  const limits: readonly {
    what: string
    least: number
    most: number
    make: (count: number) => Message
    width: number
  }[] = [
    {
      what: 'Already Flooded List',
      least: 0,
      most: 22,
      width: 18,
      make: (count) => ({ ...flood, alreadyFlooded: endpoints(count) }),
    },
    {
      what: 'Flagged Path',
      least: 1,
      most: 22,
      width: 18,
      make: (count) => ({ ...lookup, flaggedPath: endpoints(count) }),
    },
    {
      what: 'addresses of a ROUTE_ENTRY',
      least: 1,
      most: 20,
      width: 16,
      make: (count) => ({ ...solicit, routeEntry: entry(count) }),
    },
    { what: 'IDs', least: 0, most: 32, width: 32, make: (count) => ({ ...advertise, ids: ids(count) }) },
  ]

  test.each(limits)('N-31: $what are $least to $most when they are written', ({ least, most, make }) => {
    for (const count of [least, most]) expect(stripped(decode(encode(make(count))))).toEqual(stripped(make(count)))
    for (const count of [least - 1, most + 1]) if (count >= 0) expect(() => encode(make(count))).toThrow(RangeError)
  })

  test.each(limits)('N-31: $what are $least to $most when they are read', ({ least, most, make, width }) => {
    for (const count of [least, most]) {
      for (const wrong of [least - 1, most + 1]) {
        if (wrong >= 0) expect(isLegal(recounted(encode(make(count)), { count, wrong, width }))).toBe(false)
      }
    }
  })

  test('N-28, N-31: a Revoke CPA has at most 512 bytes, so that it fits beside the longest list', () => {
    const longest = {
      ...flood,
      revokeCpa: new Uint8Array(512),
      alreadyFlooded: endpoints(22),
      cookie: new Uint8Array(16),
    }
    const bytes = encode(longest)
    expect(bytes.length + 20).toBeLessThanOrEqual(LONGEST_DATAGRAM)
    expect(stripped(decode(bytes))).toEqual(stripped(longest))
    expect(() => encode({ ...flood, revokeCpa: new Uint8Array(513) })).toThrow(RangeError)
    const field = concatBytes(Uint8Array.of(0, 0x9c, 2, 5), new Uint8Array(516))
    const fields = fieldsOf(encode(flood))
    expect(isLegal(concatBytes(...fields.slice(0, 3), field, ...fields.slice(3)))).toBe(false)
  })

  test('N-28: what does not fit into a datagram is not written', () => {
    expect(() => encode({ ...solicit, padding: LONGEST_DATAGRAM })).toThrow(RangeError)
  })

  /** The same message with another number of entries in its list, which is its only array or its last address list. */
  function recounted(
    bytes: Uint8Array,
    { count, wrong, width }: { count: number; wrong: number; width: number },
  ): Uint8Array {
    const fields = fieldsOf(bytes)
    const place = fields.findIndex((field) => [0x9a, 0x60, 0x9e].includes(fieldIdOf(field)))
    const field = fields[place] ?? new Uint8Array()
    const isEntry = fieldIdOf(field) === 0x9a
    const fixed = isEntry ? 4 + 38 : 4 + 8
    const content = new Uint8Array(fixed + wrong * width).fill(7)
    content.set(field.subarray(0, fixed + Math.min(count, wrong) * width))
    if (isEntry) content[fixed - 1] = wrong
    else content.set([0, wrong, (8 + wrong * width) >> 8, (8 + wrong * width) & 0xff], 4)
    content.set([content.length >> 8, content.length & 0xff], 2)
    const padding = new Uint8Array((4 - (content.length % 4)) % 4)
    return concatBytes(...fields.slice(0, place), content, padding, ...fields.slice(place + 1))
  }
})
