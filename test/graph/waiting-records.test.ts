/** Records from the future. */
import { expect, test } from 'vitest'
import { LARGEST_WAITING, LARGEST_WAITING_OF_SENDER, TOLERATED_LEAD } from '../../src/graph/waiting-records.ts'
import { HOUR, LoneRecords, MINUTE } from './lone-records.ts'
import { fill, many, ReconciledPair } from './reconciled-pair.ts'
import { type Member, SimulatedGraph } from './simulated-graph.ts'

test('G-181: a record whose times are more than the tolerance ahead waits, and is then taken as if it had just arrived', () => {
  const node = new LoneRecords()
  const { now } = node
  const near = node.made({ created: now + TOLERATED_LEAD, text: 'near' })
  const far = node.made({ created: now + TOLERATED_LEAD + 5000, text: 'far' })
  const first = node.made({ text: 'first' })
  const modified = node.made({ after: first, modified: now + 3 * MINUTE, text: 'modified' })
  expect(node.arrive(near)).toEqual(['new'])
  const waiting = [node.arrive(far), node.arrive(modified, 'neighbor', 'bulk')]
  expect(waiting).toEqual([['waiting'], ['waiting']])
  node.run(4000)
  expect(node.texts()).toEqual(['near'])
  expect([node.arrived.length, node.records.store.trie.size, node.changes.length]).toEqual([1, 1, 1])
  node.run(2000)
  expect(node.texts()).toEqual(['far', 'near'])
  node.run(2 * MINUTE)
  expect(node.texts()).toEqual(['far', 'modified', 'near'])
  // Its sender was told once.
  expect(waiting).toEqual([['waiting'], ['waiting']])
  expect(node.counters['records-waited']).toBe(2)
})

test('G-181: what waits is judged when its time comes: an old version, or an expired one, brings nothing', () => {
  const node = new LoneRecords()
  const { now } = node
  const first = node.made({ text: 'first' })
  const ahead = node.made({ after: first, modified: now + 2 * MINUTE, text: 'ahead' })
  const short = node.made({ created: now + 2 * MINUTE, expires: now + 2 * MINUTE + 1, text: 'short' })
  node.arrive(ahead)
  node.arrive(short)
  node.arrive(node.made({ after: first, version: 5, text: 'newest' }))
  // The clock was slow: it is set while both wait.
  node.host.skewClock(5 * MINUTE)
  node.run(MINUTE)
  expect(node.texts()).toEqual(['newest'])
  expect(node.counters).toMatchObject({ 'dropped-record-old': 1, 'dropped-record-expired': 1 })
})

test('G-181: each is taken in its own time, whichever came first', () => {
  const node = new LoneRecords()
  const { now } = node
  node.arrive(node.made({ created: now + HOUR, expires: now + 2 * HOUR, text: 'far' }))
  node.arrive(node.made({ created: now + TOLERATED_LEAD + 5000, text: 'near' }))
  node.run(5001)
  expect(node.texts()).toEqual(['near'])
  node.run(HOUR - TOLERATED_LEAD - 5000)
  expect(node.texts()).toEqual(['far', 'near'])
})

test.each([
  { common: 20, who: 'who knows of it begins', begins: 0 },
  { common: 20, who: 'the other one begins', begins: 1 },
  { common: 5000, who: 'who knows of it begins', begins: 0 },
  { common: 5000, who: 'the other one begins', begins: 1 },
] as const)(
  'G-181: a comparison does not ask for what waits, beside $common records, where $who',
  ({ common, begins }) => {
    const asked: string[] = []
    const pair = new ReconciledPair({
      tamper: (message, from) => {
        const wants = message.kind === 'WANT' || message.kind === 'ANSWER' ? message.wants : []
        if (from === 'one') asked.push(...wants.map(({ prefix }) => prefix))
        return message
      },
    })
    const shared = many(common)
    fill(pair.one, shared)
    fill(pair.other, shared)
    const changed = shared.slice(0, 3).map((record) => ({ ...record, version: 2 }))
    const [later, lacking] = [many(3), many(2)]
    fill(pair.other, [...changed, ...later, ...lacking])
    pair.one.waits = [...changed, ...later]
    pair.reconcile(begins)
    expect(lacking.every(({ id }) => pair.one.held.has(id))).toBe(true)
    const waiting = pair.one.waiting().map(({ path }) => path)
    expect(waiting).toHaveLength(6)
    expect(asked.filter((prefix) => waiting.some((path) => path.startsWith(prefix)))).toEqual([])
  },
)

test('G-181: an announcement of what waits is not answered, wherever it came from', () => {
  const graph = new SimulatedGraph({ seed: 'announced', checks: false })
  const [first, second, third] = graph.grow(3)
  graph.world.runFor(MINUTE)
  if (first === undefined || second === undefined || third === undefined) throw new Error('no members')
  const received = (): number => graph.sum('records-received')
  // It comes by comparison.
  graph.world.network.partition([third.name], [first.name, second.name])
  graph.world.runFor(MINUTE)
  third.host.skewClock(4 * MINUTE)
  const record = third.write('from the future')
  graph.world.network.heal()
  const waits = ({ node }: Member): boolean => (node.counters()['records-waited'] ?? 0) > 0
  graph.world.runUntil(() => waits(first) && waits(second), 2 * MINUTE)
  const before = received()
  for (const { node } of graph.members) {
    for (const { session } of node.parts.neighbors.all()) {
      session.link.send({ kind: 'ADVERTISE', records: [{ id: record.id, digest: record.digest }] })
    }
  }
  graph.world.runFor(5000)
  expect(received()).toBe(before)
})

test('G-181: a forged version of a record that waits displaces no other', () => {
  const node = new LoneRecords()
  const first = node.made({ text: 'first' })
  const good = node.made({ after: first, modified: node.now + 2 * MINUTE, text: 'good' })
  const forged = node.made({ after: first, modified: node.now + 2 * MINUTE, text: 'evil' }).bytes.slice()
  forged[forged.length - 1] = (forged.at(-1) ?? 0) ^ 1
  node.arrive(good)
  node.arrive(forged, 'liar')
  node.arrive(good, 'another')
  node.run(2 * MINUTE)
  expect(node.texts()).toEqual(['good'])
  expect(node.counters['records-waited']).toBe(2)
})

test('G-181: what waits has limits for each sender and for all; what overflows is counted', () => {
  const node = new LoneRecords()
  const created = node.now + HOUR
  const size = 60_000
  const send = (sender: string, count: number): void => {
    for (let index = 0; index < count; index++) {
      const record = node.made({
        created,
        expires: created + HOUR,
        nonce: `${sender} ${index}`,
        text: 'x'.repeat(size),
      })
      node.arrive(record, sender, 'bulk')
    }
  }
  const ofSender = Math.floor(LARGEST_WAITING_OF_SENDER / (size + 300))
  send('greedy', ofSender + 3)
  expect(node.counters).toMatchObject({ 'records-waited': ofSender, 'dropped-waiting-limit': 3 })
  for (let sender = 0; sender < 10; sender++) send(`sender ${sender}`, ofSender)
  const inAll = node.counters['records-waited'] ?? 0
  expect(inAll * size).toBeLessThanOrEqual(LARGEST_WAITING)
  expect(inAll * size).toBeGreaterThan(LARGEST_WAITING * 0.9)
  node.run(HOUR)
  expect(node.texts()).toHaveLength(inAll)
})
