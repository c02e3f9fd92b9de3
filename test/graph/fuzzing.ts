/**
 * Fuzzing of records and graphs: samples that were damaged in many ways go into every decoder, members of a running graph alter
 * what they send, and damaged frames go to a live port. Whatever is not handled as bad input throws, with the seed that repeats it.
 *
 * Short runs are in fuzzing.test.ts and test/nodejs/graphs-live-port.test.ts; `scripts/fuzz-graph.ts` runs as long as it is told to.
 */
import { readFileSync } from 'node:fs'
import { AddressMemory } from '../../src/graph/address-memory.ts'
import { decodeGraphMessage } from '../../src/graph/decode-graph-message.ts'
import { encodeGraphMessage } from '../../src/graph/encode-graph-message.ts'
import { FrameReader } from '../../src/graph/frame-reader.ts'
import type { GraphMessage, MessageKind } from '../../src/graph/graph-message.ts'
import { propertiesOf } from '../../src/graph/graph-properties.ts'
import { type LinkRole, openGreeting } from '../../src/graph/greeting.ts'
import { messageKinds } from '../../src/graph/message-kinds.ts'
import { encodePresence, presenceAddresses } from '../../src/graph/presence-record.ts'
import { graphKeys, parseGraphId } from '../../src/records/graph-id.ts'
import { queryMatcher } from '../../src/records/query-match.ts'
import { formatQuery, parseQuery } from '../../src/records/query-text.ts'
import { readRecord, readStoredRecord } from '../../src/records/read-record.ts'
import type { GraphRecord } from '../../src/records/record.ts'
import { parseRecordId } from '../../src/records/record-id.ts'
import { verifyRecord } from '../../src/records/verify-record.ts'
import { fromUtf8, toHex, toUtf8 } from '../../src/runtime/bytes.ts'
import { AEAD_NONCE_LENGTH } from '../../src/runtime/crypto.ts'
import { PeerageError } from '../../src/runtime/peerage-error.ts'
import { type Random, randomBelow, randomChoice } from '../../src/runtime/random.ts'
import { SeededRandom } from '../../src/simulation/seeded-random.ts'
import { WireReader } from '../../src/wire/wire-reader.ts'
import { WireWriter } from '../../src/wire/wire-writer.ts'
import { crypto } from '../identity/platform.ts'
import { hex, keys, recordVectors } from '../records/record-vectors.ts'
import { damaged } from '../wire/damage.ts'
import { type Member, SimulatedGraph } from './simulated-graph.ts'

/** What came of many inputs. */
export interface FuzzingResult {
  readonly inputs: number
  /** How many were refused, as bad input should be; the others were legal. */
  readonly refused: number
}

/** Gives every decoder this many damaged samples. */
export function fuzzGraphDecoders(seed: string, rounds: number): FuzzingResult {
  const random = new SeededRandom(seed)
  let refused = 0
  for (let round = 0; round < rounds; round++) {
    for (const { name, samples, decode } of decoders) {
      const input = damaged(random, samples)
      try {
        if (!decode(input, random)) refused++
      } catch (error) {
        if (!isBadInput(error)) {
          throw new Error(`seed ${seed}, round ${round}, ${name}, input ${toHex(input)}`, { cause: error })
        }
        refused++
      }
    }
  }
  return { inputs: rounds * decoders.length, refused }
}

/** Frames for a link: those of all messages there are, damaged. */
export class DamagedFrames {
  /** A CONNECT for a neighbor link, not damaged. */
  readonly connect: Uint8Array
  readonly #random: Random

  constructor(seed: string) {
    this.#random = new SeededRandom(seed)
    const connect = messageSamples.find(({ kind }) => kind === 'CONNECT')
    if (connect === undefined) throw new RangeError('a vector is a CONNECT')
    this.connect = frameOf(connect.kind, connect.body)
  }

