import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  type CompactCertificate,
  compactChain,
  expandChain,
  readCompactCertificate,
  writeCompactCertificate,
} from '../../src/group/compact-certificate.ts'
import { makeLink } from '../../src/group/link-key.ts'
import { LONGEST_CERTIFICATE } from '../../src/identity/certificate/certificate.ts'
import { type Chain, encodeChain } from '../../src/identity/certificate/chain-encoding.ts'
import { ROLES } from '../../src/identity/role.ts'
import { WireReader } from '../../src/wire/wire-reader.ts'
import { WireWriter } from '../../src/wire/wire-writer.ts'
import { NOW, refusalOf } from '../identity/certificate/certificate-samples.ts'
import { chainOf, type Step } from '../identity/certificate/chain-samples.ts'
import { crypto, random } from '../identity/platform.ts'
import { DAY, person, SampleGroup, stateAt } from './issuing-samples.ts'

const group = new SampleGroup()
const names = { group: group.name, friendlyName: 'Book club' }

function written(compact: CompactCertificate): Uint8Array {
  const writer = new WireWriter(2 * LONGEST_CERTIFICATE)
  writeCompactCertificate(writer, compact)
  return writer.copy()
}

function reread(compact: CompactCertificate): CompactCertificate {
  const reader = new WireReader(written(compact), 'certificate')
  const read = readCompactCertificate(reader)
  reader.finish()
  return read
}

/** A chain with a link in it, as it is issued here. */
function issuedChain(): Chain {
  const bob = group.admit(group.creator.issuer, person(7), 'inviting-member', { notAfter: NOW + 30 * DAY })
  const request = { role: 'member', admitsUntil: NOW + DAY, uses: 5, admitter: undefined } as const
  return makeLink(crypto, random, bob.issuer, request, stateAt(NOW)).chain
}

test('a chain that is issued here takes at most 150 bytes a certificate, and comes back byte for byte', () => {
  const chain = issuedChain()
  const compact = compactChain(crypto, chain, names)
  expect(compact.map(({ form }) => form)).toEqual(['root', 'membership', 'membership', 'link'])
  for (const one of compact) expect(written(one).length).toBeLessThanOrEqual(150)
  const back = expandChain(crypto, [], compact.map(reread), names)
  expect(encodeChain(back)).toEqual(encodeChain(chain))
})

test('the last certificates of a chain come back under the ones above them', () => {
  const chain = issuedChain()
  const [root, creator, ...rest] = compactChain(crypto, chain, names)
  expect([root?.form, creator?.form]).toEqual(['root', 'membership'])
  const [first, second] = chain
  const above: Chain = second?.kind === 'group-membership' ? [first, second] : [first]
  expect(expandChain(crypto, above, rest, { ...names, friendlyName: 'cut' })).toEqual(chain)
})

test('a root with another subject than the friendly name of today keeps its own', () => {
  for (const friendlyName of ['', 'Renamed', 'Book club']) {
    const chain = issuedChain()
    const renamed = { ...names, friendlyName }
    expect(expandChain(crypto, [], compactChain(crypto, chain, renamed).map(reread), renamed)).toEqual(chain)
  }
})

test('whatever stands in the certificates of others comes back byte for byte', () => {
  const anyStep: fc.Arbitrary<Step> = fc.record(
    {
      key: fc.integer({ min: 1, max: 80 }),
      kind: fc.constantFrom('group-membership', 'link'),
      roles: fc.constantFrom(...ROLES.map((role) => [role])),
      classifiers: fc.constantFrom([], ['participant'], ['fish', 'cheese']),
      notAfter: fc.constantFrom(NOW, NOW + DAY),
    },
    { requiredKeys: ['key'] },
  )
  fc.assert(
    fc.property(fc.array(anyStep, { minLength: 1, maxLength: 4 }), (steps) => {
      const chain = chainOf(steps)
      const back = expandChain(crypto, [], compactChain(crypto, chain, names).map(reread), names)
      expect(encodeChain(back)).toEqual(encodeChain(chain))
    }),
    { numRuns: 50 },
  )
})

test('certificates that begin with no root are refused', () => {
  const [, ...rest] = compactChain(crypto, issuedChain(), names)
  expect(refusalOf(() => expandChain(crypto, [], rest, names)).problem).toBe('chain-order')
  const { der } = group.creator.chain.leaf
  expect(refusalOf(() => expandChain(crypto, [], [{ form: 'der', der }], names)).problem).toBe('chain-length')
})
