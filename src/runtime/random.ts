/**
 * The random port. On a platform it is the system's cryptographic source; in a simulation it is a
 * generator that repeats itself from a seed.
 */
export interface Random {
  /** Overwrites all of `target` with random bytes. */
  fill(target: Uint8Array): void
  /** A random integer from 0 to 2^32 - 1. */
  uint32(): number
}

/** `length` new random bytes. */
export function randomBytes(random: Random, length: number): Uint8Array {
  const bytes = new Uint8Array(length)
  random.fill(bytes)
  return bytes
}

const UINT32_VALUES = 2 ** 32

/**
 * A random integer from 0 to `bound` - 1, each equally likely.
 *
 * @param bound 1 to 2^32; anything else is a programming error.
 */
export function randomBelow(random: Random, bound: number): number {
  if (!Number.isInteger(bound) || bound < 1 || bound > UINT32_VALUES) {
    throw new RangeError(`the bound of a random integer is 1 to 2^32, not ${bound}`)
  }
  // Values past the last whole multiple of the bound would make small results likelier: draw again.
  const usable = UINT32_VALUES - (UINT32_VALUES % bound)
  let drawn = random.uint32()
  while (drawn >= usable) drawn = random.uint32()
  return drawn % bound
}

/** A random number from 0 up to, and not including, 1, in steps of 2^-32. */
export function randomFraction(random: Random): number {
  return random.uint32() / UINT32_VALUES
}

/** One element of `choices`, each equally likely; undefined if there are none. */
export function randomChoice<T>(random: Random, choices: readonly T[]): T | undefined {
  return choices.length === 0 ? undefined : choices[randomBelow(random, choices.length)]
}

/** A copy of `items` in random order, each order equally likely (Fisher and Yates). */
export function shuffled<T>(random: Random, items: readonly T[]): T[] {
  const drawFrom = [...items]
  const result: T[] = []
  while (drawFrom.length > 0) {
    result.push(...drawFrom.splice(randomBelow(random, drawFrom.length), 1))
  }
  return result
}
