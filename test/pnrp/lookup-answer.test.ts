import { describe, expect, test } from 'vitest'
import { parsePeerName } from '../../src/identity/peer-name.ts'
import { type AuthorityBuffer, readAuthorityBuffer } from '../../src/pnrp/authority-buffer.ts'
import { readCpa } from '../../src/pnrp/certified-peer-address.ts'
import { CookieJar } from '../../src/pnrp/cookies.ts'
import { readExtendedPayload } from '../../src/pnrp/extended-payload.ts'
import { type Inquire, type Lookup, NONCE_LENGTH } from '../../src/pnrp/message.ts'
import { isCloser, makePnrpId, NO_PNRP_ID, nextPnrpId, type PnrpId, pnrpIdAt } from '../../src/pnrp/pnrp-id.ts'
import { Reassembly } from '../../src/pnrp/reassembly.ts'
import { LOOKUPS_OF_ALL } from '../../src/pnrp/request-handler.ts'
import type { RouteEntry } from '../../src/pnrp/route-entry.ts'
import { type Endpoint, ipAddressFromBytes } from '../../src/runtime/endpoint.ts'
import { ScriptedPeer } from './scripted-peer.ts'
import { type Member, PORT, SimulatedCloud } from './simulated-cloud.ts'

/** A node that knows what a test gives it, and somebody who asks it. */
class Questioning {
  readonly cloud: SimulatedCloud
  readonly node: Member
  readonly asker: ScriptedPeer
  readonly #jar: CookieJar
  #messageId = 0
  #entries = 0

