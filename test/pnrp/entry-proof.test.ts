import { describe, expect, test } from 'vitest'
import { GLOBAL_CLOUD, makeCloud } from '../../src/pnrp/cloud.ts'
import { FAILED_PROOF_PAUSE, MOST_UNPROVEN_ENTRIES } from '../../src/pnrp/entry-proof.ts'
import { makeCpa } from '../../src/pnrp/lookup-answer.ts'
import { NO_PNRP_ID } from '../../src/pnrp/pnrp-id.ts'
import { PROBES_OF_SOURCE } from '../../src/pnrp/probe-charges.ts'
import type { RouteEntry } from '../../src/pnrp/route-entry.ts'
import type { Endpoint } from '../../src/runtime/endpoint.ts'
import { parseIpAddress } from '../../src/runtime/endpoint.ts'
import { drawPnrpId, type Heard, ScriptedPeer } from './scripted-peer.ts'
import { type Member, SimulatedCloud } from './simulated-cloud.ts'

/** A node, and one who tells it of entries. */
function setUp(seed: string, cloud = makeCloud('test')): { cloud: SimulatedCloud; node: Member; teller: ScriptedPeer } {
  const simulated = new SimulatedCloud({ seed, cloud, conditions: { latency: 10 } })
  const node = simulated.add({ seeds: [] })
  const teller = new ScriptedPeer(simulated, 'teller')
  simulated.world.runFor(20_000)
  return { cloud: simulated, node, teller }
}

function tell(teller: ScriptedPeer, node: Member, routeEntry: RouteEntry): void {
  const flood = { type: 'FLOOD', messageId: 1, withoutAck: true, validateId: NO_PNRP_ID, alreadyFlooded: [] } as const
  teller.send({ ...flood, routeEntry }, node.endpoint)
}

/** A registration of a node in the same cloud that the first one does not know: what a test's peer can prove with. */
function stranger(cloud: SimulatedCloud): Member {
  const member = cloud.add({ seeds: [] })
  cloud.world.runFor(1000)
  return member
}

