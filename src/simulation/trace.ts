/**
 * The trace of a simulation: every event that can be seen from outside, in order. Two runs did the
 * same exactly if their traces are equal, byte for byte.
 *
 * It is kept in two forms. The **digest** runs along and costs little: 64 bits over every line and the
 * contents of every datagram. The **text** is for people, one line an event; it goes to a function of
 * the caller, because a long run has more of it than fits in memory. A datagram shows a checksum of
 * its contents there instead of the contents.
 *
 *     1250.000 ann datagram delivered 20.0.0.1:3540 > 20.0.1.1:3540, 188 bytes, 5f3a09c2
 *     1250.413 bob timer
 *     1300.000 - fault partition ann | bob
 */
import { type Endpoint, formatEndpoint } from '../runtime/endpoint.ts'

/** Takes the lines of a trace. */
export type TraceWriter = (line: string) => void

/** Where no host is concerned. */
const NO_HOST = '-'

/** Records events. */
export class Trace {
  readonly #digest = new RunningDigest()
  readonly #write: TraceWriter | undefined

  /** @param write Takes the text; without it only the digest is kept. */
  constructor(write?: TraceWriter) {
    this.#write = write
  }

  /** The digest of everything until now: 16 hexadecimal digits. */
  get digest(): string {
    return this.#digest.text()
  }

  /** Records what became of a datagram, or what happened to a stream. */
  packet(
    time: number,
    host: string,
    kind: 'datagram' | 'stream',
    what: string,
    from: Endpoint,
    to: Endpoint,
    bytes: Uint8Array,
  ): void {
    const digest = this.#digest
    digest.addNumber(time)
    digest.addText(host)
    digest.addText(kind)
    digest.addText(what)
    digest.addText(from.host)
    digest.addNumber(from.port)
    digest.addText(to.host)
    digest.addNumber(to.port)
    const checksum = digest.addBytes(bytes)
    if (this.#write === undefined) return
    const path = `${formatEndpoint(from)} > ${formatEndpoint(to)}`
    this.#line(time, host, `${kind} ${what} ${path}, ${bytes.length} bytes, ${asHex(checksum)}`)
  }

  /** Records anything else. @param host The host that is concerned, if one is. */
  event(time: number, host: string | undefined, what: string): void {
    this.#digest.addNumber(time)
    this.#digest.addText(host ?? NO_HOST)
    this.#digest.addText(what)
    if (this.#write !== undefined) this.#line(time, host ?? NO_HOST, what)
  }

  #line(time: number, host: string, what: string): void {
    this.#write?.(`${time.toFixed(3)} ${host} ${what}`)
  }
}

/** A fast hash in two lanes of 32 bits. It tells runs apart; against an adversary it is worth nothing. */
class RunningDigest {
  #first = 0x243f6a88
  #second = 0x13198a2e

  addText(text: string): void {
    for (let index = 0; index < text.length; index++) this.#add(text.charCodeAt(index))
    this.#add(text.length)
  }

  addNumber(value: number): void {
    const whole = Math.floor(value)
    this.#add(whole | 0)
    this.#add(Math.floor(whole / 2 ** 32) | 0)
    this.#add(((value - whole) * 2 ** 32) | 0)
  }

  /** Returns a checksum of these bytes alone. */
  addBytes(bytes: Uint8Array): number {
    let checksum = bytes.length
    let index = 0
    for (const end = bytes.length - 3; index < end; index += 4) {
      const word =
        (bytes[index] ?? 0) |
        ((bytes[index + 1] ?? 0) << 8) |
        ((bytes[index + 2] ?? 0) << 16) |
        ((bytes[index + 3] ?? 0) << 24)
      checksum = step(checksum, word, 0x9e3779b1)
    }
    for (; index < bytes.length; index++) checksum = step(checksum, bytes[index] ?? 0, 0x9e3779b1)
    this.#add(checksum)
    this.#add(bytes.length)
    return checksum
  }

  text(): string {
    return asHex(settle(this.#first ^ (this.#second >>> 15))) + asHex(settle(this.#second ^ (this.#first >>> 13)))
  }

  #add(word: number): void {
    this.#first = step(this.#first, word, 0x9e3779b1)
    this.#second = step(this.#second, word ^ 0x5bd1e995, 0x85ebca77)
  }
}

/** One-to-one in both the lane and the word, so that a single difference never disappears. */
function step(lane: number, word: number, factor: number): number {
  const mixed = Math.imul(lane ^ word, factor)
  return (mixed << 13) | (mixed >>> 19)
}

function settle(lane: number): number {
  let mixed = lane
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b)
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
  return mixed ^ (mixed >>> 16)
}

function asHex(word: number): string {
  return (word >>> 0).toString(16).padStart(8, '0')
}
