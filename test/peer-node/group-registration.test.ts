/** The registration of a member of a group, with clouds that are not real, on virtual time. */
import { describe, expect, test } from 'vitest'
import {
  GroupRegistration,
  type MemberRegistration,
  MOST_REGISTERED_ADDRESSES,
  REGISTRATION_RETRY,
  type RegistrationCloud,
} from '../../src/peer-node/group-registration.ts'
import type { RegisteredName, RegistrationUpdate } from '../../src/peer-node/names.ts'
import { LONGEST_TIMER } from '../../src/runtime/clock.ts'
import { formatEndpoint, type IpAddress } from '../../src/runtime/endpoint.ts'
import { PeerageError } from '../../src/runtime/peerage-error.ts'
import { DAY, person, SampleGroup } from '../group/issuing-samples.ts'
import { endpoint } from './endpoints.ts'
import { type SimulatedNodes, withSimulatedNodes } from './simulated-nodes.ts'

const ADDRESSES = ['192.0.2.1:3587', '192.0.2.2:3587', '[2001:db8::1]:3587'].map(endpoint)
/** How long a cloud takes to be told, in milliseconds. */
const TELLING = 100

/** What is registered in a cloud. */
interface Entry {
  chain: string
  endpoints: readonly string[]
  comment: string
}

/** A cloud that is open here. */
class FakeCloud implements RegistrationCloud {
  readonly name: string
  reason: string | undefined
  /** Every registration after the next. */
  failure: PeerageError | undefined
  readonly registered = new Set<Entry>()
  /** How often something was registered, updated, taken back. */
  readonly counts = { register: 0, update: 0, close: 0 }
  readonly #usable: (address: IpAddress) => boolean

  constructor(name: string, usable: (address: IpAddress) => boolean = () => true) {
    this.name = name
    this.#usable = usable
  }

  mayUse(address: IpAddress): boolean {
    return this.#usable(address)
  }

  resolveOnly(): string | undefined {
    return this.reason
  }

  get only(): Entry | undefined {
    expect(this.registered.size).toBeLessThan(2)
    return [...this.registered][0]
  }

