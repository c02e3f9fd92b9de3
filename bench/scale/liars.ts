/**
 * What liars at random places achieve (N-103):
 *
 *     node bench/scale/liars.ts [nodes] [lookups] [seed]
 *
 * A fifth of the nodes lie: they name nodes that are not there, claim IDs that they do not have, forge proofs, say
 * that they know nobody, and tell everybody a false observed address. They behave until they are in all caches. Then
 * lookups go on, so many in all, evenly over ten minutes.
 */
import { makeCloud } from '../../src/pnrp/cloud.ts'
import { Liars } from '../../test/pnrp/liar.ts'
import { lookUp, registerNames } from '../../test/pnrp/lookup-workload.ts'
import { SimulatedCloud } from '../../test/pnrp/simulated-cloud.ts'

const ONE_LIAR_IN = 5
const NAMES = 200
const JOINS_PER_SECOND = 50
const MINUTE = 60_000
const MINUTES = 10
const AT_ONCE = 20

const [nodes = 1000, lookups = 1000] = process.argv.slice(2, 4).map(Number)
const seed = process.argv[4] ?? 'liars'
const cloud = new SimulatedCloud({ seed, cloud: makeCloud('Global_'), checks: false })
const liars = new Liars(cloud)
for (let index = 0; index < nodes; index++) {
  if (index % ONE_LIAR_IN === ONE_LIAR_IN - 1) liars.add()
  else cloud.add()
  cloud.world.runFor(1000 / JOINS_PER_SECOND)
}
cloud.world.runFor(MINUTE)
const honest = cloud.members.filter((member) => !liars.members.includes(member))
const names = registerNames(cloud, NAMES, { secured: true, publishers: honest })
cloud.world.runFor(10_000)
process.stdout.write(`${nodes} nodes, ${liars.members.length} of them lie (seed ${seed})\n`)
process.stdout.write('| lookups | right | wrong | LOOKUPs a lookup | time, mean |\n| --- | --- | --- | --- | --- |\n')
report('before anybody lies', lookups / MINUTES, MINUTE)
liars.lie = true
for (let minute = 1; minute <= MINUTES; minute++) report(`in minute ${minute}`, lookups / MINUTES, MINUTE)

/** Makes so many lookups, evenly over a time. */
function report(what: string, count: number, duration: number): void {
  const batches = Math.ceil(count / AT_ONCE)
  const start = cloud.world.now
  let [made, found, wrong, hops, time] = [0, 0, 0, 0, 0]
  for (let batch = 0; batch < batches; batch++) {
    const one = lookUp(cloud, names, {
      ...{ lookups: Math.min(AT_ONCE, count - made), atOnce: AT_ONCE, stream: `${what} ${batch}`, resolvers: honest },
    })
    made += one.lookups
    found += one.found
    wrong += one.wrong
    hops += one.meanHops * one.lookups
    time += one.meanTime * one.lookups
    const next = start + ((batch + 1) * duration) / batches
    if (next > cloud.world.now) cloud.world.runFor(next - cloud.world.now)
  }
  const share = ((100 * found) / made).toFixed(2)
  process.stdout.write(
    `| ${made} ${what} | ${found} (${share} %) | ${wrong} | ${(hops / made).toFixed(2)} | ${(time / made).toFixed(0)} ms |\n`,
  )
}
