/** A random source that draws what a vector says. */
import type { Random } from '../../src/runtime/random.ts'
import { hex } from '../records/record-vectors.ts'

/** Draws each of these byte strings, in hexadecimal digits, once. */
export function drawing(...strings: readonly string[]): Random {
  const rest = strings.map(hex)
  return {
    fill(target) {
      const bytes = rest.shift()
      if (bytes?.length !== target.length) throw new Error('the vector draws something else here')
      target.set(bytes)
    },
    uint32() {
      throw new Error('the vector draws no number')
    },
  }
}
