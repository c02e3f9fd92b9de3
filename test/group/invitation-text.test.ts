import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type InvitationContent, LONGEST_INVITATION, MOST_HINTS } from '../../src/group/invitation.ts'
import { makeInvitation, readInvitation } from '../../src/group/invitation-text.ts'
import { completeChain } from '../../src/group/invitation-use.ts'
import { makeLink } from '../../src/group/link-key.ts'
import { type Chain, encodeChain, LONGEST_CHAIN } from '../../src/identity/certificate/chain-encoding.ts'
import { authorityPart, classifierPart, makePeerName } from '../../src/identity/peer-name.ts'
import { ROLES } from '../../src/identity/role.ts'
import { LONGEST_CLOUD_NAME } from '../../src/pnrp/cloud.ts'
import { drawGraphId } from '../../src/records/graph-id.ts'
import { expectCode } from '../../src/runtime/acceptance/acceptance.ts'
import { toUtf8 } from '../../src/runtime/bytes.ts'
import type { Endpoint } from '../../src/runtime/endpoint.ts'
import { PeerageError } from '../../src/runtime/peerage-error.ts'
import { randomBelow, randomBytes } from '../../src/runtime/random.ts'
import { SeededRandom } from '../../src/simulation/seeded-random.ts'
import { NOW } from '../identity/certificate/certificate-samples.ts'
import { crypto } from '../identity/platform.ts'
import { anyEndpoint } from '../wire/any-value.ts'
import { damaged } from '../wire/damage.ts'
import { DAY, person, SampleGroup, stateAt } from './issuing-samples.ts'

const group = new SampleGroup()
const line = group.line(LONGEST_CHAIN - 2)
const fourHints: readonly Endpoint[] = fc.sample(anyEndpoint, { numRuns: MOST_HINTS, seed: 1 })
const graphId = drawGraphId(new SeededRandom('graph'))

/** An invitation of a kind under the chain of the member at a place in the line. */
function contentOf(
  kind: InvitationContent['kind'],
  depth: number,
  changes: Partial<
    Pick<InvitationContent, 'friendlyName' | 'cloud' | 'inviter' | 'hints' | 'cloudPorts' | 'group'>
  > = {},
): InvitationContent {
  const maker = line[depth - 1] ?? group.creator
  const common = {
    group: group.name,
    graphId,
    friendlyName: 'Book club',
    cloud: undefined,
    inviter: maker.peerName,
    role: 'member',
    expires: NOW + 7 * DAY,
    hints: fourHints,
    ...changes,
  } as const
  if (kind === 'password') return { kind, ...common }
  if (kind === 'identity') {
    const invited = group.admit(maker.issuer, person(200))
    return { kind, ...common, invited: authorityPart(invited.peerName), chain: { whole: invited.chain.chain } }
  }
  const request = { role: 'member', admitsUntil: NOW + 7 * DAY, uses: 5, admitter: undefined } as const
  const { seed, chain } = makeLink(crypto, group.random, maker.issuer, request, stateAt(NOW))
  return { kind, ...common, seed, chain: { whole: chain } }
}

const wholeOf = (content: InvitationContent): Chain => {
  if (content.kind === 'password' || !('whole' in content.chain)) throw new Error('it has no whole chain')
  return content.chain.whole
}

/** The chain of an invitation that was read, with the help of who has the original one. */
function completed(read: InvitationContent, original: InvitationContent): Chain | undefined {
  if (read.kind === 'password') return undefined
  const [root, ...others] = wholeOf(original)
  const above: Chain = [root, ...(read.kind === 'link' ? others.slice(0, -1) : others)]
  return completeChain(crypto, read, encodeChain(above))
}

const reread = (content: InvitationContent): InvitationContent =>
  readInvitation(crypto, makeInvitation(crypto, content))

