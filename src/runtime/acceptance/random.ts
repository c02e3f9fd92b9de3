/**
 * The acceptance suite of the random port. It finds a source that is broken, not one that can be
 * guessed: bounds are ten standard deviations wide, so that a good source fails once in 10^20 runs.
 */
import type { Random } from '../random.ts'
import { type AcceptanceCheck, expectSame, expectThat } from './acceptance.ts'

const DEVIATIONS = 10

export const randomAcceptance: readonly AcceptanceCheck<Random>[] = [
  {
    name: 'fill overwrites every byte of its target and nothing beside it',
    run(random) {
      // More lengths than one draw can leave a byte as it was: each place must change in some of 40 rounds.
      for (const length of [1, 2, 3, 4, 5, 15, 16, 31, 32, 33, 255, 256, 257, 4095, 4096, 4097, 70_000]) {
        const surrounding = new Uint8Array(length + 2)
        const target = surrounding.subarray(1, length + 1)
        const changed = new Uint8Array(length)
        for (let round = 0; round < 40; round++) {
          target.fill(0)
          random.fill(target)
          for (let place = 0; place < length; place++) changed[place] = (changed[place] ?? 0) | (target[place] ?? 0)
        }
        expectThat(!changed.includes(0), `each of ${length} bytes is overwritten`)
        expectSame(surrounding[0], 0, 'the byte before the target')
        expectSame(surrounding[length + 1], 0, 'the byte after the target')
      }
    },
  },
  {
    name: 'an empty target is left alone',
    run(random) {
      random.fill(new Uint8Array(0))
    },
  },
  {
    name: 'each value of a byte, and each bit, is about equally frequent in what fill gives',
    run(random) {
      const bytes = new Uint8Array(1 << 20)
      random.fill(bytes)
      const counts = new Array<number>(256).fill(0)
      for (const byte of bytes) counts[byte] = (counts[byte] ?? 0) + 1
      let ones = 0
      for (const [value, count] of counts.entries()) {
        expectNear(count, bytes.length, 1 / 256, `frequency of the byte ${value}`)
        for (let bit = value; bit !== 0; bit >>>= 1) ones += (bit & 1) * count
      }
      expectNear(ones, bytes.length * 8, 1 / 2, 'frequency of the bit 1')
    },
  },
  {
    name: 'short fills do not repeat themselves',
    run(random) {
      const seen = new Set<string>()
      for (let round = 0; round < 4096; round++) {
        const bytes = new Uint8Array(8)
        random.fill(bytes)
        seen.add(bytes.join())
      }
      expectSame(seen.size, 4096, 'different values of 8 bytes')
    },
  },
  {
    name: 'uint32 gives integers from 0 to 2^32 - 1, each bit about equally frequent',
    run(random) {
      const draws = 1 << 16
      const counts = new Array<number>(32).fill(0)
      for (let draw = 0; draw < draws; draw++) {
        const value = random.uint32()
        expectThat(Number.isInteger(value) && value >= 0 && value < 2 ** 32, 'an integer from 0 to 2^32 - 1')
        for (let bit = 0; bit < 32; bit++) counts[bit] = (counts[bit] ?? 0) + ((value >>> bit) & 1)
      }
      for (const [bit, count] of counts.entries()) expectNear(count, draws, 1 / 2, `frequency of bit ${bit}`)
    },
  },
  {
    name: 'uint32 does not repeat itself, also between fills of every length',
    run(random) {
      const seen = new Set<number>()
      const draws = 20_000
      for (let draw = 0; draw < draws; draw++) {
        seen.add(random.uint32())
        if (draw % 7 === 0) random.fill(new Uint8Array(draw % 61))
      }
      // By chance 0.05 of 20,000 values are repeated.
      expectThat(draws - seen.size <= 5, 'at most 5 of 20,000 values are repeated')
    },
  },
]

/** Fails if a count of events that each happen with this probability is too far from what is expected. */
function expectNear(count: number, tries: number, probability: number, what: string): void {
  const expected = tries * probability
  const deviation = Math.sqrt(tries * probability * (1 - probability))
  expectThat(Math.abs(count - expected) <= DEVIATIONS * deviation, `${what}: ${count} is near ${expected}`)
}