  /** A frame, damaged: in half of the cases only in the body of its message. */
  damaged(frame: Uint8Array): Uint8Array {
    if (randomBelow(this.#random, 2) === 0) return damaged(this.#random, [frame])
    const bytes = new Uint8Array(frame)
    const place = BODY_START + randomBelow(this.#random, bytes.length - BODY_START)
    bytes[place] = (bytes[place] ?? 0) ^ (1 + randomBelow(this.#random, 255))
    return bytes
  }

  /** The next ones. Half of them have the sizes of their frame and message right, so that they get further. */
  next(): Uint8Array {
    if (randomBelow(this.#random, 2) === 0) return damaged(this.#random, frames)
    const { kind, body } = randomChoice(this.#random, messageSamples) ?? {
      kind: 'BECOME_NEIGHBOR',
      body: new Uint8Array(0),
    }
    return frameOf(kind, damaged(this.#random, [body]).subarray(0, messageKinds[kind].longest))
  }
}

/** A running graph of which some members alter what they send: legally in form, and in any other way wrong. */
export class FuzzedGraph {
  readonly graph: SimulatedGraph
  readonly honest: readonly Member[]
  readonly #liars: readonly Member[]
  readonly #random: Random
  readonly #seed: string
  #altered = 0

  constructor(seed: string) {
    this.#seed = seed
    this.#random = new SeededRandom(`${seed}/alterations`)
    this.graph = new SimulatedGraph({ seed })
    const honest = this.graph.grow(HONEST_MEMBERS)
    this.#liars = this.graph.grow(LIARS, { sends: (message) => this.#sent(message) })
    this.honest = [...honest, ...this.graph.grow(LATER_MEMBERS)]
  }

  /** How many messages were sent otherwise than they should. */
  get altered(): number {
    return this.#altered
  }

  /** Lets members write while time passes. @param duration In virtual milliseconds. */
  run(duration: number): void {
    const { world } = this.graph
    try {
      for (const end = world.now + duration; world.now < end; ) {
        const writer = randomChoice(this.#random, this.graph.running)
        if (writer?.node.isReady === true) writer.write(`at ${world.now}`)
        world.runFor(randomBelow(this.#random, LONGEST_PAUSE))
      }
    } catch (error) {
      throw new Error(`seed ${this.#seed}`, { cause: error })
    }
  }

  /** Ends the liars, lets the others agree, and tells what is wrong then. */
  problems(): string[] {
    for (const liar of this.#liars) liar.crash()
    this.graph.world.runFor(RECOVERY)
    const problems = this.graph.differences(this.honest).map((name) => `${name} has other records`)
    if (!this.graph.isConnected(this.honest)) problems.push('the graph is not connected')
    return problems
  }

  #sent(message: GraphMessage): GraphMessage {
    if (randomBelow(this.#random, ALTERED_ONE_IN) > 0) return message
    const body = bodyOf(message)
    for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
      const altered = decoded(message.kind, damaged(this.#random, [body]).slice(0, messageKinds[message.kind].longest))
      if (altered === undefined) continue
      this.#altered++
      return altered
    }
    return message
  }
}

const HONEST_MEMBERS = 3
const LIARS = 2
/** Honest ones who come when the liars are there. */
const LATER_MEMBERS = 2
/** Of the messages of a liar one in so many is altered. */
const ALTERED_ONE_IN = 4
/** To find an alteration of a message that is legal in form. */
const MOST_ATTEMPTS = 10
/** Between two records, in virtual milliseconds. */
const LONGEST_PAUSE = 2000
/** After the liars are gone, in virtual milliseconds: two of the 30 s between comparisons, and a little more. */
const RECOVERY = 90_000
/** Bytes that a decoder of frames gets at a time. */
const LONGEST_PIECE = 300
const PROTOCOL_VERSION = 0x20
/** Of a message in a frame, after both headers. */
const BODY_START = 11

interface Decoder {
  readonly name: string
  readonly samples: readonly Uint8Array[]
  /** Whether the input was legal; it may also throw what a decoder throws. */
  decode(input: Uint8Array, random: Random): boolean
}

interface MessageSample {
  readonly kind: MessageKind
  readonly body: Uint8Array
}

/** What there is of the published vectors in one file. */
interface Vectors {
  readonly messages?: readonly { readonly message: { readonly kind: MessageKind }; readonly body: string }[]
  readonly presence?: readonly { readonly payload: string }[]
  readonly payloads?: readonly { readonly payload: string }[]
  readonly refused?: readonly { readonly payload: string }[]
  readonly texts?: readonly { readonly text: string }[]
  readonly notTexts?: readonly string[]
  readonly frames?: readonly { readonly bytes: string }[]
  readonly flights?: readonly { readonly bytes: string }[]
}

interface LinkVectors {
  readonly graphId: string
  readonly channelBinding: string
  readonly sealKeys: Readonly<Record<LinkRole, string>>
  readonly greetings: readonly { readonly plain: string; readonly role: LinkRole }[]
}

function vectorsOf(name: string): Vectors & LinkVectors {
  return JSON.parse(readFileSync(new URL(`../../docs/protocol/vectors/${name}.json`, import.meta.url), 'utf8'))
}

const messageSamples: readonly MessageSample[] = ['graph-messages', 'graph-reconciliation'].flatMap((name) =>
  (vectorsOf(name).messages ?? []).map(({ message, body }) => ({ kind: message.kind, body: hex(body) })),
)
const kinds = [...new Set(messageSamples.map(({ kind }) => kind))]
const links = vectorsOf('graph-links')
const queries = vectorsOf('graph-queries')
const infos = vectorsOf('graph-info')
const frames = [
  ...[...(links.frames ?? []), ...(links.flights ?? [])].map(({ bytes }) => hex(bytes)),
  ...messageSamples.map(({ kind, body }) => frameOf(kind, body)),
]
const records = [
  ...recordVectors.records.map(({ bytes }) => hex(bytes)),
  ...recordVectors.refused.map(({ bytes }) => hex(bytes)),
]
const [sampleRecord] = recordVectors.records.map(({ bytes }) => readRecord(crypto, keys, hex(bytes)))

const decoders: readonly Decoder[] = [
  ...kinds.map((kind) => ({
    name: kind,
    samples: messageSamples.filter((sample) => sample.kind === kind).map(({ body }) => body),
    decode: (input: Uint8Array) => bodyOf(decodeGraphMessage(kind, new WireReader(input, kind))).length > 0,
  })),
  { name: 'frames', samples: frames, decode: readsFrames },
  { name: 'record', samples: records, decode: readsRecord },
  {
    name: 'stored record',
    samples: records,
    decode: (input) => typeof readStoredRecord(parseRecordId('0'.repeat(32)), new Uint8Array(32), input) !== 'string',
  },
  ...(['dialler', 'responder'] as const).map((role) => ({
    name: `greeting of a ${role}`,
    samples: links.greetings.filter((greeting) => greeting.role === role).map(({ plain }) => hex(plain)),
    decode: (input: Uint8Array) => readsGreeting(role, input),
  })),
  {
    name: 'presence',
    samples: [encodePresence([]), ...(vectorsOf('graph-messages').presence ?? []).map(({ payload }) => hex(payload))],
    decode: (payload) => presenceAddresses(recordWith(payload)) !== undefined,
  },
  {
    name: 'graph info',
    samples: [...(infos.payloads ?? []), ...(infos.refused ?? [])].map(({ payload }) => hex(payload)),
    decode: (payload) => propertiesOf(recordWith(payload)) !== undefined,
  },
  { name: 'memory of addresses', samples: [memory().encode()], decode: readsMemory },
  {
    name: 'query',
    samples: [...(queries.texts ?? []).map(({ text }) => text), ...(queries.notTexts ?? [])].map(toUtf8),
    decode: readsQuery,
  },
]

/** Any record, with another payload. */
function recordWith(payload: Uint8Array): GraphRecord {
  if (sampleRecord === undefined || typeof sampleRecord === 'string') throw new TypeError('a vector is a record')
  return { ...sampleRecord, payload }
}

/** A record that was read is checked, too. */
function readsRecord(input: Uint8Array): boolean {
  const record = readRecord(crypto, keys, input)
  return typeof record !== 'string' && verifyRecord(crypto, keys, record) === undefined
}

/** Only who knows the graph can seal, so what is damaged is what is sealed. */
function readsGreeting(role: LinkRole, plain: Uint8Array): boolean {
  const sealed = crypto.seal(hex(links.sealKeys[role]), new Uint8Array(AEAD_NONCE_LENGTH), plain, new Uint8Array(0))
  const link = {
    ...{ crypto, channelBinding: hex(links.channelBinding) },
    keys: graphKeys(crypto, parseGraphId(links.graphId)),
  }
  return typeof openGreeting(link, role, sealed, new Uint8Array(32)) !== 'string'
}

/** Bytes in pieces, as they come from a network. */
function readsFrames(input: Uint8Array, random: Random): boolean {
  let length = 0
  const reader = new FrameReader({
    begins: () => 'take',
    message: (_kind, body) => {
      length += body.length
    },
  })
  for (let offset = 0; offset < input.length; ) {
    const end = offset + 1 + randomBelow(random, LONGEST_PIECE)
    reader.take(input.subarray(offset, end))
    offset = end
  }
  if (length > input.length) throw new RangeError(`${input.length} bytes became ${length}`)
  return reader.problem === undefined
}

/** What was read can be written and read again, and be searched with. */
function readsQuery(input: Uint8Array): boolean {
  const text = fromUtf8(input)
  if (text === undefined) return false
  const query = parseQuery(text)
  queryMatcher(crypto, query)(recordWith(new Uint8Array(0)))
  const written = formatQuery(query)
  const again = formatQuery(parseQuery(written))
  if (again !== written) throw new RangeError(`${written} became ${again}`)
  return true
}

function memory(): AddressMemory {
  const addresses = new AddressMemory(() => false)
  const { creator } = recordWith(new Uint8Array(0))
  for (const endpoint of presenceAddresses(recordWith(presencePayload())) ?? []) {
    const known = { publicKey: creator.publicKey, key: toHex(creator.publicKey), confirmed: 1_000_000 }
    addresses.confirm({ ...known, endpoint, isProven: true })
  }
  return addresses
}

function presencePayload(): Uint8Array {
  return hex(vectorsOf('graph-messages').presence?.at(0)?.payload ?? '')
}

function readsMemory(input: Uint8Array): boolean {
  const addresses = new AddressMemory(() => false)
  addresses.decode(input)
  return addresses.all(0).length > 0
}

function bodyOf(message: GraphMessage): Uint8Array {
  const writer = new WireWriter(messageKinds[message.kind].longest)
  encodeGraphMessage(writer, message)
  return writer.copy()
}

/** A message, if these bytes are one. */
function decoded(kind: MessageKind, body: Uint8Array): GraphMessage | undefined {
  try {
    return decodeGraphMessage(kind, new WireReader(body, kind))
  } catch (error) {
    if (PeerageError.is(error, 'malformed')) return undefined
    throw error
  }
}

/** One message in one frame of its priority. The longest samples fit. */
function frameOf(kind: MessageKind, body: Uint8Array): Uint8Array {
  const { number, priority } = messageKinds[kind]
  const size = body.length + 8
  const header = [size >>> 24, (size >>> 16) & 0xff, (size >>> 8) & 0xff, size & 0xff, PROTOCOL_VERSION, number, 0, 0]
  const frame = [size >>> 8, size & 0xff, { control: 0, flood: 1, bulk: 2 }[priority]]
  return Uint8Array.from([...frame, ...header, ...body])
}

function isBadInput(error: unknown): boolean {
  return PeerageError.is(error, 'malformed') || PeerageError.is(error, 'invalid-search')
}
