/** How often a whole cloud tests for a split, whatever its size. */
import { describe, expect, test } from 'vitest'
import { platformCrypto } from '../../src/nodejs/crypto/crypto.ts'
import { makeCloud } from '../../src/pnrp/cloud.ts'
import { CloudNode } from '../../src/pnrp/cloud-node.ts'
import { Elsewhere } from '../../src/pnrp/elsewhere.ts'
import { FormerNodes } from '../../src/pnrp/former-nodes.ts'
import { MaintenanceTimer } from '../../src/pnrp/maintenance-timer.ts'
import { drawOwnRegistration } from '../../src/pnrp/own-registration.ts'
import { LEAF_SET_SIDE } from '../../src/pnrp/route-cache.ts'
import { estimateIds } from '../../src/pnrp/size-estimate.ts'
import { SplitDetection } from '../../src/pnrp/split-detection.ts'
import { fakeCrypto } from '../../src/simulation/fake-crypto.ts'
import { SimulatedWorld } from '../../src/simulation/simulated-world.ts'
import { ScriptedPeer } from './scripted-peer.ts'
import { PORT, SimulatedCloud } from './simulated-cloud.ts'

describe('the rate of tests for a split', () => {
  const HOUR = 3_600_000

  /**
   * The tests of an hour in a cloud whose nodes all know their true neighbours: with the real timers, estimates and
   * decisions, and without the messages, of which a thousand nodes send too many for a test.
   */
  function testsOfHour(count: number): number {
    const world = new SimulatedWorld({ seed: `N-87 ${count}`, checks: false })
    const { ports, ipv4 } = world.addHost('all of them')
    const crypto = fakeCrypto(platformCrypto())
    const cloud = makeCloud('test')
    const elsewhere = { remembered: () => [{ host: ipv4, port: 1 + PORT }], seeds: () => [] }
    const outside = { browse: () => undefined, remember: () => {}, changed: () => {}, slept: () => {} }
    const chains = { problem: () => 'there are none' }
    const { clock, random } = ports
    const nodes = Array.from({ length: count }, (_, index) => {
      const node = new CloudNode(
        { cloud, addresses: [ipv4], port: PORT, resolveOnly: false },
        { ...{ clock, random, crypto, chains, send: () => {} }, ...elsewhere, ...outside },
      )
      const { parts } = node
      const own = drawOwnRegistration({ crypto, random }, parts.own)
      if (own === undefined) throw new RangeError('it has an address')
      parts.registrations.add(own)
      parts.cache.addLocalId(own.id)
      return { node, parts, id: own.id, port: 2000 + index }
    }).sort((one, other) => (one.id < other.id ? -1 : 1))
    let tests = 0
    for (const [place, { node, parts, id }] of nodes.entries()) {
      for (let step = 1; step <= LEAF_SET_SIDE; step++) {
        for (const neighbour of [nodes[(place + step) % count], nodes[(place - step + count) % count]]) {
          if (neighbour === undefined) throw new RangeError('they stand in a circle')
          const entry = { id: neighbour.id, port: neighbour.port, addresses: [ipv4] }
          parts.cache.add({ entry, publicKey: new Uint8Array(32), notAfter: 0, lastHeard: 0 })
        }
      }
      const splits = new SplitDetection(
        parts,
        new Elsewhere(parts, elsewhere, new FormerNodes(clock)),
        (request, ended) => {
          expect(request.reason).toBe('split-detection')
          tests++
          const resolve = node.resolve(request, ended)
          resolve.cancel()
          return resolve
        },
      )
      const timer = new MaintenanceTimer(parts, () =>
        splits.tick(estimateIds([parts.cache.leafSet(id)], parts.cache.size + 1)),
      )
      timer.start()
    }
    world.runFor(HOUR)
    return tests
  }

  test('N-87: is about the same in clouds of 100 and of 1,000 nodes, whose estimates of that are their own', () => {
    const rates = [100, 1000].map(testsOfHour)
    const [hundred = 0, thousand = 0] = rates
    // Two of a tick, four ticks a minute.
    for (const rate of rates) expect(Math.abs(rate - 480)).toBeLessThan(120)
    expect(Math.max(hundred, thousand) / Math.min(hundred, thousand)).toBeLessThan(2)
  })

  test('N-87: is about the same in whole simulated clouds of 8 and of 32 nodes, counted on the wire', () => {
    const minutes = 15
    const rates = [8, 32].map((count) => {
      const cloud = new SimulatedCloud({ seed: `wire ${count}`, checks: false })
      cloud.grow(count, {}, 100)
      const reader = new ScriptedPeer(cloud, 'reader')
      const tests = new Set<string>()
      cloud.onSent = ({ member, bytes }) => {
        const message = reader.read(bytes)
        if (message?.type !== 'LOOKUP' || message.reason !== 'split-detection') return
        tests.add(`${member.name} ${Math.floor(cloud.world.now / 15_000)}`)
      }
      cloud.world.runFor(minutes * 60_000)
      return tests.size
    })
    const [few = 0, many = 0] = rates
    expect(few).toBeGreaterThan(2 * minutes)
    expect(Math.max(few, many) / Math.min(few, many)).toBeLessThan(2)
  })
})
