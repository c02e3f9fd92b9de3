/** The network of a host that is alone, for tests of what needs none. */
import { platformCrypto } from '../../src/nodejs/crypto/crypto.ts'
import type { PeerNodePorts } from '../../src/peer-node/peer-node.ts'
import { MemoryRecordDatabases } from '../../src/records/memory-record-databases.ts'
import { SimulatedWorld } from '../../src/simulation/simulated-world.ts'

export function hostNetwork(): Pick<
  PeerNodePorts,
  | 'datagrams'
  | 'streams'
  | 'networkInterfaces'
  | 'localLink'
  | 'hostLookup'
  | 'cloudStorage'
  | 'graphStorage'
  | 'groupStorage'
  | 'dataDirectory'
  | 'recordDatabases'
  | 'recordVerifier'
  | 'passwordHashing'
> {
  const { ports } = new SimulatedWorld({ seed: 'alone' }).addHost('alone')
  const { datagrams, streams, networkInterfaces, localLink, random } = ports
  const hostLookup = { addressesOf: async () => [] }
  const recordDatabases = new MemoryRecordDatabases({ crypto: platformCrypto(), random })
  return {
    ...{
      datagrams,
      streams,
      networkInterfaces,
      localLink,
      hostLookup,
      recordDatabases,
      recordVerifier: undefined,
      passwordHashing: undefined,
    },
    ...{ cloudStorage: ports.storage('clouds'), graphStorage: ports.storage('graphs') },
    dataDirectory: ports.dataDirectory,
    groupStorage: ports.storage('groups'),
  }
}
