import { describe, expect, test } from 'vitest'
import { SimulatedWorld } from '../../src/simulation/simulated-world.ts'
import { PORT } from './open-socket.ts'
import { openPair } from './stream-pair.ts'

function twoHosts(checks: boolean) {
  const world = new SimulatedWorld({ seed: 'checks', checks })
  return { world, ann: world.addHost('ann'), bob: world.addHost('bob') }
}

describe('datagrams', () => {
  test('bytes that were sent or delivered are overwritten once they belong to the socket again', () => {
    const { world, ann, bob } = twoHosts(true)
    const kept: Uint8Array[] = []
    const seen: string[] = []
    const receiver = bob.ports.datagrams.open(
      { host: bob.ipv4, port: PORT },
      {
        received(bytes) {
          kept.push(bytes)
          seen.push(bytes.join())
        },
      },
    )
    const sender = ann.ports.datagrams.open({ host: ann.ipv4, port: PORT }, { received: () => undefined })
    const bytes = Uint8Array.of(1, 2, 3)
    sender.send(bytes, receiver.local)
    expect(bytes).toEqual(Uint8Array.of(0xdd, 0xdd, 0xdd))
    sender.send(Uint8Array.of(4, 5), receiver.local)
    world.runFor(20)
    expect(seen).toEqual(['1,2,3', '4,5'])
    expect(kept.map((one) => one.join())).toEqual(['221,221,221', '221,221'])
  })

  test('what comes twice comes with the same bytes, whatever became of the first copy', () => {
    for (const checks of [true, false]) {
      const { world, ann, bob } = twoHosts(checks)
      world.network.set({ duplicate: 1 })
      const seen: string[] = []
      const receiver = bob.ports.datagrams.open(
        { host: bob.ipv4, port: PORT },
        {
          received(bytes) {
            seen.push(bytes.join())
            bytes.fill(0)
          },
        },
      )
      const sender = ann.ports.datagrams.open({ host: ann.ipv4, port: PORT }, { received: () => undefined })
      sender.send(Uint8Array.of(1, 2, 3), receiver.local)
      world.runFor(20)
      expect(seen).toEqual(['1,2,3', '1,2,3'])
    }
  })

  test('without checks a datagram travels without being copied', () => {
    const { world, ann, bob } = twoHosts(false)
    let received: Uint8Array | undefined
    const receiver = bob.ports.datagrams.open(
      { host: bob.ipv4, port: PORT },
      {
        received(bytes) {
          received = bytes
        },
      },
    )
    const sender = ann.ports.datagrams.open({ host: ann.ipv4, port: PORT }, { received: () => undefined })
    const bytes = Uint8Array.of(1, 2, 3)
    sender.send(bytes, receiver.local)
    world.runFor(20)
    expect(received).toBe(bytes)
    expect(bytes).toEqual(Uint8Array.of(1, 2, 3))
  })
})

describe('streams', () => {
  test('bytes that were written are overwritten at once, and what was delivered is never touched', () => {
    const { world, ann, bob } = twoHosts(true)
    const { near, far } = openPair(world, ann, bob)
    const kept: Uint8Array[] = []
    const bytes = Uint8Array.of(0, 1, 2)
    near.stream.write(bytes)
    expect(bytes).toEqual(Uint8Array.of(0xdd, 0xdd, 0xdd))
    world.runFor(20)
    if (far.first !== undefined) kept.push(far.first)
    near.stream.write(Uint8Array.of(3, 4, 5))
    world.runFor(1000)
    expect(far.problems).toEqual([])
    expect(far.bytesReceived).toBe(6)
    expect(kept[0]?.[0]).toBe(0)
  })

  test('deliveries are cut at places that nobody chose, and writes of one instant come together', () => {
    const { world, ann, bob } = twoHosts(true)
    const { near, far } = openPair(world, ann, bob)
    for (let round = 0; round < 100; round++) {
      near.send(60)
      near.send(40)
      world.runFor(50)
    }
    expect(far.bytesReceived).toBe(10_000)
    expect(far.problems).toEqual([])
    // Every fourth delivery or so is cut once more.
    expect(far.deliveries).toBeGreaterThan(105)
    expect(far.deliveries).toBeLessThan(180)
    const without = twoHosts(false)
    const pair = openPair(without.world, without.ann, without.bob)
    pair.near.send(60)
    pair.near.send(40)
    without.world.runFor(50)
    expect(pair.far.deliveries).toBe(1)
  })
})
