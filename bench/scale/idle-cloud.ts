/**
 * What a stable cloud costs in which nobody does anything: bytes a second that a node sends (N-125), tests for a split in
 * an hour (N-87), and memory a node. All but the memory is replayed by the seed.
 *
 *     node --expose-gc bench/scale/idle-cloud.ts [nodes] [minutes] [seed]
 */
import type { Message } from '../../src/pnrp/message.ts'
import { ScriptedPeer } from '../../test/pnrp/scripted-peer.ts'
import { SimulatedCloud } from '../../test/pnrp/simulated-cloud.ts'

const nodes = Number(process.argv[2] ?? 1000)
const minutes = Number(process.argv[3] ?? 10)
const seed = process.argv[4] ?? 'idle'
/** Milliseconds between two nodes that join, and until everything is quiet. */
const JOIN_PAUSE = 100
const QUIET_AFTER = 5 * 60_000

const cloud = new SimulatedCloud({ seed, checks: false })
const before = heapUsed()
cloud.grow(nodes, {}, JOIN_PAUSE)
const reader = new ScriptedPeer(cloud, 'reader')
cloud.world.runFor(QUIET_AFTER)
const perNode = (heapUsed() - before) / nodes

const tests = new Set<string>()
cloud.onSent = ({ member, bytes }) => {
  const message: Message | undefined = reader.read(bytes)
  if (message?.type !== 'LOOKUP' || message.reason !== 'split-detection') return
  // One test looks for one target; the same node tests again much later.
  tests.add(`${member.name} ${message.target} ${Math.floor(cloud.world.now / 15_000)}`)
}
const sentBefore = cloud.sum('bytes-sent')
cloud.world.runFor(minutes * 60_000)
const sent = cloud.sum('bytes-sent') - sentBefore

const entries = cloud.running.reduce((sum, { node }) => sum + node.status().cachedEntries, 0) / nodes
console.log({
  seed,
  nodes,
  bytesSentASecond: Math.round(sent / nodes / minutes / 60),
  splitTestsAnHour: Math.round((tests.size / minutes) * 60),
  cachedEntries: Math.round(entries),
  memoryOfNode: `${Math.round(perNode / 1024)} KB, cache and simulated host included`,
  wrongLeafSets: cloud.wrongLeafSets().length,
})

function heapUsed(): number {
  globalThis.gc?.()
  return process.memoryUsage().heapUsed
}
