/** The published chains of delegated names, which an X.509 implementation that is not ours has judged, too. */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { authorityBytes } from '../../src/identity/authority.ts'
import { delegationValidator } from '../../src/pnrp/delegation.ts'
import { crypto } from '../identity/platform.ts'
import { hex } from './pnrp-vectors.ts'

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
