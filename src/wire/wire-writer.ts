/**
 * The bounded writer of all binary formats: what {@link WireReader} reads, in the one encoding that it
 * takes. It grows up to a limit and never cuts anything: whatever does not fit, or does not fit its
 * field, is an error of the program and throws a RangeError. Check what comes from outside before.
 *
 * One writer can write any number of messages without allocating: {@link WireWriter.reset},
 * write, {@link WireWriter.view}.
 */
import { toUtf8 } from '../runtime/bytes.ts'
import { type Endpoint, ipAddressBytes } from '../runtime/endpoint.ts'
import { LARGEST_VARINT, LARGEST_VARINT_1, LARGEST_VARINT_2, LARGEST_VARINT_4 } from './varint.ts'

const FIRST_CAPACITY = 256
const LARGEST_UINT64 = 2n ** 64n - 1n

/** Writes one structure after the other. */
export class WireWriter {
  readonly #limit: number
  #bytes: Uint8Array
  #length = 0

  /** @param limit The most bytes of one structure. */
  constructor(limit: number) {
    this.#limit = limit
    this.#bytes = new Uint8Array(Math.min(FIRST_CAPACITY, limit))
  }

  /** How many bytes have been written. */
  get length(): number {
    return this.#length
  }

  /** Begins anew, in the same memory. */
  reset(): void {
    this.#length = 0
  }

  /** Takes back what was written after the first `length` bytes. */
  truncate(length: number): void {
    requireInteger(length, this.#length)
    this.#length = length
  }

  /** What has been written: a view, good until the next write or reset. */
  view(): Uint8Array {
    return this.#bytes.subarray(0, this.#length)
  }

  /** What has been written: a copy. */
  copy(): Uint8Array {
    return this.#bytes.slice(0, this.#length)
  }

  uint8(value: number): void {
    requireInteger(value, 0xff)
    this.#number8(this.#grow(1), value)
  }

  uint16(value: number): void {
    requireInteger(value, 0xffff)
    this.#number16(this.#grow(2), value)
  }

  uint32(value: number): void {
    requireInteger(value, 0xffff_ffff)
    this.#number32(this.#grow(4), value)
  }

  /** A number of 48 bits: what milliseconds since 1970 take. */
  uint48(value: number): void {
    requireInteger(value, 2 ** 48 - 1)
    const start = this.#grow(6)
    this.#number16(start, Math.floor(value / 2 ** 32))
    this.#number32(start + 2, value % 2 ** 32)
  }

  uint64(value: bigint): void {
    if (value < 0n || value > LARGEST_UINT64) throw new RangeError(`not a number of 64 bits: ${value}`)
    const start = this.#grow(8)
    this.#number32(start, Number(value >> 32n))
    this.#number32(start + 4, Number(value & 0xffff_ffffn))
  }

  /** A variable-length number, in its shortest form (varint.ts). */
  varint(value: number): void {
    requireInteger(value, LARGEST_VARINT)
    if (value <= LARGEST_VARINT_1) {
      this.#number8(this.#grow(1), value)
    } else if (value <= LARGEST_VARINT_2) {
      this.#number16(this.#grow(2), value + 0x4000)
    } else if (value <= LARGEST_VARINT_4) {
      this.#number32(this.#grow(4), value + 0x8000_0000)
    } else {
      const start = this.#grow(8)
      this.#number32(start, Math.floor(value / 2 ** 32) + 0xc000_0000)
      this.#number32(start + 4, value % 2 ** 32)
    }
  }

  /** The bytes as they are, without their length. */
  bytes(bytes: Uint8Array): void {
    const start = this.#grow(bytes.length)
    this.#bytes.set(bytes, start)
  }

  /** A byte string after its length. @param longest In bytes; the limit that the reader sets. */
  byteString(bytes: Uint8Array, longest: number): void {
    if (bytes.length > longest) throw new RangeError(`a string has at most ${longest} bytes, not ${bytes.length}`)
    this.varint(bytes.length)
    this.bytes(bytes)
  }

  /** A well-formed text in UTF-8 after its length in bytes. @param longest In bytes; the limit that the reader sets. */
  text(text: string, longest: number): void {
    this.byteString(toUtf8(text), longest)
  }

  /** How many items a list has that follows. @param most The limit that the reader sets. */
  count(count: number, most: number): void {
    if (count > most) throw new RangeError(`a list has at most ${most} items, not ${count}`)
    this.varint(count)
  }

  /** An address of 16 bytes (IPv4 in its IPv4-mapped form) and a port, which is not 0. */
  endpoint(endpoint: Endpoint): void {
    if (endpoint.port === 0) throw new RangeError('an endpoint on the wire has a port')
    this.bytes(ipAddressBytes(endpoint.host))
    this.uint16(endpoint.port)
  }

  /** Writes a number over two bytes that were written before: a length that is known only afterwards. */
  overwriteUint16(offset: number, value: number): void {
    requireInteger(value, 0xffff)
    requireInteger(offset, this.#length - 2)
    this.#number16(offset, value)
  }

  /** Makes room for `length` more bytes and returns where they begin. */
  #grow(length: number): number {
    const start = this.#length
    const end = start + length
    if (end > this.#limit) throw new RangeError(`${end} bytes are more than the limit of ${this.#limit}`)
    if (end > this.#bytes.length) {
      const capacity = Math.min(this.#limit, Math.max(end, this.#bytes.length * 2))
      const grown = new Uint8Array(capacity)
      grown.set(this.#bytes.subarray(0, start))
      this.#bytes = grown
    }
    this.#length = end
    return start
  }

  #number8(start: number, value: number): void {
    this.#bytes[start] = value
  }

  #number16(start: number, value: number): void {
    this.#bytes[start] = value >> 8
    this.#bytes[start + 1] = value
  }

  #number32(start: number, value: number): void {
    this.#number16(start, value >>> 16)
    this.#number16(start + 2, value & 0xffff)
  }
}

function requireInteger(value: number, largest: number): void {
  if (!Number.isInteger(value) || value < 0 || value > largest) {
    throw new RangeError(`not an integer from 0 to ${largest}: ${value}`)
  }
}
