/**
 * Fuzzing of PNRP: samples that were damaged in many ways go into every decoder, and datagrams that were damaged on
 * their way go into a running cloud. Whatever is not handled as bad input throws, with the seed that repeats it.
 *
 * A short run is in fuzzing.test.ts; `scripts/fuzz-pnrp.ts` runs as long as it is told to.
 */
import { decodeChain } from '../../src/identity/certificate/chain-encoding.ts'
import { platformCrypto } from '../../src/nodejs/crypto/crypto.ts'
import { readAuthorityBuffer } from '../../src/pnrp/authority-buffer.ts'
import { readCpa } from '../../src/pnrp/certified-peer-address.ts'
import { type Cloud, cloudTag, makeCloud } from '../../src/pnrp/cloud.ts'
import { Counters } from '../../src/pnrp/counters.ts'
import { DatagramTransport } from '../../src/pnrp/datagram-transport.ts'
import { MOST_PENDING_REQUESTS } from '../../src/pnrp/exchange.ts'
import { readExtendedPayload } from '../../src/pnrp/extended-payload.ts'
import { Reassembly } from '../../src/pnrp/reassembly.ts'
import { toHex } from '../../src/runtime/bytes.ts'
import { LONGEST_DATAGRAM } from '../../src/runtime/datagrams.ts'
import type { Endpoint } from '../../src/runtime/endpoint.ts'
import { PeerageError } from '../../src/runtime/peerage-error.ts'
import { type Random, randomBytes } from '../../src/runtime/random.ts'
import { SeededRandom } from '../../src/simulation/seeded-random.ts'
import { damaged } from '../wire/damage.ts'
import { address, hex, messageVectors, structureVectors } from './pnrp-vectors.ts'
import { type SentDatagram, SimulatedCloud } from './simulated-cloud.ts'

/** What came of many inputs. */
export interface FuzzingResult {
  readonly inputs: number
  /** How many were refused, as bad input should be; the others were legal. */
  readonly refused: number
}

/** Gives every decoder this many damaged samples. */
export function fuzzDecoders(seed: string, rounds: number): FuzzingResult {
  const random = new SeededRandom(seed)
  const decoders = makeDecoders(random)
  let refused = 0
  for (let round = 0; round < rounds; round++) {
    for (const { samples, decode } of decoders) {
      const input = damaged(random, samples)
      try {
        if (!decode(input)) refused++
      } catch (error) {
        if (!PeerageError.is(error, 'malformed') && !PeerageError.is(error, 'invalid-certificate')) {
          throw new Error(`seed ${seed}, round ${round}, input ${toHex(input)}`, { cause: error })
        }
        refused++
      }
    }
  }
  return { inputs: rounds * decoders.length, refused }
}

/** Datagrams for the port of a node in this cloud: messages that are right up to their cloud tag, damaged. */
export class DamagedDatagrams {
  readonly #random: Random
  readonly #samples: readonly Uint8Array[]

  constructor(seed: string, cloud: Cloud) {
    this.#random = new SeededRandom(seed)
    const tag = cloudTag(platformCrypto(), cloud)
    this.#samples = messageVectors.messages.map(({ bytes }) => {
      const message = hex(bytes)
      message.set(tag, CLOUD_TAG_START)
      return message
    })
  }

  /** The next one, of 1 byte up to the longest. */
  next(): Uint8Array {
    const datagram = damaged(this.#random, this.#samples).subarray(0, LONGEST_DATAGRAM)
    return datagram.length === 0 ? Uint8Array.of(0) : datagram
  }
}

/** A running cloud whose members get, beside each datagram, damaged copies of it, before it arrives itself. */
export class FuzzedCloud {
  readonly cloud: SimulatedCloud
  readonly #random: Random
  readonly #seed: string
  #sent: SentDatagram[] = []
  #inputs = 0

