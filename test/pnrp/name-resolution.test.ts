import { describe, expect, test } from 'vitest'
import { type PeerName, parsePeerName } from '../../src/identity/peer-name.ts'
import { Counters } from '../../src/pnrp/counters.ts'
import { DatagramTransport } from '../../src/pnrp/datagram-transport.ts'
import type { Message } from '../../src/pnrp/message.ts'
import type { NameResult } from '../../src/pnrp/name-resolution.ts'
import type { PnrpId } from '../../src/pnrp/pnrp-id.ts'
import type { Registration } from '../../src/pnrp/registration.ts'
import { type Member, type ResolveOptions, SimulatedCloud } from './simulated-cloud.ts'

const name = parsePeerName('0.printer')
const SETTLED = 20_000

function cloudOf(seed: string, size: number): SimulatedCloud {
  const cloud = new SimulatedCloud({ seed, checks: false })
  cloud.grow(size)
  return cloud
}

/** A member by its number. */
function at(cloud: SimulatedCloud, index: number): Member {
  const member = cloud.members[index]
  if (member === undefined) throw new RangeError(`there is no member ${index}`)
  return member
}

/** One cloud for tests that change nothing but what is registered, each under a name of its own. */
function sharedCloud(seed: string, size: number): () => SimulatedCloud {
  let cloud: SimulatedCloud | undefined
  return () => {
    cloud ??= cloudOf(seed, size)
    return cloud
  }
}

/** Registers a name once at each of some members. */
function registerAs(cloud: SimulatedCloud, as: PeerName, ...indices: number[]): Registration[] {
  const registrations = indices.map((index) => at(cloud, index).register(as))
  cloud.world.runFor(SETTLED)
  return registrations
}

/** Registers the name at some members. */
function registerAt(cloud: SimulatedCloud, ...indices: number[]): Registration[] {
  return registerAs(cloud, name, ...indices)
}

/** Nobody of it dies; what is left registered is under names of which no other test knows. */
const peaceful = sharedCloud('peaceful', 24)

/** What a member sends for applications: everything that a resolve sends is a LOOKUP, or an INQUIRE that wants the payload. */
function watch(cloud: SimulatedCloud, member: Member): { message: Message; to: string }[] {
  const sent: { message: Message; to: string }[] = []
  const decoder = new DatagramTransport({
    ...{ cloud: cloud.cloud, crypto: cloud.crypto, counters: new Counters(), send: () => {} },
  })
  cloud.onSent = ({ member: sender, bytes, to }) => {
    if (sender !== member) return
    const message = decoder.receive(bytes, sender.endpoint)
    const isForApplication =
      (message?.type === 'LOOKUP' && message.reason === 'application') ||
      (message?.type === 'INQUIRE' && message.wantsPayload)
    if (message !== undefined && isForApplication) sent.push({ message, to: to.host })
  }
  return sent
}

/** Resolves step by step. */
function begin(
  member: Member,
  options: ResolveOptions,
  as = name,
): { results: NameResult[]; times: number[]; isOver: boolean; cancel(): void } {
  const state = { results: [] as NameResult[], times: [] as number[], isOver: false, cancel: () => {} }
  const resolution = member.resolveName(as, options, {
    found: (result) => {
      state.results.push(result)
      state.times.push(member.cloud.world.now)
    },
    ended: () => {
      state.isOver = true
    },
  })
  state.cancel = () => resolution.cancel()
  return state
}

function idsOf(results: readonly { id: PnrpId }[]): PnrpId[] {
  return results.map(({ id }) => id).sort()
}

