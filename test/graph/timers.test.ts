/** What a node does from time to time: each at its own pauses, which are drawn anew, whatever becomes of the others (G-037). */
import { expect, test } from 'vitest'
import { LONGEST_COMPARISON_PAUSE, SHORTEST_COMPARISON_PAUSE } from '../../src/graph/comparisons.ts'
import { RENEWED_PART } from '../../src/graph/presence.ts'
import { LONGEST_SHUFFLE_PAUSE, SHORTEST_SHUFFLE_PAUSE } from '../../src/graph/shuffling.ts'
import { toHex } from '../../src/runtime/bytes.ts'
import { type ScriptedLink, ScriptedNode } from './scripted-node.ts'
import { type Member, SimulatedGraph } from './simulated-graph.ts'

const MINUTE = 60_000
/** How often a test looks, in milliseconds. */
const STEP = 20
/** What a message may take on its way, and the look for it. */
const INEXACT = 100
const LIFE = 5 * MINUTE
/** The shortest and the longest pause of each task. */
const bounds = {
  shuffles: [SHORTEST_SHUFFLE_PAUSE, LONGEST_SHUFFLE_PAUSE],
  comparisons: [SHORTEST_COMPARISON_PAUSE, LONGEST_COMPARISON_PAUSE],
  presence: [LIFE * RENEWED_PART, LIFE * RENEWED_PART * 1.1],
} as const
const tasks = ['shuffles', 'comparisons', 'presence'] as const
type Task = (typeof tasks)[number]

/** When each member did each task, while time passes. Shuffles are seen on the links. */
function watch(
  graph: SimulatedGraph,
  members: readonly Member[],
  links: readonly ScriptedLink[],
  time: number,
): readonly Record<Task, number[]>[] {
  const read = new Map(links.map((link) => [link, link.messages.length]))
  const walks = new Set<number>()
  const watched = members.map((member) => {
    const times: Record<Task, number[]> = { shuffles: [], comparisons: [], presence: [] }
    return { member, times, before: counted(member) }
  })
  for (const end = graph.world.now + time; graph.world.now < end; ) {
    graph.world.runFor(STEP)
    const { now } = graph.world
    for (const [link, from] of read) {
      read.set(link, link.messages.length)
      for (const message of link.messages.slice(from)) {
        if (message.kind !== 'SHUFFLE' || walks.has(message.walk)) continue
        walks.add(message.walk)
        const begun = toHex(message.referrals[0]?.publicKey ?? new Uint8Array(0))
        watched.find(({ member }) => member.key === begun)?.times.shuffles.push(now)
      }
    }
    for (const one of watched) {
      const after = counted(one.member)
      for (const task of ['comparisons', 'presence'] as const)
        if (after[task] > one.before[task]) one.times[task].push(now)
      one.before = after
    }
  }
  return watched.map(({ times }) => times)
}

function counted({ node, key }: Member) {
  const { record } = node.overlay.nodes.get(key) ?? {}
  return { comparisons: node.counters()['comparisons'] ?? 0, presence: record?.version ?? 0 }
}

function pausesOf(times: readonly number[]): number[] {
  return times.slice(1).map((time, index) => time - Number(times[index]))
}

function expectBounds(task: Task, times: readonly number[]): void {
  const [shortest, longest] = bounds[task]
  const pauses = pausesOf(times)
  expect(Math.min(...pauses)).toBeGreaterThanOrEqual(shortest - INEXACT)
  expect(Math.max(...pauses)).toBeLessThanOrEqual(longest + INEXACT)
  expect(new Set(pauses).size).toBeGreaterThan(pauses.length / 2)
}

test('G-037: shuffles, comparisons and presence have a timer each, with random pauses, and no two nodes stay in step', () => {
  const graph = new SimulatedGraph({ seed: 'timers', checks: false, properties: { presenceLifetime: LIFE } })
  const members = [graph.add(), graph.add({ at: [] })]
  const [one, other] = members
  if (one === undefined || other === undefined) throw new RangeError('there are two')
  one.node.addAddresses([other.endpoint])
  // Beside each other each has a neighbor that notes what walks by.
  const links = members.map((member, index) => new ScriptedNode(graph, `peer${index}`).ask(member, { addresses: [] }))
  graph.world.runFor(5000)
  const [ones, others] = watch(graph, members, links, 60 * MINUTE)
  if (ones === undefined || others === undefined) throw new RangeError('both were watched')
  for (const task of tasks) {
    expect(ones[task].length).toBeGreaterThan(10)
    expectBounds(task, ones[task])
    expectBounds(task, others[task])
    const inStep = ones[task].filter((time) => others[task].some((another) => Math.abs(another - time) <= STEP))
    expect(inStep.length).toBeLessThan(ones[task].length / 4)
  }
})

test('G-037: no task waits for another: shuffles and presence go on beside comparisons that are never answered', () => {
  const graph = new SimulatedGraph({ seed: 'stuck', checks: false, properties: { presenceLifetime: LIFE } })
  const member = graph.add()
  graph.world.runFor(500)
  const link = new ScriptedNode(graph, 'peer').ask(member)
  const [times] = watch(graph, [member], [link], 60 * MINUTE)
  if (times === undefined) throw new RangeError('it was watched')
  expect(link.closing).toBeUndefined()
  expect(link.all('ROOT').length).toBeGreaterThan(5)
  expect(link.all('SHUFFLE').length).toBeGreaterThan(50)
  expectBounds('shuffles', times.shuffles)
  expectBounds('presence', times.presence)
})
