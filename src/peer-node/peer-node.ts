/**
 * A node: all layers tied together on the ports. It holds what an application can use of them, and
 * nothing of a platform: `openNode` puts it on Node.js, `simulate` in a virtual network.
 */

import type { SecurityProviderFactory } from '../graph/security-provider.ts'
import { IdentityStore } from '../identity/identity-store.ts'
import { HIGHEST_RESERVED_PORT } from '../pnrp/route-entry.ts'
import { PeerageError } from '../runtime/peerage-error.ts'
import type { Closing } from './closing.ts'
import { type Clouds, cloudsOf } from './clouds.ts'
import { diagnose } from './diagnosis.ts'
import type { DiagnosisPorts } from './diagnosis-parts.ts'
import type { Finding } from './finding.ts'
import { GraphHost } from './graph-host.ts'
import type { Graphs } from './graphs.ts'
import type { Groups } from './groups.ts'
import { type Identities, identitiesOf } from './identities.ts'
import type { Names } from './names.ts'
import { NodeNames } from './node-names.ts'
import { OpenClouds } from './open-clouds.ts'
import { OpenGraphs } from './open-graphs.ts'
import { OpenGroups } from './open-groups.ts'
import type { Waiting } from './waiting.ts'

/** A node. After it is closed, everything but closing rejects with `node-closed`. */
export interface PeerNode extends Closing {
  /** Who takes part: keys with names. */
  readonly identities: Identities
  /** Registering and resolving peer names. */
  readonly names: Names
  /** Where names are resolved. */
  readonly clouds: Clouds
  /** Graphs without groups. */
  readonly graphs: Graphs
  /** Graphs that only invited peers enter. */
  readonly groups: Groups
  /** Stops all sending until {@link PeerNode.resume}, as before the machine sleeps. Twice is fine. */
  suspend(): Promise<void>
  /** Goes on, with the addresses that the machine has now. */
  resume(): Promise<void>
  /**
   * Finds out why nothing connects: looks at the data directory, the machine and its network, the clouds, the graphs and groups that
   * are open, the clock, and somebody in particular. It takes up to a minute, and tells each finding as it is made. If no cloud is open, the usual
   * ones are, meanwhile. An abort rejects with the signal's reason; closing the node ends it.
   *
   * @param target A group, a member, a registered name, or an invitation, which is not used up
   * @throws PeerageError `invalid-peer-name`, `invalid-classifier`, `classifier-too-long`, when the iteration begins
   */
  diagnose(target?: string, options?: Waiting): AsyncIterable<Finding>
  /** What was counted so far, by name: see docs/metrics.md. */
  metrics(): Promise<Readonly<Record<string, number>>>
}

/** What a node stands on. */
export type PeerNodePorts = DiagnosisPorts

/** How a node is opened. */
export interface PeerNodeOptions {
  /** If there are no identities yet, one with this friendly name is made; without it, none is. */
  readonly friendlyName?: string | undefined
  /** Seeds for every cloud: `host:port`. */
  readonly seeds?: readonly string[] | undefined
  /** Whether the clouds of the links are used where no cloud was opened. By default they are. */
  readonly lan?: boolean | undefined
  /** The UDP port, 1025 to 65535. Without it, 3540 or a free one. */
  readonly pnrpPort?: number | undefined
  /** The TCP port for links of graphs, 1025 to 65535. Without it, 3587 or a free one. */
  readonly graphPort?: number | undefined
  /** What graphs can name as their provider, beside `none`. */
  readonly securityProviders?: Readonly<Record<string, SecurityProviderFactory>> | undefined
}

/**
 * Opens a node. It is in no cloud yet.
 *
 * @throws PeerageError `invalid-friendly-name`, `invalid-argument` (a seed or the port), and what reading the
 *   identities throws
 */
export async function createPeerNode(ports: PeerNodePorts, options: PeerNodeOptions): Promise<PeerNode> {
  const { identityStorage: storage, crypto, random, clock, log } = ports
  const graphPort = checkedPort('graphPort', options.graphPort)
  const { seeds = [], lan = true } = options
  const clouds = new OpenClouds(ports, { seeds, lan, port: checkedPort('pnrpPort', options.pnrpPort) })
  const store: IdentityStore = new IdentityStore({
    ...{ storage, crypto, random, clock, log },
    groupsOf: (identity) => groups.kept.groupsOf(identity),
  })
  const requireOpen = (operation: string): void => {
    if (clouds.isClosed) throw new PeerageError('node-closed', { operation })
  }
  const host = new GraphHost(ports, graphPort)
  const names = new NodeNames({ clouds, store, crypto, requireOpen })
  const groups: OpenGroups = new OpenGroups(ports, host, { identities: store, clouds, names, requireOpen })
  const graphs = new OpenGraphs(ports, host, {
    ...{ identities: store, securityProviders: options.securityProviders ?? {}, requireOpen },
    groupOf: (graphId) => groups.kept.groupOf(graphId),
  })
  if (options.friendlyName !== undefined) store.getOrCreate({ friendlyName: options.friendlyName })
  const close = async (): Promise<void> => {
    // What is registered for them is unregistered while there are clouds.
    await groups.close()
    await Promise.all([clouds.close(), host.close()])
  }
  return {
    identities: identitiesOf(store, requireOpen),
    names,
    clouds: cloudsOf(clouds, requireOpen),
    graphs,
    groups,
    suspend: async () => {
      requireOpen('suspend')
      // Members of groups unregister when their graphs go, and that is told while there are clouds.
      await host.suspend()
      await clouds.suspend()
    },
    resume: async () => {
      requireOpen('resume')
      await Promise.all([clouds.resume(), host.resume()])
    },
    diagnose: (target, waiting = {}) => {
      requireOpen('diagnose')
      return diagnose({ ports, identities: store, clouds, names, host, graphs, groups }, target, waiting)
    },
    metrics: async () => {
      requireOpen('metrics')
      return { ...clouds.counters(), ...host.counters(), ...groups.counters() }
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}

/** The highest port (RFC 768). */
const HIGHEST_PORT = 65_535

function checkedPort(name: string, port: number | undefined): number | undefined {
  if (port === undefined || (Number.isInteger(port) && port > HIGHEST_RESERVED_PORT && port <= HIGHEST_PORT))
    return port
  const expected = `${HIGHEST_RESERVED_PORT + 1} to ${HIGHEST_PORT}`
  throw new PeerageError('invalid-argument', { name, value: String(port), expected })
}
