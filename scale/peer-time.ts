/**
 * Clocks of a graph: all nodes up to 4 minutes off UTC either way and drifting by up to 50 ppm, some of them liars that tell
 * each node any time they like (conformance rows G-114 and G-180). Prints how far the peer times of honest nodes are apart
 * from 3 hours on, and whether the presence of a live node ran out anywhere.
 *
 *     node scale/peer-time.ts [nodes] [liars] [hours] [seed]
 */
import { SimulatedGraph } from '../test/graph/simulated-graph.ts'

const [nodes = 100, liars = 0, hours = 27] = process.argv.slice(2, 5).map(Number)
const seed = process.argv[5] ?? 'peer time'
const MINUTE = 60_000
const graph = new SimulatedGraph({ seed, checks: false })
const random = graph.world.random('clocks')

for (let index = 0; index < nodes; index++) {
  const member = graph.add({ host: { clockDrift: (random.uint32() % 101) - 50 } })
  member.host.skewClock((random.uint32() % (8 * MINUTE)) - 4 * MINUTE)
  // A liar's own peer time jumps with every question.
  if (index > 0 && index <= liars) {
    const { peerTime } = member.node.parts
    const now = peerTime.now.bind(peerTime)
    peerTime.now = () => now() + (random.uint32() % 2 === 0 ? -1 : 1) * (random.uint32() % (4 * MINUTE))
  }
  graph.world.runFor(500)
}
const honest = graph.members.filter((_, index) => index === 0 || index > liars)
let [largest, missing] = [0, 0]
for (let minute = 0; minute < hours * 60; minute += 5) {
  graph.world.runFor(5 * MINUTE)
  const times = honest.map(({ node }) => node.now())
  const difference = Math.max(...times) - Math.min(...times)
  if (minute % 60 === 0) console.log(`${minute / 60} h: ${(difference / 1000).toFixed(1)} s apart`)
  if (minute < 180) continue
  largest = Math.max(largest, difference)
  const keys = honest.map(({ key }) => key)
  for (const { node } of honest) {
    const listed = new Set([...node.nodes()].map(({ key }) => key))
    missing += keys.filter((key) => !listed.has(key)).length
  }
}
console.log(`from 3 h on: at most ${(largest / 1000).toFixed(1)} s apart, ${missing} times a live node was not listed`)
process.exitCode = largest <= 15_000 && missing === 0 ? 0 : 1
