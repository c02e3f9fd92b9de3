import { describe, expect, test } from 'vitest'
import { platformCrypto } from '../../src/nodejs/crypto/crypto.ts'
import { LEAF_SET_PROOF_INTERVAL } from '../../src/pnrp/cache-maintenance.ts'
import { CONVERSATION_LIFE } from '../../src/pnrp/conversation-table.ts'
import { MAINTENANCE_INTERVAL, SMALL_CACHE_MAINTENANCE_INTERVAL } from '../../src/pnrp/maintenance-timer.ts'
import { NONCE_LENGTH } from '../../src/pnrp/message.ts'
import { MOST_RESOLVED_NAMES } from '../../src/pnrp/resolved-names.ts'
import { ScriptedPeer } from './scripted-peer.ts'
import { type Member, SimulatedCloud } from './simulated-cloud.ts'

function member(cloud: SimulatedCloud, index: number): Member {
  const found = cloud.members[index]
  if (found === undefined) throw new RangeError(`there is no member ${index}`)
  return found
}

/** Who still has an entry of a member that is gone. */
function holders(cloud: SimulatedCloud, gone: string): string[] {
  return cloud.running
    .filter(({ node }) => [...node.entries()].some(({ entry }) => entry.addresses.some((one) => one === gone)))
    .map(({ name }) => name)
}

describe('a publisher that dies without revoking', () => {
  test('N-56: is never a result, and no live node keeps it in a leaf set for more than two minutes', () => {
    const cloud = new SimulatedCloud({ seed: 'dies' })
    cloud.grow(25)
    const dying = member(cloud, 9)
    const { name } = dying.registerSecured('dying')
    const { id: ownId } = { id: dying.ownId }
    cloud.world.runFor(10_000)
    expect(cloud.resolve(member(cloud, 3), name)).toHaveLength(1)
    dying.crash()
    expect(cloud.resolve(member(cloud, 4), name)).toEqual([])
    cloud.world.runFor(2 * LEAF_SET_PROOF_INTERVAL - 30_000)
    expect(cloud.resolve(member(cloud, 5), name)).toEqual([])
    cloud.world.runFor(30_000)
    for (const { node } of cloud.running) expect(node.parts.cache.leafSetsWith(ownId)).toEqual([])
    expect(cloud.wrongLeafSets()).toEqual([])
  })

  test('N-56: even of a node with 60 names the dead neighbours are gone in time', () => {
    const cloud = new SimulatedCloud({ seed: 'many leaf sets' })
    cloud.grow(20)
    const many = member(cloud, 1)
    for (let index = 0; index < 60; index++) many.registerSecured(`name ${index}`)
    cloud.world.runFor(120_000)
    const gone = member(cloud, 8)
    const { ownId } = gone
    expect(many.node.parts.cache.leafSetsWith(ownId).length).toBeGreaterThan(0)
    gone.crash()
    cloud.world.runFor(120_000)
    expect(many.node.parts.cache.leafSetsWith(ownId)).toEqual([])
  })
})

test('N-86: a cache that churn has emptied is spread over the circle again within two minutes', () => {
  const cloud = new SimulatedCloud({ seed: 'emptied' })
  cloud.grow(50)
  const node = member(cloud, 0)
  // Everybody whom it knows but three goes, and as many others come.
  const known = new Set([...node.node.entries()].map(({ entry }) => entry.addresses[0]))
  const kept = cloud.members.filter(({ endpoint }) => known.has(endpoint.host)).slice(0, 3)
  for (const other of cloud.running) {
    if (known.has(other.endpoint.host) && !kept.includes(other)) other.crash()
  }
  cloud.grow(25, {}, 100)
  cloud.world.runFor(30_000)
  const { below, above } = node.node.parts.cache.leafSet(node.ownId)
  const leaves = new Set([...below, ...above])
  const alive = new Map([...cloud.registered()].filter(([, owner]) => owner !== node))
  const others = [...node.node.entries()].filter(({ entry }) => !leaves.has(entry.id) && alive.has(entry.id))
  expect(cloud.wrongLeafSets([node])).toEqual([])
  expect(others.length).toBeGreaterThanOrEqual(Math.min(10, alive.size - leaves.size))
})

