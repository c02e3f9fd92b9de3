/** Messages in frames: written, read in pieces of any size, refused where they are wrong. */
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { LONGEST_FRAME, LONGEST_FRAME_TAKEN, priorities } from '../../src/graph/frame.ts'
import { FrameReader } from '../../src/graph/frame-reader.ts'
import { FrameWriter } from '../../src/graph/frame-writer.ts'
import type { DropReason } from '../../src/graph/graph-counters.ts'
import type { LinkPriority } from '../../src/graph/link-port.ts'
import { concatBytes, fromHex, toHex } from '../../src/runtime/bytes.ts'
import type { WireWriter } from '../../src/wire/wire-writer.ts'

const VERSION = 0x20
const LONGEST = 100_000
const UNKNOWN_KIND = 0xee

interface Message {
  readonly priority: LinkPriority
  readonly kind: number
  readonly body: Uint8Array
}

/** Reads with a limit of {@link LONGEST} for every kind but one that is unknown. */
class Reading {
  readonly messages: { kind: number; body: string }[] = []
  longest = 0
  readonly reader: FrameReader
  onMessage: () => void = () => undefined

  constructor() {
    this.reader = new FrameReader({
      begins: (version, kind, length) => {
        if (kind === UNKNOWN_KIND || version !== VERSION) return 'pass-over'
        return length > LONGEST ? 'message-too-large' : 'take'
      },
      message: (kind, body) => {
        this.longest = Math.max(this.longest, body.length)
        this.messages.push({ kind, body: body.length > 9000 ? `${body.length} bytes` : toHex(body) })
        this.onMessage()
      },
    })
  }

  /** Takes bytes in pieces. */
  take(bytes: Uint8Array, piece: number = bytes.length): DropReason | undefined {
    for (let offset = 0; offset < bytes.length; offset += piece) this.reader.take(bytes.slice(offset, offset + piece))
    return this.reader.problem
  }
}

function add(writer: FrameWriter, { priority, kind, body }: Message): void {
  writer.add(priority, kind, LONGEST, (wire: WireWriter, bytes: Uint8Array) => wire.bytes(bytes), body)
}

/** Everything that waits, write by write. */
function writes(writer: FrameWriter): Uint8Array[] {
  const all: Uint8Array[] = []
  for (let next = writer.next(); next !== undefined; next = writer.next()) all.push(next)
  return all
}

function message(priority: LinkPriority, length: number, kind = 0x30): Message {
  return { priority, kind, body: new Uint8Array(length).fill(length) }
}

function header(size: number, kind = 0x30, version = VERSION): number[] {
  return [size >>> 24, (size >>> 16) & 0xff, (size >>> 8) & 0xff, size & 0xff, version, kind, 0, 0]
}

function frame(content: readonly number[], priority = 0): Uint8Array {
  return Uint8Array.of(content.length >> 8, content.length & 0xff, priority, ...content)
}

/** The frames of a write: their priorities and lengths. */
function framesOf(bytes: Uint8Array): { priority: number; length: number }[] {
  const frames = []
  for (let offset = 0; offset < bytes.length; ) {
    const length = (bytes[offset] ?? 0) * 256 + (bytes[offset + 1] ?? 0)
    frames.push({ priority: bytes[offset + 2] ?? 9, length })
    offset += 3 + length
  }
  return frames
}

const anyMessage: fc.Arbitrary<Message> = fc
  .record({
    priority: fc.constantFrom(...priorities),
    kind: fc.integer({ min: 1, max: 0xe0 }),
    length: fc.oneof(fc.integer({ max: 300, min: 0 }), fc.integer({ min: 16_000, max: 50_000 })),
  })
  .map(({ priority, kind, length }) => ({ priority, kind, body: new Uint8Array(length).fill(kind) }))

test('whatever is written is read, in order within each priority, in pieces of any size', () => {
  fc.assert(
    fc.property(fc.array(anyMessage, { maxLength: 12 }), fc.integer({ min: 1, max: 40_000 }), (messages, piece) => {
      const writer = new FrameWriter()
      const sent: Uint8Array[] = []
      for (const [index, each] of messages.entries()) {
        add(writer, each)
        const next = index % 3 === 2 ? writer.next() : undefined
        if (next !== undefined) sent.push(next)
      }
      sent.push(...writes(writer))
      expect(writer.length).toBe(0)
      for (const write of sent)
        for (const { length } of framesOf(write)) expect(length).toBeLessThanOrEqual(LONGEST_FRAME)
      const reading = new Reading()
      expect(reading.take(concatBytes(...sent), piece)).toBeUndefined()
      const bodies = (all: readonly { kind: number; length: number }[]): string[] =>
        all.map(({ kind, length }) => `${kind}:${length}`).toSorted()
      expect(
        bodies(
          reading.messages.map(({ kind, body }) => ({
            kind,
            length: body.endsWith('bytes') ? Number.parseInt(body, 10) : body.length / 2,
          })),
        ),
      ).toEqual(bodies(messages.map(({ kind, body }) => ({ kind, length: body.length }))))
    }),
    { numRuns: 150 },
  )
})