describe('an entry that a message named', () => {
  test('N-40, N-41, N-117: is probed once with at most 128 bytes, then proven by a certified peer address', () => {
    const { cloud, node, teller } = setUp('proven')
    const other = stranger(cloud)
    const toOther: number[] = []
    cloud.onSent = ({ member, bytes, to }) => {
      if (member === node && to.host === other.endpoint.host) toOther.push(bytes.length)
    }
    const [entry] = [other.node.parts.own.entryOf(other.ownId)]
    expect(entry).toBeDefined()
    if (entry === undefined) return
    tell(teller, node, entry)
    cloud.world.runFor(11)
    expect(toOther).toHaveLength(1)
    expect(toOther[0]).toBeLessThanOrEqual(128)
    // Until it is proven, it is neither cached nor named.
    expect(node.node.parts.cache.get(other.ownId)).toBeUndefined()
    cloud.world.runFor(100)
    const cached = node.node.parts.cache.get(other.ownId)
    expect(cached?.entry).toEqual(entry)
    const [registration] = other.node.parts.registrations.all()
    expect(cached?.publicKey).toEqual(registration?.keyPair.publicKey)
  })

  test('N-40, N-117: that is silent gets one probe, which is never sent again, and is forgotten', () => {
    const { cloud, node, teller } = setUp('silent')
    const victim = new ScriptedPeer(cloud, 'victim')
    tell(teller, node, victim.entry(drawPnrpId(cloud, 'claimed')))
    cloud.world.runFor(15_000)
    expect(victim.heard.map(({ message }) => message.type)).toEqual(['INQUIRE'])
    expect(victim.heard[0]?.length).toBeLessThanOrEqual(128)
    expect(node.node.status().cachedEntries).toBe(0)
  })

  test('N-102: is not probed while its endpoint is pending nor for a time after it failed, whoever names it', () => {
    const { cloud, node, teller } = setUp('pestered')
    const victim = new ScriptedPeer(cloud, 'victim')
    const tellers = [teller, new ScriptedPeer(cloud, 'second teller'), new ScriptedPeer(cloud, 'third teller')]
    const began = cloud.world.now
    while (cloud.world.now - began < FAILED_PROOF_PAUSE - 1000) {
      for (const [index, one] of tellers.entries()) {
        tell(one, node, victim.entry(drawPnrpId(cloud, `id ${cloud.world.now} ${index}`)))
      }
      cloud.world.runFor(500)
    }
    expect(victim.heard).toHaveLength(1)
    cloud.world.runFor(FAILED_PROOF_PAUSE)
    tell(teller, node, victim.entry(drawPnrpId(cloud, 'later')))
    cloud.world.runFor(1000)
    expect(victim.heard).toHaveLength(2)
  })

  test('N-40, N-102: whose node answers N is forgotten without a word, and not asked for again for a time', () => {
    const { cloud, node, teller } = setUp('not there')
    const other = new ScriptedPeer(cloud, 'other')
    other.onHeard = (heard) => other.answer(heard, { notFound: true })
    const entry = other.entry(drawPnrpId(cloud, 'claimed'))
    for (let count = 0; count < 10; count++) {
      tell(teller, node, entry)
      cloud.world.runFor(1000)
    }
    expect(other.heardOf('INQUIRE')).toHaveLength(1)
    expect(node.node.status().cachedEntries).toBe(0)
    expect(teller.heard).toEqual([])
  })

  test('N-117: is charged to who named it, and the entries of others are probed as before', () => {
    const { cloud, node, teller } = setUp('charged')
    const victims: ScriptedPeer[] = []
    for (let count = 0; count < PROBES_OF_SOURCE.burst + 10; count++) {
      const victim = new ScriptedPeer(cloud, `victim ${count}`)
      victims.push(victim)
      tell(teller, node, victim.entry(drawPnrpId(cloud, victim.endpoint.host)))
    }
    cloud.world.runFor(40)
    expect(victims.filter(({ heard }) => heard.length > 0)).toHaveLength(PROBES_OF_SOURCE.burst)
    expect(node.node.counters()['dropped-probe-charge']).toBe(10)
    const last = new ScriptedPeer(cloud, 'last victim')
    tell(new ScriptedPeer(cloud, 'honest teller'), node, last.entry(drawPnrpId(cloud, 'honest')))
    cloud.world.runFor(40)
    expect(last.heard).toHaveLength(1)
  })

  test('N-117, N-102: a flood of entries that all point to one victim sends it one small datagram', () => {
    const { cloud, node } = setUp('one victim')
    const victim = new ScriptedPeer(cloud, 'victim')
    for (let source = 0; source < 60; source++) {
      const teller = new ScriptedPeer(cloud, `teller ${source}`)
      for (let count = 0; count < 20; count++) {
        tell(teller, node, victim.entry(drawPnrpId(cloud, `${source} ${count}`)))
      }
      cloud.world.runFor(100)
    }
    expect(victim.heard).toHaveLength(1)
  })

  test('N-40: is ignored if the list of those that are being proven is full', () => {
    const { cloud, node } = setUp('full')
    const silent: ScriptedPeer[] = []
    for (let count = 0; count < MOST_UNPROVEN_ENTRIES + 5; count++) {
      const victim = new ScriptedPeer(cloud, `victim ${count}`)
      silent.push(victim)
      tell(new ScriptedPeer(cloud, `teller ${count}`), node, victim.entry(drawPnrpId(cloud, `${count}`)))
    }
    cloud.world.runFor(100)
    expect(silent.filter(({ heard }) => heard.length > 0)).toHaveLength(MOST_UNPROVEN_ENTRIES)
    expect(node.node.counters()['dropped-table-full']).toBe(5)
  })

  test('N-102: with an address outside the ranges of its cloud is ignored', () => {
    const { cloud, node, teller } = setUp('out of range', makeCloud(GLOBAL_CLOUD))
    const sent: Endpoint[] = []
    cloud.onSent = ({ to }) => sent.push(to)
    const routed = parseIpAddress('23.4.5.6')
    for (const text of ['10.0.0.5', '192.168.1.1', '127.0.0.1', '169.254.1.1', '224.0.0.251', '::1', 'fd00::1']) {
      const address = parseIpAddress(text)
      if (address === undefined || routed === undefined) throw new RangeError(text)
      const id = drawPnrpId(cloud, text)
      tell(teller, node, { id, port: 3540, addresses: [address] })
      tell(teller, node, { id, port: 3540, addresses: [routed, address] })
    }
    cloud.world.runFor(1000)
    expect(sent.filter(({ host }) => host !== teller.endpoint.host)).toEqual([])
    expect(node.node.counters()['dropped-entry-out-of-range']).toBe(14)
  })
})

