import { describe, expect, test } from 'vitest'
import { parsePeerName } from '../../src/identity/peer-name.ts'
import { DEAD_END_PAUSE } from '../../src/pnrp/dead-ends.ts'
import { MOST_TRIES } from '../../src/pnrp/exchange.ts'
import { SMALL_CACHE } from '../../src/pnrp/hop-candidates.ts'
import type { Criterion, Lookup } from '../../src/pnrp/message.ts'
import { p2pIdOf } from '../../src/pnrp/p2p-id.ts'
import { isCloser, makePnrpId, nextPnrpId, type PnrpId } from '../../src/pnrp/pnrp-id.ts'
import { MOST_HOPS_OF_PATH, MOST_LEAF_SET_ANSWERS, MOST_PATHS, type Resolve } from '../../src/pnrp/resolve.ts'
import type { ResolveOutcome } from '../../src/pnrp/resolve-outcome.ts'
import type { ResolveRequest } from '../../src/pnrp/resolve-request.ts'
import { formatEndpoint, type IpAddress } from '../../src/runtime/endpoint.ts'
import { Puppet } from './puppet.ts'
import { type Member, SimulatedCloud } from './simulated-cloud.ts'

const name = parsePeerName('0.sought')
const LATENCY = 10

/** A resolver that knows puppets alone, and a target. */
class Scene {
  readonly cloud: SimulatedCloud
  readonly resolver: Member
  readonly target: PnrpId
  readonly puppets: Puppet[] = []
  /** Application LOOKUPs in the order in which they came, with the puppet that was asked. */
  readonly asked: { readonly puppet: Puppet; readonly lookup: Lookup }[] = []

  constructor(seed: string) {
    this.cloud = new SimulatedCloud({ seed, conditions: { latency: LATENCY } })
    this.resolver = this.cloud.add({ seeds: [] })
    this.target = makePnrpId(p2pIdOf(this.cloud.crypto, name), new Uint8Array(16).fill(0x80))
  }

  /** A puppet at a distance from the target, as a share of the circle, and what it says to the resolver. */
  puppet(distance: number, says: Puppet['sayToLookup'] = () => ({})): { puppet: Puppet; id: PnrpId } {
    const puppet = this.#newPuppet(says)
    return { puppet, id: puppet.registerNear(this.target, distance * 1.01, distance * 0.99) }
  }

  /** A puppet that has registered what is sought. @param step Greater ones are farther from the target. */
  publisher(step = 1, says: Puppet['sayToLookup'] = () => ({})): { puppet: Puppet; id: PnrpId } {
    const puppet = this.#newPuppet(says)
    const serviceLocation = Uint8Array.of(0x80, 0x80, 0x80 + step, ...new Uint8Array(13))
    return { puppet, id: puppet.register(name, serviceLocation) }
  }

  /** Lets a puppet say something else. */
  lets(puppet: Puppet, says: Puppet['sayToLookup']): void {
    puppet.sayToLookup = (lookup) => {
      if (lookup.reason === 'application') this.asked.push({ puppet, lookup })
      return says(lookup)
    }
  }

  /** The resolver has proven these. */
  know(...known: { puppet: Puppet; id: PnrpId }[]): void {
    const { cache, clock } = this.resolver.node.parts
    for (const { puppet, id } of known) {
      const publicKey = puppet.registrations.get(id)?.keyPair.publicKey ?? new Uint8Array(32)
      const lastHeard = clock.monotonic()
      cache.add({ entry: puppet.entry(id), publicKey, notAfter: clock.utc() + 86_400_000, lastHeard })
    }
  }

  /** So many far away that the resolver does not count as one with a small cache. They know nothing. */
  knowMany(): { puppet: Puppet; id: PnrpId }[] {
    const many = Array.from({ length: SMALL_CACHE }, (_, index) => this.puppet(0.4 + index * 0.01))
    this.know(...many)
    return many
  }

