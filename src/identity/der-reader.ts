/**
 * A strict reader of DER (X.690): definite lengths in their shortest form, one way to write
 * everything, nothing left over, and a reason with every refusal.
 *
 * It is our own because validity is part of the protocol. A lenient reader accepts two encodings of
 * one certificate, and two libraries that differ in leniency make two nodes differ about a group.
 * The ASN.1 libraries that were tried are lenient where we must be strict (asn1js reads BER) and took
 * 150 to 900 µs a certificate, where reading *and* verifying 24 of them may take 5 ms.
 *
 * One reader walks through all levels of a structure: {@link DerReader.enter} goes into an element
 * and {@link DerReader.leave} out of it, which refuses whatever was not read. Everything that it
 * returns is a view of the input.
 */
import { PeerageError } from '../runtime/peerage-error.ts'
import { INTEGER } from './der-tags.ts'

/** Longer elements are refused: nothing of ours comes near. */
const LONGEST_ELEMENT = 0xffff

/** Reads one structure from beginning to end. Every method throws PeerageError `malformed`. */
export class DerReader {
  readonly #bytes: Uint8Array
  readonly #structure: string
  #offset: number
  /** Where the element that was entered ends. */
  #end: number

  /** @param structure What is read, in errors: `private key`, `certificate`, ... */
  constructor(bytes: Uint8Array, structure: string, start = 0, end = bytes.length) {
    this.#bytes = bytes
    this.#structure = structure
    this.#offset = start
    this.#end = end
  }

  /** Where the next element begins, counted from the beginning of the bytes. */
  get offset(): number {
    return this.#offset
  }

  /** Where the element that was entered ends, or on the outermost level the bytes. */
  get end(): number {
    return this.#end
  }

  /** Whether the element that was entered has been read to its end. */
  get atEnd(): boolean {
    return this.#offset === this.#end
  }

  /** Whether the next element has this tag. */
  isNext(tag: number): boolean {
    return this.#offset < this.#end && this.#bytes[this.#offset] === tag
  }

  /**
   * Goes into the next element.
   *
   * @param what Its name in errors, such as `the serial number`.
   * @returns What {@link DerReader.leave} needs to come out again.
   */
  enter(tag: number, what: string): number {
    const end = this.#readHeader(tag, what)
    const outerEnd = this.#end
    this.#end = end
    return outerEnd
  }

  /** Comes out of an element, which must have been read to its end. */
  leave(outerEnd: number, what: string): void {
    this.finish(what)
    this.#end = outerEnd
  }

  /** Refuses whatever is left over in, or on the outermost level after, `what`. */
  finish(what: string): void {
    const left = this.#end - this.#offset
    if (left > 0) throw this.malformed(`${left} bytes are left over after ${what}`)
  }

  /** The content of the next element. */
  content(tag: number, what: string): Uint8Array {
    const end = this.#readHeader(tag, what)
    const content = this.#bytes.subarray(this.#offset, end)
    this.#offset = end
    return content
  }

  /** The next element as a whole, with tag and length. */
  element(tag: number, what: string): Uint8Array {
    const start = this.#offset
    const end = this.#readHeader(tag, what)
    this.#offset = end
    return this.#bytes.subarray(start, end)
  }

  /** A non-negative INTEGER of at most 32 bits. */
  unsignedInteger(what: string): number {
    const content = this.content(INTEGER, what)
    const [first = 0, second = 0] = content
    if (content.length === 0) throw this.malformed(`${what} is an integer without bytes`)
    if (first >= 0x80) throw this.malformed(`${what} is negative`)
    if (content.length > 1 && first === 0 && second < 0x80) throw this.malformed(`${what} has a superfluous zero`)
    if (content.length > 5 || (content.length === 5 && first !== 0)) throw this.malformed(`${what} is too large`)
    let value = 0
    for (const byte of content) value = value * 256 + byte
    return value
  }

  /** The error for what was found at the present place, or at `offset`. */
  malformed(problem: string, offset = this.#offset): PeerageError<'malformed'> {
    return new PeerageError('malformed', { structure: this.#structure, problem, offset })
  }

  /** Reads tag and length, moves to the content, and returns where that ends. */
  #readHeader(tag: number, what: string): number {
    const start = this.#offset
    if (start >= this.#end) throw this.malformed(`it ends before ${what}`)
    const found = this.#bytes[start] ?? 0
    if (found !== tag) throw this.malformed(`${what} has tag 0x${found.toString(16)} instead of 0x${tag.toString(16)}`)
    if (start + 2 > this.#end) throw this.malformed(`it is cut short in ${what}`)
    let length = this.#bytes[start + 1] ?? 0
    let content = start + 2
    if (length >= 0x80) {
      const digits = length - 0x80
      if (digits === 0) throw this.malformed(`${what} has an indefinite length`)
      if (digits > 2) throw this.malformed(`${what} has more than ${LONGEST_ELEMENT} bytes or an overlong length`)
      if (content + digits > this.#end) throw this.malformed(`it is cut short in ${what}`)
      length = this.#bytes[content] ?? 0
      if (digits === 2) length = length * 256 + (this.#bytes[content + 1] ?? 0)
      if (length < (digits === 1 ? 0x80 : 0x100)) throw this.malformed(`${what} has an overlong length`)
      content += digits
    }
    if (length > this.#end - content) throw this.malformed(`it is cut short in ${what}`)
    this.#offset = content
    return content + length
  }
}
