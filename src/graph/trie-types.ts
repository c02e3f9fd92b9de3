/**
 * The types of the records in a Merkle trie: a number for each, so that a leaf holds no name, and the half of its key that
 * all its records share. A number is used again once no record has it.
 */
import { toHex, toUtf8 } from '../runtime/bytes.ts'
import type { Crypto } from '../runtime/crypto.ts'

/** A type of which there are records. */
export interface TrieType {
  readonly name: string
  /** SHA-256 of the name. */
  readonly hash: Uint8Array
  /** The hash in hexadecimal digits. */
  readonly path: string
}

/** The types of one trie. */
export class TrieTypes {
  readonly #crypto: Crypto
  readonly #types: (TrieType | undefined)[] = []
  /** How many records have each number. */
  readonly #counts: number[] = []
  readonly #numbers = new Map<string, number>()
  readonly #free: number[] = []

  constructor(crypto: Crypto) {
    this.#crypto = crypto
  }

  numberOf(name: string): number | undefined {
    return this.#numbers.get(name)
  }

  /** The type with a number that is in use. */
  type(number: number): TrieType {
    const type = this.#types[number]
    if (type === undefined) throw new RangeError(`no type has the number ${number}`)
    return type
  }

  names(): Iterable<string> {
    return this.#numbers.keys()
  }

  /** There is one record more of a type. @returns the number of the type */
  add(name: string): number {
    const number = this.#numbers.get(name) ?? this.#new(name)
    this.#counts[number] = (this.#counts[number] ?? 0) + 1
    return number
  }

  /** There is one record less. */
  remove(number: number): void {
    const count = (this.#counts[number] ?? 0) - 1
    this.#counts[number] = count
    if (count > 0) return
    this.#numbers.delete(this.type(number).name)
    this.#types[number] = undefined
    this.#free.push(number)
  }

  #new(name: string): number {
    const number = this.#free.pop() ?? this.#types.length
    const hash = this.#crypto.sha256(toUtf8(name))
    this.#types[number] = { name, hash, path: toHex(hash) }
    this.#numbers.set(name, number)
    return number
  }
}
