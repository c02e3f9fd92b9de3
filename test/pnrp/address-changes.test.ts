import { describe, expect, test } from 'vitest'
import { parsePeerName } from '../../src/identity/peer-name.ts'
import { parseIpAddress } from '../../src/runtime/endpoint.ts'
import { type Member, SimulatedCloud } from './simulated-cloud.ts'

const NAME = parsePeerName('0.wanderer')

function membersOf(cloud: SimulatedCloud, count: number): Member[] {
  return [...cloud.grow(count)]
}

/** A member as it is there: the first, or another. */
function pick(members: readonly Member[], index: number): Member {
  const member = members[index]
  if (member === undefined) throw new RangeError(`there is no member ${index}`)
  return member
}

function moveTo(member: Member, text: string): void {
  const address = parseIpAddress(text)
  if (address === undefined) throw new RangeError(text)
  const former = member.addresses
  member.host.addAddress(address)
  for (const one of former) member.host.removeAddress(one)
  member.addressesChanged()
}

describe('changes of address', () => {
  test('N-96: the ID stays, resolvers find the new address within 30 s, and nobody keeps the old one in a leaf set', () => {
    const cloud = new SimulatedCloud({ seed: 'N-96' })
    const members = membersOf(cloud, 20)
    const publisher = pick(members, 5)
    const resolver = pick(members, 12)
    const registration = publisher.register(NAME)
    cloud.world.runFor(5000)
    const [former] = publisher.addresses
    moveTo(publisher, '203.0.113.77')
    expect(publisher.ids).toContain(registration.id)
    cloud.world.runFor(30_000)
    expect(cloud.resolve(resolver, NAME)).toHaveLength(1)
    for (const other of members) {
      if (other === publisher) continue
      const { cache } = other.node.parts
      for (const id of publisher.ids) {
        if (cache.leafSetsWith(id).length === 0) continue
        expect(cache.get(id)?.entry.addresses).not.toContain(former)
      }
    }
    expect(cloud.wrongLeafSets()).toEqual([])
  })

  test('N-97: when the last address goes the application is told and fails with no-network; registrations come back', () => {
    const cloud = new SimulatedCloud({ seed: 'N-97' })
    const members = membersOf(cloud, 8)
    const publisher = pick(members, 3)
    const resolver = pick(members, 6)
    publisher.register(NAME)
    cloud.world.runFor(5000)
    const changes = publisher.changes
    const [former] = publisher.addresses
    if (former === undefined) throw new RangeError('it has an address')
    publisher.host.removeAddress(former)
    publisher.addressesChanged()
    expect(publisher.node.status().state).toBe('no-network')
    expect(publisher.changes).toBeGreaterThan(changes)
    const request = { name: NAME, keyPair: publisher.drawKeyPair(), comment: '', payload: undefined }
    const endpoints = [{ host: former, port: 80, protocol: 6 }]
    expect(() => publisher.node.register({ ...request, endpoints })).toThrowError(
      expect.objectContaining({ code: 'no-network' }),
    )
    expect(cloud.resolve(publisher, parsePeerName('0.other'))).toEqual([])
    publisher.host.addAddress(former)
    publisher.addressesChanged()
    cloud.world.runFor(30_000)
    expect(publisher.node.status().state).toBe('active')
    expect(cloud.resolve(resolver, NAME)).toHaveLength(1)
  })
})

describe('suspending', () => {
  test('N-126: a suspended node sends nothing and runs no timer; resumed, it announces itself without a burst', () => {
    const cloud = new SimulatedCloud({ seed: 'N-126' })
    const members = membersOf(cloud, 12)
    const sleeper = pick(members, 4)
    const resolver = pick(members, 9)
    sleeper.register(NAME)
    cloud.world.runFor(5000)
    sleeper.node.suspend()
    expect(sleeper.node.status().state).toBe('suspended')
    const before = sleeper.node.counters()['datagrams-sent']
    cloud.world.runFor(60 * 60_000)
    expect(sleeper.node.counters()['datagrams-sent']).toBe(before)
    let burst = 0
    cloud.onSent = ({ member }) => {
      if (member === sleeper) burst++
    }
    sleeper.node.resume(sleeper.addresses)
    cloud.world.runFor(100)
    // Two announcements and a few proofs, not everything that fell due in an hour.
    expect(burst).toBeLessThan(40)
    cloud.world.runFor(180_000)
    expect(cloud.resolve(resolver, NAME)).toHaveLength(1)
    expect(cloud.wrongLeafSets()).toEqual([])
  })

  test('N-126: a jump of the clock counts as a wake that nobody announced: local IDs are announced again', () => {
    const cloud = new SimulatedCloud({ seed: 'N-126 jump' })
    const members = membersOf(cloud, 6)
    const sleeper = pick(members, 2)
    cloud.world.runFor(10 * 60_000)
    let announced = 0
    cloud.onSent = ({ member, bytes }) => {
      // LOOKUP (0x0b) with reason REGISTRATION (0x01).
      if (member === sleeper && bytes[7] === 0x0b && bytes[29] === 0x01) announced++
    }
    cloud.world.runFor(30_000)
    expect(announced).toBe(0)
    sleeper.host.skewClock(60 * 60_000)
    cloud.world.runFor(30_000)
    expect(announced).toBeGreaterThan(0)
  })
})
