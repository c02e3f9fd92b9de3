/** How records flow over links (Plumtree; MS-PPGRH 3.1.5.2.10), seen from the other ends of the links. */
import { afterEach, describe, expect, test, vi } from 'vitest'
import { LONGEST_SLOWNESS, MOST_WAITING_ANNOUNCEMENTS } from '../../src/graph/flooding.ts'
import type { GraphMessage } from '../../src/graph/graph-message.ts'
import { Link, linkLimits } from '../../src/graph/link.ts'
import { PRUNING_PERIOD } from '../../src/graph/pruning-record.ts'
import {
  GRAFT_ANSWER_WAIT,
  LONGEST_GRAFT_JITTER,
  LONGEST_GRAFT_WAIT,
  SHORTEST_GRAFT_WAIT,
} from '../../src/graph/wanted-records.ts'
import type { GraphRecord } from '../../src/records/record.ts'
import { compareBytes } from '../../src/runtime/bytes.ts'
import { makeLazy, type ScriptedLink, ScriptedNode } from './scripted-node.ts'
import { type Member, SimulatedGraph } from './simulated-graph.ts'

/** A node with scripted neighbors. */
function makeFlooded(seed: string, names: readonly string[]) {
  const graph = new SimulatedGraph({ seed, properties: { maxPresenceRecords: 0 } })
  const member = graph.add()
  graph.world.runFor(1000)
  const links = names.map((name) => new ScriptedNode(graph, name).ask(member))
  graph.world.runFor(500)
  for (const link of links) link.messages.length = 0
  return { graph, member, links }
}

/** A node of the same graph in another world: it makes records that are new here. */
function makeAuthor(seed: string): Member {
  return new SimulatedGraph({ seed, properties: { maxPresenceRecords: 0 } }).add()
}

/** The same at the beginning of a period: what it writes now may prune links here. */
function makePruner(seed: string, { graph, node }: Member): Member {
  graph.world.runFor(PRUNING_PERIOD - (node.parts.peerTime.now() % PRUNING_PERIOD))
  const author = makeAuthor(seed)
  author.graph.world.runFor(graph.world.now - author.graph.world.now)
  return author
}

function flood({ bytes }: GraphRecord): GraphMessage {
  return { kind: 'FLOOD', record: bytes }
}

function advertise(...records: readonly GraphRecord[]): GraphMessage {
  return { kind: 'ADVERTISE', records: records.map(({ id, digest }) => ({ id, digest })) }
}

function first(links: readonly ScriptedLink[]): ScriptedLink {
  const [link] = links
  if (link === undefined) throw new RangeError('there is none')
  return link
}

function has(member: Member, { type, id, digest }: GraphRecord): boolean {
  return member.node.store.get(type, id)?.digest.join() === digest.join()
}