test('messages of one priority keep their order and content', () => {
  const bodies = Array.from({ length: 300 }, (_, index) =>
    Uint8Array.of(index >> 8, index, ...new Uint8Array(index * 7)),
  )
  const writer = new FrameWriter()
  const sent: Uint8Array[] = []
  for (const [index, body] of bodies.entries()) {
    add(writer, { priority: 'flood', kind: 1, body })
    const next = index % 5 === 0 ? writer.next() : undefined
    if (next !== undefined) sent.push(next)
    // Memory can be given back at any time.
    if (index % 7 === 0) writer.giveBack()
    if (index % 50 === 0) {
      sent.push(...writes(writer))
      writer.giveBack()
    }
  }
  const reading = new Reading()
  expect(reading.take(concatBytes(...sent, ...writes(writer)), 1000)).toBeUndefined()
  expect(reading.messages.map(({ body }) => body)).toEqual(bodies.map(toHex))
})

describe('frames that are sent', () => {
  test('G-143: what is more urgent overtakes, and waits for no more than the frame that was cut before', () => {
    const writer = new FrameWriter()
    for (let index = 0; index < 10; index++) add(writer, message('bulk', 60_000))
    const first = writer.next()
    expect(first && framesOf(first)).toEqual([{ priority: 2, length: LONGEST_FRAME }])
    add(writer, message('flood', 300))
    add(writer, message('control', 1))
    const second = framesOf(writer.next() ?? new Uint8Array(0))
    expect(second.slice(0, 2)).toEqual([
      { priority: 0, length: 9 },
      { priority: 1, length: 308 },
    ])
    // The bulk goes on in the middle of its message.
    expect(second[2]?.priority).toBe(2)
    expect(writes(writer).every((write) => write.length <= LONGEST_FRAME + 3)).toBe(true)
  })

  test('G-020: hold up to 16,379 bytes; a message that fits into one is not cut', () => {
    const writer = new FrameWriter()
    add(writer, message('bulk', 100))
    add(writer, message('bulk', LONGEST_FRAME - 8))
    add(writer, message('bulk', LONGEST_FRAME - 7))
    expect(writes(writer).flatMap(framesOf)).toEqual([
      { priority: 2, length: 108 },
      { priority: 2, length: LONGEST_FRAME },
      { priority: 2, length: LONGEST_FRAME },
      { priority: 2, length: 1 },
    ])
  })

  test('small messages of all priorities leave together', () => {
    const writer = new FrameWriter()
    for (const priority of ['bulk', 'flood', 'control', 'control'] as const) add(writer, message(priority, 10))
    const [write, ...more] = writes(writer)
    expect(more).toEqual([])
    expect(write && framesOf(write)).toEqual([
      { priority: 0, length: 36 },
      { priority: 1, length: 18 },
      { priority: 2, length: 18 },
    ])
  })

  test('a body that cannot be written, or is too long, leaves nothing behind', () => {
    const writer = new FrameWriter()
    add(writer, message('flood', 5))
    const fail = (wire: WireWriter): void => {
      wire.uint32(7)
      throw new RangeError('no such value')
    }
    expect(() => writer.add('flood', 1, LONGEST, fail, undefined)).toThrow(RangeError)
    expect(() => add(writer, message('flood', LONGEST + 1))).toThrow(RangeError)
    expect(writer.waiting('flood')).toBe(13)
    add(writer, message('flood', 6))
    const reading = new Reading()
    expect(reading.take(concatBytes(...writes(writer)))).toBeUndefined()
    expect(reading.messages.map(({ body }) => body.length / 2)).toEqual([5, 6])
  })
})

