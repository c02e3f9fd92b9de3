/**
 * A graph of 1,000 simulated nodes: neighbors, copies of each record, half of the nodes vanishing at once, and partitions.
 *
 *     node bench/scale/graph.ts [nodes] [seed] [overlay | halving | shuffles | maximum | partitions | differing | day | settled | nodes]
 *
 * Most switch presence off or hold it at 50 records; `nodes` runs a graph in which all nodes show themselves, which costs a
 * record for each pair of nodes. `maximum` runs 200 nodes, `day` 20 and `settled` 100, since a simulated day of 1,000 takes
 * many hours.
 */
import { cutAndHeal, floodsReachAll, nodeListsAreComplete } from '../../test/graph/healing.ts'
import { crashMany, measureCopies, neighborCounts, outOfRange } from '../../test/graph/measuring.ts'
import { type Member, SimulatedGraph } from '../../test/graph/simulated-graph.ts'

const [nodes = '1000', seed = 'scale', only] = process.argv.slice(2)
const count = Number(nodes)
const MINUTE = 60_000
const DAY = 24 * 60 * MINUTE
const started = performance.now()

function say(what: string, found: unknown): void {
  process.stdout.write(
    `${((performance.now() - started) / 1000).toFixed(0).padStart(5)} s  ${what}: ${JSON.stringify(found)}\n`,
  )
}

function grown(maxPresenceRecords: number): SimulatedGraph {
  const graph = new SimulatedGraph({ seed, checks: false, properties: { maxPresenceRecords } })
  graph.grow(count)
  say('joined', count)
  graph.world.runFor(MINUTE)
  say('neighbors a minute later', [...neighborCounts(graph.running)])
  say('out of range', outOfRange(graph.running))
  say('all reach all', graph.isConnected())
  say('databases that differ', graph.differences().length)
  return graph
}

function overlay(): void {
  const graph = grown(0)
  say('first copies', measureCopies(graph, 30))
  say('settled copies', measureCopies(graph, 50))
  const left = crashMany(graph, 0.5)
  say('left after a crash of half', left.length)
  say('copies while it repairs', measureCopies(graph, 20, MINUTE))
  say('neighbors', [...neighborCounts(left)])
  say('out of range', outOfRange(left))
  say('all reach all', graph.isConnected(left))
  measureCopies(graph, 30)
  say('settled copies', measureCopies(graph, 50))
  say('databases that differ', graph.differences().length)
}

/** How soon those that are left are one graph again, and have enough neighbors, after half have vanished (G-044). */
function halving(): void {
  const graph = grown(0)
  const { world } = graph
  const left = crashMany(graph, 0.5)
  const crashed = world.now
  say('left after a crash of half', left.length)
  say('all reach all at that instant', graph.isConnected(left))
  while (!graph.isConnected(left) && world.now < crashed + MINUTE) world.runFor(500)
  say('all reach all again after, ms', world.now - crashed)
  world.runFor(crashed + MINUTE - world.now)
  say('neighbors a minute after the crash', [...neighborCounts(left)])
  say('out of range', outOfRange(left))
  say('all reach all', graph.isConnected(left))
}

function shuffles(): void {
  const graph = grown(0)
  graph.world.runFor(2 * MINUTE)
  for (const [index, member] of graph.members.entries()) if (index % 5 === 4) member.crash()
  graph.world.runFor(5 * MINUTE)
  const running = new Set(graph.running.map(({ key }) => key))
  const entries = graph.running.flatMap(({ node }) => node.overlay.passive.nodes())
  const reachable = entries.filter(({ name }) => running.has(name)).length
  say('passive entries that can be reached 5 minutes after a fifth crashed', reachable / entries.length)
}

function maximum(): void {
  const graph = new SimulatedGraph({ seed, checks: false, properties: { maxPresenceRecords: 50 } })
  graph.grow(200)
  for (let minute = 5; minute <= 30; minute += 5) {
    graph.world.runFor(5 * MINUTE)
    const listed = graph.members.map(({ node }) => [...node.nodes()].length)
    say(`fewest and most listed of 200 nodes after ${minute} minutes`, [Math.min(...listed), Math.max(...listed)])
  }
}

function day(): void {
  for (const sizes of [[1], [4], [10], [4, 6]]) {
    const graph = new SimulatedGraph({ seed, checks: false })
    graph.grow(20)
    graph.world.runFor(MINUTE)
    say(`healed after a day in parts of ${sizes} and the rest of 20, ms`, cutAndHeal(graph, { sizes, length: DAY }))
  }
}

/** How long it takes where many records differ. */
function differing(): void {
  for (const records of [10_000, 50_000]) {
    const graph = new SimulatedGraph({ seed, checks: false })
    graph.grow(20)
    graph.world.runFor(MINUTE)
    const healing = cutAndHeal(graph, { sizes: [10], length: 20 * MINUTE, written: records / 2 })
    say(`healed after 20 minutes in halves of 20 that differ in ${records} records, ms`, healing)
  }
}

/** Whether comparisons leave neighbors alone for a day. */
function settled(): void {
  const changes = { lost: 0, gained: 0 }
  const told = (_member: Member, event: string): void => {
    if (event.startsWith('disconnected')) changes.lost++
    if (event.startsWith('connected')) changes.gained++
  }
  const graph = new SimulatedGraph({ seed, checks: false, told })
  graph.grow(100)
  graph.world.runFor(10 * MINUTE)
  changes.lost = changes.gained = 0
  for (let hour = 1; hour <= 24; hour++) {
    graph.world.runFor(60 * MINUTE)
    if (hour % 4 !== 0) continue
    const [compared, different] = [graph.sum('comparisons'), graph.sum('comparisons-different')]
    say(`neighbors that changed in ${hour} h of 100 nodes`, { ...changes, compared, different })
  }
}

function partitions(): void {
  const graph = grown(50)
  for (const length of [10_000, 20 * MINUTE]) {
    for (const sizes of [[1], [4], [Math.floor(count / 2)], [4, Math.floor(count / 2)]]) {
      say(`healed after ${length / 1000} s in parts of ${sizes} and the rest, ms`, cutAndHeal(graph, { sizes, length }))
      const [first] = graph.members
      const last = graph.members.at(-1)
      if (first !== undefined && last !== undefined) say('a flood reaches all', floodsReachAll(graph, [first, last]))
    }
  }
}

if (only === undefined || only === 'overlay') overlay()
if (only === undefined || only === 'halving') halving()
if (only === undefined || only === 'shuffles') shuffles()
if (only === undefined || only === 'maximum') maximum()
if (only === undefined || only === 'partitions') partitions()
if (only === undefined || only === 'day') day()
if (only === undefined || only === 'differing') differing()
if (only === undefined || only === 'settled') settled()
if (only === undefined || only === 'nodes') say('node lists are complete', nodeListsAreComplete(grown(-1).members))