describe('eager and lazy links', () => {
  test('G-043, G-075: a link begins eager; what is there already makes it lazy, once; GRAFT makes it eager again', () => {
    const { graph, member, links } = makeFlooded('eager', ['ann', 'bob'])
    const [link, tree] = [first(links), first(links.slice(1))]
    const run = (): void => graph.world.runFor(PRUNING_PERIOD)
    const own = member.write('one')
    run()
    expect(link.messages).toEqual([flood(own)])
    const record = makePruner('of eager', member).write('two')
    tree.send(flood(record))
    run()
    // A record that is new is not answered.
    expect([has(member, record), tree.messages.length, link.messages.slice(1)]).toEqual([true, 1, [flood(record)]])
    link.send(flood(record))
    link.send(flood(record))
    run()
    expect(link.messages.slice(2)).toEqual([{ kind: 'PRUNE', digest: record.digest }])
    const third = member.write('three')
    run()
    expect(link.messages.slice(3)).toEqual([advertise(third)])
    link.send({ kind: 'GRAFT', eager: true, ids: [third.id] })
    run()
    expect(link.messages.slice(4)).toEqual([flood(third)])
    const fourth = member.write('four')
    run()
    expect(link.messages.slice(5)).toEqual([flood(fourth)])
    makeLazy(member, [link])
    link.send({ kind: 'PRUNE', digest: fourth.digest })
    run()
    const fifth = member.write('five')
    run()
    expect(link.messages).toEqual([advertise(fifth)])
  })

  test('G-043: no link is pruned but by the record that both ends go by, and never the one over which it came', () => {
    const { graph, member, links } = makeFlooded('needed', ['ann', 'bob'])
    const [ann, bob] = [first(links), first(links.slice(1))]
    const author = makePruner('of needed', member)
    const [record, later] = [author.write('one'), author.write('another one')]
    const refused = (digest: Uint8Array): void => {
      for (const link of links) link.messages.length = 0
      ann.send({ kind: 'PRUNE', digest })
      graph.world.runFor(100)
      expect([ann.messages, eagerLinks(member)]).toEqual([[{ kind: 'GRAFT', eager: true, ids: [] }], 2])
    }
    refused(record.digest)
    const [low, high] = [record, later].toSorted((one, other) => compareBytes(one.digest, other.digest))
    if (low === undefined || high === undefined) throw new RangeError('there are two')
    ann.send(flood(low))
    bob.send(flood(high))
    graph.world.runFor(100)
    // It came over this link; and the other record is not the one.
    refused(low.digest)
    refused(high.digest)
    // Over the other link it is not needed, until the first one is gone.
    ann.port.destroy('closed')
    graph.world.runFor(100)
    bob.messages.length = 0
    bob.send({ kind: 'PRUNE', digest: low.digest })
    graph.world.runFor(100)
    expect([bob.messages, eagerLinks(member)]).toEqual([[{ kind: 'GRAFT', eager: true, ids: [] }], 1])
  })

  test('G-043: the link over which the record was fetched that prunes others becomes eager at once', () => {
    const { graph, member, links } = makeFlooded('fetched', ['ann', 'bob'])
    const [ann, bob] = [first(links), first(links.slice(1))]
    makeLazy(member, [ann])
    const author = makePruner('of fetched', member)
    const record = author.write('announced')
    ann.send(advertise(record))
    graph.world.runUntil(() => ann.all('GRAFT').length === 1, LONGEST_GRAFT_WAIT + LONGEST_GRAFT_JITTER)
    ann.send(flood(record))
    graph.world.runFor(50)
    bob.send(flood(record))
    graph.world.runFor(50)
    expect([ann.latest('GRAFT'), eagerLinks(member)]).toEqual([{ kind: 'GRAFT', eager: true, ids: [] }, 2])
    graph.world.runFor(PRUNING_PERIOD)
    expect([bob.all('PRUNE').length, ann.all('PRUNE').length, eagerLinks(member)]).toEqual([1, 0, 1])
  })

  test('G-078: where an eager link ends, a lazy one becomes eager at once', () => {
    const { graph, member, links } = makeFlooded('mends', ['ann', 'bob', 'cid'])
    const [ann, ...others] = links
    makeLazy(member, others)
    expect(eagerLinks(member)).toBe(1)
    ann?.port.destroy('closed')
    graph.world.runFor(50)
    expect(others.flatMap((link) => link.messages)).toEqual([{ kind: 'GRAFT', eager: true, ids: [] }])
    expect(eagerLinks(member)).toBe(1)
    // A lazy one that ends changes nothing.
    others.find((link) => link.all('GRAFT').length === 0)?.port.destroy('closed')
    graph.world.runFor(50)
    expect(others.flatMap((link) => link.messages)).toHaveLength(1)
  })

  test('G-073: what is added, changed and deleted reaches all nodes by floods', () => {
    const graph = new SimulatedGraph({ seed: 'reaches all', checks: false, properties: { maxPresenceRecords: 0 } })
    const [writer] = graph.grow(20)
    graph.world.runFor(20_000)
    const compared = graph.sum('comparisons-different')
    const record = writer?.write('added')
    if (writer === undefined || record === undefined) throw new RangeError('there are twenty')
    // Sooner than the next comparisons.
    const flooded = (): void => graph.world.runFor(2000)
    const versions = (): number[] =>
      graph.members
        .map(({ node }) => node.store.find(record.id))
        .map((one) => (one?.deleted ? -1 : (one?.version ?? 0)))
    flooded()
    expect(new Set(versions())).toEqual(new Set([1]))
    const content = { encoding: 'text', payload: record.payload } as const
    const update = { content, attributes: undefined, expires: undefined, refresh: undefined, ifVersion: undefined }
    graph.members[7]?.node.update(record.id, update, () => undefined)
    flooded()
    expect(new Set(versions())).toEqual(new Set([2]))
    graph.members[13]?.remove(record.id)
    flooded()
    expect(new Set(versions())).toEqual(new Set([-1]))
    expect(graph.sum('comparisons-different')).toBe(compared)
  })

  test('G-073: a record goes to all neighbors but the one from which it came', () => {
    const { graph, member, links } = makeFlooded('all others', ['ann', 'bob', 'cid'])
    const record = makeAuthor('of all others').write('news')
    makeLazy(member, links.slice(1, 2))
    for (const link of links) link.messages.length = 0
    first(links).send(flood(record))
    graph.world.runFor(500)
    expect(links.map(({ messages }) => messages)).toEqual([[], [advertise(record)], [flood(record)]])
  })

  test('G-056: what has expired and is not removed yet is not sent to who asks for it', () => {
    const { graph, member } = makeFlooded('expired', [])
    const lives = [2, 20].map((minutes) => member.write(`for ${minutes} min`, { life: minutes * 60_000 }))
    graph.world.runFor(4 * 60_000)
    const link = new ScriptedNode(graph, 'ann').ask(member)
    graph.world.runFor(500)
    link.messages.length = 0
    expect(lives.every(({ id }) => member.node.store.find(id) !== undefined)).toBe(true)
    link.send({ kind: 'GRAFT', eager: true, ids: lives.map(({ id }) => id) })
    graph.world.runFor(500)
    expect(link.messages).toEqual(lives.slice(1).map(flood))
  })

  test('who has announced a version before or meanwhile is not told of it, and still is of another one', () => {
    const { graph, member, links } = makeFlooded('in one direction', ['ann', 'bob', 'cid', 'dan'])
    makeLazy(member, links.slice(1))
    const author = makeAuthor('of the news')
    const record = author.write('news')
    const other = author.write('other news')
    links[3]?.send(advertise(record))
    graph.world.runFor(30)
    first(links).send(flood(record))
    graph.world.runFor(30)
    links[1]?.send(advertise(record))
    links[2]?.send({ kind: 'ADVERTISE', records: [{ id: record.id, digest: other.digest }] })
    graph.world.runFor(500)
    const announced = links.slice(1).map(({ messages }) => messages.filter(({ kind }) => kind === 'ADVERTISE'))
    expect(announced).toEqual([[], [advertise(record)], []])
  })

  test('G-074: what is old is answered with an announcement of the version that is here', () => {
    const { graph, member, links } = makeFlooded('old', ['ann'])
    const author = makeAuthor('of old')
    const old = author.write('first')
    const link = first(links)
    link.send(flood(old))
    graph.world.runFor(500)
    author.node.delete(old.id, () => undefined)
    author.graph.world.runFor(100)
    const newer = author.node.store.get(old.type, old.id)
    if (newer === undefined) throw new RangeError('it is there')
    link.send(flood(newer))
    graph.world.runFor(500)
    expect([has(member, newer), link.messages]).toEqual([true, []])
    link.send(flood(old))
    graph.world.runFor(500)
    expect([has(member, newer), link.messages]).toEqual([true, [advertise(newer)]])
  })
})

