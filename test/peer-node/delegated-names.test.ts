/** Names of somebody else's authority, registered by an application with a chain and the identity that this leads to. */
import { describe, expect, test } from 'vitest'
import { encodeChain } from '../../src/identity/certificate/chain-encoding.ts'
import { encodeIdentityExport } from '../../src/identity/identity-export.ts'
import type { PeerNode } from '../../src/peer-node/peer-node.ts'
import { expectRejection } from '../../src/runtime/acceptance/acceptance.ts'
import { keyPairOf, nameOf } from '../identity/certificate/certificate-samples.ts'
import { chainOf, ROOT_KEY, type Step } from '../identity/certificate/chain-samples.ts'
import { crypto } from '../identity/platform.ts'
import { all, type SimulatedNodes, withSimulatedNodes } from './simulated-nodes.ts'

const HTTP = { host: '203.0.113.7', port: 80, protocol: 6 }
const always = { notBefore: Date.UTC(2000), notAfter: Date.UTC(2100) }
const CLASSIFIER = 'aquarium shop'
/** Of the authority that delegates; its key is on neither node. */
const name = nameOf(keyPairOf(ROOT_KEY), CLASSIFIER)
const DELEGATE = 2

function chainFor(...steps: readonly Step[]): Uint8Array {
  return encodeChain(
    chainOf(
      steps.map((step) => ({ ...step, ...always })),
      always,
    ),
  )
}

const chain = chainFor({ key: DELEGATE, roles: ['member'], classifiers: [CLASSIFIER] })

/** Two nodes in one cloud; the first has the delegate's identity beside its own. */
async function shopAndCustomer({ addHost, openNode, until }: SimulatedNodes): Promise<readonly [PeerNode, PeerNode]> {
  const host = addHost('ann')
  const ann = await openNode(host)
  const bob = await openNode(addHost('bob'), { seeds: ['ann'] })
  const keyPair = keyPairOf(DELEGATE)
  const delegate = { peerName: nameOf(keyPair, 'delegate'), friendlyName: 'Delegate', keyPair }
  await ann.identities.import(encodeIdentityExport(crypto, host.ports.random, delegate, 'password'), {
    password: 'password',
  })
  for (const node of [ann, bob]) await node.clouds.open('c')
  await until(async () => (await bob.clouds.list({ scope: 'private' })).every(({ state }) => state === 'active'), '60s')
  return [ann, bob]
}

describe('a delegated name', () => {
  const identity = nameOf(keyPairOf(DELEGATE))

  test('N-47, N-79: is registered with identity and chain, and found as secured, published by the delegate', () =>
    withSimulatedNodes('delegated', async (nodes) => {
      const [ann, bob] = await shopAndCustomer(nodes)
      const shop = await ann.names.register({ name, identity, chain, endpoints: [HTTP], comment: 'open' })
      const found = { peerName: name, secured: true, publisher: identity, endpoints: [HTTP], comment: 'open' }
      expect(await all(bob.names.resolve(name))).toMatchObject([found])
      expect(await all(ann.names.resolve(name))).toMatchObject([found])
      await shop.update({ comment: 'closed' })
      expect(await all(bob.names.resolve(name))).toMatchObject([{ ...found, comment: 'closed' }])
      await shop.close()
      expect(await all(bob.names.resolve(name))).toEqual([])
    }))

  test.each([
    ['without a chain', { identity }],
    ['without the identity to which the chain leads', { chain }],
    ['with a chain to another key', { identity, chain: chainFor({ key: 3 }) }],
    [
      'with a chain for another classifier',
      { identity, chain: chainFor({ key: DELEGATE, roles: ['member'], classifiers: ['ham'] }) },
    ],
    ['with bytes that are no chain', { identity, chain: new Uint8Array(9) }],
  ] as const)('N-47: %s is refused, and leaves no trace', (what, given) =>
    withSimulatedNodes(what, async (nodes) => {
      const [ann, bob] = await shopAndCustomer(nodes)
      const refused = ann.names.register({ name, endpoints: [HTTP], ...given })
      const { details } = await expectRejection('name-not-owned', refused, what)
      expect(details.name).toBe(name)
      expect(await all(bob.names.resolve(name))).toEqual([])
    }),
  )
})
