/**
 * How long a cloud that was split takes to be one again: every other node is cut off from the rest for ten minutes, while
 * there are neither seeds nor multicast, and then all leaf sets have to become right, with nothing but what the nodes know.
 */
import { makeCloud } from '../../../src/pnrp/cloud.ts'
import type { Endpoint } from '../../../src/runtime/endpoint.ts'
import { SimulatedCloud } from '../../../test/pnrp/simulated-cloud.ts'
import { JOINS_PER_SECOND } from './cloud.ts'
import type { Figures } from './figures.ts'

const MINUTE = 60_000
const QUIET_AFTER = 2 * MINUTE
const SPLIT_TIME = 10 * MINUTE
/** After this it counts as not healed. */
const LONGEST_HEALING = 30 * MINUTE
const LOOKING_INTERVAL = 1000
/** Of larger clouds so many leaf sets are looked at, spread over all nodes. */
const MOST_LOOKED_AT = 1000

/** @returns milliseconds until all leaf sets that are looked at were right, and until nine tenths of their sides were */
export function measureSplit(nodes: number, seed: string): Figures {
  let seeds: readonly Endpoint[] = []
  const cloud = new SimulatedCloud({ seed, cloud: makeCloud('Global_'), checks: false })
  const { world } = cloud
  for (let index = 0; index < nodes; index++) {
    const { endpoint } = cloud.add({ ports: { seeds: () => seeds } })
    if (index === 0) seeds = [endpoint]
    world.runFor(1000 / JOINS_PER_SECOND)
  }
  world.runFor(QUIET_AFTER)
  seeds = []
  const names = cloud.members.map(({ name }) => name)
  world.network.partition(
    names.filter((_, index) => index % 2 === 0),
    names.filter((_, index) => index % 2 === 1),
  )
  world.runFor(SPLIT_TIME)
  const step = Math.max(1, Math.floor(nodes / MOST_LOOKED_AT))
  // An odd step, so that both parts are looked at.
  const lookedAt = cloud.members.filter((_, index) => index % (step + 1 - (step % 2)) === 0)
  const sides = 2 * lookedAt.length
  const splitSides = cloud.wrongLeafSets(lookedAt).length
  world.network.heal()
  const healed = world.now
  let mostlyHealed: number | undefined
  for (;;) {
    world.runFor(LOOKING_INTERVAL)
    const wrong = cloud.wrongLeafSets(lookedAt).length
    const passed = world.now - healed
    if (wrong <= sides / 10) mostlyHealed ??= passed
    if (wrong === 0 && mostlyHealed !== undefined) return { sides, splitSides, mostlyHealed, healed: passed }
    if (passed >= LONGEST_HEALING)
      throw new RangeError(`${wrong} of ${sides} sides are wrong after ${passed} ms (seed ${seed})`)
  }
}
