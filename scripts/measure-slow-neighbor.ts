/**
 * What a neighbor costs that reads nothing: how fast a node's records reach another one, without it and with it, in turns; and how
 * much memory the node needs meanwhile. Node and reader are processes of their own, with files and TLS on loopback; the neighbor
 * is a member of the graph that says that it lives and takes nothing from its socket.
 *
 * A round that is not measured comes first, in which it fills what the systems below take. Some records are under way at a time,
 * and the rounds stay below the rate that one creator may have (flood-rates.ts): otherwise that would be measured.
 *
 *     npx node scripts/measure-slow-neighbor.ts [PAIRS [RECORDS]]
 */
import { performance } from 'node:perf_hooks'
import { RECORDS_OF_CREATOR } from '../src/graph/flood-rates.ts'
import { HostileClient } from '../test/nodejs/hostile-client.ts'
import { RemoteNode } from '../test/nodejs/remote-node.ts'

const LENGTH = 4000
const MEBIBYTE = 2 ** 20
const WARM_UPS = 3
/** Under way at a time. */
const WINDOW = 128

const [pairs = 15, records = 2000] = process.argv.slice(2).map(Number)
if (records > RECORDS_OF_CREATOR.burst / 2) throw new RangeError('so many would exceed the rate of one creator')
/** After which a creator has its whole rate again, in milliseconds. */
const rest = (records / RECORDS_OF_CREATOR.perSecond) * 1000
const [ann, bob] = await Promise.all([RemoteNode.start(), RemoteNode.start()])
if (ann === undefined || bob === undefined) throw new RangeError('two were started')
const { graphId, addresses } = (await ann.call('graph-create')) as { graphId: string; addresses: string[] }
await bob.call('graph-join', graphId, { addresses })
const attacker = new HostileClient('slow', Number(addresses[0]?.split(':').at(-1)), graphId)

const counter = async (node: RemoteNode, name: string): Promise<number> =>
  ((await node.call('metrics')) as Record<string, number>)[name] ?? 0
const memory = async (): Promise<number> => (await ann.call('memory')) as number
const median = (figures: readonly number[]): number =>
  [...figures].sort((one, other) => one - other)[figures.length >> 1] ?? 0

interface Round {
  /** Records a second, from the first call until the last record is stored at the reader. */
  readonly rate: number
  /** Of the node that writes, for each record, in microseconds. */
  readonly processorTime: number
}

async function deliver(): Promise<Round> {
  await new Promise((resolve) => setTimeout(resolve, rest))
  const before = await counter(bob, 'graph-records-new')
  const used = (await ann.call('processor-time')) as number
  const start = performance.now()
  for (let sent = 0; sent < records; ) {
    const count = Math.min(WINDOW, records - sent)
    await ann.call('write-many', '', { count, length: LENGTH })
    sent += count
    while ((await counter(bob, 'graph-records-new')) < before + sent) {}
  }
  const seconds = (performance.now() - start) / 1000
  return { rate: records / seconds, processorTime: (((await ann.call('processor-time')) as number) - used) / records }
}

for (let round = 0; round < WARM_UPS; round++) await deliver()
const without: Round[] = []
const withIt: Round[] = []
const costs: number[] = []
for (let pair = 0; pair < pairs; pair++) {
  // Which comes first changes, so that a machine that gets slower or faster favours neither.
  if (pair % 2 === 0) await measureWithout()
  await measureWithIt()
  if (pair % 2 === 1) await measureWithout()
  console.log(
    `pair ${pair + 1}: ${shown(without.at(-1))} without, ${shown(withIt.at(-1))} with it, ${costs.at(-1)?.toFixed(1)} MiB more`,
  )
}
console.log(
  `medians of ${pairs} pairs, ${records} records of ${LENGTH} bytes each: ${shown(medians(without))} without, ` +
    `${shown(medians(withIt))} with it; within a pair the rate changes by ${change('rate')} and the processor time by ` +
    `${change('processorTime')}; ${median(costs).toFixed(1)} MiB more, at most ${Math.max(...costs).toFixed(1)}`,
)
console.log(`it is dropped after ${await lifeOfSlow()} s of records`)
await Promise.all([ann.close(), bob.close()])

async function measureWithout(): Promise<void> {
  await deliver()
  without.push(await deliver())
}

async function measureWithIt(): Promise<void> {
  const before = await memory()
  const neighbor = await attacker.neighborThatReadsNothing()
  await deliver()
  withIt.push(await deliver())
  costs.push(((await memory()) - before) / MEBIBYTE)
  neighbor.destroy()
}

/** How long it takes until a neighbor that reads nothing is dropped, in seconds. */
async function lifeOfSlow(): Promise<string> {
  const start = performance.now()
  const neighbor = await attacker.neighborThatReadsNothing()
  while (!neighbor.destroyed) await deliver()
  return ((performance.now() - start) / 1000).toFixed(0)
}

function shown(round: Round | undefined): string {
  return `${round?.rate.toFixed(0)} records/s and ${round?.processorTime.toFixed(0)} µs of processor time a record`
}

function medians(rounds: readonly Round[]): Round {
  return {
    rate: median(rounds.map(({ rate }) => rate)),
    processorTime: median(rounds.map(({ processorTime }) => processorTime)),
  }
}

/** The median over all pairs, in percent. */
function change(figure: keyof Round): string {
  const ratios = withIt.map((round, pair) => round[figure] / (without[pair]?.[figure] ?? 1))
  return `${((median(ratios) - 1) * 100).toFixed(1)} %`
}