describe('announced records', () => {
  const longestWait = LONGEST_GRAFT_WAIT + LONGEST_GRAFT_JITTER

  test('G-076: are asked for after a wait, of one announcer at a time, and of the next if the first fails', () => {
    const { graph, member, links } = makeFlooded('graft', ['ann', 'bob'])
    const record = makeAuthor('of graft').write('announced')
    makeLazy(member, links)
    for (const link of links) link.send(advertise(record))
    const grafts = (): number => links.reduce((sum, link) => sum + link.all('GRAFT').length, 0)
    graph.world.runFor(SHORTEST_GRAFT_WAIT)
    expect(grafts()).toBe(0)
    graph.world.runUntil(() => grafts() === 1, longestWait)
    const silent = links.find((link) => link.all('GRAFT').length === 1)
    const other = links.find((link) => link !== silent)
    expect(silent?.latest('GRAFT')).toEqual({ kind: 'GRAFT', eager: false, ids: [record.id] })
    graph.world.runFor(GRAFT_ANSWER_WAIT - 200)
    expect(grafts()).toBe(1)
    graph.world.runFor(400)
    expect(other?.all('GRAFT').length).toBe(1)
    other?.send(flood(record))
    graph.world.runFor(SHORTEST_GRAFT_WAIT / 2)
    expect([has(member, record), grafts(), eagerLinks(member)]).toEqual([true, 2, 0])
    // Nobody else sends it: the tree is cut, and this link closes it.
    graph.world.runFor(5 * GRAFT_ANSWER_WAIT)
    expect([has(member, record), grafts(), eagerLinks(member)]).toEqual([true, 3, 1])
    expect(other?.latest('GRAFT')).toEqual({ kind: 'GRAFT', eager: true, ids: [] })
  })

  test('G-076: are asked for of the next announcer, too, if the one that was asked leaves', () => {
    const { graph, member, links } = makeFlooded('leaves', ['ann', 'bob'])
    const record = makeAuthor('of leaves').write('announced')
    for (const link of links) link.send(advertise(record))
    const asked = (): readonly ScriptedLink[] => links.filter((link) => link.all('GRAFT').length > 0)
    graph.world.runUntil(() => asked().length > 0, longestWait)
    asked()[0]?.port.destroy('closed')
    graph.world.runUntil(() => asked().length === 2, GRAFT_ANSWER_WAIT + 500)
    for (const link of links) if (link.closing === undefined) link.send(flood(record))
    graph.world.runFor(500)
    expect(has(member, record)).toBe(true)
  })

  test('G-076: that come by themselves after they were asked for leave the links as they were', () => {
    const { graph, member, links } = makeFlooded('too early', ['ann', 'bob'])
    const record = makeAuthor('of too early').write('announced')
    const [asked, tree] = links
    makeLazy(member, links.slice(0, 1))
    asked?.send(advertise(record))
    graph.world.runUntil(() => asked?.all('GRAFT').length === 1, longestWait)
    asked?.send(flood(record))
    graph.world.runFor(SHORTEST_GRAFT_WAIT / 2)
    tree?.send(flood(record))
    graph.world.runFor(5 * GRAFT_ANSWER_WAIT)
    expect([asked?.all('GRAFT').length, eagerLinks(member)]).toEqual([1, 1])
    expect(links.flatMap((link) => link.all('PRUNE'))).toEqual([])
  })

  test('G-076: that were asked for leave the links as they were, if others come by themselves meanwhile', () => {
    const { graph, member, links } = makeFlooded('others come', ['ann', 'bob'])
    const [asked, tree] = links
    makeLazy(member, links.slice(0, 1))
    const author = makeAuthor('of others come')
    const [one, other] = [author.write('one'), author.write('other')]
    asked?.send(advertise(one, other))
    graph.world.runUntil(() => asked?.all('GRAFT').length === 1, longestWait)
    asked?.send(flood(one))
    graph.world.runFor(SHORTEST_GRAFT_WAIT / 2)
    tree?.send(flood(other))
    graph.world.runFor(5 * GRAFT_ANSWER_WAIT)
    expect([has(member, one), has(member, other), eagerLinks(member)]).toEqual([true, true, 1])
    expect(asked?.all('GRAFT').filter(({ eager }) => eager)).toEqual([])
  })

  test('G-076: are not asked for when they come by themselves in time, or are here', () => {
    const { graph, member, links } = makeFlooded('by itself', ['ann', 'bob'])
    const record = makeAuthor('of itself').write('announced')
    first(links).send(advertise(record))
    graph.world.runFor(SHORTEST_GRAFT_WAIT / 2)
    links[1]?.send(flood(record))
    graph.world.runFor(2 * longestWait)
    const own = member.write('own')
    first(links).send(advertise(own, record))
    graph.world.runFor(2 * longestWait)
    expect(links.flatMap((link) => link.all('GRAFT'))).toEqual([])
  })

  test.each([
    ['for the first time', 1],
    ['once more', 2],
  ])('G-076: a later version is asked for, although an earlier one comes meanwhile %s', (what, floods) => {
    const { graph, member, links } = makeFlooded(what, ['ann', 'bob'])
    const author = makeAuthor('of versions')
    const old = author.write('first')
    author.node.delete(old.id, () => undefined)
    author.graph.world.runFor(100)
    const newer = author.node.store.get(old.type, old.id)
    if (newer === undefined) throw new RangeError('it is there')
    const [ann, bob] = links
    if (floods === 2) ann?.send(flood(old))
    graph.world.runFor(100)
    bob?.send(advertise(newer))
    graph.world.runFor(SHORTEST_GRAFT_WAIT / 2)
    ann?.send(flood(old))
    graph.world.runUntil(() => bob?.all('GRAFT').length === 1, 2 * longestWait)
    bob?.send(flood(newer))
    graph.world.runFor(SHORTEST_GRAFT_WAIT / 2)
    expect(has(member, newer)).toBe(true)
    // Whoever announced the earlier one, too, is not asked for that.
    graph.world.runFor(5 * GRAFT_ANSWER_WAIT)
    expect(links.flatMap((link) => link.all('GRAFT')).filter(({ ids }) => ids.length > 0)).toHaveLength(1)
  })

  test('G-076: a version that loses is asked for at most once', () => {
    const { graph, links } = makeFlooded('loses', ['ann'])
    const author = makeAuthor('of loses')
    const old = author.write('first')
    author.node.delete(old.id, () => undefined)
    author.graph.world.runFor(100)
    const newer = author.node.store.get(old.type, old.id)
    if (newer === undefined) throw new RangeError('it is there')
    const link = first(links)
    link.send(flood(newer))
    graph.world.runFor(500)
    for (let round = 0; round < 3; round++) {
      link.send(advertise(old))
      graph.world.runFor(longestWait)
      if (link.all('GRAFT').length > round) link.send(flood(old))
      graph.world.runFor(longestWait)
    }
    expect(link.all('GRAFT').length).toBe(1)
  })
})