  constructor(seed: string, { isSealed }: { readonly isSealed: boolean }) {
    this.#seed = seed
    this.#random = new SeededRandom(`${seed}/damage`)
    const cloud = makeCloud('fuzzed', isSealed ? { secret: randomBytes(this.#random, 16) } : {})
    this.cloud = new SimulatedCloud({ seed, cloud, conditions: { latency: 10 } })
    this.cloud.grow(MEMBERS)
    this.cloud.onSent = (datagram) => this.#sent.push(datagram)
  }

  /** How many damaged datagrams were delivered. */
  get inputs(): number {
    return this.#inputs
  }

  /** Lets time pass, with damage. @param duration In virtual milliseconds. */
  run(duration: number): void {
    const { world } = this.cloud
    for (const end = world.now + duration; world.now < end; ) {
      world.runFor(1)
      for (const datagram of this.#sent.splice(0)) this.#deliverDamaged(datagram)
    }
  }

  /** What has grown beyond its bounds, in words. */
  problems(): string[] {
    return this.cloud.running.flatMap(({ name, node }) => {
      const { cache, exchange } = node.parts
      const isGrown = cache.size > MEMBERS * 2 || exchange.size > MOST_PENDING_REQUESTS
      return isGrown ? [`${name} has ${cache.size} entries and ${exchange.size} pending requests`] : []
    })
  }

  #deliverDamaged({ bytes, to, member }: SentDatagram): void {
    const receiver = this.cloud.running.find(({ addresses }) => addresses.includes(to.host))
    if (receiver === undefined) return
    for (let copy = 0; copy < COPIES; copy++) {
      const input = damaged(this.#random, [bytes])
      this.#inputs++
      try {
        receiver.node.received(input, member.endpoint, to.host)
      } catch (error) {
        throw new Error(`seed ${this.#seed}, input ${toHex(input)}`, { cause: error })
      }
    }
  }
}

/** Where the cloud tag stands in a datagram: at the end of its header. */
const CLOUD_TAG_START = 12
/** Members of a fuzzed cloud. */
const MEMBERS = 8
/** Damaged copies of each datagram. */
const COPIES = 4
const FROM: Endpoint = { host: address('203.0.113.7'), port: 3540 }

interface Decoder {
  readonly samples: readonly Uint8Array[]
  /** Whether the input was legal; it may also throw what a decoder throws. */
  decode(input: Uint8Array): boolean
}

function makeDecoders(random: Random): readonly Decoder[] {
  const messages = messageVectors.messages.map(({ bytes }) => hex(bytes))
  const { authorityBuffers, cpas, extendedPayloads } = structureVectors
  const chains = authorityBuffers.flatMap(({ buffer: { certificateChain } }) =>
    typeof certificateChain === 'string' ? [hex(certificateChain)] : [],
  )
  const open = transportOf('Global_')
  const sealed = transportOf('private', randomBytes(random, 16))
  const read = (decode: (input: Uint8Array) => unknown) => (input: Uint8Array) => decode(input) !== undefined
  return [
    { samples: messages, decode: (input) => open.receive(input, FROM) !== undefined },
    { samples: messages, decode: (input) => sealed.receive(input, FROM) !== undefined },
    { samples: authorityBuffers.map(({ bytes }) => hex(bytes)), decode: read(readAuthorityBuffer) },
    { samples: cpas.map(({ bytes }) => hex(bytes)), decode: read(readCpa) },
    { samples: extendedPayloads.map(({ bytes }) => hex(bytes)), decode: read(readExtendedPayload) },
    { samples: chains, decode: read(decodeChain) },
    { samples: messages, decode: (input) => reassembled(open, input) },
  ]
}

function transportOf(name: string, secret?: Uint8Array): DatagramTransport {
  const cloud = makeCloud(name, secret === undefined ? {} : { secret })
  return new DatagramTransport({ cloud, crypto: platformCrypto(), counters: new Counters(), send: () => {} })
}

/** Puts whatever is an AUTHORITY into a reassembly that has one fragment already. */
function reassembled(transport: DatagramTransport, input: Uint8Array): boolean {
  const message = transport.receive(input, FROM)
  if (message?.type !== 'AUTHORITY') return false
  const reassembly = new Reassembly()
  reassembly.take({ ...message, size: 2000, offset: 0, fragment: new Uint8Array(1128) })
  return reassembly.take(message) !== 'bad-fragment'
}
