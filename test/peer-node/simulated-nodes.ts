/** Whole nodes on simulated hosts that can be more than `simulate` offers: several links, addresses that change. */
import { platformCrypto } from '../../src/nodejs/crypto/crypto.ts'
import {
  createPeerNode,
  type PeerNode,
  type PeerNodeOptions,
  type PeerNodePorts,
} from '../../src/peer-node/peer-node.ts'
import { type MemoryExports, MemoryRecordDatabases } from '../../src/records/memory-record-databases.ts'
import type { HostPorts } from '../../src/simulation/host-ports.ts'
import type { HostOptions, SimulatedHost } from '../../src/simulation/simulated-host.ts'
import { SimulatedWorld } from '../../src/simulation/simulated-world.ts'
import { SimulationRun } from '../../src/simulation/simulation-run.ts'

export interface SimulatedNodes {
  readonly world: SimulatedWorld
  readonly hosts: ReadonlyMap<string, SimulatedHost>
  addHost(name: string, options?: HostOptions): SimulatedHost
  /**
   * Opens a node on a host; without a name of an identity it has the one of the host. `ports` stand in the place of those of
   * the host.
   */
  openNode(host: SimulatedHost, options?: PeerNodeOptions, ports?: Partial<PeerNodePorts>): Promise<PeerNode>
  advance(by: number | `${number}s` | `${number}m`): Promise<void>
  until(condition: () => Promise<boolean> | boolean, within: `${number}s` | `${number}m`): Promise<void>
}

/** Runs a body on virtual time. The name of a host can be a seed. */
export async function withSimulatedNodes(seed: string, body: (nodes: SimulatedNodes) => Promise<void>): Promise<void> {
  const world = new SimulatedWorld({ seed, conditions: { latency: 10 } })
  const run = new SimulationRun(world)
  const names = new Set<string>()
  const crypto = platformCrypto()
  const exported: MemoryExports = new Map()
  const disks = new Map<SimulatedHost, MemoryRecordDatabases>()
  const hostLookup = {
    addressesOf: async (name: string) =>
      names.has(name) ? world.host(name).attachment.addresses.map(({ address }) => address) : [],
  }
  const hosts = new Map<string, SimulatedHost>()
  const openedOn = new Map<SimulatedHost, HostPorts>()
  const nodes: SimulatedNodes = {
    world,
    hosts,
    addHost(name, options) {
      names.add(name)
      const host = world.addHost(name, options)
      hosts.set(name, host)
      return host
    },
    openNode(host, options = {}, ports = {}) {
      const { random, clock, log, datagrams, streams, networkInterfaces, localLink } = host.ports
      let recordDatabases = disks.get(host)
      if (recordDatabases === undefined) {
        recordDatabases = new MemoryRecordDatabases(
          { crypto, random: world.random(`databases of ${host.name}`) },
          exported,
        )
        disks.set(host, recordDatabases)
      }
      // Whatever crashed the host since then.
      if ((openedOn.get(host) ?? host.ports) !== host.ports) recordDatabases.crash()
      openedOn.set(host, host.ports)
      return createPeerNode(
        {
          ...{ random, clock, log, datagrams, streams, networkInterfaces, localLink, hostLookup, crypto },
          ...{
            recordDatabases,
            recordVerifier: undefined,
            passwordHashing: undefined,
            graphStorage: host.ports.storage('graphs'),
          },
          dataDirectory: host.ports.dataDirectory,
          groupStorage: host.ports.storage('groups'),
          ...{ identityStorage: host.ports.storage('identities'), cloudStorage: host.ports.storage('clouds') },
          ...ports,
        },
        { friendlyName: host.name, ...options },
      )
    },
    advance: (by) => run.advance(by),
    until: (condition, within) => run.until(condition, within),
  }
  await run.drive(() => body(nodes))
}

/** Everything that an iteration gives. */
export async function all<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const result: Item[] = []
  for await (const item of items) result.push(item)
  return result
}
