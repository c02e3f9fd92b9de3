/**
 * The random port on Node.js: the system's cryptographic source.
 *
 * A draw from the source costs about a microsecond, however short it is, and the protocols draw many
 * single numbers. So short draws come out of a pool that is filled from the source at once. What was
 * drawn is erased from the pool in the same step, so that a later look into the memory of the process
 * does not find the keys and nonces of before.
 */
import { randomFillSync } from 'node:crypto'
import type { Random } from '../runtime/random.ts'

const POOL_LENGTH = 4096
/** Longer draws go to the source themselves. */
const LONGEST_POOL_DRAW = 64

const pool = new Uint8Array(POOL_LENGTH)
const poolView = new DataView(pool.buffer)
let used = POOL_LENGTH

/** Where the next `length` bytes of the pool are, which are the caller's to use and erase. */
function take(length: number): number {
  if (used + length > POOL_LENGTH) {
    randomFillSync(pool)
    used = 0
  }
  const from = used
  used += length
  return from
}

/** The random source of this process. */
export const systemRandom: Random = {
  fill(target) {
    if (target.length > LONGEST_POOL_DRAW) {
      randomFillSync(target)
      return
    }
    const from = take(target.length)
    target.set(pool.subarray(from, from + target.length))
    pool.fill(0, from, from + target.length)
  },
  uint32() {
    const from = take(4)
    const drawn = poolView.getUint32(from)
    poolView.setUint32(from, 0)
    return drawn
  },
}