  begin(request: Partial<ResolveRequest> = {}): { outcome: ResolveOutcome | undefined; resolve: Resolve } {
    const state: { outcome: ResolveOutcome | undefined; resolve: Resolve } = {
      outcome: undefined,
      resolve: this.resolver.node.resolve(
        { target: this.target, criterion: 'any', reason: 'application', ...request },
        (outcome) => {
          state.outcome = outcome
        },
      ),
    }
    return state
  }

  /** Resolves to the end. */
  resolve(request: Partial<ResolveRequest> = {}): ResolveOutcome {
    const state = this.begin(request)
    this.cloud.world.runUntil(() => state.outcome !== undefined, 60_000)
    if (state.outcome === undefined) throw new RangeError('it does not end')
    return state.outcome
  }

  /** What was asked, as the places of the puppets in a list. */
  order(...list: { puppet: Puppet }[]): number[] {
    return this.asked.map(({ puppet }) => list.findIndex((one) => one.puppet === puppet))
  }

  #newPuppet(says: Puppet['sayToLookup']): Puppet {
    const puppet = new Puppet(this.cloud, `puppet${this.puppets.length}`)
    this.puppets.push(puppet)
    this.lets(puppet, says)
    return puppet
  }
}

/** Is there, but says nothing from now on. */
function silence(puppet: Puppet, hears: (lookup: Lookup) => void = () => {}): void {
  puppet.onRequest = (request) => {
    if (request.type === 'LOOKUP' && request.reason === 'application') hears(request)
    return true
  }
}

function idOf(outcome: ResolveOutcome): PnrpId | undefined {
  return outcome.kind === 'found' ? outcome.match.entry.id : undefined
}

describe('a LOOKUP', () => {
  test('N-57: states target, Validate PNRP ID, best match, criterion, reason and Flagged Path', () => {
    const scene = new Scene('stated')
    const publisher = scene.publisher()
    const near = scene.puppet(0.01, () => ({ routeEntry: publisher.puppet.entry(publisher.id) }))
    const far = scene.puppet(0.1, () => ({ routeEntry: near.puppet.entry(near.id) }))
    scene.know(far)
    expect(idOf(scene.resolve())).toBe(publisher.id)

    const self = scene.resolver.endpoint
    const stated = scene.asked.map(({ lookup }) => lookup)
    const common = { target: scene.target, criterion: 'any', reason: 'application', acceptsFarther: true }
    expect(stated).toMatchObject([
      { ...common, validateId: far.id, flaggedPath: [self] },
      { ...common, validateId: near.id, flaggedPath: [self, far.puppet.endpoint] },
      { ...common, validateId: publisher.id, flaggedPath: [self, far.puppet.endpoint, near.puppet.endpoint] },
    ])
    expect(stated.map(({ bestMatch }) => bestMatch?.id)).toEqual([undefined, far.id, near.id])
  })

  test('N-57: states precision and each reason', () => {
    const scene = new Scene('reasons')
    const only = scene.puppet(0.1)
    scene.know(only)
    for (const reason of ['application', 'registration', 'cache-maintenance', 'split-detection'] as const) {
      // A test for a split begins somewhere else than in the cache.
      const firstHops = reason === 'split-detection' ? [only.puppet.endpoint] : undefined
      scene.resolve({ reason, criterion: 'upper-bits', precision: 77, firstHops })
      const last = only.puppet.of('LOOKUP').at(-1)
      expect(last).toMatchObject({ reason, criterion: 'upper-bits', precision: 77 })
    }
  })

  test('N-57: has flag A while the cache has fewer than 8 entries', () => {
    const scene = new Scene('flag A')
    const known = Array.from({ length: 9 }, (_, index) => scene.puppet(0.01 + index * 0.02))
    const flags: (boolean | undefined)[] = []
    for (const one of known) {
      scene.know(one)
      scene.asked.length = 0
      scene.resolve()
      flags.push(scene.asked[0]?.lookup.acceptsFarther)
    }
    expect(flags).toEqual([true, true, true, true, true, true, true, false, false])
  })
})