test('N-95: the maintenance timer runs every 15 s, and every 10 s with 2 entries or fewer; conversations end after 15 s', () => {
  expect([MAINTENANCE_INTERVAL, SMALL_CACHE_MAINTENANCE_INTERVAL, CONVERSATION_LIFE]).toEqual([15_000, 10_000, 15_000])
  const roundsIn = (nodes: number): number => {
    const cloud = new SimulatedCloud({ seed: `timer ${nodes}` })
    let rounds = 0
    const node = cloud.add({ seeds: [], ports: { remember: () => rounds++ } })
    cloud.grow(nodes)
    rounds = 0
    cloud.world.runFor(600_000)
    expect(node.node.status().cachedEntries).toBe(nodes)
    return rounds
  }
  // Nodes that were started together do not stay in step: each interval is drawn a little anew.
  expect(Math.abs(roundsIn(2) - 60)).toBeLessThanOrEqual(3)
  expect(Math.abs(roundsIn(3) - 40)).toBeLessThanOrEqual(2)
  // A REQUEST after the end of its conversation is dropped.
  const cloud = new SimulatedCloud({ seed: 'too late', conditions: { latency: 10 } })
  const node = cloud.add({ seeds: [] })
  const peer = new ScriptedPeer(cloud, 'late')
  const nonce = new Uint8Array(NONCE_LENGTH).fill(5)
  for (const wait of [CONVERSATION_LIFE - 200, CONVERSATION_LIFE + 200]) {
    peer.heard.length = 0
    const hashedNonce = cloud.crypto.sha256(nonce)
    const solicit = {
      type: 'SOLICIT',
      messageId: 1,
      solicitType: 'any',
      hashedNonce,
      features: 0,
      padding: 100,
    } as const
    peer.send(solicit, node.endpoint)
    cloud.world.runFor(100)
    const [advertise] = peer.heardOf('ADVERTISE')
    cloud.world.runFor(wait - 100)
    const { ids = [], cookie } = advertise?.message ?? {}
    peer.send({ type: 'REQUEST', messageId: 2, nonce, ids, cookie }, node.endpoint)
    cloud.world.runFor(100)
    expect(peer.heardOf('FLOOD')).toHaveLength(wait < CONVERSATION_LIFE ? ids.length : 0)
    expect(ids.length).toBeGreaterThan(0)
  }
  expect(node.node.counters()['dropped-no-conversation']).toBe(1)
})