describe('a slow neighbor', () => {
  test('G-080, G-162: gets announcements only, then is compared with, is dropped if it stays slow, and does not hold up the others', () => {
    const { graph, member, links } = makeFlooded('slow', ['slow', 'quick'])
    const [slow, quick] = links
    slow?.port.pause()
    const text = 'x'.repeat(20_000)
    let longestQueue = 0
    const session = member.node.parts.neighbors.all()[0]?.session
    for (let index = 0; index < 100; index++) {
      member.write(`${index} ${text}`)
      graph.world.runFor(50)
      longestQueue = Math.max(longestQueue, session?.link.waiting('flood') ?? 0)
      expect(quick?.all('FLOOD').length).toBe(index + 1)
    }
    expect(longestQueue).toBeGreaterThan(0)
    expect(longestQueue).toBeLessThan(linkLimits.flood + 100_000)
    expect(slow?.all('ROOT').length).toBe(0)
    slow?.port.resume()
    graph.world.runFor(5000)
    expect([slow?.all('ROOT').length, quick?.all('ROOT').length]).toEqual([1, 0])
    expect(slow?.closing).toBeUndefined()
    expect(slow?.all('FLOOD').length).toBeLessThan(100)
    expect(slow?.all('ADVERTISE').flatMap(({ records }) => records).length).toBeGreaterThan(50)
    slow?.port.pause()
    for (let index = 0; index < 100; index++) {
      member.write(`again ${index} ${text}`)
      graph.world.runFor(20)
      // Whoever grafts nothing is lazy: full records are asked for.
      slow?.send({ kind: 'GRAFT', eager: true, ids: [] })
    }
    graph.world.runFor(LONGEST_SLOWNESS + 5000)
    expect(member.node.parts.neighbors.count).toBe(1)
    expect(member.events.some((event) => event.startsWith('disconnected') && event.endsWith('slow'))).toBe(true)
    expect(quick?.all('FLOOD').length).toBe(200)
  })

  test('G-080: what waits for it is bounded in number, too, and it gets all in the end, ephemeral records included', () => {
    const graph = new SimulatedGraph({ seed: 'many for one', checks: false, properties: { maxPresenceRecords: 0 } })
    const [member, slow] = graph.grow(2)
    if (member === undefined || slow === undefined) throw new RangeError('there are two')
    graph.world.runFor(5000)
    const [link] = slow.node.parts.neighbors.all().map(({ session }) => session.link)
    const [back] = member.node.parts.neighbors.all().map(({ session }) => session.link)
    link?.pause()
    const text = 'x'.repeat(20_000)
    for (let index = 0; index < 50; index++) member.write(`${index} ${text}`)
    const moods = ['one', 'two', 'three'].map((mood) => member.write(mood, { type: '~test.mood' }))
    for (let index = 0; index < MOST_WAITING_ANNOUNCEMENTS + 1000; index++) {
      if (index % 100 === 0) graph.world.runFor(100)
      member.write(`${index}`)
      expect(back?.waiting('flood')).toBeLessThan(linkLimits.flood + 100_000)
    }
    expect(member.node.counters()['dropped-announcements-limit']).toBe(1)
    link?.resume()
    graph.world.runFor(10_000)
    expect(graph.differences()).toEqual([])
    expect(moods.filter((mood) => !has(slow, mood))).toEqual([])
  })
})