describe('several results', () => {
  const shared = sharedCloud('several results', 30)

  test.each([1, 2, 7, 24])('N-69: are as many distinct ones as there are live instances, here %i', (instances) => {
    const cloud = shared()
    const name = parsePeerName(`0.of-${instances}`)
    const registrations = registerAs(cloud, name, ...Array.from({ length: instances }, (_, index) => index + 1))
    for (const resolver of [at(cloud, 0), at(cloud, 14), at(cloud, 29)]) {
      const results = cloud.resolve(resolver, name, { limit: 30 })
      expect(idsOf(results)).toEqual(idsOf(registrations))
      const fewer = cloud.resolve(resolver, name, { limit: 5, includesOwn: false })
      expect(fewer).toHaveLength(Math.min(5, instances))
      expect(new Set(idsOf(fewer)).size).toBe(fewer.length)
    }
  })

  test('N-69: are delivered one by one, each as soon as an INQUIRE of its own has proven it', () => {
    const cloud = shared()
    registerAt(cloud, 1, 6, 11, 16, 21)
    const resolver = at(cloud, 3)
    const sent = watch(cloud, resolver)
    const { world } = cloud
    const state = begin(resolver, { limit: 10 })
    const inquiresBefore: number[] = []
    for (let count = 1; count <= 5; count++) {
      world.runUntil(() => state.results.length >= count, 30_000)
      expect(state.results).toHaveLength(count)
      expect(state.isOver).toBe(false)
      inquiresBefore.push(sent.filter(({ message }) => message.type === 'INQUIRE').length)
    }
    world.runUntil(() => state.isOver, 30_000)
    expect(inquiresBefore).toEqual([1, 2, 3, 4, 5])
    const asked = sent.flatMap(({ message }) => (message.type === 'INQUIRE' ? [message.validateId] : []))
    expect(asked).toEqual(state.results.map(({ id }) => id))
    expect(new Set(state.times).size).toBe(5)
  })

  test('N-69: leave out instances that have died', () => {
    // The last test of this cloud.
    const cloud = shared()
    const name = parsePeerName('0.of-the-dead')
    const registrations = registerAs(cloud, name, 1, 6, 11, 16, 21)
    at(cloud, 6).crash()
    at(cloud, 16).crash()
    const alive = registrations.filter((_, index) => index !== 1 && index !== 3)
    for (const index of [3, 8, 25]) {
      expect(idsOf(cloud.resolve(at(cloud, index), name, { limit: 10 }))).toEqual(idsOf(alive))
    }
  })
})