describe('when addresses change', () => {
  test('N-96: each ID stays, is announced with the new ones, and nobody keeps the old ones', () => {
    const cloud = new SimulatedCloud({ seed: 'moves' })
    cloud.grow(20)
    const moving = member(cloud, 7)
    const registration = moving.registerSecured('moving')
    cloud.world.runFor(20_000)
    const ids = [...moving.ids]
    const old = moving.endpoint.host
    moving.host.addAddress('77.7.7.7/24')
    moving.host.removeAddress(old)
    cloud.world.runFor(1)
    moving.addressesChanged()
    cloud.world.runFor(30_000)
    expect(moving.ids).toEqual(ids)
    expect(moving.node.status().addresses).toEqual(['77.7.7.7'])
    expect(cloud.resolve(member(cloud, 12), registration.name).map(({ id }) => id)).toEqual([registration.id])
    cloud.world.runFor(90_000)
    expect(holders(cloud, old)).toEqual([])
    expect(cloud.wrongLeafSets()).toEqual([])
  })

  test('N-97: without an address registering and resolving fail, and what is registered comes back with one', () => {
    const cloud = new SimulatedCloud({ seed: 'no network' })
    cloud.grow(12)
    const node = member(cloud, 5)
    const registration = node.registerSecured('kept')
    const { name } = member(cloud, 2).registerSecured('other')
    cloud.world.runFor(20_000)
    const { host } = node.endpoint
    node.host.removeAddress(host)
    cloud.world.runFor(1)
    const { changes } = node
    node.addressesChanged()
    expect(node.changes).toBeGreaterThan(changes)
    expect(node.node.status().state).toBe('no-network')
    const noNetwork = expect.objectContaining({ code: 'no-network', details: { cloud: 'test' } })
    const endpoints = [{ host, port: 80, protocol: 6 }]
    expect(() => node.registerSecured('new', { endpoints })).toThrow(noNetwork)
    expect(() => node.resolveName(name, {}, { found: () => {}, ended: () => {} })).toThrow(noNetwork)
    expect(node.ids).toContain(registration.id)
    cloud.world.runFor(300_000)
    expect(cloud.resolve(member(cloud, 8), registration.name)).toEqual([])
    node.host.addAddress('77.7.7.7/24')
    cloud.world.runFor(1)
    node.addressesChanged()
    cloud.world.runFor(30_000)
    expect(cloud.resolve(member(cloud, 8), registration.name).map(({ id }) => id)).toEqual([registration.id])
    expect(cloud.resolve(node, name)).toHaveLength(1)
  })
})

describe('a node that sleeps', () => {
  test('N-126: sends nothing while it is suspended, and on resuming is found again without a burst', () => {
    const cloud = new SimulatedCloud({ seed: 'suspended' })
    cloud.grow(12)
    const node = member(cloud, 4)
    const registration = node.registerSecured('sleeper')
    cloud.world.runFor(20_000)
    let sent = 0
    cloud.onSent = (datagram) => {
      if (datagram.member === node) sent++
    }
    node.node.suspend()
    const asked = new ScriptedPeer(cloud, 'asking')
    const flags = { wantsCpa: false, wantsPayload: false, wantsChain: false }
    asked.send({ type: 'INQUIRE', messageId: 1, ...flags, validateId: node.ownId }, node.endpoint)
    cloud.world.runFor(2 * 3_600_000)
    expect(sent).toBe(0)
    expect(node.node.status().state).toBe('suspended')
    node.node.resume(node.addresses)
    cloud.world.runFor(1000)
    expect(node.node.status().state).toBe('active')
    // As many as two announcements take, not all that fell due in two hours.
    expect(sent).toBeGreaterThan(0)
    expect(sent).toBeLessThan(150)
    cloud.world.runFor(60_000)
    expect(cloud.resolve(member(cloud, 10), registration.name).map(({ id }) => id)).toEqual([registration.id])
    cloud.world.runFor(60_000)
    expect(cloud.wrongLeafSets()).toEqual([])
  })

  test('N-126: forgets cookies and measured round trips when it wakes', () => {
    const cloud = new SimulatedCloud({ seed: 'wakes' })
    cloud.grow(5)
    const node = member(cloud, 2)
    const { endpoint } = member(cloud, 3)
    expect(node.node.parts.cookies.get(endpoint)).toBeDefined()
    node.node.suspend()
    node.node.resume(node.addresses)
    expect(node.node.parts.cookies.get(endpoint)).toBeUndefined()
  })

  test('N-126: notices a wake that nobody announced by a jump of the clock', () => {
    const cloud = new SimulatedCloud({ seed: 'jump' })
    cloud.grow(5)
    const node = member(cloud, 2)
    const registration = node.registerSecured('sleeper')
    cloud.world.runFor(20_000)
    const reader = new ScriptedPeer(cloud, 'reader')
    let announced = 0
    cloud.onSent = (sent) => {
      const message = sent.member === node ? reader.read(sent.bytes) : undefined
      if (message?.type === 'LOOKUP' && message.reason === 'registration') announced++
    }
    cloud.world.runFor(120_000)
    expect(announced).toBe(0)
    node.host.skewClock(3_600_000)
    cloud.world.runFor(20_000)
    expect(announced).toBeGreaterThan(0)
    expect(node.ids).toContain(registration.id)
  })

  test('N-126: on such a wake reads the addresses again, and forgets what it measured and its cookies', () => {
    const cloud = new SimulatedCloud({ seed: 'woke elsewhere' })
    cloud.grow(12)
    const node = member(cloud, 2)
    const { id, name } = node.registerSecured('sleeper')
    cloud.world.runFor(20_000)
    const old = node.endpoint.host
    const cookies = (): number =>
      cloud.running.filter(({ endpoint }) => node.node.parts.cookies.get(endpoint) !== undefined).length
    expect(cookies()).toBeGreaterThan(0)
    // Nobody tells the node of the new address.
    node.host.addAddress('77.7.7.7/24')
    node.host.removeAddress(old)
    let kept: number | undefined
    const { changes } = node
    node.host.skewClock(3_600_000)
    cloud.world.runUntil(() => {
      if (node.changes > changes) kept ??= cookies()
      return kept !== undefined
    }, 20_000)
    expect(kept).toBe(0)
    expect(node.node.status().addresses).toEqual(['77.7.7.7'])
    cloud.world.runFor(20_000)
    expect(cloud.resolve(member(cloud, 8), name).map((result) => result.id)).toEqual([id])
    cloud.world.runFor(120_000)
    expect(holders(cloud, old)).toEqual([])
    expect(cloud.wrongLeafSets()).toEqual([])
  })
})