describe('the tree', () => {
  test.each([1, 12, 15, 28, 33, 34])('G-043: is whole when records were late while it formed, seed %i', (seed) => {
    const graph = new SimulatedGraph({
      seed: `was late, ${seed}`,
      checks: false,
      conditions: { latency: 100, jitter: 1500 },
    })
    const { world } = graph
    for (let index = 0; index < 30; index++) {
      graph.add()
      world.runFor(50)
      graph.members[index]?.write(`${index}`)
    }
    world.runFor(3000)
    world.network.set({ latency: 10, jitter: 0 })
    const late: number[] = []
    for (let index = 0; index < 60; index++) {
      const record = graph.members[(index * 7) % graph.members.length]?.write(`then ${index}`)
      const written = world.now
      const reached = (): boolean => record !== undefined && graph.members.every((member) => has(member, record))
      world.runUntil(reached, 20_000)
      // The first one comes behind what was under way before.
      if (index > 0 && world.now - written > 300) late.push(world.now - written)
      world.runFor(100)
    }
    expect(late).toEqual([])
  })

  test('G-043: is not cut when many records are under way while it forms, on links that are slow by turns', () => {
    const conditions = { latency: 10, jitter: 60 }
    const graph = new SimulatedGraph({ seed: 'many', checks: false, conditions, properties: { maxPresenceRecords: 0 } })
    const { world } = graph
    const members = graph.grow(20)
    world.runFor(300)
    const random = world.random('writers')
    const underWay = new Map<GraphRecord, number>()
    const times: number[] = []
    const look = (): boolean => {
      for (const [record, written] of underWay) {
        if (!members.every((member) => has(member, record))) continue
        underWay.delete(record)
        times.push(world.now - written)
      }
      return underWay.size === 0
    }
    for (let index = 0; index < 400; index++) {
      const record = members[random.uint32() % members.length]?.write(`${index}`)
      if (record !== undefined) underWay.set(record, world.now)
      world.runFor(10)
      look()
    }
    world.runUntil(look, 10_000)
    times.sort((one, other) => one - other)
    // In a whole tree a record takes some hundred milliseconds. Beyond a cut it would wait until somebody asks for it.
    expect(times[395]).toBeLessThan(600)
  })

  test.each([0, 200, 400, 600, 800])('G-077: forms for who writes once a second, %i ms after each', (phase) => {
    const graph = new SimulatedGraph({ seed: 'every second', checks: false, properties: { maxPresenceRecords: 0 } })
    const [writer] = graph.grow(20)
    const now = (): number => writer?.node.parts.peerTime.now() ?? 0
    graph.world.runFor(20_000)
    graph.world.runFor(1000 - (now() % 1000) + phase)
    const write = (records: number): void => {
      for (let index = 0; index < records; index++) {
        writer?.write(`at ${now()}`)
        graph.world.runFor(1000)
      }
    }
    write(20)
    const received = graph.sum('records-received')
    write(10)
    expect(graph.sum('records-received') - received).toBeLessThan(1.1 * 10 * 19)
  })

  afterEach(() => {
    vi.restoreAllMocks()
  })

  test('G-078: outlives a node that dies in the middle of a flood, and soon carries records without GRAFT again', () => {
    const graph = new SimulatedGraph({ seed: 'dies', checks: false, properties: { maxPresenceRecords: 0 } })
    graph.grow(30)
    graph.world.runFor(30_000)
    const sent = vi.spyOn(Link.prototype, 'send')
    const grafts = (): number => sent.mock.calls.filter(([{ kind }]) => kind === 'GRAFT').length
    const write = (index: number): GraphRecord => {
      const record = graph.running[index % graph.running.length]?.write(`record ${index}`)
      if (record === undefined) throw new RangeError('nobody runs')
      return record
    }
    for (let index = 0; index < 20; index++) {
      write(index)
      graph.world.runFor(200)
    }
    // Those whose links carry most die just when a record is on its way.
    const written: GraphRecord[] = []
    for (let round = 0; round < 4; round++) {
      written.push(write(7))
      graph.world.runFor(15)
      const eager = ({ node }: Member): number => node.parts.neighbors.all().filter((one) => one.eager).length
      const busiest = graph.running.slice(8).reduce((one, other) => (eager(other) > eager(one) ? other : one))
      busiest.crash()
      graph.world.runFor(12_000)
    }
    for (const record of written) expect(graph.running.filter((one) => !has(one, record)).length).toBe(0)
    graph.world.runFor(REPAIRED)
    for (let index = 0; index < 20; index++) {
      written.push(write(index))
      graph.world.runFor(200)
    }
    const before = grafts()
    for (let index = 0; index < 20; index++) {
      written.push(write(3))
      graph.world.runFor(200)
    }
    graph.world.runFor(5000)
    expect(grafts() - before).toBe(0)
    for (const record of written) expect(graph.running.filter((one) => !has(one, record)).length).toBe(0)
  })
})

function eagerLinks({ node }: Member): number {
  return node.parts.neighbors.all().filter(({ eager }) => eager).length
}

/** When the tree is whole again, in milliseconds: links that died are noticed, and neighbors are replaced. */
const REPAIRED = 60_000
