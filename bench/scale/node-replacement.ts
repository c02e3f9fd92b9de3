/** Nodes of a simulated cloud that are replaced: one crashes without a word, another one joins. */
import { randomBelow } from '../../src/runtime/random.ts'
import type { SimulatedCloud } from '../../test/pnrp/simulated-cloud.ts'

const HOUR = 60 * 60_000
/** Of all nodes. */
const REPLACED_EACH_HOUR = 0.2

/** Lets nodes be replaced for a time, in milliseconds, or until one has been. @param stream Names the random numbers. @returns how many were */
export function replaceNodes(cloud: SimulatedCloud, duration: number, stream: string): number {
  const random = cloud.world.random(stream)
  const end = cloud.world.now + duration
  const pause = HOUR / (cloud.running.length * REPLACED_EACH_HOUR)
  let replaced = 0
  while (cloud.world.now < end) {
    // The first is the seed, which stays.
    const running = cloud.running.slice(1)
    running[randomBelow(random, running.length)]?.crash()
    cloud.add()
    replaced++
    cloud.world.runFor(pause)
  }
  return replaced
}
