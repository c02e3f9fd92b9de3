import { describe, test } from 'vitest'
import { clockAcceptance } from '../../src/runtime/acceptance/clock.ts'
import { datagramsAcceptance } from '../../src/runtime/acceptance/datagrams.ts'
import { logAcceptance } from '../../src/runtime/acceptance/log.ts'
import { networkInterfacesAcceptance } from '../../src/runtime/acceptance/network-interfaces.ts'
import { randomAcceptance } from '../../src/runtime/acceptance/random.ts'
import { privateStorageAcceptance, storageAcceptance } from '../../src/runtime/acceptance/storage.ts'
import { linkLocalStreamsAcceptance, streamsAcceptance } from '../../src/runtime/acceptance/streams.ts'
import { SeededRandom } from '../../src/simulation/seeded-random.ts'
import type { SimulatedHost } from '../../src/simulation/simulated-host.ts'
import { SimulatedWorld } from '../../src/simulation/simulated-world.ts'
import { ip } from './open-socket.ts'
import { settleIn } from './settle-in.ts'

const FOREIGN = ip('203.0.113.77')

/** Conditions that lose nothing, but turn everything around that a network may. */
const conditions = { latency: 5, jitter: 3, duplicate: 0, reorder: 0.1 }

function newWorld(checks: boolean): { world: SimulatedWorld; ann: SimulatedHost } {
  const world = new SimulatedWorld({ seed: 'acceptance', conditions, checks })
  return { world, ann: world.addHost('ann') }
}

describe.each([
  ['with checks', true],
  ['without checks', false],
])('%s', (_, checks) => {
  for (const { name, run } of clockAcceptance) {
    test(`clock: ${name}`, () => {
      const { world, ann } = newWorld(checks)
      return run({ clock: ann.ports.clock, settle: settleIn(world) })
    })
  }

  for (const { name, run } of datagramsAcceptance) {
    test(`datagrams: ${name}`, () => {
      const { world, ann } = newWorld(checks)
      const { datagrams } = ann.ports
      return run({ datagrams, ipv4: ann.ipv4, ipv6: ann.ipv6, foreign: FOREIGN, settle: settleIn(world) })
    })
  }

  for (const { name, run } of streamsAcceptance) {
    test(`streams: ${name}`, () => {
      const { world, ann } = newWorld(checks)
      const { streams } = ann.ports
      return run({ streams, ipv4: ann.ipv4, ipv6: ann.ipv6, foreign: FOREIGN, settle: settleIn(world) })
    })
  }

  for (const { name, run } of linkLocalStreamsAcceptance) {
    test(`streams: ${name}`, () => {
      const world = new SimulatedWorld({ seed: 'acceptance', conditions, checks })
      const interfaces = [
        { name: 'eth0', addresses: ['2600:1::7', 'fe80::7'] },
        { name: 'eth1', addresses: ['fe80::7'] },
      ]
      const { streams } = world.addHost('ann', { interfaces }).ports
      return run({ streams, linkLocal: ip('fe80::7'), zone: 'eth1', settle: settleIn(world) })
    })
  }
})

for (const [drift, sign] of [
  [50_000, 'too fast'],
  [-50_000, 'too slow'],
] as const) {
  for (const { name, run } of clockAcceptance) {
    test(`a clock that is ${sign}: ${name}`, () => {
      const world = new SimulatedWorld({ seed: 'acceptance' })
      const { clock } = world.addHost('ann', { clockDrift: drift }).ports
      return run({ clock, settle: settleIn(world) })
    })
  }
}

for (const { name, run } of randomAcceptance) {
  test(`random: ${name}`, () => run(new SeededRandom('acceptance')))
}

for (const { name, run } of [...storageAcceptance, ...privateStorageAcceptance]) {
  test(`storage: ${name}`, () => {
    const { ann } = newWorld(true)
    const open = () => ann.ports.storage('identities')
    return run({ storage: open(), again: open, expose: (file) => ann.disk.expose('identities', file) })
  })
}

for (const { name, run } of logAcceptance) {
  test(`log: ${name}`, () => run(newWorld(true).ann.ports.log))
}

for (const { name, run } of networkInterfacesAcceptance) {
  test(`network interfaces: ${name}`, () => {
    const { world, ann } = newWorld(true)
    let added = 0
    const change = () => {
      added++
      ann.addAddress(`10.0.0.${added}/24`)
    }
    return run({ networkInterfaces: ann.ports.networkInterfaces, change, settle: settleIn(world) })
  })
}