describe('the answer', () => {
  test('N-60: that a node is busy sends the resolve elsewhere, and the node stays in the cache', () => {
    const scene = new Scene('busy')
    const publisher = scene.publisher()
    const busy = scene.puppet(0.01, () => ({ busy: true, routeEntry: undefined }))
    const other = scene.puppet(0.1, () => ({ routeEntry: publisher.puppet.entry(publisher.id) }))
    scene.know(busy, other)
    expect(idOf(scene.resolve())).toBe(publisher.id)
    expect(scene.order(busy, other, publisher)).toEqual([0, 1, 2])
    expect(scene.resolver.node.parts.cache.get(busy.id)).toBeDefined()
    // Who was busy is no match.
    expect(scene.asked[1]?.lookup.bestMatch).toBeUndefined()
  })

  test('N-61: with N takes the node out of the cache and makes it no match, and what it names is still considered', () => {
    const scene = new Scene('gone')
    const publisher = scene.publisher()
    const near = scene.puppet(0.01, () => ({ routeEntry: publisher.puppet.entry(publisher.id) }))
    const gone = scene.puppet(0.1, () => ({ notFound: true, routeEntry: near.puppet.entry(near.id) }))
    scene.know(gone)
    expect(idOf(scene.resolve())).toBe(publisher.id)
    expect(scene.order(gone, near, publisher)).toEqual([0, 1, 2])
    expect(scene.asked.map(({ lookup }) => lookup.bestMatch?.id)).toEqual([undefined, undefined, near.id])
    expect(scene.resolver.node.parts.cache.get(gone.id)).toBeUndefined()
  })

  test('N-61: without N makes the node the best match only if it is closer than the present one', () => {
    const scene = new Scene('best match')
    const near = scene.puppet(0.01)
    const far = scene.puppet(0.2)
    const middle = scene.puppet(0.1)
    scene.know(near, far, middle)
    const outcome = scene.resolve({ criterion: 'none' })
    expect(outcome).toMatchObject({ kind: 'ended', closest: near.puppet.entry(near.id) })
    expect(scene.order(near, middle, far)).toEqual([0, 1, 2])
    expect(scene.asked.map(({ lookup }) => lookup.bestMatch?.id)).toEqual([undefined, near.id, near.id])
  })

  test('N-62: is followed if the entry is closer than the node that named it, with 8 entries and more', () => {
    const scene = new Scene('not closer')
    scene.knowMany()
    const farther = scene.puppet(0.2)
    const closer = scene.puppet(0.05)
    const names = scene.puppet(0.1, () => ({ routeEntry: farther.puppet.entry(farther.id) }))
    const right = scene.puppet(0.11, () => ({ routeEntry: closer.puppet.entry(closer.id) }))
    scene.know(names, right)
    expect(scene.resolve().kind).toBe('ended')
    const order = scene.order(names, right, closer, farther)
    expect(order.slice(0, 3)).toEqual([0, 1, 2])
    expect(order).not.toContain(3)
  })

  test('N-62: is followed even if the entry is farther while the cache has fewer than 8 entries', () => {
    const scene = new Scene('small cache')
    const farther = scene.puppet(0.2)
    const names = scene.puppet(0.1, () => ({ routeEntry: farther.puppet.entry(farther.id) }))
    scene.know(names)
    scene.resolve()
    expect(scene.order(names, farther)).toEqual([0, 1])
  })

  test('N-62: may name the node itself by another of its IDs, which is then found', () => {
    const scene = new Scene('itself')
    const publisher = scene.publisher()
    const member = { puppet: publisher.puppet, id: publisher.puppet.registerNear(scene.target, 0.02, 0.01) }
    scene.lets(publisher.puppet, () => ({ routeEntry: publisher.puppet.entry(publisher.id) }))
    scene.know(member)
    expect(idOf(scene.resolve())).toBe(publisher.id)
    expect(scene.asked).toHaveLength(1)
  })

  test('N-62: that names nobody lets the resolve go on with the closest that was not asked yet, named or cached', () => {
    const scene = new Scene('dead end')
    scene.knowMany()
    const closest = scene.puppet(0.03)
    const second = scene.puppet(0.05)
    const third = scene.puppet(0.07)
    const first = scene.puppet(0.08, () => ({ routeEntry: closest.puppet.entry(closest.id) }))
    scene.know(first, third)
    // Cached are 0.07 and 0.08; 0.08 names 0.03, 0.07 names 0.05.
    scene.lets(third.puppet, () => ({ routeEntry: second.puppet.entry(second.id) }))
    scene.resolve()
    expect(scene.order(closest, second, third, first).slice(0, 4)).toEqual([2, 1, 3, 0])
  })
})

