/** The published chains of delegated names, which an X.509 implementation that is not ours has judged, too. */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { authorityBytes, authorityOf } from '../../src/identity/authority.ts'
import { encodeChain } from '../../src/identity/certificate/chain-encoding.ts'
import {
  encodeAuthorityBuffer,
  LONGEST_AUTHORITY_BUFFER,
  LONGEST_CHAIN_OF_ANSWER,
} from '../../src/pnrp/authority-buffer.ts'
import { LONGEST_CPA } from '../../src/pnrp/certified-peer-address.ts'
import { delegationValidator } from '../../src/pnrp/delegation.ts'
import { keyPairOf, NOW, nameOf } from '../identity/certificate/certificate-samples.ts'
import { chainOf, ROOT_KEY } from '../identity/certificate/chain-samples.ts'
import { crypto } from '../identity/platform.ts'
import { hex, structureVectors } from './pnrp-vectors.ts'

interface DelegationVectors {
  readonly delegations: readonly {
    readonly what: string
    readonly verdict: 'valid' | 'refused'
    /** 40 digits. */
    readonly authority: string
    readonly classifier: string
    /** Of the publisher. */
    readonly publicKey: string
    readonly now: string
    readonly chain: string
  }[]
}

const { delegations }: DelegationVectors = JSON.parse(
  readFileSync(new URL('../../docs/protocol/vectors/pnrp-delegations.json', import.meta.url), 'utf8'),
)
const { problem } = delegationValidator(crypto)

test.each(delegations)(
  'N-76, N-77, N-78, N-79, N-83: $what is $verdict',
  ({ verdict, authority, classifier, publicKey, now, chain }) => {
    const claim = { authority: authorityBytes(authority), classifier, leafKey: hex(publicKey), now: Date.parse(now) }
    expect(problem(hex(chain), claim) === undefined ? 'valid' : 'refused').toBe(verdict)
  },
)

test('N-31: a chain that would not fit into an answer beside everything else publishes nothing', () => {
  const wide = '中'.repeat(149)
  const lists = [wide.slice(1), wide.slice(2)]
  const problemOf = (length: number): string | undefined => {
    const steps = Array.from({ length }, (_, index) => ({ key: index + 1, classifiers: lists }))
    const chain = encodeChain(chainOf(steps, { peerName: nameOf(keyPairOf(ROOT_KEY), wide) }))
    const authority = authorityBytes(authorityOf(crypto, keyPairOf(ROOT_KEY).publicKey))
    const leafKey = keyPairOf(length).publicKey
    return problem(chain, { authority, classifier: wide.slice(1), leafKey, now: NOW })
  }
  expect(problemOf(12)).toBeUndefined()
  expect(problemOf(16)).toMatch('31000')
})

test('N-31, N-83: the longest chain, classifier, payload and certified peer address fit into one buffer', () => {
  const payload = structureVectors.extendedPayloads.reduce(
    (longest, { bytes }) => Math.max(longest, bytes.length / 2),
    0,
  )
  const buffer = encodeAuthorityBuffer({
    ...{ cookieNeeded: false, leafSet: false, busy: false, notFound: false },
    certificateChain: new Uint8Array(LONGEST_CHAIN_OF_ANSWER),
    classifier: '中'.repeat(149),
    extendedPayload: new Uint8Array(payload),
    cpa: new Uint8Array(LONGEST_CPA),
  })
  expect(payload).toBeGreaterThan(4096)
  expect(buffer.length).toBeLessThanOrEqual(LONGEST_AUTHORITY_BUFFER)
})

test('N-83: with any byte changed a chain proves nothing', () => {
  const [first] = delegations
  if (first === undefined) throw new Error('no vectors')
  const { authority, classifier, publicKey, now, chain } = first
  const claim = { authority: authorityBytes(authority), classifier, leafKey: hex(publicKey), now: Date.parse(now) }
  const bytes = hex(chain)
  for (let place = 0; place < bytes.length; place++) {
    const changed = new Uint8Array(bytes)
    changed[place] = (changed[place] ?? 0) ^ 1
    expect({ place, problem: problem(changed, claim) }).not.toEqual({ place, problem: undefined })
  }
})
