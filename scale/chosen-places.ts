/**
 * What an attacker achieves who chooses the places of its nodes (N-116):
 *
 *     node scale/chosen-places.ts [nodes] [lookups] [seed]
 *
 * The attacker has k nodes, each with a prefix of its own in `Global_`, and computes IDs for them, by trying out names,
 * that lie around one attacked secured name, closer to it than anybody else. About this name its nodes lie: they
 * name each other under IDs that they do not have, forge proofs, or say that they know nobody; to all else they
 * behave. The table says how many lookups of the name fail. A lookup that fails is one that ends without a result.
 */
import { makeCloud } from '../src/pnrp/cloud.ts'
import { type PnrpId, sameP2pId } from '../src/pnrp/pnrp-id.ts'
import { Liars } from '../test/pnrp/liar.ts'
import { lookUp, registerNames } from '../test/pnrp/lookup-workload.ts'
import { SimulatedCloud } from '../test/pnrp/simulated-cloud.ts'

/** How close the attacker comes: the distance from a node to its neighbour, divided by this. */
const CLOSENESS = 50
const JOINS_PER_SECOND = 20
const PREFIXES = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]

const [nodes = 500, lookups = 300] = process.argv.slice(2, 4).map(Number)
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
process.stdout.write('| k | lookups that fail | wrong results | LOOKUPs a lookup |\n| --- | --- | --- | --- |\n')
for (const k of PREFIXES) {
  if (k > 0) liars.addNear(attacked.id, 1 / (nodes * CLOSENESS))
  // Time for all neighbours to hear of the newcomer, and for the caches to be checked once.
  cloud.world.runFor(90_000)
  const report = lookUp(cloud, [attacked], { lookups, atOnce: 20, stream: `k ${k}`, resolvers })
  const failed = report.lookups - report.found - report.wrong
  const share = ((100 * failed) / report.lookups).toFixed(1)
  process.stdout.write(`| ${k} | ${share} % | ${report.wrong} | ${report.meanHops.toFixed(1)} |\n`)
}
