/**
 * Random numbers that repeat themselves: the random port of a simulation.
 *
 * A seed is text. Its characters are mixed into the 128 bits of state of xoshiro128** (Blackman and
 * Vigna), which is fast and passes the usual statistical tests, and is no secret: real keys never come
 * from it. Whoever needs numbers of its own takes a stream of its own, under a seed that extends the
 * simulation's, such as `seed/host/ann`: so what one host draws moves nothing elsewhere.
 */
import type { Random } from '../runtime/random.ts'

/** A random port that gives the same numbers for the same seed, on every platform. */
export class SeededRandom implements Random {
  // Signed 32-bit integers, which V8 keeps in the object itself.
  #a: number
  #b: number
  #c: number
  #d: number

  constructor(seed: string) {
    ;[this.#a, this.#b, this.#c, this.#d] = mixSeed(seed)
  }

  uint32(): number {
    const result = Math.imul(rotateLeft(Math.imul(this.#b, 5), 7), 9) >>> 0
    const shifted = this.#b << 9
    this.#c ^= this.#a
    this.#d ^= this.#b
    this.#b ^= this.#c
    this.#a ^= this.#d
    this.#c ^= shifted
    this.#d = rotateLeft(this.#d, 11)
    return result
  }

  fill(target: Uint8Array): void {
    let word = 0
    for (let index = 0; index < target.length; index++) {
      word = (index & 3) === 0 ? this.uint32() : word >>> 8
      target[index] = word & 0xff
    }
  }
}

function rotateLeft(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits))
}

/** MurmurHash3's way of mixing, over UTF-16 code units, in four lanes that are stirred together at the end. */
function mixSeed(seed: string): [number, number, number, number] {
  let a = 0x9e3779b9 | 0
  let b = 0x243f6a88 | 0
  let c = 0xb7e15162 | 0
  let d = 0x6a09e667 | 0
  for (let index = 0; index < seed.length; index++) {
    const unit = seed.charCodeAt(index)
    a = (Math.imul(rotateLeft(a ^ Math.imul(unit, 0xcc9e2d51), 15), 0x1b873593) + b) | 0
    b = (Math.imul(rotateLeft(b ^ Math.imul(unit, 0x239b961b), 16), 0xab0e9789) + c) | 0
    c = (Math.imul(rotateLeft(c ^ Math.imul(unit, 0x38b34ae5), 17), 0xa1e38b93) + d) | 0
    d = (Math.imul(rotateLeft(d ^ Math.imul(unit, 0x85ebca6b), 18), 0xc2b2ae35) + a) | 0
  }
  a = finish(a ^ seed.length)
  b = finish(b ^ a)
  c = finish(c ^ b)
  d = finish(d ^ c)
  a = finish(a ^ d)
  // The one state from which xoshiro never moves.
  if ((a | b | c | d) === 0) a = 1
  return [a, b, c, d]
}

function finish(lane: number): number {
  let mixed = lane
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b)
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
  return mixed ^ (mixed >>> 16)
}