describe('several registrations of the name on one node', () => {
  const shared = sharedCloud('one node', 24)

  /** Registers a name at members, at each as often as is said, under endpoints of its own each. */
  function registerOften(cloud: SimulatedCloud, counts: Readonly<Record<number, number>>, as = name): Registration[] {
    const registrations = Object.entries(counts).flatMap(([index, count]) => {
      const member = at(cloud, Number(index))
      return Array.from({ length: count }, (_, instance) =>
        member.register(as, { endpoints: [{ ...member.endpoint, port: 8000 + instance, protocol: 6 }] }),
      )
    })
    cloud.world.runFor(SETTLED)
    return registrations
  }

  test.each<[string, Readonly<Record<number, number>>]>([
    ['two on one node', { 7: 2 }],
    ['ten on one node', { 7: 10 }],
    ['ten on each of two nodes', { 7: 10, 12: 10 }],
    ['ten on one node between those of others', { 2: 1, 4: 1, 7: 10, 9: 1, 12: 3, 20: 1 }],
  ])('N-69, N-105: all are found, %s', (_, counts) => {
    const cloud = shared()
    const name = parsePeerName(`0.of-${JSON.stringify(counts)}`)
    const registrations = registerOften(cloud, counts, name)
    for (const resolver of [at(cloud, 0), at(cloud, 8), at(cloud, 23)]) {
      const sent = watch(cloud, resolver)
      expect(idsOf(cloud.resolve(resolver, name, { limit: 40 }))).toEqual(idsOf(registrations))
      const lookups = sent.filter(({ message }) => message.type === 'LOOKUP').length
      // For each instance one to it and one that names it, and two for each gap that is left; and the way to the first.
      expect(lookups).toBeLessThanOrEqual(4 * registrations.length + 8)
      const some = cloud.resolve(resolver, name, { limit: registrations.length - 1 })
      expect(new Set(idsOf(some)).size).toBe(registrations.length - 1)
    }
  })

  test('N-69, N-105: all are found by a node that has registered some itself, which can be left out', () => {
    const cloud = shared()
    const registrations = registerOften(cloud, { 3: 4, 7: 10, 9: 1, 12: 3 })
    const resolver = at(cloud, 3)
    expect(idsOf(cloud.resolve(resolver, name, { limit: 40 }))).toEqual(idsOf(registrations))
    const others = cloud.resolve(resolver, name, { limit: 40, includesOwn: false })
    expect(idsOf(others)).toEqual(idsOf(registrations.slice(4)))
  })

  test('N-69, N-105: all are found in a cloud of two and of five', () => {
    for (const size of [2, 5]) {
      const cloud = cloudOf(`small ${size}`, size)
      const registrations = registerOften(cloud, size === 2 ? { 1: 10 } : { 1: 6, 2: 1, 4: 4 })
      expect(idsOf(cloud.resolve(at(cloud, 0), name, { limit: 40 }))).toEqual(idsOf(registrations))
    }
  })

  test('N-69, N-105: all that live are found with 5 % loss while some have just died', () => {
    for (let run = 0; run < 2; run++) {
      const seed = `lossy ${run}`
      const cloud = cloudOf(seed, 24)
      const registrations = registerOften(cloud, { 2: 1, 4: 2, 7: 10, 9: 1, 12: 5, 15: 1, 20: 2 })
      const dead = new Set([at(cloud, 4), at(cloud, 12)].flatMap(({ ids }) => ids))
      at(cloud, 4).crash()
      at(cloud, 12).crash()
      cloud.world.network.set({ loss: 0.05 })
      const alive = registrations.filter(({ id }) => !dead.has(id))
      for (const resolver of [at(cloud, 0), at(cloud, 8), at(cloud, 16)]) {
        expect(idsOf(cloud.resolve(resolver, name, { limit: 40 })), `seed ${seed}`).toEqual(idsOf(alive))
      }
    }
  })
})

describe('cancelling', () => {
  test('N-69, N-108: ends all sending at once, at any moment, and nothing more is told', () => {
    const cloud = peaceful()
    const name = parsePeerName('0.cancelled')
    registerAs(cloud, name, 1, 6, 11, 16, 21)
    const { world } = cloud
    const whole = begin(at(cloud, 3), { limit: 10 }, name)
    const start = world.now
    world.runUntil(() => whole.isOver, 60_000)
    const duration = world.now - start
    expect(whole.results).toHaveLength(5)
    for (let step = 0; step < 12; step++) {
      const sent = watch(cloud, at(cloud, 3))
      const { exchange } = at(cloud, 3).node.parts
      const state = begin(at(cloud, 3), { limit: 10 }, name)
      world.runFor((duration * step) / 12)
      const pending = exchange.size
      state.cancel()
      // It waits for one answer at any moment.
      expect(pending - exchange.size).toBe(1)
      const told = state.results.length
      const sentUntilThen = sent.length
      world.runFor(5000)
      expect(sent).toHaveLength(sentUntilThen)
      expect(state.results).toHaveLength(told)
      expect(state.isOver).toBe(false)
    }
  })

  test('N-108: by the listener itself while it is told of a result ends the resolve there', () => {
    const cloud = peaceful()
    const name = parsePeerName('0.left')
    registerAs(cloud, name, 1, 6, 11)
    const results: NameResult[] = []
    const resolution = at(cloud, 3).resolveName(
      name,
      { limit: 10 },
      {
        found: (result) => {
          results.push(result)
          resolution.cancel()
        },
        ended: () => results.push(...results),
      },
    )
    const sent = watch(cloud, at(cloud, 3))
    cloud.world.runUntil(() => results.length > 0, 10_000)
    const sentUntilThen = sent.length
    cloud.world.runFor(10_000)
    expect(results).toHaveLength(1)
    expect(sent).toHaveLength(sentUntilThen)
  })
})

