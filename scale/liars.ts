/**
 * What liars at random places achieve (N-103):
 *
 *     node scale/liars.ts [nodes] [lookups] [seed]
 *
 * A fifth of the nodes lie: they name nodes that are not there, claim IDs that they do not have, forge proofs, say
 * that they know nobody, and tell everybody a false observed address. They behave until they are in all caches.
 */
import { makeCloud } from '../src/pnrp/cloud.ts'
import { Liars } from '../test/pnrp/liar.ts'
import { lookUp, registerNames } from '../test/pnrp/lookup-workload.ts'
import { SimulatedCloud } from '../test/pnrp/simulated-cloud.ts'

const ONE_LIAR_IN = 5
const NAMES = 200
const JOINS_PER_SECOND = 20
/** How many minutes are looked at. */
const MINUTES = 10

const [nodes = 1000, lookups = 1000] = process.argv.slice(2, 4).map(Number)
const seed = process.argv[4] ?? 'liars'
const cloud = new SimulatedCloud({ seed, cloud: makeCloud('Global_'), checks: false })
const liars = new Liars(cloud)
for (let index = 0; index < nodes; index++) {
  if (index % ONE_LIAR_IN === ONE_LIAR_IN - 1) liars.add()
  else cloud.add()
  cloud.world.runFor(1000 / JOINS_PER_SECOND)
}
cloud.world.runFor(60_000)
const honest = cloud.members.filter((member) => !liars.members.includes(member))
const names = registerNames(cloud, NAMES, { secured: true, publishers: honest })
cloud.world.runFor(10_000)
report('before anybody lies')
liars.lie = true
for (let minute = 0; minute <= MINUTES; minute += MINUTES / 2) {
  report(`${liars.members.length} of ${nodes} nodes have lied for ${minute} minutes`)
  cloud.world.runFor((MINUTES / 2) * 60_000)
}

function report(what: string): void {
  const {
    found,
    wrong,
    meanHops,
    meanTime,
    lookups: made,
  } = lookUp(cloud, names, {
    ...{ lookups, atOnce: 20, stream: what, resolvers: honest },
  })
  const share = ((100 * found) / made).toFixed(2)
  process.stdout.write(
    `${what}: ${found} of ${made} right (${share} %), ${wrong} wrong, ${meanHops.toFixed(2)} LOOKUPs and ${meanTime.toFixed(0)} ms a lookup\n`,
  )
}