describe('nodes that always name another node', () => {
  test('N-63: are each asked once, and the path ends at 22 answered LOOKUPs', () => {
    const scene = new Scene('endless')
    scene.knowMany()
    const chain = Array.from({ length: MOST_HOPS_OF_PATH + 3 }, (_, index) => scene.puppet(0.35 - index * 0.01))
    for (const [index, { puppet }] of chain.entries()) {
      const next = chain[index + 1]
      scene.lets(puppet, () => ({ routeEntry: next?.puppet.entry(next.id) }))
    }
    scene.know(...chain.slice(0, 1))
    expect(scene.resolve({ criterion: 'none' })).toMatchObject({
      kind: 'ended',
      closest: chain[21]?.puppet.entry(chain[21].id),
    })
    expect(MOST_HOPS_OF_PATH).toBe(22)
    expect(scene.order(...chain)).toEqual(Array.from({ length: 22 }, (_, index) => index))
    expect(Math.max(...scene.asked.map(({ lookup }) => lookup.flaggedPath.length))).toBe(22)
  })

  test('N-63: in a circle are asked once each', () => {
    const scene = new Scene('circle')
    const one = scene.puppet(0.2)
    const other = scene.puppet(0.1, () => ({ routeEntry: one.puppet.entry(one.id) }))
    scene.lets(one.puppet, () => ({ routeEntry: other.puppet.entry(other.id) }))
    scene.know(one)
    expect(scene.resolve().kind).toBe('ended')
    expect(scene.order(one, other)).toEqual([0, 1])
  })

  test('N-63: end a path after more than 6 answers with L, and the best match is tried then', () => {
    const scene = new Scene('leaf sets')
    scene.knowMany()
    const chain = Array.from({ length: 12 }, (_, index) => scene.puppet(0.35 - index * 0.01))
    for (const [index, { puppet }] of chain.entries()) {
      const next = chain[index + 1]
      scene.lets(puppet, () => ({ leafSet: true, routeEntry: next?.puppet.entry(next.id) }))
    }
    scene.know(...chain.slice(0, 1))
    expect(scene.resolve()).toMatchObject({ kind: 'ended' })
    expect(MOST_LEAF_SET_ANSWERS).toBe(6)
    expect(scene.order(...chain)).toEqual([0, 1, 2, 3, 4, 5, 6])
  })
})

