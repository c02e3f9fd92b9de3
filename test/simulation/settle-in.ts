/**
 * Lets time pass in a world for code that has promises, as the acceptance suites of the ports do.
 */
import { setImmediate } from 'node:timers/promises'
import type { SimulatedWorld } from '../../src/simulation/simulated-world.ts'

const MOST_STEPS = 1_000_000

/** The `settle` of an acceptance suite: an event at a time, and a turn for the promises after each. */
export function settleIn(world: SimulatedWorld): (condition: () => boolean) => Promise<void> {
  return async (condition) => {
    for (let steps = 0; !condition(); steps++) {
      if (steps === MOST_STEPS) throw new Error('the condition does not hold after a million events')
      await setImmediate()
      world.step()
    }
    await setImmediate()
  }
}
