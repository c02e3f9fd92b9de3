/** Delegated names in a cloud: registered with a chain, resolved by whoever trusts the authority alone. */
import { expect, test } from 'vitest'
import { authorityOf } from '../../src/identity/authority.ts'
import { encodeChain } from '../../src/identity/certificate/chain-encoding.ts'
import { makePeerName, parsePeerName } from '../../src/identity/peer-name.ts'
import { platformCrypto } from '../../src/nodejs/crypto/crypto.ts'
import { delegationValidator } from '../../src/pnrp/delegation.ts'
import { toHex, toUtf8 } from '../../src/runtime/bytes.ts'
import { PeerageError } from '../../src/runtime/peerage-error.ts'
import { keyPairOf } from '../identity/certificate/certificate-samples.ts'
import { chainOf, ROOT_KEY, type Step } from '../identity/certificate/chain-samples.ts'
import { type Member, type SentDatagram, SimulatedCloud } from './simulated-cloud.ts'

const crypto = platformCrypto()
const always = { notBefore: Date.UTC(2000), notAfter: Date.UTC(2100) }
const CLASSIFIER = 'aquarium shop'
const name = makePeerName(authorityOf(crypto, keyPairOf(ROOT_KEY).publicKey), CLASSIFIER)
const delegate = keyPairOf(2)

function chainFor(...steps: readonly Step[]): Uint8Array {
  return encodeChain(
    chainOf(
      steps.map((step) => ({ ...step, ...always })),
      always,
    ),
  )
}

function cloudOf(seed: string): { cloud: SimulatedCloud; publisher: Member; resolver: Member } {
  const cloud = new SimulatedCloud({ seed, crypto })
  const [, publisher, , resolver] = cloud.grow(5, { ports: { chains: delegationValidator(crypto) } })
  if (publisher === undefined || resolver === undefined) throw new Error('a cloud of five')
  return { cloud, publisher, resolver }
}

const rightChain = chainFor({ key: 1 }, { key: 2, roles: ['member'], classifiers: [CLASSIFIER] })

test('N-75, N-79, N-83: a delegated name is found, secured, under the key of its delegate', () => {
  const { cloud, publisher, resolver } = cloudOf('delegated')
  const payload = 'open from nine to five'
  publisher.register(name, { keyPair: delegate, certificateChain: rightChain, payload })
  cloud.world.runFor(5000)
  const results = cloud.resolve(resolver, name)
  expect(results).toMatchObject([{ secured: true, publicKey: delegate.publicKey, payload }])
})

test('N-83, N-104: the classifier is on the wire in answers with a chain, and nowhere else', () => {
  const { cloud, publisher, resolver } = cloudOf('classifier')
  const sent: SentDatagram[] = []
  cloud.onSent = (datagram) => sent.push(datagram)
  const holding = (): number => sent.filter(({ bytes }) => toHex(bytes).includes(toHex(toUtf8(CLASSIFIER)))).length
  // The same classifier under the publisher's own key: no chain, so no classifier.
  const own = publisher.registerSecured(CLASSIFIER)
  cloud.world.runFor(5000)
  expect(cloud.resolve(resolver, own.name)).toHaveLength(1)
  expect(holding()).toBe(0)
  publisher.register(name, { keyPair: delegate, certificateChain: rightChain })
  cloud.world.runFor(5000)
  expect(cloud.resolve(resolver, name)).toHaveLength(1)
  expect(holding()).toBeGreaterThan(0)
})

test.each<{ what: string; chain: Uint8Array | undefined }>([
  { what: 'no chain', chain: undefined },
  { what: 'a chain to another key', chain: chainFor({ key: 1 }) },
  { what: 'a chain for another classifier', chain: chainFor({ key: 2, roles: ['member'], classifiers: ['ham'] }) },
  { what: 'a chain with a wrong signature', chain: chainFor({ key: 1, signer: 7 }, { key: 2 }) },
  { what: 'a chain that is none', chain: new Uint8Array(5) },
])('N-75: with $what a name is not registered', ({ chain }) => {
  const { publisher } = cloudOf('refused')
  const refusal = (): unknown => {
    try {
      return publisher.register(name, { keyPair: delegate, certificateChain: chain })
    } catch (error) {
      return PeerageError.is(error, 'name-not-owned') ? error.details.name : error
    }
  }
  expect(refusal()).toBe(name)
})

test('N-75: an unsecured name is not registered with a chain', () => {
  const { publisher } = cloudOf('unsecured')
  expect(() =>
    publisher.register(parsePeerName(`0.${CLASSIFIER}`), { keyPair: delegate, certificateChain: rightChain }),
  ).toThrow(expect.objectContaining({ code: 'name-not-owned' }))
})