describe('what fits', () => {
  test.each(['identity', 'link', 'password'] as const)(
    'P-037: an invitation (%s) in a young group is whole',
    (kind) => {
      const content = contentOf(kind, 2)
      expect(makeInvitation(crypto, content)).toMatch(/^peerage:[A-Za-z0-9_-]+$/)
      expect(reread(content)).toEqual(content)
    },
  )

  test.each(['identity', 'link'] as const)('P-037: certificates are left out first (%s), and named', (kind) => {
    for (const depth of [5, LONGEST_CHAIN - 2]) {
      const content = contentOf(kind, depth)
      const read = reread(content)
      expect(read).toMatchObject({ friendlyName: 'Book club', hints: content.hints })
      expect(read).toHaveProperty('chain.named')
      expect(completed(read, content)).toEqual(wholeOf(content))
    }
  })

  test('P-037: then all hints but the first, then the end of the friendly name', () => {
    const inviterOf = (length: number) => makePeerName(authorityPart(group.creator.peerName), '€'.repeat(length))
    const lengths = [0, 100, 130, 149].map((length) => {
      const changes = { friendlyName: 'ü'.repeat(200), inviter: inviterOf(length), cloudPorts: [1, 2, 3, 4] }
      const content = contentOf('identity', 9, changes)
      const text = makeInvitation(crypto, content)
      const read = readInvitation(crypto, text)
      expect(completed(read, content)).toEqual(wholeOf(content))
      expect(content.friendlyName.startsWith(read.friendlyName)).toBe(true)
      expect(read.cloudPorts).toEqual(content.cloudPorts?.slice(0, read.hints.length))
      return { hints: read.hints.length, name: read.friendlyName.length, isFull: text.length >= LONGEST_INVITATION - 2 }
    })
    expect(lengths).toEqual([
      { hints: 4, name: 200, isFull: false },
      { hints: 1, name: 200, isFull: false },
      { hints: 1, name: expect.any(Number), isFull: true },
      { hints: 1, name: expect.any(Number), isFull: true },
    ])
    expect(lengths[3]?.name).toBeLessThan(lengths[2]?.name ?? 0)
  })

  test('P-037: the end is cut between characters, and no space stays at the end', () => {
    const inviter = makePeerName(authorityPart(group.creator.peerName), '€'.repeat(149))
    for (let spaces = 0; spaces < 4; spaces++) {
      const friendlyName = `${'x'.repeat(spaces)}${'🐎 '.repeat(80)}x`
      const { friendlyName: cut } = reread(contentOf('link', 9, { friendlyName, inviter }))
      expect(cut).toMatch(/^x*(?:🐎 )*🐎$/u)
    }
  })

  test('P-037: where not even the names fit, the error says what to shorten', () => {
    const longest = '€'.repeat(149)
    const inviter = makePeerName(authorityPart(group.creator.peerName), longest.slice(1))
    const named = new SampleGroup({ classifier: longest })
    const content = contentOf('password', 1, { group: named.name, inviter, cloud: 'Global_' })
    const { details } = expectCode('invitation-too-long', () => makeInvitation(crypto, content), 'the longest names')
    expect(details.limit).toBe(LONGEST_INVITATION)
    expect(details.length).toBeGreaterThan(LONGEST_INVITATION)
    expect(details.shorten).toEqual([
      'the classifier of the group (447 bytes)',
      "the classifier of the inviter's peer name (444 bytes)",
      'the name of the cloud (7 bytes)',
    ])
  })

  test('a friendly name that no group can have is refused', () => {
    for (const friendlyName of ['x'.repeat(255), 'two\nlines', ' ']) {
      const make = () => makeInvitation(crypto, contentOf('password', 1, { friendlyName }))
      expectCode('invalid-friendly-name', make, JSON.stringify(friendlyName))
    }
  })

  test('P-037: whatever the lengths, an invitation fits and is read again, or the names are too long', () => {
    const anyText = (most: number) =>
      fc
        .tuple(fc.constantFrom('x', 'ü', '€', '🐎'), fc.nat(most))
        .map(([character, length]) => character.repeat(Math.floor(length / character.length)))
    const bases = (['identity', 'link', 'password'] as const).flatMap((kind) =>
      [1, 3, 4, 5, 6, LONGEST_CHAIN - 2].map((depth) => contentOf(kind, depth)),
    )
    fc.assert(
      fc.property(
        fc.constantFrom(...bases),
        fc.array(anyEndpoint, { maxLength: MOST_HINTS }),
        fc.constantFrom(...ROLES),
        fc.record({ friendlyName: anyText(254), cloud: anyText(LONGEST_CLOUD_NAME), inviter: anyText(149) }),
        (base, hints, role, { friendlyName, cloud, inviter }) => {
          const name = makePeerName(authorityPart(base.inviter), inviter)
          const content = { ...base, hints, role, friendlyName, cloud: cloud || undefined, inviter: name }
          const text = textIfAny(content)
          if (text === undefined) {
            const names = [cloud, inviter, classifierPart(base.group)]
            expect(names.reduce((sum, one) => sum + toUtf8(one).length, 0)).toBeGreaterThan(450)
            return
          }
          expect(text.length).toBeLessThanOrEqual(LONGEST_INVITATION)
          const read = readInvitation(crypto, text)
          expect(read).toMatchObject({ kind: base.kind, role, inviter: name, cloud: content.cloud, graphId })
          expect(friendlyName.startsWith(read.friendlyName)).toBe(true)
          expect(read.hints).toEqual(hints.slice(0, read.hints.length))
          if (read.kind !== 'password') expect(completed(read, base)).toEqual(wholeOf(base))
          expect(makeInvitation(crypto, read)).toBe(text)
        },
      ),
      { numRuns: 150 },
    )
  })
})