describe('frames that come', () => {
  const ping = header(9, 0x43).concat(1)
  const bad: readonly (readonly [what: string, bytes: Uint8Array, problem: DropReason])[] = [
    ['an empty frame', Uint8Array.of(0, 0, 0), 'frame-empty'],
    ['a frame that is announced too large', Uint8Array.of(0x80, 1, 0), 'frame-too-large'],
    ['a frame of the largest size that can be announced', Uint8Array.of(0xff, 0xff, 2), 'frame-too-large'],
    ['an unknown priority', frame(ping, 3), 'frame-priority'],
    ['a message smaller than its header', frame(header(7)), 'message-size'],
    ['a message of size 0', frame(header(0)), 'message-size'],
    ['a message too large for its kind', frame(header(9 + LONGEST)), 'message-too-large'],
    ['a message of 4 GB', frame(header(0xffff_ffff)), 'message-too-large'],
  ]
  for (const [what, bytes, problem] of bad) {
    test(`G-020, G-021: ${what} ends the reading, and nothing behind it is read`, () => {
      for (const piece of [1, 2, bytes.length]) {
        const reading = new Reading()
        reading.take(frame(ping))
        expect(reading.take(bytes, piece)).toBe(problem)
        reading.reader.take(frame(ping))
        expect(reading.messages.length).toBe(1)
      }
    })
  }

  test('frames of up to 32,768 bytes are taken', () => {
    const body = new Array<number>(LONGEST_FRAME_TAKEN - 8).fill(1)
    const reading = new Reading()
    expect(reading.take(frame([...header(LONGEST_FRAME_TAKEN), ...body], 2), 1000)).toBeUndefined()
    expect(reading.messages.length).toBe(1)
  })

  test('what is not known is passed over, in pieces too, whatever its size', () => {
    const junk = header(8 + 5000, UNKNOWN_KIND).concat(new Array<number>(5000).fill(7))
    const future = header(8 + 3, 0x30, 0x21).concat(1, 2, 3)
    for (const piece of [1, 7, 100_000]) {
      const reading = new Reading()
      expect(reading.take(frame([...junk, ...future, ...ping]), piece)).toBeUndefined()
      expect(reading.messages).toEqual([{ kind: 0x43, body: '01' }])
    }
  })

  test('memory is taken for what came and not for what was announced', () => {
    const before = process.memoryUsage().arrayBuffers
    const readings = Array.from({ length: 500 }, () => {
      const reading = new Reading()
      for (const priority of [0, 1, 2]) reading.take(frame([...header(8 + LONGEST), 1], priority))
      return reading
    })
    const grown = process.memoryUsage().arrayBuffers - before
    expect(readings.every(({ reader }) => reader.problem === undefined)).toBe(true)
    // By the announced sizes it would be 150 MB.
    expect(grown).toBeLessThan(500 * 3 * 8192)
  })

  test('a pause stops between two messages, and what waits comes afterwards', () => {
    const reading = new Reading()
    reading.onMessage = () => reading.reader.pause()
    reading.take(frame([...ping, ...ping, ...ping]))
    expect(reading.messages.length).toBe(1)
    expect(() => reading.take(frame(ping))).toThrow(RangeError)
    for (const count of [2, 3]) {
      reading.reader.resume()
      reading.reader.read()
      expect(reading.messages.length).toBe(count)
    }
    expect(reading.reader.waits).toBe(false)
  })

  test('random and mutated bytes never throw, and cost no more memory than a message', () => {
    const writer = new FrameWriter()
    for (const each of [message('control', 3), message('flood', 400), message('bulk', 20_000)]) add(writer, each)
    const good = concatBytes(...writes(writer))
    const anyPlace = fc.nat({ max: good.length - 1 })
    const mutated = fc
      .array(fc.tuple(anyPlace, fc.nat({ max: 255 })), { minLength: 1, maxLength: 8 })
      .map((changes) => {
        const bytes = good.slice()
        for (const [place, value] of changes) bytes[place] = value
        return bytes
      })
    const headersOnly = fc.tuple(fc.nat({ max: 40 }), fc.nat({ max: 255 })).map(([place, value]) => {
      const bytes = good.slice()
      bytes[place] = value
      return bytes
    })
    fc.assert(
      fc.property(
        fc.oneof(fc.uint8Array({ maxLength: 400 }), mutated, headersOnly),
        fc.nat({ max: 500 }),
        (bytes, piece) => {
          const reading = new Reading()
          for (let copies = 0; copies < 3; copies++) reading.take(bytes, piece + 1)
          expect(reading.longest).toBeLessThanOrEqual(LONGEST)
        },
      ),
      { numRuns: 1500 },
    )
  })
})

interface FrameVectors {
  readonly frames: readonly {
    readonly what: string
    readonly sent: boolean
    readonly bytes: string
    readonly messages: readonly { readonly priority: LinkPriority; readonly kind: number; readonly body: string }[]
  }[]
}

const vectorFile = new URL('../../docs/protocol/vectors/graph-links.json', import.meta.url)
const vectors: FrameVectors = JSON.parse(readFileSync(vectorFile, 'utf8'))

for (const { what, sent, bytes, messages } of vectors.frames) {
  test(`vector: ${what}`, () => {
    const reading = new Reading()
    expect(reading.take(fromHex(bytes) ?? new Uint8Array(0))).toBeUndefined()
    expect(reading.messages).toEqual(messages.map(({ kind, body }) => ({ kind, body })))
    if (!sent) return
    const writer = new FrameWriter()
    for (const { priority, kind, body } of messages)
      add(writer, { priority, kind, body: fromHex(body) ?? new Uint8Array(0) })
    expect(toHex(concatBytes(...writes(writer)))).toBe(bytes)
  })
}
