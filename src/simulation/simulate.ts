/**
 * Simulations of applications: hosts with whole nodes on virtual time and a virtual network. What the
 * application itself does there is asynchronous; {@link SimulationRun} says how time moves on for it.
 */
import { platformCrypto } from '../nodejs/crypto/crypto.ts'
import { createPeerNode, type PeerNode } from '../peer-node/peer-node.ts'
import { type MemoryExports, MemoryRecordDatabases } from '../records/memory-record-databases.ts'
import { type Duration, parseDuration } from '../runtime/duration.ts'
import type { IpAddress } from '../runtime/endpoint.ts'
import type { HostLookup } from '../runtime/host-lookup.ts'
import type { Random } from '../runtime/random.ts'
import type { Conditions } from './conditions.ts'
import type { NetworkControl } from './network-control.ts'
import type { SimulatedHost } from './simulated-host.ts'
import { SimulatedWorld } from './simulated-world.ts'
import { SimulationRun } from './simulation-run.ts'

/** What is simulated. */
export interface SimulationOptions<Name extends string> {
  /** A name for each host. Each has its own address, disk and clock, and reaches all others. */
  readonly hosts: readonly Name[]
  /** Everything random comes from this text: keys, delays, losses. By default it is always the same. */
  readonly seed?: string | undefined
  /** The conditions of the network at the beginning. */
  readonly network?: Conditions | undefined
  /** Takes a line for everything that happens. Two runs did the same exactly if their lines are the same. */
  readonly trace?: ((line: string) => void) | undefined
}

/** What the body of a simulation works with. */
export interface World<Name extends string> {
  /** The machines, by their names. */
  readonly hosts: Readonly<Record<Name, Host>>
  /** What connects them. */
  readonly network: Network<Name>
  /** Lets time pass. @throws PeerageError `invalid-argument` if that is no duration; a RangeError if it is negative */
  advance(by: Duration): Promise<void>
  /**
   * Lets time pass until the condition holds. It is looked at after instants in which something happened, at most
   * every 10 ms, and at the end. If it does not hold within that time, the promise rejects.
   *
   * @throws PeerageError `invalid-argument` if `within` is no duration
   */
  until(condition: () => Promise<boolean> | boolean, within: Duration): Promise<void>
}

/** A machine with a node. */
export interface Host {
  /** Opens the node of this host. It has an identity with the name of the host. */
  openNode(options?: {
    /** Members of every cloud to begin with. The name of another host of the simulation stands for its addresses. */
    seeds?: readonly string[] | undefined
  }): Promise<PeerNode>
  /** The power goes: everything stops at this instant, and nobody is told. What was awaited never comes. */
  crash(): void
  /** Starts the host again, by default with the disk as it was. Its node has to be opened again. */
  restart(disk?: 'kept' | 'lost'): void
  /** Sets its clock forward, or back by a negative duration. */
  skewClock(by: Duration): void
}

/** The network between the hosts. */
export interface Network<Name extends string> {
  /** Changes conditions. Those that are not named stay as they are. @throws RangeError */
  set(conditions: Conditions): void
  /** Hosts of different sides no longer reach each other. Adds to partitions that are in force. */
  partition(...sides: readonly (readonly Name[])[]): void
  /** Ends all partitions. */
  heal(): void
}

const DEFAULT_SEED = 'peerage'
/** The folder of the identities on the disk of a host. */
const IDENTITIES = 'identities'
/** The folder of what is remembered of clouds. */
const CLOUDS = 'clouds'
/** The folder of what is known of graphs. */
const GRAPHS = 'graphs'
/** The folder of what is known of groups. */
const GROUPS = 'groups'

/**
 * Runs a body on virtual time in a virtual network of hosts. The same seed gives the same run.
 *
 * @throws SimulationFailure with the seed and the reason, if the body throws, if anything in the simulation
 *   does, or if the body waits for something that never happens
 * @throws RangeError if two hosts have one name, or a condition is out of its limits
 */
export async function simulate<const Name extends string>(
  options: SimulationOptions<Name>,
  body: (world: World<Name>) => Promise<void>,
): Promise<void> {
  const { hosts: names, seed = DEFAULT_SEED, network: conditions = {}, trace } = options
  const simulated = new SimulatedWorld({ seed, conditions, ...(trace !== undefined && { trace }) })
  const run = new SimulationRun(simulated)
  const hostLookup: HostLookup = {
    addressesOf: async (name) => (names.some((known) => known === name) ? addressesOf(simulated.host(name)) : []),
  }
  const exported: MemoryExports = new Map()
  const hosts = names.map(
    (name) =>
      [
        name,
        hostOf(simulated.addHost(name), run, {
          hostLookup,
          random: simulated.random(`databases of ${name}`),
          exported,
        }),
      ] as const,
  )
  const world: World<Name> = {
    // The names are those that were given, which the type of `fromEntries` forgets.
    hosts: Object.fromEntries(hosts) as Record<Name, Host>,
    network: networkOf(simulated.network, run),
    advance: (by) => run.advance(by),
    until: (condition, within) => run.until(condition, within),
  }
  await run.drive(() => body(world))
}

interface HostParts {
  readonly hostLookup: HostLookup
  readonly random: Random
  /** Exported databases: a file that one host writes can be carried to another one. */
  readonly exported: MemoryExports
}

function hostOf(
  host: SimulatedHost,
  run: SimulationRun,
  { hostLookup, random: databaseRandom, exported }: HostParts,
): Host {
  // They outlive a crash of the host, as far as they were committed.
  const crypto = platformCrypto()
  const recordDatabases = new MemoryRecordDatabases({ crypto, random: databaseRandom }, exported)
  let openedOn = host.ports
  return {
    async openNode(options = {}) {
      run.noteAsked()
      const { ports } = host
      // Whatever crashed the host since then.
      if (ports !== openedOn) recordDatabases.crash()
      openedOn = ports
      const { random, clock, log, datagrams, streams, networkInterfaces, localLink } = ports
      const nodePorts = {
        ...{
          random,
          clock,
          log,
          datagrams,
          streams,
          networkInterfaces,
          localLink,
          hostLookup,
          crypto,
          recordDatabases,
        },
        // What other threads do does not repeat itself.
        ...{ recordVerifier: undefined, passwordHashing: undefined },
        dataDirectory: ports.dataDirectory,
        identityStorage: ports.storage(IDENTITIES),
        cloudStorage: ports.storage(CLOUDS),
        graphStorage: ports.storage(GRAPHS),
        groupStorage: ports.storage(GROUPS),
      }
      return createPeerNode(nodePorts, { friendlyName: host.name, seeds: options.seeds })
    },
    crash() {
      run.noteAsked()
      host.crash()
      recordDatabases.crash()
    },
    restart(disk) {
      run.noteAsked()
      host.restart(disk)
      recordDatabases.crash()
      if (disk === 'lost') for (const name of recordDatabases.names()) recordDatabases.delete(name)
    },
    skewClock(by) {
      run.noteAsked()
      host.skewClock(parseDuration(by))
    },
  }
}

function addressesOf(host: SimulatedHost): readonly IpAddress[] {
  return host.attachment.addresses.filter(({ attached }) => attached).map(({ address }) => address)
}

function networkOf<Name extends string>(network: NetworkControl, run: SimulationRun): Network<Name> {
  return {
    set(conditions) {
      run.noteAsked()
      network.set(conditions)
    },
    partition(...sides) {
      run.noteAsked()
      network.partition(...sides)
    },
    heal() {
      run.noteAsked()
      network.heal()
    },
  }
}