describe('what is read', () => {
  const samples = (['identity', 'link', 'password'] as const).map((kind) => makeInvitation(crypto, contentOf(kind, 2)))

  test('P-042: the text for a password holds neither the password nor anything derived from it', () => {
    // Whatever makes it is given no password.
    const content = contentOf('password', 2)
    expect(Object.keys(content).sort()).toEqual(
      ['cloud', 'expires', 'friendlyName', 'graphId', 'group', 'hints', 'inviter', 'kind', 'role'].sort(),
    )
    expect(reread(content).kind).toBe('password')
  })

  test('white space of mail programs and terminals is passed over, and so is a capital', () => {
    for (const text of samples) {
      const content = readInvitation(crypto, text)
      const wrapped = `  ${text.replace(/.{60}/g, '$&\r\n')}\n`
      expect(readInvitation(crypto, wrapped)).toEqual(content)
      expect(readInvitation(crypto, `P${text.slice(1)}`)).toEqual(content)
    }
  })

  test('a text cut anywhere is refused as such', () => {
    for (const text of samples) {
      for (let length = 'peerage:'.length; length < text.length; length++) {
        expect(problemOf(text.slice(0, length))).toBe('cut-short')
      }
      for (let length = 0; length < 'peerage:'.length; length++) {
        expect(problemOf(text.slice(0, length))).toBe('no-invitation')
      }
    }
  })

  test('a text with any one character changed is refused', () => {
    for (const text of samples) {
      for (let place = 0; place < text.length; place++) {
        const other = text[place] === 'B' ? 'C' : 'B'
        const problem = problemOf(text.slice(0, place) + other + text.slice(place + 1))
        // The first characters are the length, and the last may hold bits that stand for nothing.
        const expected = place < 8 ? /^no-invitation$/ : place < 11 ? /^(altered|cut-short|left-over)$/ : /^altered$/
        expect({ place, problem }).toEqual({
          place,
          problem:
            place === text.length - 1
              ? expect.stringMatching(/^(altered|cut-short)$/)
              : expect.stringMatching(expected),
        })
      }
    }
  })

  test('any damage is refused with a reason, and nothing else is thrown', () => {
    const damage = new SeededRandom('invitations')
    const bytes = samples.map((text) => toUtf8(text))
    for (let run = 0; run < 3000; run++) {
      const text = Buffer.from(damaged(damage, bytes)).toString('latin1')
      const problem = problemOf(text)
      if (problem === 'none') expect(samples).toContain(text.replace(/\s+/g, ''))
    }
  })

  test('contents of random bytes under a right checksum are refused with a reason, and nothing else is thrown', () => {
    const damage = new SeededRandom('contents')
    const contents = samples.map((text) => Buffer.from(text.slice('peerage:'.length), 'base64url').subarray(2, -4))
    let read = 0
    for (let run = 0; run < 5000; run++) {
      const other = randomBelow(damage, 10) === 0 ? randomBytes(damage, randomBelow(damage, 300)) : undefined
      const problem = problemOf(enveloped((other ?? damaged(damage, contents)).subarray(0, 880)))
      if (problem === 'none') read++
      else expect(['content', 'unsupported-version', 'cut-short']).toContain(problem)
    }
    // Changed keys, signatures, addresses and so on are claims like any others.
    expect(read).toBeGreaterThan(100)
  })
})

function textIfAny(content: InvitationContent): string | undefined {
  try {
    return makeInvitation(crypto, content)
  } catch (error) {
    if (PeerageError.is(error, 'invitation-too-long')) return undefined
    throw error
  }
}

function problemOf(text: string): string {
  try {
    readInvitation(crypto, text)
    return 'none'
  } catch (error) {
    if (PeerageError.is(error, 'invalid-invitation')) return error.details.problem
    if (PeerageError.is(error, 'unsupported-version')) return error.code
    throw error
  }
}

/** The text with this content. */
function enveloped(content: Uint8Array): string {
  const bytes = Buffer.concat([Buffer.alloc(2), content])
  bytes.writeUInt16BE(bytes.length + 4)
  return `peerage:${Buffer.concat([bytes, crypto.sha256(bytes).subarray(0, 4)]).toString('base64url')}`
}