describe('a resolve that was disturbed', () => {
  test('says so at its end, and one that was not does not', () => {
    const scene = new Scene('quiet and disturbed')
    scene.knowMany()
    const honest = scene.puppet(0.2)
    scene.know(honest)
    expect(scene.resolve()).toMatchObject({ kind: 'ended', isDisturbed: false })
    const silent = scene.puppet(0.1)
    silent.puppet.onRequest = () => true
    scene.know(silent)
    expect(scene.resolve()).toMatchObject({ kind: 'ended', isDisturbed: true })
  })

  test('N-103: a node that denies the ID by which it was named makes a resolve careful, and what it names then leads nowhere', () => {
    const scene = new Scene('disowned')
    scene.knowMany()
    const publisher = scene.publisher()
    const trap = scene.puppet(0.02)
    const secondAccomplice = scene.puppet(0.03, () => ({ notFound: true, routeEntry: trap.puppet.entry(trap.id) }))
    const accomplice = scene.puppet(0.05, () => ({
      ...{ notFound: true, routeEntry: secondAccomplice.puppet.entry(secondAccomplice.id) },
    }))
    const liar = scene.puppet(0.1, () => ({ routeEntry: accomplice.puppet.entry(accomplice.id) }))
    const honest = scene.puppet(0.12, () => ({ routeEntry: publisher.puppet.entry(publisher.id) }))
    scene.know(liar, honest)
    expect(idOf(scene.resolve())).toBe(publisher.id)
    expect(scene.order(liar, accomplice, secondAccomplice, honest, trap)).not.toContain(4)
    // Care: the honest one had to prove itself before what it named was followed.
    expect(honest.puppet.of('INQUIRE').some(({ wantsCpa }) => wantsCpa)).toBe(true)
  })

  test('N-103: is begun again by a name, with care and on all paths, and finds what a liar has hidden', () => {
    const scene = new Scene('begun again')
    scene.knowMany()
    const publisher = scene.publisher()
    // The one node that knows the publisher names a liar first.
    const liar = scene.puppet(0.0001)
    scene.lets(liar.puppet, () => ({ notFound: true }))
    const witness = scene.puppet(0.1)
    let asked = 0
    scene.lets(witness.puppet, () => {
      asked++
      return { routeEntry: asked === 1 ? liar.puppet.entry(liar.id) : publisher.puppet.entry(publisher.id) }
    })
    const silent = scene.puppet(0.15)
    silent.puppet.onRequest = () => true
    scene.know(witness, silent)
    const found: string[] = []
    let isOver = false
    scene.resolver.resolveName(
      name,
      {},
      {
        found: ({ id }) => void found.push(id),
        ended: () => {
          isOver = true
        },
      },
    )
    scene.cloud.world.runUntil(() => isOver, 120_000)
    expect(found).toEqual([publisher.id])
    expect(asked).toBeGreaterThan(1)
  })
})

describe('the best match', () => {
  test('N-64: is asked by INQUIRE with a nonce, flags A, C and X, and the cookie of its answer to the LOOKUP', () => {
    const scene = new Scene('inquire')
    const publisher = scene.publisher()
    scene.know(publisher)
    const outcome = scene.resolve()
    expect(idOf(outcome)).toBe(publisher.id)
    const inquires = publisher.puppet.of('INQUIRE').filter(({ wantsPayload }) => wantsPayload)
    expect(inquires).toMatchObject([
      {
        validateId: publisher.id,
        wantsCpa: true,
        wantsChain: true,
        wantsPayload: true,
        cookie: expect.any(Uint8Array),
      },
    ])
    const [nonce] = inquires.map((inquire) => inquire.nonce)
    expect(nonce).toHaveLength(16)
    // Each resolve has another nonce.
    scene.resolve()
    const later = publisher.puppet.of('INQUIRE').filter(({ wantsPayload }) => wantsPayload)
    expect(later).toHaveLength(2)
    expect(later[1]?.nonce).not.toEqual(nonce)
  })

  test.each(['lies', 'is silent', 'answers N'])(
    'N-64: that %s gives way to the next best one of the stack, and none left is "not found"',
    (fault) => {
      const scene = new Scene(`fails: ${fault}`)
      const good = scene.publisher(40)
      const bad = scene.publisher(1)
      for (const { puppet } of [bad]) {
        puppet.onRequest = (request, from) => {
          if (request.type !== 'INQUIRE') return false
          const registration = puppet.registrations.get(request.validateId)
          if (registration === undefined) return false
          if (fault === 'lies') puppet.answer(request, from, { cpa: puppet.cpa(registration, new Uint8Array(16)) })
          else if (fault === 'answers N') puppet.answer(request, from, { notFound: true })
          return true
        }
      }
      good.puppet.sayToLookup = () => ({ routeEntry: bad.puppet.entry(bad.id) })
      expect(isCloser(scene.target, bad.id, good.id)).toBe(true)
      scene.know(good)
      // Nearest: the better one is preferred, as long as nobody knows that it cannot prove itself.
      expect(idOf(scene.resolve({ criterion: 'nearest' }))).toBe(good.id)
      expect(bad.puppet.of('INQUIRE').filter(({ wantsPayload }) => wantsPayload).length).toBeGreaterThan(0)

      good.puppet.onRequest = bad.puppet.onRequest
      silence(good.puppet)
      expect(scene.resolve({ criterion: 'nearest' })).toMatchObject({ kind: 'ended' })
    },
  )

  test.each(['LOOKUP', 'INQUIRE'] as const)(
    'N-64: that seems silent, as every %s was lost, is asked once more before "not found" is reported',
    (type) => {
      const scene = new Scene(`lost: ${type}`)
      const publisher = scene.publisher()
      let lost = 0
      publisher.puppet.onRequest = (request) => {
        const isLost = request.type === type && (request.type === 'LOOKUP' || request.wantsPayload) && lost < MOST_TRIES
        if (isLost) lost++
        return isLost
      }
      scene.know(publisher)
      expect(idOf(scene.resolve())).toBe(publisher.id)
      expect(lost).toBe(MOST_TRIES)
    },
  )

  test('N-64: is asked for its proof by resolves for an application alone', () => {
    const scene = new Scene('other reasons')
    const publisher = scene.publisher()
    scene.know(publisher)
    for (const reason of ['registration', 'cache-maintenance'] as const) {
      expect(scene.resolve({ reason })).toMatchObject({ kind: 'ended' })
    }
    expect(publisher.puppet.of('INQUIRE').filter(({ wantsPayload }) => wantsPayload)).toEqual([])
  })
})

