/**
 * Graphs of nodes whose clocks are wrong from the start and run at wrong rates, some of them liars: in the tests of small graphs,
 * and in bench/scale/peer-time.ts of large ones and for a day (conformance rows G-114 and G-180).
 */
import type { GraphMessage } from '../../src/graph/graph-message.ts'
import { randomBelow, shuffled } from '../../src/runtime/random.ts'
import { type Member, SimulatedGraph } from './simulated-graph.ts'

/** How far a clock may be off at the beginning, either way, in milliseconds. */
const LARGEST_SKEW = 4 * 60_000
/** How much too fast or too slow it may run, in millionths. */
const LARGEST_DRIFT = 50
/** Between two nodes that join, in milliseconds. */
const JOINING_PAUSE = 500
/** Between two looks at the clocks, in milliseconds. */
const LOOKING_INTERVAL = 60_000
/** How far from the true time a liar's lies are, either way, in milliseconds: further than any correction reaches. */
const LARGEST_LIE = 10 * 60_000

/** What to look at. */
export interface WrongClocks {
  readonly seed: string
  readonly nodes: number
  /** How many of them tell each other node another time, as they like. */
  readonly liars: number
  /** After all have joined, in milliseconds: how long they may take to agree, and how long they are watched then. */
  readonly settling: number
  readonly watched: number
  /** Told now and then how far the peer times of honest nodes are apart, in milliseconds. */
  readonly looked?: (time: number, apart: number) => void
}

/** What became of the honest nodes while they were watched. */
export interface Agreement {
  /** How far two peer times were apart at most, in milliseconds. */
  readonly apart: number
  /** How often a node left a node list: its presence record had run out there, since all nodes live. */
  readonly ranOut: number
  /** How many nodes are in no node list that should hold them, at the beginning and at the end. */
  readonly unlisted: number
}

/** Runs a graph of them. */
export function agreementOf(clocks: WrongClocks): Agreement {
  const { seed, nodes, liars, settling, watched, looked } = clocks
  let [apart, ranOut, isWatched] = [0, 0, false]
  const told = (_member: Member, event: string): void => {
    if (isWatched && event.startsWith('node disconnected')) ranOut++
  }
  const graph = new SimulatedGraph({ seed, checks: false, told })
  const random = graph.world.random('clocks')
  const around = (most: number): number => randomBelow(random, 2 * most + 1) - most
  const lie = (message: GraphMessage): GraphMessage =>
    message.kind === 'CONNECT' || message.kind === 'WELCOME'
      ? { ...message, peerTime: message.peerTime + around(LARGEST_LIE) }
      : message
  const honest: Member[] = []
  // Spread evenly: where most of a few clocks are minutes ahead, peer time is, and a clock that is behind does not reach it.
  const step = Math.floor((2 * LARGEST_SKEW) / nodes)
  const skews = shuffled(
    random,
    Array.from({ length: nodes }, (_, index) => -LARGEST_SKEW + index * step + randomBelow(random, step)),
  )
  for (let index = 0; index < nodes; index++) {
    const clock = { host: { clockDrift: around(LARGEST_DRIFT) }, clockSkew: skews[index] ?? 0 }
    const isHonest = index === 0 || index > liars
    const member = graph.add(isHonest ? clock : { ...clock, sends: lie })
    if (isHonest) honest.push(member)
    graph.world.runFor(JOINING_PAUSE)
  }
  const start = graph.world.now
  const look = (): number => {
    const times = honest.map(({ node }) => node.now())
    const found = Math.max(...times) - Math.min(...times)
    looked?.(graph.world.now - start, found)
    return found
  }
  for (let time = 0; time < settling; time += LOOKING_INTERVAL) {
    graph.world.runFor(LOOKING_INTERVAL)
    look()
  }
  isWatched = true
  let unlisted = unlistedOf(graph.members)
  for (let time = 0; time < watched; time += LOOKING_INTERVAL) {
    graph.world.runFor(LOOKING_INTERVAL)
    apart = Math.max(apart, look())
  }
  unlisted += unlistedOf(graph.members)
  return { apart, ranOut, unlisted }
}

function unlistedOf(members: readonly Member[]): number {
  let count = 0
  for (const { node } of members) {
    const listed = new Set([...node.nodes()].map(({ key }) => key))
    count += members.filter(({ key }) => !listed.has(key)).length
  }
  return count
}