  constructor(seed: string) {
    this.cloud = new SimulatedCloud({ seed, conditions: { latency: 1 } })
    this.node = this.cloud.add({ seeds: [], ports: { chains: { problem: () => undefined } } })
    this.asker = new ScriptedPeer(this.cloud, 'asker')
    this.#jar = new CookieJar({
      ...this.node.host.ports.clock,
      monotonic: () => this.cloud.world.now,
    })
  }

  /** The registration that the node was given when it began, as a place to measure from. */
  get ownId(): PnrpId {
    return this.node.ownId
  }

  /** Puts an entry into the node's cache as if it had been proven. */
  know(id: PnrpId): RouteEntry {
    const entry = { id, port: PORT, addresses: [ipAddressFromBytes(Uint8Array.of(10, 200, 0, ++this.#entries))] }
    const { cache, clock } = this.node.node.parts
    cache.add({ entry, publicKey: new Uint8Array(32), notAfter: clock.utc() + 86_400_000, lastHeard: 0 })
    expect(cache.get(id)?.entry).toBe(entry)
    return entry
  }

  lookup(target: PnrpId, more: Partial<Lookup> = {}): AuthorityBuffer {
    return this.#ask({
      ...{ type: 'LOOKUP', messageId: ++this.#messageId, target, validateId: NO_PNRP_ID, criterion: 'none' },
      ...{ precision: 0, reason: 'application', acceptsFarther: false, flaggedPath: [this.asker.endpoint] },
      ...more,
    })
  }

  /** Asks with the cookie that came with an earlier answer, if there was one. */
  inquire(validateId: PnrpId, wants: Partial<Inquire> = {}): AuthorityBuffer {
    return this.#ask({
      ...{ type: 'INQUIRE', messageId: ++this.#messageId, validateId },
      ...{ wantsCpa: false, wantsChain: false, wantsPayload: false },
      ...{ cookie: this.#jar.get(this.node.endpoint) },
      ...wants,
    })
  }

  #ask(message: Lookup | Inquire): AuthorityBuffer {
    this.asker.send(message, this.node.endpoint)
    this.cloud.world.runFor(3)
    const reassembly = new Reassembly()
    for (const { message: reply, from } of this.asker.heardOf('AUTHORITY')) {
      if (reply.ackedMessageId !== message.messageId) continue
      this.#jar.put(from, reply.cookie)
      const whole = reassembly.take(reply)
      if (typeof whole !== 'string') return readAuthorityBuffer(whole)
    }
    throw new RangeError('no whole answer came')
  }
}

/** Where an entry is: what a Flagged Path says. */
function endpointOf({ addresses: [host], port }: RouteEntry): Endpoint {
  if (host === undefined) throw new RangeError('an entry has an address')
  return { host, port }
}

/** An ID at a distance from another, as a part of the circle. */
function beside(id: PnrpId, distance: number): PnrpId {
  const place = [...id].slice(0, 7).reduceRight((sum, character) => (sum + character.charCodeAt(0)) / 256, 0)
  return pnrpIdAt(place + distance)
}

describe('the answer to an INQUIRE', () => {
  const name = parsePeerName('0.thing')
  const nonce = new Uint8Array(NONCE_LENGTH).fill(5)

  test('N-36: for an ID that is not registered here has N and nothing else', () => {
    const questioning = new Questioning('inquire other')
    const id = nextPnrpId(questioning.ownId)
    questioning.know(id)
    questioning.inquire(id)
    const answer = questioning.inquire(id, { wantsCpa: true, wantsChain: true, wantsPayload: true, nonce })
    expect(answer).toEqual({ cookieNeeded: false, leafSet: false, busy: false, notFound: true })
  })

  test('N-36: without any flag says only that the ID is here', () => {
    const questioning = new Questioning('inquire bare')
    const { id } = questioning.node.register(name, { payload: 'text' })
    const answer = questioning.inquire(id)
    expect(answer).toEqual({ cookieNeeded: false, leafSet: false, busy: false, notFound: false })
  })

  test('N-36: holds what the flags ask for, as far as there is any', () => {
    const questioning = new Questioning('inquire flags')
    // Chains are not judged here, so any bytes will do.
    const certificateChain = new Uint8Array(300).fill(7)
    const { id: chained } = questioning.node.registerSecured('thing', { payload: 'text', certificateChain })
    const { id: plain } = questioning.node.register(parsePeerName('0.other'))
    questioning.inquire(chained)

    for (const id of [chained, plain]) {
      for (const wantsCpa of [false, true]) {
        for (const wantsChain of [false, true]) {
          for (const wantsPayload of [false, true]) {
            const answer = questioning.inquire(id, { wantsCpa, wantsChain, wantsPayload, nonce })
            const has = id === chained
            expect(answer.cpa !== undefined).toBe(wantsCpa)
            expect(answer.certificateChain !== undefined).toBe(wantsChain && has)
            expect(answer.classifier).toBe(wantsChain && has ? 'thing' : undefined)
            expect(answer.extendedPayload !== undefined).toBe(wantsPayload && has)
            expect(answer.routeEntry).toBeUndefined()
            expect([answer.notFound, answer.busy, answer.leafSet, answer.cookieNeeded]).not.toContain(true)
            if (answer.cpa !== undefined) {
              const cpa = readCpa(answer.cpa)
              expect(cpa.nonce).toEqual(nonce)
              expect(cpa.hasPayload).toBe(has)
            }
            if (answer.extendedPayload !== undefined) {
              expect(readExtendedPayload(answer.extendedPayload)).toMatchObject({ id, nonce, payload: 'text' })
            }
          }
        }
      }
    }
  })
})

describe('the answer to a LOOKUP', () => {
  test('N-58: names the closer of an own ID and a cached one', () => {
    const questioning = new Questioning('closer of two')
    const { ownId } = questioning
    const entry = questioning.know(beside(ownId, 0.1))
    expect(questioning.lookup(beside(ownId, 0.04)).routeEntry?.id).toBe(ownId)
    expect(questioning.lookup(beside(ownId, 0.06)).routeEntry).toEqual(entry)
  })

  test('N-58: names no own ID while one of its endpoints is in the Flagged Path, and no cached entry that is', () => {
    const questioning = new Questioning('flagged')
    const { asker, node, ownId } = questioning
    const near = questioning.know(beside(ownId, 0.1))
    const far = questioning.know(beside(ownId, 0.4))
    const target = nextPnrpId(ownId)
    const path = [asker.endpoint]
    expect(questioning.lookup(target, { flaggedPath: path }).routeEntry?.id).toBe(ownId)
    path.push(node.endpoint)
    const named = new Set<PnrpId | undefined>()
    for (let count = 0; count < 200; count++)
      named.add(questioning.lookup(target, { flaggedPath: path }).routeEntry?.id)
    expect(named.has(ownId)).toBe(false)
    expect(named.has(near.id)).toBe(true)
    path.push(endpointOf(near))
    expect(questioning.lookup(target, { flaggedPath: path }).routeEntry).toEqual(far)
  })

  test('N-58: names an own ID only if it is closer than the Validate PNRP ID, where that is registered here', () => {
    const questioning = new Questioning('own bound')
    const { node, ownId } = questioning
    const { id: other } = node.register(parsePeerName('0.other'))
    const target = nextPnrpId(other)
    expect(questioning.lookup(target, { validateId: other }).routeEntry).toBeUndefined()
    expect(questioning.lookup(target, { validateId: ownId }).routeEntry?.id).toBe(other)
    // An ID that is not registered here, or none, sets no bound to own IDs.
    expect(questioning.lookup(target, { validateId: nextPnrpId(other) }).routeEntry?.id).toBe(other)
    expect(questioning.lookup(target).routeEntry?.id).toBe(other)
  })

  test('N-58: names a cached entry only if it is closer than the Validate PNRP ID, unless flag A is set or it is zero', () => {
    const questioning = new Questioning('cached bound')
    const { asker, node, ownId } = questioning
    const flaggedPath = [asker.endpoint, node.endpoint]
    const entry = questioning.know(beside(ownId, 0.3))
    const target = beside(ownId, 0.01)
    const bound = { validateId: ownId, flaggedPath }
    expect(isCloser(target, ownId, entry.id)).toBe(true)
    expect(questioning.lookup(target, bound).routeEntry).toBeUndefined()
    expect(questioning.lookup(target, { ...bound, acceptsFarther: true }).routeEntry).toEqual(entry)
    expect(questioning.lookup(target, { flaggedPath }).routeEntry).toEqual(entry)
    expect(questioning.lookup(beside(ownId, 0.29), bound).routeEntry).toEqual(entry)
  })

  test('N-58: draws among the candidates, closer ones more often', () => {
    const questioning = new Questioning('weights')
    const { asker, node, ownId } = questioning
    const [near, middle, far] = [0.1, 0.2, 0.4].map((distance) => questioning.know(beside(ownId, distance)).id)
    const counts = new Map<PnrpId | undefined, number>()
    for (let count = 0; count < 600; count++) {
      const { routeEntry } = questioning.lookup(ownId, { flaggedPath: [asker.endpoint, node.endpoint] })
      counts.set(routeEntry?.id, (counts.get(routeEntry?.id) ?? 0) + 1)
    }
    const drawn = (id: PnrpId | undefined): number => counts.get(id) ?? 0
    expect(drawn(near)).toBeGreaterThan(2 * drawn(middle))
    expect(drawn(middle)).toBeGreaterThan(2 * drawn(far))
    expect(drawn(far)).toBeGreaterThan(0)
    expect(counts.size).toBe(3)
  })

  test('N-120: names any of the entries of the very name that is sought, each as often as the others', () => {
    const questioning = new Questioning('matching')
    const { asker, node } = questioning
    const p2pId = new Uint8Array(16).fill(0x55)
    const location = (last: number): Uint8Array => Uint8Array.of(0x20, 2, 10, 0, 0, last, ...new Uint8Array(10))
    const instances = [1, 2, 3, 4, 5].map((last) => questioning.know(makePnrpId(p2pId, location(last))).id)
    const counts = new Map<PnrpId | undefined, number>()
    for (let count = 0; count < 500; count++) {
      const { routeEntry } = questioning.lookup(makePnrpId(p2pId, new Uint8Array(16).fill(0x99)), {
        ...{ criterion: 'any', flaggedPath: [asker.endpoint, node.endpoint] },
      })
      counts.set(routeEntry?.id, (counts.get(routeEntry?.id) ?? 0) + 1)
    }
    for (const id of instances) {
      expect(counts.get(id)).toBeGreaterThan(70)
      expect(counts.get(id)).toBeLessThan(130)
    }
    expect(counts.size).toBe(instances.length)
  })

  test('N-59: comes with no route entry if there is no match', () => {
    const questioning = new Questioning('no match')
    const { asker, node, ownId } = questioning
    const answer = questioning.lookup(ownId, { flaggedPath: [asker.endpoint, node.endpoint] })
    expect(answer.routeEntry).toBeUndefined()
    expect(answer.notFound).toBe(false)
  })

  test('N-59: has N if the Validate PNRP ID is not registered here, and names an entry all the same', () => {
    const questioning = new Questioning('not here')
    const { ownId } = questioning
    const entry = questioning.know(beside(ownId, 0.2))
    const answer = questioning.lookup(beside(ownId, 0.19), { validateId: beside(ownId, 0.4) })
    expect(answer).toMatchObject({ notFound: true, routeEntry: entry })
    expect(questioning.lookup(ownId, { validateId: ownId }).notFound).toBe(false)
    expect(questioning.lookup(ownId).notFound).toBe(false)
  })

  test('N-59: has L if there is no cached match although the target falls into a leaf set', () => {
    const questioning = new Questioning('leaf set')
    const { ownId } = questioning
    // Leaves on both sides: five each make the range of the leaf set end.
    for (let step = 1; step <= 5; step++) {
      questioning.know(beside(ownId, step / 1000))
      questioning.know(beside(ownId, -step / 1000))
    }
    const inside = nextPnrpId(ownId)
    expect(questioning.lookup(inside, { validateId: ownId })).toMatchObject({ leafSet: true, routeEntry: undefined })
    // A cached match is there.
    expect(questioning.lookup(beside(ownId, 0.0031), { validateId: ownId }).leafSet).toBe(false)
    // Neither is there a match, nor is the target in the range.
    const validateId = beside(ownId, 0.4999)
    expect(questioning.lookup(nextPnrpId(validateId), { validateId }).leafSet).toBe(false)
  })

  test('N-60: has B once there are more than the node can answer', () => {
    const questioning = new Questioning('busy')
    const { asker, cloud, node } = questioning
    const perSource = 900
    const sources = Array.from(
      { length: Math.ceil(LOOKUPS_OF_ALL.burst / perSource) },
      (_, index) => new ScriptedPeer(cloud, `source ${index}`),
    )
    for (const one of sources) {
      for (let messageId = 0; messageId < perSource; messageId++) {
        one.send(
          {
            ...{ type: 'LOOKUP', messageId, target: node.ownId, validateId: NO_PNRP_ID, criterion: 'none' },
            ...{ precision: 0, reason: 'application', acceptsFarther: false, flaggedPath: [one.endpoint] },
          },
          node.endpoint,
        )
      }
    }
    // This one comes right behind them.
    const answer = questioning.lookup(node.ownId)
    expect(answer).toEqual({ cookieNeeded: false, leafSet: false, busy: true, notFound: false })
    // That passes.
    cloud.world.runFor(1000)
    expect(questioning.lookup(node.ownId).busy).toBe(false)
    expect(asker.heardOf('AUTHORITY')).toHaveLength(2)
  })
})