describe('the own registrations', () => {
  test('N-108: are results like any other, unless the caller leaves its own out', () => {
    const cloud = peaceful()
    const name = parsePeerName('0.own')
    const [own, other] = registerAs(cloud, name, 3, 8)
    if (own === undefined || other === undefined) throw new RangeError('two are registered')
    expect(idsOf(cloud.resolve(at(cloud, 3), name, { limit: 10 }))).toEqual(idsOf([own, other]))
    const others = cloud.resolve(at(cloud, 3), name, { limit: 10, includesOwn: false })
    expect(idsOf(others)).toEqual([other.id])
    // Another node sees both, wherever it runs.
    expect(idsOf(cloud.resolve(at(cloud, 8), name, { limit: 10, includesOwn: false }))).toEqual([own.id])
  })

  test('N-108: are results of a node that is alone, too', () => {
    const cloud = new SimulatedCloud({ seed: 'alone' })
    const node = cloud.add()
    const { id } = node.register(name)
    expect(idsOf(cloud.resolve(node, name, { limit: 10 }))).toEqual([id])
    expect(cloud.resolve(node, name, { limit: 10, includesOwn: false })).toEqual([])
  })
})

describe('no result is kept', () => {
  test('N-121: every resolve ends with an INQUIRE to the publisher, also on a node that resolved it a moment before', () => {
    const cloud = peaceful()
    const name = parsePeerName('0.again')
    registerAs(cloud, name, 7)
    const resolver = at(cloud, 3)
    const sent = watch(cloud, resolver)
    const publisher = at(cloud, 7).endpoint.host
    for (let count = 1; count <= 5; count++) {
      expect(cloud.resolve(resolver, name)).toHaveLength(1)
      const inquires = sent.filter(({ message, to }) => message.type === 'INQUIRE' && to === publisher)
      expect(inquires).toHaveLength(count)
      expect(sent.at(-1)?.message.type).toBe('INQUIRE')
    }
  })

  test('N-121: an update is found at once, and what has ended is not found any more', () => {
    const cloud = peaceful()
    const name = parsePeerName('0.updated')
    const [registration] = registerAs(cloud, name, 7)
    if (registration === undefined) throw new RangeError('one is registered')
    const publisher = at(cloud, 7)
    const resolvers = [at(cloud, 3), at(cloud, 15)]
    const endpoints = [{ ...publisher.endpoint, port: 90, protocol: 6 }]
    for (const resolver of resolvers) expect(cloud.resolve(resolver, name)[0]?.endpoints[0]?.port).toBe(80)
    publisher.node.update(registration, { endpoints, comment: 'moved', payload: undefined })
    for (const resolver of resolvers) {
      expect(cloud.resolve(resolver, name)).toMatchObject([{ endpoints, comment: 'moved' }])
    }
    publisher.node.unregister(registration)
    for (const resolver of resolvers) expect(cloud.resolve(resolver, name)).toEqual([])
  })
})

describe('a publisher that dies without revoking', () => {
  test('N-56: is never a result, and leaves all leaf sets within 2 minutes', () => {
    const cloud = cloudOf('dead', 24)
    const registrations = registerAt(cloud, 7)
    expect(idsOf(cloud.resolve(at(cloud, 3), name))).toEqual(idsOf(registrations))
    const deadIds = at(cloud, 7).ids
    at(cloud, 7).crash()
    const holders = (): string[] =>
      cloud.running.flatMap((member) =>
        member.ids.flatMap((id) => {
          const { above, below } = member.node.parts.cache.leafSet(id)
          return [...above, ...below].some((leaf) => deadIds.includes(leaf)) ? [member.name] : []
        }),
      )
    expect(holders()).not.toEqual([])
    expect(cloud.resolve(at(cloud, 3), name)).toEqual([])
    cloud.world.runFor(120_000)
    expect(holders()).toEqual([])
    for (const resolver of cloud.running) expect(cloud.resolve(resolver, name)).toEqual([])
  })
})