test('N-100: so many names are resolved at the same time and no more, until one of them has ended', () => {
  const cloud = new SimulatedCloud({ seed: 'many names' })
  cloud.grow(3)
  const node = member(cloud, 1)
  const { name } = member(cloud, 2).registerSecured('printer')
  cloud.world.runFor(5000)
  let ended = 0
  const begin = () => node.resolveName(name, {}, { found: () => {}, ended: () => ended++ })
  const beginAll = () => Array.from({ length: MOST_RESOLVED_NAMES }, begin)
  const tooMany = expect.objectContaining({
    code: 'too-many-resolves',
    details: { cloud: 'test', limit: MOST_RESOLVED_NAMES },
  })
  const [first] = beginAll()
  expect(begin).toThrow(tooMany)
  first?.cancel()
  first?.cancel()
  begin()
  expect(begin).toThrow(tooMany)
  cloud.world.runFor(10_000)
  expect(ended).toBe(MOST_RESOLVED_NAMES)
  // What ends without a result, or with the node, gives its place back as well.
  beginAll()
  expect(begin).toThrow(tooMany)
  node.node.suspend()
  node.node.resume(node.addresses)
  beginAll()
  member(cloud, 2).crash()
  cloud.world.runFor(60_000)
  expect(ended).toBe(2 * MOST_RESOLVED_NAMES)
  expect(begin).not.toThrow()
})

test('N-128: the same seed gives the same datagrams, byte for byte, with the real cryptography as well', () => {
  const digestOf = (seed: string): string => {
    const cloud = new SimulatedCloud({
      seed,
      crypto: platformCrypto(),
      trace: 'digest',
      conditions: { loss: 0.1, jitter: 9 },
    })
    cloud.grow(6)
    member(cloud, 1).registerSecured('name')
    member(cloud, 2).crash()
    cloud.world.runFor(30_000)
    return cloud.world.digest
  }
  expect(digestOf('same')).toBe(digestOf('same'))
  expect(digestOf('other')).not.toBe(digestOf('same'))
  const cloud = new SimulatedCloud({ seed: 'replay me' })
  cloud.add()
  cloud.world.addInvariant(() => {
    throw new Error('broken')
  }, 1000)
  expect(() => cloud.world.runFor(5000)).toThrow(/replay me/)
})
