/** The published invitations, which another implementation made: docs/protocol/vectors/group-invitations.json. */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { certificateDigest, chainDigest } from '../../src/group/digests.ts'
import type { InvitationContent } from '../../src/group/invitation.ts'
import { makeInvitation, readInvitation } from '../../src/group/invitation-text.ts'
import { completeChain } from '../../src/group/invitation-use.ts'
import { type Chain, decodeChain, encodeChain } from '../../src/identity/certificate/chain-encoding.ts'
import { expectCode } from '../../src/runtime/acceptance/acceptance.ts'
import { concatBytes, fromHex, toHex } from '../../src/runtime/bytes.ts'
import { formatEndpoint } from '../../src/runtime/endpoint.ts'
import { crypto } from '../identity/platform.ts'

interface Vectors {
  readonly invitations: readonly { readonly what: string; readonly text: string; readonly says: Says }[]
  readonly refused: readonly {
    readonly what: string
    readonly text: string
    readonly code: 'invalid-invitation' | 'unsupported-version'
    readonly problem?: string
  }[]
}

interface Says {
  readonly kind: string
  /** The places of the certificates that the text holds, and the digest of what stands above them. */
  readonly chain?: { readonly named?: string; readonly certificates: readonly number[] }
}

const read = (name: string): string =>
  readFileSync(new URL(`../../docs/protocol/vectors/${name}.json`, import.meta.url), 'utf8')
const vectors: Vectors = JSON.parse(read('group-invitations'))
const digests: { readonly certificates: readonly string[]; readonly chains: readonly string[] } = JSON.parse(
  read('group-digests'),
)
const made: { readonly certificates: readonly { readonly der: string }[]; readonly chain: readonly number[] } =
  JSON.parse(read('certificates'))
const chain: Chain = decodeChain(
  concatBytes(...made.chain.map((place) => fromHex(made.certificates[place]?.der ?? '') ?? new Uint8Array())),
)

/** What an invitation says in the way in which the vectors write it. */
function described(content: InvitationContent): Readonly<Record<string, unknown>> {
  const { hints, expires, cloud } = content
  return {
    ...content,
    hints: hints.map(formatEndpoint),
    expires: new Date(expires).toISOString(),
    cloud: cloud ?? null,
    ...('seed' in content && { seed: toHex(content.seed) }),
    ...('chain' in content && { chain: describedChain(content) }),
  }
}

function describedChain(content: InvitationContent): Says['chain'] {
  if (content.kind === 'password') throw new Error('it has no chain')
  const { chain: carried } = content
  const whole = 'whole' in carried ? carried.whole : completeChain(crypto, content, aboveOf(carried.named))
  const held = 'whole' in carried ? carried.whole.length : carried.rest.length
  const places = whole?.map((certificate) => chain.findIndex(({ der }) => toHex(der) === toHex(certificate.der)))
  const certificates = held === 0 ? [] : (places ?? []).slice(-held)
  return 'whole' in carried ? { certificates } : { named: carried.named, certificates }
}

/** The first certificates of the chain, of which this is the digest. */
function aboveOf(named: string): Uint8Array {
  const [root, ...others] = chain
  return encodeChain([root, ...others.slice(0, digests.chains.indexOf(named))])
}

test.each(vectors.invitations)('P-036: reading an invitation $what shows all that it says', ({ text, says }) => {
  expect(described(readInvitation(crypto, text))).toEqual(says)
})

test.each(vectors.invitations.filter(({ what }) => !what.startsWith('with optional')))(
  'P-036: an invitation $what has one text',
  ({ text }) => {
    expect(makeInvitation(crypto, readInvitation(crypto, text))).toBe(text)
  },
)

test('P-136: optional fields that nobody knows yet are passed over', () => {
  const [newer] = vectors.invitations.filter(({ what }) => what.startsWith('with optional'))
  const [today] = vectors.invitations.filter(({ what }) => what === 'for a password')
  expect(newer?.text).not.toBe(today?.text)
  expect(readInvitation(crypto, newer?.text ?? '')).toEqual(readInvitation(crypto, today?.text ?? ''))
})

test.each(vectors.refused)('a text $what is refused with its reason', ({ text, code, problem }) => {
  const { details } = expectCode(code, () => readInvitation(crypto, text), text)
  if ('problem' in details) expect(details.problem).toBe(problem)
})

test('P-117: digests of certificates and of chains', () => {
  expect(chain.map(({ der }) => certificateDigest(crypto, der))).toEqual(digests.certificates)
  const [root, ...others] = chain
  const cut = chain.map((_, length) => chainDigest(crypto, encodeChain([root, ...others.slice(0, length)])))
  expect(cut).toEqual(digests.chains)
})
