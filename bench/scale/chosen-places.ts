/**
 * What an attacker achieves who chooses the places of its nodes (N-116):
 *
 *     node bench/scale/chosen-places.ts [nodes] [lookups] [seed]
 *
 * The attacker has k nodes, each with a prefix of its own in `Global_`, and computes IDs for them, by trying out names,
 * that lie around one attacked secured name, closer to it than anybody else. About this name its nodes lie: they
 * name each other under IDs that they do not have, forge proofs, or say that they know nobody; to all else they
 * behave. The table says how many lookups of the name fail. A lookup that fails is one that ends without a result. Half
 * of the lookups come from nodes that knew the cloud before the attack, half from honest ones that joined after it began.
 */
import { makeCloud } from '../../src/pnrp/cloud.ts'
import { type PnrpId, sameP2pId } from '../../src/pnrp/pnrp-id.ts'
import { Liars } from '../../test/pnrp/liar.ts'
import { type LookupReport, lookUp, registerNames } from '../../test/pnrp/lookup-workload.ts'
import { type Member, SimulatedCloud } from '../../test/pnrp/simulated-cloud.ts'

/** How close the attacker comes: the distance from a node to its neighbour, divided by this. */
const CLOSENESS = 50
const JOINS_PER_SECOND = 20
const MOST_PREFIXES = 16
/** From one row of the table to the next. */
const PREFIXES_OF_STEP = 2
/** How many honest nodes join after the attackers of each step. */
const NEWCOMERS_OF_STEP = 10

const [nodes = 1000, lookups = 200] = process.argv.slice(2, 4).map(Number)
const seed = process.argv[4] ?? 'chosen'
const cloud = new SimulatedCloud({ seed, cloud: makeCloud('Global_'), checks: false })
cloud.grow(nodes, {}, 1000 / JOINS_PER_SECOND)
const [attacked] = registerNames(cloud, 1, { secured: true })
if (attacked === undefined) throw new RangeError('nothing is registered')
const resolvers = cloud.members.filter((member) => member !== attacked.publisher)
cloud.world.runFor(10_000)
const liars = new Liars(cloud)
liars.lie = true
liars.liesAbout = (target: PnrpId) => sameP2pId(target, attacked.id)
const newcomers: Member[] = []
process.stdout.write(
  '| k | fail, from nodes that were there before | fail, from nodes that joined later | wrong results | LOOKUPs a lookup |\n' +
    '| --- | --- | --- | --- | --- |\n',
)
for (let k = 0; k <= MOST_PREFIXES; k += PREFIXES_OF_STEP) {
  while (liars.members.length < k) liars.addNear(attacked.id, 1 / (nodes * CLOSENESS))
  // Time for all neighbours to hear of the attackers; and then for the newcomers, and for the caches to be checked.
  cloud.world.runFor(30_000)
  for (let count = 0; count < NEWCOMERS_OF_STEP; count++) {
    newcomers.push(cloud.add())
    cloud.world.runFor(1000 / JOINS_PER_SECOND)
  }
  cloud.world.runFor(60_000)
  const lookUpFrom = (who: string, from: readonly Member[]): LookupReport =>
    lookUp(cloud, [attacked], { lookups: lookups / 2, atOnce: 10, stream: `k ${k} ${who}`, resolvers: from })
  const before = lookUpFrom('before', resolvers)
  const later = lookUpFrom('later', newcomers)
  const hops = (before.meanHops + later.meanHops) / 2
  process.stdout.write(
    `| ${k} | ${failures(before)} | ${failures(later)} | ${before.wrong + later.wrong} | ${hops.toFixed(1)} |\n`,
  )
}

function failures({ lookups: made, found, wrong }: LookupReport): string {
  return `${((100 * (made - found - wrong)) / made).toFixed(1)} %`
}
