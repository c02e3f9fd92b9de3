/**
 * Between messages and datagrams of one cloud: encodes, tags and seals what goes out, checks and decodes what
 * comes in, and keeps the replies to an address that has not been proven small (N-11, N-98, N-111).
 */
import type { Crypto } from '../runtime/crypto.ts'
import { LONGEST_DATAGRAM } from '../runtime/datagrams.ts'
import type { Endpoint, IpAddress } from '../runtime/endpoint.ts'
import { PeerageError } from '../runtime/peerage-error.ts'
import { WireReader } from '../wire/wire-reader.ts'
import { WireWriter } from '../wire/wire-writer.ts'
import { type Cloud, cloudSealKey, cloudTag, mayUse } from './cloud.ts'
import { endsWithSeal, SEAL_FIELD_LENGTH, withoutSeal, writeSeal } from './cloud-seal.ts'
import type { Counters, DropReason } from './counters.ts'
import { readMessage, readMessageHeader } from './decode-message.ts'
import { writeMessage } from './encode-message.ts'
import { type Message, PROTOCOL_VERSION_MAJOR } from './message.ts'
import { HIGHEST_RESERVED_PORT } from './route-entry.ts'

/** Where a request came from, and what may be sent for it. */
export interface RequestSource {
  readonly from: Endpoint
  /** The own address at which it came, where that is known: the reply leaves from there. */
  readonly local: IpAddress | undefined
  /** Of the request, in bytes. */
  readonly length: number
  /** Whether the address was proven, by a cookie of ours. */
  readonly isProven: boolean
  /** What was sent for it so far, in bytes. */
  sent: number
}

/** How many bytes go to an address for each byte from there, until it has echoed a cookie. */
export const AMPLIFICATION_LIMIT = 3

/** What a transport stands on. */
export interface TransportParts {
  readonly cloud: Cloud
  readonly crypto: Crypto
  readonly counters: Counters
  send(bytes: Uint8Array, to: Endpoint, from: IpAddress | undefined): void
}

/** One for all clouds: a message is written and copied in one go. */
const writer = new WireWriter(LONGEST_DATAGRAM)

/** The datagrams of one cloud. */
export class DatagramTransport {
  readonly #parts: TransportParts
  readonly #tag: Uint8Array
  readonly #sealKey: Uint8Array | undefined

  constructor(parts: TransportParts) {
    this.#parts = parts
    this.#tag = cloudTag(parts.crypto, parts.cloud)
    this.#sealKey = cloudSealKey(parts.crypto, parts.cloud)
  }

  /** How many bytes the seal adds to each datagram. */
  get sealLength(): number {
    return this.#sealKey === undefined ? 0 : SEAL_FIELD_LENGTH
  }

  /** The message in a datagram, or undefined if it is dropped. Byte strings in it are views of the datagram. */
  receive(datagram: Uint8Array, from: Endpoint): Message | undefined {
    const { counters } = this.#parts
    counters.counted('datagrams-received')
    counters.counted('bytes-received', datagram.length)
    const message = this.#read(datagram, from)
    if (typeof message !== 'string') return message
    counters.dropped(message)
    return undefined
  }

  /** Sends a request, which may have any length. */
  send(message: Message, to: Endpoint): void {
    this.#send(this.#encode(message), to, undefined)
  }

  /** Sends a reply, unless it is too long for where the request came from. */
  reply(source: RequestSource, message: Message): void {
    const bytes = this.#encode(message)
    if (!source.isProven && source.sent + bytes.length > source.length * AMPLIFICATION_LIMIT) {
      this.#parts.counters.counted('replies-held-back')
      return
    }
    source.sent += bytes.length
    this.#send(bytes, source.from, source.local)
  }

  /** How many bytes a message takes. */
  lengthOf(message: Message): number {
    return this.#encode(message).length
  }

  #read(datagram: Uint8Array, from: Endpoint): Message | DropReason {
    const { cloud, crypto } = this.#parts
    if (from.port <= HIGHEST_RESERVED_PORT) return 'reserved-port'
    if (!mayUse(cloud, from.host)) return 'address-out-of-range'
    try {
      const whole = new WireReader(datagram, 'message')
      const header = readMessageHeader(whole)
      if (header.versionMajor !== PROTOCOL_VERSION_MAJOR) return 'other-version'
      if (!sameTag(header.cloudTag, this.#tag)) return 'other-cloud'
      const content = this.#sealKey === undefined ? datagram : withoutSeal(crypto, this.#sealKey, datagram)
      if (content === undefined) return 'wrong-seal'
      if (header.type === undefined) return 'unknown-type'
      const body = content === datagram ? whole : new WireReader(content.subarray(whole.offset), header.type)
      return readMessage(body, header.type, header.messageId)
    } catch (error) {
      if (!PeerageError.is(error, 'malformed')) throw error
      // From a cloud of this name with a secret: that it is sealed is all that is wrong with it.
      return this.#sealKey === undefined && endsWithSeal(datagram) ? 'wrong-seal' : 'malformed'
    }
  }

  #encode(message: Message): Uint8Array {
    writer.reset()
    writeMessage(writer, this.#tag, message)
    if (this.#sealKey !== undefined) writeSeal(this.#parts.crypto, this.#sealKey, writer)
    return writer.copy()
  }

  #send(bytes: Uint8Array, to: Endpoint, from: IpAddress | undefined): void {
    const { cloud, counters } = this.#parts
    if (to.port <= HIGHEST_RESERVED_PORT || !mayUse(cloud, to.host)) {
      counters.dropped('unsent-out-of-range')
      return
    }
    counters.counted('datagrams-sent')
    counters.counted('bytes-sent', bytes.length)
    this.#parts.send(bytes, to, from)
  }
}

function sameTag(one: Uint8Array, other: Uint8Array): boolean {
  for (let index = 0; index < other.length; index++) if (one[index] !== other[index]) return false
  return true
}