describe('a criterion', () => {
  function twoPublishers(seed: string): { scene: Scene; far: PnrpId; near: PnrpId } {
    const scene = new Scene(seed)
    const near = scene.publisher(1)
    const far = scene.publisher(40, () => ({ routeEntry: near.puppet.entry(near.id) }))
    scene.know(far)
    return { scene, far: far.id, near: near.id }
  }

  test('N-65: ANY ends at the first match of the P2P ID', () => {
    const { scene, far } = twoPublishers('any')
    expect(idOf(scene.resolve({ criterion: 'any' }))).toBe(far)
    expect(scene.asked).toHaveLength(1)
  })

  test.each<Criterion>(['nearest', 'nearest-64'])('N-65: %s ends only when no closer match is found', (criterion) => {
    const { scene, near } = twoPublishers(criterion)
    expect(idOf(scene.resolve({ criterion }))).toBe(near)
    expect(scene.asked).toHaveLength(2)
  })

  test('N-66: NONE means exact equality for an application', () => {
    const { scene, near } = twoPublishers('exact')
    expect(idOf(scene.resolve({ criterion: 'none', target: near }))).toBe(near)
    expect(scene.resolve({ criterion: 'none', target: nextPnrpId(near) }).kind).toBe('ended')
  })

  test('N-66: NONE ends with the closest entry for a registration, for maintenance and for a test for a split', () => {
    const { scene, far, near } = twoPublishers('closest')
    for (const reason of ['registration', 'cache-maintenance', 'split-detection'] as const) {
      const firstHops = scene.puppets
        .filter(({ registrations }) => registrations.has(far))
        .map(({ endpoint }) => endpoint)
      const outcome = scene.resolve({ criterion: 'none', target: nextPnrpId(near), reason, firstHops })
      expect(outcome).toMatchObject({ kind: 'ended', closest: { id: near } })
    }
  })
})

