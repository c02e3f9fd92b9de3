/**
 * The bounded reader of all binary formats: messages, records, chains.
 *
 * Everything that it reads comes from strangers. It never goes past the end, never takes a length or a
 * count that the bytes at hand cannot hold, and refuses what has more than one form: each structure has
 * exactly one encoding. Numbers are in network byte order.
 *
 * It is made for the hot path: no method allocates more than its result. Byte strings are **views** of
 * the input, so whoever keeps one beyond the life of that input (a datagram, say) copies it; texts,
 * numbers and endpoints are values of their own.
 *
 * Every method throws PeerageError `malformed` with the place of what it refuses.
 */
import { fromUtf8 } from '../runtime/bytes.ts'
import { ADDRESS_LENGTH, type Endpoint, ipAddressFromBytes } from '../runtime/endpoint.ts'
import { PeerageError } from '../runtime/peerage-error.ts'
import { LARGEST_VARINT, LARGEST_VARINT_1, LARGEST_VARINT_2, LARGEST_VARINT_4 } from './varint.ts'

/** Reads one structure from beginning to end. */
export class WireReader {
  readonly #bytes: Uint8Array
  readonly #structure: string
  #offset = 0
  #end: number

  /** @param structure What is read, in errors: `record`, `LOOKUP message`, ... */
  constructor(bytes: Uint8Array, structure: string) {
    this.#bytes = bytes
    this.#structure = structure
    this.#end = bytes.length
  }

  /** How many bytes have been read. */
  get offset(): number {
    return this.#offset
  }

  /** How many bytes are left, in the part that was entered. */
  get remaining(): number {
    return this.#end - this.#offset
  }

  uint8(): number {
    return this.#bytes[this.#take(1)] ?? 0
  }

  uint16(): number {
    return this.#number16(this.#take(2))
  }

  /** The next two bytes, which stay to be read. */
  peekUint16(): number {
    const value = this.uint16()
    this.#offset -= 2
    return value
  }

  uint32(): number {
    return this.#number32(this.#take(4))
  }

  /** A number of 48 bits: what milliseconds since 1970 take. */
  uint48(): number {
    const start = this.#take(6)
    return this.#number16(start) * 2 ** 32 + this.#number32(start + 2)
  }

  uint64(): bigint {
    const start = this.#take(8)
    return (BigInt(this.#number32(start)) << 32n) | BigInt(this.#number32(start + 4))
  }

  /** A variable-length number, in its shortest form (varint.ts). @param largest What is still legal. */
  varint(largest: number = LARGEST_VARINT): number {
    const start = this.#offset
    const first = this.uint8()
    let value = first & 0x3f
    let smallest = 0
    switch (first >> 6) {
      case 0:
        break
      case 1:
        value = value * 2 ** 8 + this.uint8()
        smallest = LARGEST_VARINT_1 + 1
        break
      case 2:
        value = value * 2 ** 24 + this.uint8() * 2 ** 16 + this.uint16()
        smallest = LARGEST_VARINT_2 + 1
        break
      default:
        value = (value * 2 ** 24 + this.uint8() * 2 ** 16 + this.uint16()) * 2 ** 32 + this.uint32()
        smallest = LARGEST_VARINT_4 + 1
    }
    if (value < smallest) throw this.malformed('a number is not in its shortest form', start)
    if (value > largest) throw this.malformed(`a number is greater than ${largest}`, start)
    return value
  }

  /** Exactly `length` bytes: a view. */
  bytes(length: number): Uint8Array {
    const start = this.#take(length)
    return this.#bytes.subarray(start, start + length)
  }

  /** Passes over exactly `length` bytes. */
  skip(length: number): void {
    this.#take(length)
  }

  /** All bytes that are left in the part that was entered: a view. */
  rest(): Uint8Array {
    return this.bytes(this.remaining)
  }

  /** A byte string after its length, a varint: a view. @param longest In bytes. */
  byteString(longest: number): Uint8Array {
    return this.bytes(this.#length(longest))
  }

  /** A text in UTF-8 after its length in bytes, a varint. @param longest In bytes. */
  text(longest: number): string {
    const start = this.#offset
    const text = fromUtf8(this.byteString(longest))
    if (text === undefined) throw this.malformed('a text is not valid UTF-8', start)
    return text
  }

  /**
   * How many items a list has that follows, a varint. Never more than the bytes that are left can hold.
   *
   * @param most How many items are legal.
   * @param shortestItem In bytes, at least 1.
   */
  count(most: number, shortestItem: number): number {
    const start = this.#offset
    const count = this.varint()
    if (count > most) throw this.malformed(`a list has ${count} items, and at most ${most} are allowed`, start)
    if (count * shortestItem > this.remaining)
      throw this.malformed(`it is cut short in a list of ${count} items`, start)
    return count
  }

  /** An address of 16 bytes (IPv4 in its IPv4-mapped form) and a port, which is not 0. */
  endpoint(): Endpoint {
    const start = this.#offset
    const host = ipAddressFromBytes(this.bytes(ADDRESS_LENGTH))
    const port = this.uint16()
    if (port === 0) throw this.malformed('an endpoint has port 0', start)
    return { host, port }
  }

  /**
   * Goes into a part of the next `length` bytes, which cannot be read past.
   *
   * @returns What {@link WireReader.leave} needs to come out again.
   */
  enter(length: number): number {
    const outerEnd = this.#end
    this.#end = this.#take(length) + length
    this.#offset = this.#end - length
    return outerEnd
  }

  /** Comes out of a part, which must have been read to its end. */
  leave(outerEnd: number): void {
    this.finish()
    this.#end = outerEnd
  }

  /** Refuses bytes that are left over. */
  finish(): void {
    if (this.remaining > 0) throw this.malformed(`${this.remaining} bytes are left over`)
  }

  /** The error for what was found at the present place, or at `offset`. */
  malformed(problem: string, offset: number = this.#offset): PeerageError<'malformed'> {
    return new PeerageError('malformed', { structure: this.#structure, problem, offset })
  }

  /** Moves on by `length` bytes, which must be there, and returns where they begin. */
  #take(length: number): number {
    const start = this.#offset
    if (!Number.isSafeInteger(length) || length < 0) throw new RangeError(`not a length: ${length}`)
    if (length > this.#end - start) {
      throw this.malformed(`it is cut short: ${length} bytes are needed and ${this.#end - start} are left`)
    }
    this.#offset = start + length
    return start
  }

  #length(longest: number): number {
    const start = this.#offset
    const length = this.varint()
    if (length > longest)
      throw this.malformed(`a string has ${length} bytes, and at most ${longest} are allowed`, start)
    return length
  }

  #number16(start: number): number {
    return ((this.#bytes[start] ?? 0) << 8) | (this.#bytes[start + 1] ?? 0)
  }

  #number32(start: number): number {
    return this.#number16(start) * 2 ** 16 + this.#number16(start + 2)
  }
}
