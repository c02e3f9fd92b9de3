/**
 * What a cloud costs whose applications do nothing (N-87, N-125, DESIGN section 12): bytes and datagrams that a node
 * sends, tests for a split in the whole cloud, and memory.
 *
 *     node scale/upkeep.ts [nodes] [minutes] [seed]
 */
import { makeCloud } from '../src/pnrp/cloud.ts'
import { SimulatedCloud } from '../test/pnrp/simulated-cloud.ts'

const MINUTE = 60_000
const JOINS_PER_SECOND = 20
/** Of a LOOKUP: its type, and ResolveReasonCode SPLIT_DETECTION, by their places in the datagram. */
const TYPE_OFFSET = 7
const LOOKUP = 0x0b
const REASON_OFFSET = 29
const SPLIT_DETECTION = 0x03

const [nodes = 1000, minutes = 30] = process.argv.slice(2, 4).map(Number)
const seed = process.argv[4] ?? 'upkeep'
const memoryBefore = memory()
const cloud = new SimulatedCloud({ seed, cloud: makeCloud('Global_'), checks: false })
cloud.grow(nodes, {}, 1000 / JOINS_PER_SECOND)
cloud.world.runFor(10 * MINUTE)
console.log(
  `${nodes} nodes joined through one seed; ${((memory() - memoryBefore) / nodes / 1024).toFixed(1)} KiB a node`,
)

let splitLookups = 0
cloud.onSent = ({ bytes }) => {
  if (bytes[TYPE_OFFSET] === LOOKUP && bytes[REASON_OFFSET] === SPLIT_DETECTION) splitLookups++
}
const bytesBefore = new Map(cloud.running.map(({ name, node }) => [name, node.counters()['bytes-sent'] ?? 0]))
const datagramsBefore = cloud.sum('datagrams-sent')
cloud.world.runFor(minutes * MINUTE)
const rates = cloud.running.map(
  ({ name, node }) => ((node.counters()['bytes-sent'] ?? 0) - (bytesBefore.get(name) ?? 0)) / (minutes * 60),
)
const mean = rates.reduce((sum, rate) => sum + rate, 0) / rates.length
console.log(`sent by an idle node: ${mean.toFixed(0)} bytes/s on average, ${Math.max(...rates).toFixed(0)} at most`)
console.log(`${((cloud.sum('datagrams-sent') - datagramsBefore) / nodes / minutes / 60).toFixed(2)} datagrams/s a node`)
console.log(`${((splitLookups * 60) / minutes).toFixed(0)} LOOKUPs of split tests an hour in the whole cloud`)

function memory(): number {
  globalThis.gc?.()
  return process.memoryUsage().heapUsed
}