  async register(
    { chain, endpoints, comment }: MemberRegistration,
    told: () => Promise<void>,
  ): Promise<RegisteredName> {
    this.counts.register++
    await told()
    if (this.reason !== undefined) throw new PeerageError('resolve-only', { cloud: this.name, reason: this.reason })
    if (this.failure !== undefined) throw this.failure
    const entry: Entry = { chain: chain.digest, endpoints: endpoints.map(formatEndpoint), comment }
    this.registered.add(entry)
    const close = async (): Promise<void> => {
      this.counts.close++
      this.registered.delete(entry)
    }
    const update = async (change: RegistrationUpdate): Promise<void> => {
      this.counts.update++
      entry.endpoints = (change.endpoints ?? []).map(({ host = '', port }) =>
        formatEndpoint(endpoint(host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`)),
      )
    }
    return { update, close, [Symbol.asyncDispose]: close }
  }
}

class Surroundings {
  readonly group: SampleGroup
  readonly open: FakeCloud[] = []
  readonly failures: PeerageError[] = []
  readonly registration: GroupRegistration
  readonly nodes: SimulatedNodes

  constructor(nodes: SimulatedNodes, classifier = 'books') {
    this.nodes = nodes
    const { clock, random, log } = nodes.addHost('ann').ports
    this.group = new SampleGroup({ now: clock.utc(), classifier })
    const told = (signal: AbortSignal) =>
      new Promise<void>((resolve, reject) => {
        clock.setTimer(TELLING, resolve)
        signal.addEventListener('abort', () => reject(signal.reason))
      })
    this.registration = new GroupRegistration(this.group.name, {
      ...{ clock, random, log },
      clouds: () => [...this.open],
      failed: (failure) => void this.failures.push(failure),
      register: async (cloud, registration, signal) => {
        if (!(cloud instanceof FakeCloud)) throw new TypeError('another cloud')
        return cloud.register(registration, () => told(signal))
      },
    })
  }

  get now(): number {
    return this.nodes.world.host('ann').ports.clock.utc()
  }

  addCloud(name: string, usable?: (address: IpAddress) => boolean): FakeCloud {
    const cloud = new FakeCloud(name, usable)
    this.open.push(cloud)
    this.registration.follow()
    return cloud
  }

  chain(byte: number, notAfter?: number) {
    const { group, now } = this
    return group.admit(group.creator.issuer, person(byte), 'member', {
      now,
      ...(notAfter !== undefined && { notAfter }),
    }).chain
  }

  /** Lets a cloud be told, and more. */
  settle(): Promise<void> {
    return this.nodes.advance(10 * TELLING)
  }
}

function registering(seed: string, body: (around: Surroundings) => Promise<void>, classifier?: string): Promise<void> {
  return withSimulatedNodes(seed, (nodes) => body(new Surroundings(nodes, classifier)))
}

const names = (entry: Entry | undefined): readonly string[] => [...(entry?.endpoints ?? [])].sort()
const ALL = ADDRESSES.map(formatEndpoint).sort()

describe('a member is registered', () => {
  test('P-056, P-057: in each cloud of the group, as long as the graph listens and it has a chain', () =>
    registering('listens', async (around) => {
      const { registration } = around
      const chain = around.chain(2)
      const [one, other] = [around.addCloud('one'), around.addCloud('other')]
      registration.setChain(chain)
      await around.settle()
      expect([one.registered.size, registration.status()]).toEqual([0, []])
      registration.listens(ADDRESSES)
      expect(registration.status().map(({ state }) => state)).toEqual(['registering', 'registering'])
      await around.settle()
      for (const cloud of [one, other]) {
        expect(cloud.only).toMatchObject({ chain: chain.digest, comment: 'books' })
        expect(names(cloud.only)).toEqual(ALL)
      }
      expect(registration.status()).toEqual([
        { cloud: 'one', state: 'registered' },
        { cloud: 'other', state: 'registered' },
      ])
      expect(registration.handles()).toHaveLength(2)
      registration.listens([])
      await around.settle()
      expect([one.only, other.only, registration.status(), registration.handles()]).toEqual([
        undefined,
        undefined,
        [],
        [],
      ])
      await registration.close()
    }))

  test('in clouds that open later, and no more in those that close', () =>
    registering('clouds', async (around) => {
      const { registration } = around
      registration.setChain(around.chain(2))
      registration.listens(ADDRESSES)
      const one = around.addCloud('one')
      await around.settle()
      expect(one.registered.size).toBe(1)
      around.open.pop()
      const other = around.addCloud('other')
      await around.settle()
      expect([one.registered.size, other.registered.size]).toEqual([0, 1])
      await registration.close()
    }))

  test('P-058: with at most 4 of its addresses, drawn at random, that stay until others are there', () =>
    registering('four', async (around) => {
      const { registration } = around
      const many = Array.from({ length: 10 }, (_, index) => endpoint(`192.0.2.${index + 1}:3587`))
      registration.setChain(around.chain(2))
      const clouds = Array.from({ length: 8 }, (_, index) => around.addCloud(`cloud ${index}`))
      registration.listens(many)
      await around.settle()
      const drawn = clouds.map(({ only }) => only?.endpoints ?? [])
      for (const endpoints of drawn) {
        expect(new Set(endpoints).size).toBe(MOST_REGISTERED_ADDRESSES)
        for (const one of endpoints) expect(many.map(formatEndpoint)).toContain(one)
      }
      expect(new Set(drawn.flat()).size).toBeGreaterThan(MOST_REGISTERED_ADDRESSES)
      registration.listens([...many])
      registration.follow()
      await around.settle()
      expect(clouds.map(({ only }) => only?.endpoints ?? [])).toEqual(drawn)
      expect(clouds.map(({ counts }) => counts.update)).toEqual(clouds.map(() => 0))
      registration.listens(many.slice(0, 2))
      await around.settle()
      for (const { only, counts } of clouds) {
        expect(names(only)).toEqual(['192.0.2.1:3587', '192.0.2.2:3587'])
        expect(counts).toEqual({ register: 1, update: 1, close: 0 })
      }
      await registration.close()
    }))

  test('where an address of this node means something in a cloud, only with such', () =>
    registering('meaning', async (around) => {
      const { registration } = around
      const onlyIpv6 = around.addCloud('one', (address) => address.includes(':'))
      const none = around.addCloud('other', () => false)
      registration.setChain(around.chain(2))
      registration.listens(ADDRESSES)
      await around.settle()
      expect(names(onlyIpv6.only)).toEqual(['[2001:db8::1]:3587'])
      expect(names(none.only)).toEqual(ALL)
      await registration.close()
    }))

  test.each([
    ['books', 'books'],
    ['', ''],
    ['x'.repeat(149), 'x'.repeat(39)],
    [`${'x'.repeat(38)}🐎 and more`, 'x'.repeat(38)],
    [`${'x'.repeat(37)}🐎 and more`, `${'x'.repeat(37)}🐎`],
  ])('P-058: with the classifier of the group as its comment, cut to what fits: %j', (classifier, comment) =>
    registering(
      'comment',
      async (around) => {
        const cloud = around.addCloud('one')
        around.registration.setChain(around.chain(2))
        around.registration.listens(ADDRESSES)
        await around.settle()
        expect(cloud.only?.comment).toBe(comment)
        await around.registration.close()
      },
      classifier,
    ),
  )
})

describe('a registration', () => {
  test('is made anew with another chain', () =>
    registering('chain', async (around) => {
      const { registration } = around
      const cloud = around.addCloud('one')
      registration.listens(ADDRESSES)
      registration.setChain(around.chain(2))
      await around.settle()
      const renewed = around.chain(2, around.now + 30 * DAY)
      registration.setChain(renewed)
      await around.settle()
      expect(cloud.only?.chain).toBe(renewed.digest)
      expect(cloud.counts).toEqual({ register: 2, update: 0, close: 1 })
      await registration.close()
    }))

  test('P-059: ends when the chain expires, when there is none in force any more, and when the group closes', () =>
    registering('ends', async (around) => {
      const { registration, nodes } = around
      const cloud = around.addCloud('one')
      registration.listens(ADDRESSES)
      const life = LONGEST_TIMER + DAY
      registration.setChain(around.chain(2, around.now + life))
      await nodes.advance(life - 5000)
      expect(cloud.registered.size).toBe(1)
      await nodes.advance(6000)
      expect([cloud.registered.size, registration.status()]).toEqual([0, []])
      registration.setChain(around.chain(2))
      await around.settle()
      expect(cloud.registered.size).toBe(1)
      registration.setChain(undefined)
      await around.settle()
      expect(cloud.registered.size).toBe(0)
      registration.setChain(around.chain(2))
      await around.settle()
      expect(cloud.registered.size).toBe(1)
      await registration.close()
      expect(cloud.registered.size).toBe(0)
      around.addCloud('other')
      registration.listens(ADDRESSES.slice(1))
      await around.settle()
      expect(around.open.map(({ registered }) => registered.size)).toEqual([0, 0])
    }))

  test('follows what changes while the cloud is still being told', () =>
    registering('meanwhile', async (around) => {
      const { registration, nodes } = around
      const cloud = around.addCloud('one')
      registration.setChain(around.chain(2))
      registration.listens(ADDRESSES)
      await nodes.advance(TELLING / 2)
      registration.listens(ADDRESSES.slice(1))
      await nodes.advance(TELLING / 4)
      const renewed = around.chain(2, around.now + 30 * DAY)
      registration.setChain(renewed)
      await around.settle()
      expect(cloud.only?.chain).toBe(renewed.digest)
      expect(names(cloud.only)).toEqual(ADDRESSES.slice(1).map(formatEndpoint).sort())
      registration.setChain(around.chain(3))
      await nodes.advance(TELLING / 2)
      await registration.close()
      expect(cloud.registered.size).toBe(0)
    }))

  test('P-059: while it is being made, it is given up when the group closes, which waits for that', () =>
    registering('given up', async (around) => {
      const { registration, nodes } = around
      const cloud = around.addCloud('one')
      registration.setChain(around.chain(2))
      registration.listens(ADDRESSES)
      await nodes.advance(TELLING / 2)
      // The graph ends listening first.
      registration.listens([])
      const before = around.now
      await registration.close()
      expect([around.now - before, cloud.registered.size, cloud.counts.register]).toEqual([0, 0, 1])
      await around.settle()
      expect(cloud.registered.size).toBe(0)
    }))

  test('P-056: is not made by a node that only resolves, whose status says so, and is made once others reach it', () =>
    registering('resolve-only', async (around) => {
      const { registration } = around
      const cloud = around.addCloud('one')
      cloud.reason = 'address-translated'
      registration.setChain(around.chain(2))
      registration.listens(ADDRESSES)
      await around.settle()
      expect(cloud.registered.size).toBe(0)
      expect(registration.status()).toEqual([{ cloud: 'one', state: 'resolve-only', reason: 'address-translated' }])
      registration.follow()
      await around.settle()
      expect(cloud.counts.register).toBe(1)
      cloud.reason = undefined
      registration.follow()
      await around.settle()
      expect(registration.status()).toEqual([{ cloud: 'one', state: 'registered' }])
      await registration.close()
    }))

  test('P-056: that fails in every cloud is reported, and one that others do without is not', () =>
    registering('reported', async (around) => {
      const { registration, failures } = around
      const [one, other] = [around.addCloud('one'), around.addCloud('other')]
      const failure = new PeerageError('too-many-registrations', { limit: 256 })
      one.failure = failure
      registration.setChain(around.chain(2))
      registration.listens(ADDRESSES)
      await around.settle()
      expect(failures).toEqual([])
      expect(registration.status().map(({ state }) => state)).toEqual(['failed', 'registered'])
      other.failure = new PeerageError('no-network', { cloud: 'other' })
      registration.setChain(around.chain(3))
      await around.settle()
      expect(registration.status().map(({ state }) => state)).toEqual(['failed', 'failed'])
      expect(failures).toEqual([])
      other.failure = failure
      registration.setChain(around.chain(2))
      await around.settle()
      expect(failures).toEqual([failure])
      await registration.close()
    }))

  test('that fails says so, and is tried again', () =>
    registering('fails', async (around) => {
      const { registration, nodes } = around
      const cloud = around.addCloud('one')
      cloud.failure = new PeerageError('too-many-registrations', { limit: 256 })
      registration.setChain(around.chain(2))
      registration.listens(ADDRESSES)
      await around.settle()
      expect(registration.status()).toEqual([{ cloud: 'one', state: 'failed', reason: cloud.failure.message }])
      registration.follow()
      await around.settle()
      expect(cloud.counts.register).toBe(1)
      cloud.failure = undefined
      await nodes.advance(REGISTRATION_RETRY)
      expect(registration.status()).toEqual([{ cloud: 'one', state: 'registered' }])
      await registration.close()
    }))
})
