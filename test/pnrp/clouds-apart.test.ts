/** Several clouds on the same hosts and the same sockets. */
import { expect, test } from 'vitest'
import { type PeerName, parsePeerName } from '../../src/identity/peer-name.ts'
import { platformCrypto } from '../../src/nodejs/crypto/crypto.ts'
import { type Cloud, makeCloud } from '../../src/pnrp/cloud.ts'
import { CloudNode } from '../../src/pnrp/cloud-node.ts'
import { NameResolution } from '../../src/pnrp/name-resolution.ts'
import type { Endpoint } from '../../src/runtime/endpoint.ts'
import { fakeCrypto } from '../../src/simulation/fake-crypto.ts'
import { SimulatedWorld } from '../../src/simulation/simulated-world.ts'
import { address } from './pnrp-vectors.ts'

const PORT = 3540
const HOSTS = 6
const secret = (byte: number): Uint8Array => new Uint8Array(16).fill(byte)
/** Two names; and one name with two secrets and with none. */
const clouds: readonly Cloud[] = [
  makeCloud('Acme'),
  makeCloud('Other'),
  makeCloud('Acme', { secret: secret(1) }),
  makeCloud('Acme', { secret: secret(2) }),
]

/** Hosts with one socket each, behind which there is a node of each cloud: every node sees every datagram. */
function sharedSockets(seed: string): {
  readonly world: SimulatedWorld
  readonly nodes: readonly (readonly CloudNode[])[]
} {
  const world = new SimulatedWorld({ seed, conditions: { latency: 10, jitter: 5 } })
  const crypto = fakeCrypto(platformCrypto())
  const seeds: Endpoint[] = []
  const nodes: CloudNode[][] = clouds.map(() => [])
  for (let index = 0; index < HOSTS; index++) {
    const { ipv4: host, ports } = world.addHost(`host${index}`)
    const here: CloudNode[] = []
    const socket = ports.datagrams.open(
      { host, port: PORT },
      {
        received: (bytes, from) => {
          for (const node of here) node.received(bytes, from, host)
        },
      },
    )
    for (const [place, cloud] of clouds.entries()) {
      const node = new CloudNode(
        { cloud, addresses: [host], port: PORT, resolveOnly: false },
        {
          ...{ clock: ports.clock, random: ports.random, crypto },
          chains: { problem: () => 'there are no chains in this simulation' },
          send: (bytes, to) => socket.send(bytes, to),
          remembered: () => [],
          remember: () => {},
          browse: () => () => {},
          seeds: () => seeds,
          changed: () => {},
          slept: () => {},
        },
      )
      node.start()
      here.push(node)
      nodes[place]?.push(node)
    }
    if (index === 0) seeds.push({ host, port: PORT })
    world.runFor(2000)
  }
  world.runFor(30_000)
  return { world, nodes }
}

function found(world: SimulatedWorld, node: CloudNode, name: PeerName): number {
  let [results, isOver] = [0, false]
  const request = { name, criterion: 'any', limit: 1, prefix: new Uint8Array(8) } as const
  new NameResolution(node, request, {
    found: () => {
      results++
    },
    ended: () => {
      isOver = true
    },
  })
  world.runUntil(() => isOver, 60_000)
  return results
}

test('N-10, N-11, N-111: clouds that share hosts and sockets have nothing in common', () => {
  const { world, nodes } = sharedSockets('apart')
  const crypto = platformCrypto()
  const names = clouds.map((_, place) => parsePeerName(`0.in cloud ${place}`))
  for (const [place, name] of names.entries()) {
    nodes[place]?.[1]?.register({
      name,
      keyPair: crypto.signingKeyPair(new Uint8Array(32).fill(place)),
      endpoints: [{ host: address('203.0.113.7'), port: 443, protocol: 6 }],
      comment: '',
      payload: undefined,
    })
  }
  world.runFor(5000)
  for (const [place, name] of names.entries()) {
    for (const [other, members] of nodes.entries()) {
      const resolver = members[4]
      if (resolver === undefined) throw new Error('six hosts')
      expect({ place, other, found: found(world, resolver, name) }).toEqual({
        place,
        other,
        found: place === other ? 1 : 0,
      })
    }
  }
  // Every node knows all others of its cloud, and nobody else.
  for (const [place, members] of nodes.entries()) {
    const ids = new Set(members.flatMap((node) => node.parts.registrations.all().map(({ id }) => id)))
    for (const node of members) {
      const own = node.parts.registrations.size
      const cached = [...node.entries()].map(({ entry }) => entry.id)
      expect(cached).toHaveLength(ids.size - own)
      expect(cached.filter((id) => !ids.has(id))).toEqual([])
      const { 'dropped-other-cloud': otherCloud = 0, 'dropped-wrong-seal': wrongSeal = 0 } = node.counters()
      expect(otherCloud).toBeGreaterThan(0)
      expect(wrongSeal > 0).toBe(clouds[place]?.name === 'Acme')
    }
  }
})
