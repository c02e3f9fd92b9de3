/**
 * The front door: a node on Node.js.
 */
import { join } from 'node:path'
import type { SecurityProviderFactory } from '../graph/security-provider.ts'
import { createPeerNode, type PeerNode } from '../peer-node/peer-node.ts'
import { silentLog } from '../runtime/log.ts'
import { PeerageError } from '../runtime/peerage-error.ts'
import { platformCrypto } from './crypto/crypto.ts'
import { platformPasswordHashing } from './crypto/password-hashing.ts'
import { dnsLookup } from './dns-lookup.ts'
import { fileDataDirectory } from './file-data-directory.ts'
import { openFileStorage } from './file-storage.ts'
import { guardedLog, type Logger } from './guarded-log.ts'
import { multicastDnsLink } from './multicast-dns-link.ts'
import { SqliteRecordDatabases } from './sqlite-record-databases.ts'
import { systemClock } from './system-clock.ts'
import { systemNetworkInterfaces } from './system-network-interfaces.ts'
import { systemRandom } from './system-random.ts'
import { tlsStreams } from './tls-streams.ts'
import { udpDatagrams } from './udp-datagrams.ts'
import { signatureThread } from './worker-verifier.ts'

/** How a node is opened. */
export interface OpenNodeOptions {
  /** The folder where this node keeps everything. It is made when there is something to keep. */
  dataDir: string
  /** If there are no identities in it yet, one with this friendly name is made; without it, none is. */
  friendlyName?: string | undefined
  /** Members of every cloud to begin with: `host:port`, 3540 without a port, IPv6 in brackets. None is built in. */
  seeds?: readonly string[] | undefined
  /**
   * Whether the clouds of the links, and with them multicast, are used where no cloud was opened. By default they are; without them,
   * `Global_` is used if there are seeds, and else a group is found by the addresses in invitations and by those that were remembered.
   */
  lan?: boolean | undefined
  /** The UDP port for name resolution, 1025 to 65535. Without it, 3540 or, if that is taken, a free one. */
  pnrpPort?: number | undefined
  /** The TCP port for the links of graphs, 1025 to 65535. Without it, 3587 or, if that is taken, a free one. */
  graphPort?: number | undefined
  /** Graph security providers by the names under which graphs ask for them; `none` is there. */
  securityProviders?: Readonly<Record<string, SecurityProviderFactory>> | undefined
  /** Is told what happens, and nothing secret. By default nothing is told. */
  log?: Logger | undefined
}

/** The folder of the identities in a data directory. */
const IDENTITIES = 'identities'
/** The folder of what is remembered of clouds. */
const CLOUDS = 'clouds'
/** The folder of graphs: their databases, and what they are. */
const GRAPHS = 'graphs'
/** The folder of what is to be known of groups; the databases of their graphs are in that of the graphs. */
const GROUPS = 'groups'

/**
 * Opens a node on a data directory. Several processes may have one directory open at once. No socket is opened
 * before the node opens a cloud.
 *
 * @throws PeerageError `invalid-argument` (an empty path, a seed, the port), `invalid-friendly-name`, `storage-not-accessible`,
 *   `storage-busy`, `disk-full`, and with a friendly name what reading the default identity throws
 */
export async function openNode({ dataDir, log: logger, ...options }: OpenNodeOptions): Promise<PeerNode> {
  if (dataDir === '') {
    // It would be the folder where the program happens to run.
    throw new PeerageError('invalid-argument', { name: 'dataDir', value: 'empty', expected: 'the path of a folder' })
  }
  const log = logger === undefined ? silentLog : guardedLog(logger)
  const crypto = platformCrypto()
  if (crypto.fallbackReason !== undefined) {
    log.warn('the slower crypto is in use', { implementation: crypto.implementation, reason: crypto.fallbackReason })
  }
  return createPeerNode(
    {
      ...{ crypto, passwordHashing: platformPasswordHashing(), random: systemRandom, clock: systemClock, log },
      ...{ datagrams: udpDatagrams, networkInterfaces: systemNetworkInterfaces },
      ...{ localLink: multicastDnsLink(systemRandom, systemClock, log), hostLookup: dnsLookup(log) },
      dataDirectory: fileDataDirectory(dataDir),
      identityStorage: openFileStorage(join(dataDir, IDENTITIES)),
      cloudStorage: openFileStorage(join(dataDir, CLOUDS)),
      graphStorage: openFileStorage(join(dataDir, GRAPHS)),
      groupStorage: openFileStorage(join(dataDir, GROUPS)),
      recordDatabases: new SqliteRecordDatabases(join(dataDir, GRAPHS), { crypto, random: systemRandom }),
      recordVerifier: (...graph) => signatureThread.verifier(log, ...graph),
      streams: tlsStreams,
    },
    options,
  )
}
