/**
 * Fuzzes all decoders of records and graphs, running graphs with members that lie, and the TLS port of a live node, for as long as
 * it is told: `npx node scripts/fuzz-graph.ts [minutes]`, one minute if it is not told. The first input that is not handled ends it
 * with its seed, and so does a node that dies or grows.
 */
import { randomBytes } from 'node:crypto'
import { performance } from 'node:perf_hooks'
import { FuzzedGraph, fuzzGraphDecoders } from '../test/graph/fuzzing.ts'
import { HostileClient } from '../test/nodejs/hostile-client.ts'
import { RemoteNode } from '../test/nodejs/remote-node.ts'

const MINUTE = 60_000
const MEBIBYTE = 2 ** 20
const ROUNDS = 2000
/** Of a graph with liars, in virtual milliseconds. */
const GRAPH_TIME = 120_000
const ATTACKS = 100
/** Turns until the live node has grown to its size. */
const WARM_UP_TURNS = 5
/** By how much what the live node needs may grow after that, in bytes: its tables of former nodes have bounds, but are not full yet. */
const MOST_GROWTH = 16 * MEBIBYTE

const minutes = Number(process.argv[2] ?? 1)
if (!(minutes > 0)) throw new RangeError('give the number of minutes')
const run = randomBytes(8).toString('hex')
const [ann, bob] = await Promise.all([RemoteNode.start(), RemoteNode.start()])
if (ann === undefined || bob === undefined) throw new RangeError('two were started')
const { graphId, addresses } = (await ann.call('graph-create')) as { graphId: string; addresses: string[] }
await bob.call('graph-join', graphId, { addresses })
const port = Number(addresses[0]?.split(':').at(-1))
const memory = async (): Promise<number> => (await ann.call('memory')) as number

const end = performance.now() + minutes * MINUTE
let [inputs, refused, altered, attacks, bytes] = [0, 0, 0, 0, 0]
let [before, after] = [0, 0]
for (let turn = 0; performance.now() < end; turn++) {
  const seed = `${run}/${turn}`
  const decoded = fuzzGraphDecoders(seed, ROUNDS)
  inputs += decoded.inputs
  refused += decoded.refused

  const fuzzed = new FuzzedGraph(seed)
  fuzzed.run(GRAPH_TIME)
  const problems = fuzzed.problems()
  if (problems.length > 0) throw new Error(`seed ${seed}: ${problems.join('; ')}`)
  altered += fuzzed.altered

  const attacker = new HostileClient(seed, port, graphId)
  for (let attack = 0; attack < ATTACKS; attack++) await attacker.attack()
  if (attacker.toldStrangers > 0) throw new Error(`seed ${seed}: strangers were sent ${attacker.toldStrangers} bytes`)
  attacks += ATTACKS
  bytes += attacker.sent
  const text = `after turn ${turn}`
  await ann.call('write', '', { texts: [text] })
  await bob.until(text, async () => ((await bob.call('read')) as string[]).includes(text))
  after = await memory()
  if (turn <= WARM_UP_TURNS) before = after
  if (after > before + MOST_GROWTH) throw new Error(`seed ${seed}: the node grew from ${before} to ${after} bytes`)
}
const metrics = Object.entries((await ann.call('metrics')) as Record<string, number>)
await Promise.all([ann.close(), bob.close()])
console.log(
  `${inputs} inputs of decoders, ${refused} of them refused; ${altered} altered messages in running graphs; ` +
    `${attacks} attacks of each kind on a live port with ${bytes} bytes, and what the node needs grew from ` +
    `${(before / MEBIBYTE).toFixed(1)} to ${(after / MEBIBYTE).toFixed(1)} MiB; run ${run}`,
)
for (const [name, count] of metrics.sort()) if (name.includes('dropped')) console.log(`  ${name}: ${count}`)