describe('the proof of an entry', () => {
  /** Has a scripted node answer for the registration of another one. @returns whether the entry was cached. */
  function proves(
    seed: string,
    answer: (heard: Heard<Heard['message'] & { type: 'INQUIRE' }>, owner: Member, entry: RouteEntry) => Uint8Array,
  ): boolean {
    const { cloud, node, teller } = setUp(seed)
    const owner = stranger(cloud)
    const other = new ScriptedPeer(cloud, 'other')
    const entry = other.entry(owner.ownId)
    other.onHeard = (heard) => {
      const { message } = heard
      if (message.type !== 'INQUIRE') return
      if (message.wantsCpa) other.answer(heard, { cpa: answer({ ...heard, message }, owner, entry) })
      else other.answer(heard, {})
    }
    tell(teller, node, entry)
    // Not longer: whoever does not confirm FLOODs leaves the cache again.
    cloud.world.runFor(100)
    expect(other.heardOf('INQUIRE').filter(({ message }) => message.wantsCpa)).toHaveLength(1)
    return node.node.parts.cache.get(owner.ownId) !== undefined
  }

  function signed(
    owner: Member,
    entry: RouteEntry,
    nonce: Uint8Array | undefined,
    life = 3 * 24 * 3_600_000,
  ): Uint8Array {
    const [registration] = owner.node.parts.registrations.all()
    if (registration === undefined || nonce === undefined) throw new RangeError('an INQUIRE for a CPA has a nonce')
    const { own } = owner.node.parts
    const notAfter = owner.host.ports.clock.utc() + life
    const atEntry = { ...owner.node.parts, own: { ...ownOf(own), port: entry.port, addresses: entry.addresses } }
    return makeCpa(atEntry, registration, { nonce, notAfter, revoked: false })
  }

  function ownOf(own: Member['node']['parts']['own']): Member['node']['parts']['own'] {
    return {
      addresses: own.addresses,
      port: own.port,
      pathEndpoint: own.pathEndpoint,
      prefixes: own.prefixes,
      has: (endpoint) => own.has(endpoint),
      entryOf: (id) => own.entryOf(id),
      endpointFor: (entry) => own.endpointFor(entry),
    }
  }

  test('N-41: counts with the right ID, nonce, addresses, port, time and signature', () => {
    expect(proves('right', ({ message }, owner, entry) => signed(owner, entry, message.nonce))).toBe(true)
  })

  test('N-41: is refused with the addresses of another node', () => {
    const elsewhere = ({ message }: Heard<Heard['message'] & { type: 'INQUIRE' }>, owner: Member): Uint8Array =>
      signed(owner, { id: owner.ownId, port: owner.endpoint.port, addresses: owner.addresses }, message.nonce)
    expect(proves('addresses', elsewhere)).toBe(false)
  })

  test('N-41: is refused with another port', () => {
    expect(proves('port', ({ message }, owner, entry) => signed(owner, { ...entry, port: 4000 }, message.nonce))).toBe(
      false,
    )
  })

  test('N-41: is refused with another nonce', () => {
    expect(proves('nonce', (_, owner, entry) => signed(owner, entry, new Uint8Array(16)))).toBe(false)
  })

  test('N-41: is refused after its Not After', () => {
    expect(
      proves('time', ({ message }, owner, entry) => signed(owner, entry, message.nonce, -2 * 24 * 3_600_000)),
    ).toBe(false)
  })

  test('N-41: is refused once one bit of it has changed', () => {
    const altered = ({ message }: Heard<Heard['message'] & { type: 'INQUIRE' }>, owner: Member, entry: RouteEntry) => {
      const bytes = signed(owner, entry, message.nonce)
      bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1
      return bytes
    }
    expect(proves('signature', altered)).toBe(false)
  })
})

describe('an entry that is cached', () => {
  test('N-45: causes no INQUIRE when it is named again with the same addresses', () => {
    const { cloud, node, teller } = setUp('again')
    const other = stranger(cloud)
    const entry = other.node.parts.own.entryOf(other.ownId)
    if (entry === undefined) throw new RangeError('it has an address')
    tell(teller, node, entry)
    cloud.world.runFor(1000)
    expect(node.node.parts.cache.get(other.ownId)).toBeDefined()
    let sent = 0
    cloud.onSent = ({ member }) => {
      if (member === node) sent++
    }
    for (let count = 0; count < 20; count++) tell(teller, node, entry)
    cloud.world.runFor(50)
    expect(sent).toBe(0)
  })

  test('N-45: is replaced by one with other addresses only when that is proven', () => {
    const { cloud, node, teller } = setUp('replaced')
    const other = stranger(cloud)
    const entry = other.node.parts.own.entryOf(other.ownId)
    if (entry === undefined) throw new RangeError('it has an address')
    tell(teller, node, entry)
    cloud.world.runFor(1000)
    const impostor = new ScriptedPeer(cloud, 'impostor')
    impostor.onHeard = (heard) => impostor.answer(heard, {})
    tell(teller, node, impostor.entry(other.ownId))
    cloud.world.runFor(1000)
    expect(impostor.heardOf('INQUIRE').length).toBeGreaterThan(0)
    expect(node.node.parts.cache.get(other.ownId)?.entry).toEqual(entry)
    other.host.addAddress('77.7.7.7/24')
    other.host.removeAddress(other.endpoint.host)
    cloud.world.runFor(1)
    other.addressesChanged()
    cloud.world.runFor(5000)
    expect(node.node.parts.cache.get(other.ownId)?.entry.addresses).toEqual(['77.7.7.7'])
  })
})
