/** The network of a host that is alone, for tests of what needs none. */
import type { PeerNodePorts } from '../../src/peer-node/peer-node.ts'
import { SimulatedWorld } from '../../src/simulation/simulated-world.ts'

export function hostNetwork(): Pick<
  PeerNodePorts,
  'datagrams' | 'networkInterfaces' | 'localLink' | 'hostLookup' | 'cloudStorage'
> {
  const { ports } = new SimulatedWorld({ seed: 'alone' }).addHost('alone')
  const { datagrams, networkInterfaces, localLink } = ports
  const hostLookup = { addressesOf: async () => [] }
  return { datagrams, networkInterfaces, localLink, hostLookup, cloudStorage: ports.storage('clouds') }
}
