import { expect, test } from 'vitest'
import { cloudPortsOf, seedsOf } from '../../src/group/invitation-seeds.ts'
import { makeInvitation, readInvitation } from '../../src/group/invitation-text.ts'
import { drawGraphId } from '../../src/records/graph-id.ts'
import { type Endpoint, formatEndpoint, parseIpAddress } from '../../src/runtime/endpoint.ts'
import { SeededRandom } from '../../src/simulation/seeded-random.ts'
import { NOW } from '../identity/certificate/certificate-samples.ts'
import { crypto } from '../identity/platform.ts'
import { SampleGroup } from './issuing-samples.ts'

const group = new SampleGroup()

function endpoint(text: string, port: number): Endpoint {
  const host = parseIpAddress(text)
  if (host === undefined) throw new Error(`${text} is no address`)
  return { host, port }
}

const hints = [endpoint('192.0.2.1', 3587), endpoint('2001:db8::7', 49152), endpoint('192.0.2.3', 3587)]

function reread(ports: readonly (number | undefined)[]) {
  const cloudPorts = cloudPortsOf(ports)
  const text = makeInvitation(crypto, {
    ...{ kind: 'password', group: group.name, graphId: drawGraphId(new SeededRandom('graph')), friendlyName: '' },
    ...{ cloud: undefined, inviter: group.creator.peerName, role: 'member', expires: NOW, hints },
    ...(cloudPorts !== undefined && { cloudPorts }),
  })
  return { length: text.length, seeds: seedsOf(readInvitation(crypto, text)).map(formatEndpoint) }
}

test('hints are seeds at the port at which their nodes are in the cloud, by default at the usual one', () => {
  const usual = reread([3540, undefined, 3540])
  expect(usual.seeds).toEqual(['192.0.2.1:3540', '[2001:db8::7]:3540', '192.0.2.3:3540'])
  const others = reread([3540, 50_000, undefined])
  expect(others.seeds).toEqual(['192.0.2.1:3540', '[2001:db8::7]:50000', '192.0.2.3:3540'])
  // Where all have the usual port, nothing is said of it.
  expect(usual.length).toBeLessThan(others.length)
})
