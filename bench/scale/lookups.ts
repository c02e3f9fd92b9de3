/**
 * How many hops a lookup takes in a large cloud, and how many lookups find what is registered (N-37):
 *
 *     node bench/scale/lookups.ts [nodes] [lookups] [minutes] [seed]
 *
 * All nodes join through one seed. First the network is undisturbed; then, for some minutes, 5 % of all datagrams are
 * lost and nodes are replaced at a rate of 20 % an hour: one crashes without a word, and another one joins.
 */
import { makeCloud } from '../../src/pnrp/cloud.ts'
import { type LookupReport, lookUp, registerNames } from '../../test/pnrp/lookup-workload.ts'
import { SimulatedCloud } from '../../test/pnrp/simulated-cloud.ts'
import { replaceNodes } from './node-replacement.ts'

const MINUTE = 60_000
const LOSS = 0.05
/** How many new nodes there are in a second while the cloud grows. */
const JOINS_PER_SECOND = 50
const NAMES = 1000

const [nodes = 10_000, lookups = 10_000, minutes = 60] = process.argv.slice(2, 5).map(Number)
const seed = process.argv[5] ?? 'lookups'
const start = performance.now()
let replaced = 0
const cloud = new SimulatedCloud({ seed, cloud: makeCloud('Global_'), checks: false })
cloud.grow(nodes, {}, 1000 / JOINS_PER_SECOND)
say(`${nodes} nodes joined through one seed`)
say(
  `${(cloud.running.reduce((sum, { node }) => sum + node.status().cachedEntries, 0) / nodes).toFixed(1)} cached entries a node`,
)
say(
  `${cloud.wrongLeafSets(cloud.running.filter((_, index) => index % 10 === 0)).length} wrong sides of ${(2 * nodes) / 10} leaf sets`,
)
const names = registerNames(cloud, NAMES)
cloud.world.runFor(10_000)
report('undisturbed', lookUp(cloud, names, { lookups, atOnce: 50, stream: 'undisturbed' }))

const before = cloud.sum('bytes-sent')
cloud.world.runFor(MINUTE)
say(`${((cloud.sum('bytes-sent') - before) / nodes / 60).toFixed(0)} bytes/s sent by an idle node`)

cloud.world.network.set({ loss: LOSS })
const disturbed = lookUpDuringChurn()
report(`5 % loss, ${replaced} nodes replaced in ${minutes} minutes`, disturbed)
say(`${Math.round(process.memoryUsage().rss / 2 ** 20)} MiB of memory`)

/** Looks up, with churn before each portion, names whose publishers still run. */
function lookUpDuringChurn(): LookupReport {
  const portions = 10
  const reports: LookupReport[] = []
  for (let portion = 0; portion < portions; portion++) {
    replaced += replaceNodes(cloud, (minutes * MINUTE) / portions, `churn ${replaced}`)
    const one = lookUp(cloud, names, { lookups: lookups / portions, atOnce: 50, stream: `churn ${portion}` })
    report(`portion ${portion + 1} of ${portions}`, one)
    reports.push(one)
  }
  const sum = (of: (one: LookupReport) => number): number => reports.reduce((total, one) => total + of(one), 0)
  return {
    lookups: sum((one) => one.lookups),
    found: sum((one) => one.found),
    wrong: sum((one) => one.wrong),
    meanHops: sum((one) => one.meanHops) / portions,
    meanTime: sum((one) => one.meanTime) / portions,
    time99: Math.max(...reports.map((one) => one.time99)),
  }
}

function report(what: string, { lookups: made, found, wrong, meanHops, meanTime, time99 }: LookupReport): void {
  say(
    `${what}: ${found} of ${made} found (${((100 * found) / made).toFixed(2)} %), ${wrong} wrong, ` +
      `${meanHops.toFixed(2)} hops, ${meanTime.toFixed(0)} ms on average, 99 % within ${time99.toFixed(0)} ms`,
  )
}

function say(text: string): void {
  process.stdout.write(`[${((performance.now() - start) / 1000).toFixed(0).padStart(4)} s] ${text}\n`)
}
