/** Nodes whose machines sleep without notice, and nodes that start again: what has expired meanwhile, as far as they know. */
import { expect, test } from 'vitest'
import type { GraphRecord } from '../../src/records/record.ts'
import { toUtf8 } from '../../src/runtime/bytes.ts'
import { LONGEST_HEALING, nodeListsAreComplete } from './healing.ts'
import { HOUR, MINUTE } from './lone-records.ts'
import { type Member, SimulatedGraph } from './simulated-graph.ts'

const SECOND = 1000

/** How a record was removed at a node, each time that it told so. */
function removals({ changes }: Member, { id }: GraphRecord): string[] {
  return changes.flatMap((change) => (change.kind === 'removed' && change.id === id ? [change.reason] : []))
}

/** Makes a record live longer, as its author or anybody else may. */
function extend(member: Member, { id }: GraphRecord, life: number): void {
  const content = { encoding: 'text', payload: toUtf8('extended') } as const
  const expires = member.node.now() + life
  member.node.update(
    id,
    { content, attributes: undefined, expires, refresh: undefined, ifVersion: undefined },
    () => {},
  )
  member.node.store.commit()
}

/** A graph in which one node is away, while one record ends and another one is made to live longer. */
function makeAway(seed: string, leave: (away: Member) => void) {
  const graph = new SimulatedGraph({ seed, checks: false })
  const members = graph.grow(6)
  graph.world.runFor(MINUTE)
  const [first, second, , away] = members
  if (first === undefined || second === undefined || away === undefined) throw new Error('no members')
  const ended = first.write('ended', { life: 10 * MINUTE })
  const extended = first.write('extended', { life: 10 * MINUTE })
  const deleted = second.write('deleted', { life: 4 * HOUR })
  graph.world.runUntil(() => graph.differences().length === 0, 5 * SECOND)
  leave(away)
  graph.world.runFor(5 * SECOND)
  extend(second, extended, 4 * HOUR)
  first.remove(deleted.id)
  for (let index = 0; index < 5; index++) members[index % 3]?.write(`meanwhile ${index}`, { life: 4 * HOUR })
  graph.world.runFor(30 * MINUTE)
  return { graph, away, ended, extended, deleted }
}

test.each(['stands', 'runs'] as const)(
  'G-182, G-196: a machine that slept finds its place again, and calls nothing expired before it has asked; its monotonic clock %s',
  (monotonic) => {
    const { graph, away, ended, extended, deleted } = makeAway(`sleeps ${monotonic}`, ({ host }) =>
      host.sleep(monotonic),
    )
    const { world } = graph
    const told = away.events.length
    const events = () => away.events.slice(told).map((event) => event.split(' ').slice(0, 2).join(' '))
    away.host.wake()
    const woken = world.now
    const isWhole = (): boolean =>
      graph.differences().length === 0 && graph.isConnected() && nodeListsAreComplete(graph.members)
    while (!isWhole() || !events().includes('status synchronized')) {
      expect(world.now - woken).toBeLessThan(LONGEST_HEALING)
      world.runFor(100)
      if (!events().includes('synchronized all')) expect(removals(away, ended)).toEqual([])
    }
    expect(events().some((event) => event.startsWith('disconnected'))).toBe(true)
    world.runFor(MINUTE)
    expect(away.node.parts.neighbors.count).toBeGreaterThanOrEqual(3)
    expect([ended, extended, deleted].map((record) => removals(away, record))).toEqual([['expired'], [], ['deleted']])
    expect(away.node.store.live(extended.id)).toBeDefined()
  },
)

test.each([
  ['slept', (member: Member) => member.host.sleep(), (member: Member) => member.host.wake()],
  ['was killed', (member: Member) => member.crash(), (member: Member) => member.restart()],
] as const)('G-182: a node that %s and reaches nobody purges nothing until it does', (what, leave, comeBack) => {
  const { graph, away, ended, extended } = makeAway(`away ${what}`, leave)
  const { world, members } = graph
  const others = members.filter((member) => member !== away).map(({ name }) => name)
  world.network.partition([away.name], others)
  comeBack(away)
  world.runFor(HOUR)
  // They are hidden, and still there.
  for (const record of [ended, extended]) {
    expect(away.node.store.database.get(record.id)).toBeDefined()
    expect([away.node.store.live(record.id), removals(away, record)]).toEqual([undefined, []])
  }
  world.network.heal()
  world.runUntil(() => removals(away, ended).length > 0, LONGEST_HEALING)
  expect(graph.differences()).toEqual([])
  expect(removals(away, extended)).toEqual([])
  expect(away.node.store.live(extended.id)).toBeDefined()
})