describe('paths', () => {
  test('N-68: there is one alone as long as nothing goes wrong', () => {
    const scene = new Scene('one path')
    scene.knowMany()
    const publisher = scene.publisher()
    const near = scene.puppet(0.01, () => ({ routeEntry: publisher.puppet.entry(publisher.id) }))
    const far = scene.puppet(0.1, () => ({ routeEntry: near.puppet.entry(near.id) }))
    scene.know(far, scene.puppet(0.11), scene.puppet(0.12), scene.puppet(0.13))
    expect(idOf(scene.resolve())).toBe(publisher.id)
    expect(scene.order(far, near, publisher)).toEqual([0, 1, 2])
  })

  test('N-68: there are four from the first expiry on, before any retry, and no two ask the same node', () => {
    const scene = new Scene('four paths')
    const publisher = scene.publisher()
    const silent = scene.puppet(0.01)
    let heard = 0
    silence(silent.puppet, () => heard++)
    let slowly = 0
    const others = Array.from({ length: 6 }, (_, index) => scene.puppet(0.05 + index * 0.01))
    for (const { puppet } of others) {
      // They are slow, so that all that is asked at the same time can be counted.
      puppet.onRequest = (request, from) => {
        if (request.type !== 'LOOKUP' || request.reason !== 'application') return false
        slowly++
        scene.asked.push({ puppet, lookup: request })
        puppet.host.ports.clock.setTimer(300, () =>
          puppet.answer(request, from, { routeEntry: publisher.puppet.entry(publisher.id) }),
        )
        return true
      }
    }
    scene.know(silent, ...others)
    const sent: IpAddress[] = []
    scene.cloud.onSent = ({ member, to }) => {
      if (member === scene.resolver) sent.push(to.host)
    }
    const state = scene.begin()
    const { world } = scene.cloud
    world.runUntil(() => slowly > 0, 5000)
    const hosts = [silent, ...others].map(({ puppet }) => puppet.endpoint.host)
    // Three more are asked before the silent one is asked again. (What the resolver sent for itself comes first.)
    expect(sent.slice(-5).map((host) => hosts.indexOf(host))).toEqual([0, 1, 2, 3, 0])
    world.runFor(2 * LATENCY)
    expect(scene.order(silent, ...others)).toEqual([1, 2, 3])
    expect(MOST_PATHS).toBe(4)
    world.runUntil(() => state.outcome !== undefined, 10_000)
    expect(state.outcome?.kind).toBe('found')
    // Nobody waited until the silent one was given up, and the publisher that all named was asked once.
    expect(heard).toBe(2)
    expect(publisher.puppet.of('LOOKUP')).toHaveLength(1)
  })

  test('N-68: a node that was silent is left alone by later resolves, until something is heard of it', () => {
    const scene = new Scene('backed off')
    const other = scene.puppet(0.1)
    const silent = scene.puppet(0.01)
    silence(silent.puppet)
    scene.know(other, silent)
    scene.resolve()
    expect(silent.puppet.of('LOOKUP').filter(({ reason }) => reason === 'application').length).toBeGreaterThan(0)
    silent.puppet.received.length = 0
    scene.know(silent)
    scene.resolve()
    expect(silent.puppet.of('LOOKUP').filter(({ reason }) => reason === 'application')).toEqual([])
  })

  test('N-68: a silent node that others name is asked after all others, except if it may be what is sought', () => {
    const scene = new Scene('named and silent')
    const other = scene.puppet(0.02)
    const silent = scene.puppet(0.01)
    silence(silent.puppet)
    const names = scene.puppet(0.1, () => ({ routeEntry: silent.puppet.entry(silent.id) }))
    scene.know(names, other)
    scene.resolver.node.parts.backOff.addSilent(formatEndpoint(silent.puppet.endpoint), 60_000)
    scene.lets(other.puppet, () => ({ routeEntry: silent.puppet.entry(silent.id) }))
    let askedBefore: number | undefined
    silence(silent.puppet, () => {
      askedBefore ??= scene.asked.length
    })
    scene.resolve()
    expect(scene.order(other, names)).toEqual([0, 1])
    expect(askedBefore).toBe(2)

    const publisher = scene.publisher()
    scene.lets(other.puppet, () => ({ routeEntry: publisher.puppet.entry(publisher.id) }))
    scene.resolver.node.parts.backOff.addSilent(formatEndpoint(publisher.puppet.endpoint), 60_000)
    scene.asked.length = 0
    expect(idOf(scene.resolve())).toBe(publisher.id)
    expect(scene.order(other, publisher)).toEqual([0, 1])
  })

  test('N-68: a node that named nobody, where another led closer, is passed over for a while in that region alone', () => {
    const scene = new Scene('dead end')
    scene.knowMany()
    const publisher = scene.publisher()
    const deadEnd = scene.puppet(0.05)
    const right = scene.puppet(0.06, () => ({ routeEntry: publisher.puppet.entry(publisher.id) }))
    scene.know(deadEnd, right)
    const begins = (): number | undefined => {
      scene.asked.length = 0
      expect(idOf(scene.resolve())).toBe(publisher.id)
      return scene.order(deadEnd, right)[0]
    }
    expect(begins()).toBe(0)
    scene.resolver.node.parts.cache.remove(publisher.id)
    expect(begins()).toBe(1)
    const { deadEnds } = scene.resolver.node.parts
    expect(deadEnds.has(deadEnd.puppet.endpoint, scene.target)).toBe(true)
    expect(deadEnds.has(deadEnd.puppet.endpoint, deadEnd.id)).toBe(false)
    expect(deadEnds.has(right.puppet.endpoint, scene.target)).toBe(false)
    scene.resolver.node.parts.cache.remove(publisher.id)
    scene.cloud.world.runFor(DEAD_END_PAUSE)
    scene.know(deadEnd, right)
    scene.resolver.node.parts.cache.remove(publisher.id)
    expect(begins()).toBe(0)
  })

  test('N-68: a dead end is asked nevertheless when nobody else leads on', () => {
    const scene = new Scene('needed dead end')
    scene.knowMany()
    const publisher = scene.publisher()
    const formerDeadEnd = scene.puppet(0.05, () => ({ routeEntry: publisher.puppet.entry(publisher.id) }))
    const other = scene.puppet(0.06)
    scene.know(formerDeadEnd, other)
    scene.resolver.node.parts.deadEnds.add(formerDeadEnd.puppet.endpoint, scene.target)
    expect(idOf(scene.resolve())).toBe(publisher.id)
    expect(scene.order(formerDeadEnd, other).slice(0, 2)).toEqual([1, 0])
  })

  test('N-68: a failed proof widens, too, and what a node says is followed only after it has proven itself', () => {
    const scene = new Scene('careful')
    const publisher = scene.publisher(30)
    const liar = scene.publisher(1)
    const trap = scene.puppet(0.02)
    liar.puppet.onRequest = (request, from) => {
      if (request.type === 'INQUIRE') liar.puppet.answer(request, from, {})
      return request.type === 'INQUIRE'
    }
    // Another liar, which cannot prove itself, names a place closer to the target.
    const secondLiar = scene.puppet(0.03, () => ({ routeEntry: trap.puppet.entry(trap.id) }))
    secondLiar.puppet.onRequest = liar.puppet.onRequest
    const honest = scene.puppet(0.04, () => ({ routeEntry: publisher.puppet.entry(publisher.id) }))
    scene.know(liar, secondLiar, honest)
    expect(idOf(scene.resolve())).toBe(publisher.id)
    expect(scene.order(liar, secondLiar, honest, publisher, trap)).not.toContain(4)
    // The honest one was asked for its proof before what it named was followed.
    expect(honest.puppet.of('INQUIRE').some(({ wantsCpa }) => wantsCpa)).toBe(true)
  })
})

describe('an end', () => {
  test('N-69, N-108: cancelling stops all sending for a resolve at once', () => {
    const scene = new Scene('cancelled')
    const silent = Array.from({ length: 6 }, (_, index) => scene.puppet(0.01 + index * 0.01))
    for (const { puppet } of silent) silence(puppet)
    scene.know(...silent)
    const state = scene.begin()
    const { world } = scene.cloud
    const heard = (): number =>
      silent.flatMap(({ puppet }) => puppet.of('LOOKUP')).filter(({ reason }) => reason === 'application').length
    world.runUntil(() => heard() > 0, 5000)
    // Several paths wait for answers.
    world.runFor(1500)
    const before = heard()
    expect(before).toBeGreaterThan(1)
    state.resolve.cancel()
    world.runFor(LATENCY + 1)
    const sentBefore = heard()
    world.runFor(8000)
    expect(heard()).toBe(sentBefore)
    expect(state.outcome).toBeUndefined()
  })
})
