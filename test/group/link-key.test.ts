import { describe, expect, test } from 'vitest'
import { PARTICIPANT } from '../../src/group/issuer.ts'
import { linkEntries, whyNotAdmitted, whyNotAdmitting } from '../../src/group/link-admission.ts'
import { joinWithLink, type LinkKey, type LinkRequest, linkAtEnd, makeLink } from '../../src/group/link-key.ts'
import { LINK_TERMS_IDENTIFIER, linkTermsExtension, linkTermsOf, MOST_LINK_USES } from '../../src/group/link-terms.ts'
import type { MemberChain } from '../../src/group/member-chain.ts'
import { CERTIFICATE_LABEL } from '../../src/identity/certificate/identity-certificate.ts'
import { authorityPart } from '../../src/identity/peer-name.ts'
import { encodePem } from '../../src/identity/pem.ts'
import { ROLES, type Role } from '../../src/identity/role.ts'
import { expectCode } from '../../src/runtime/acceptance/acceptance.ts'
import { toHex } from '../../src/runtime/bytes.ts'
import { NOW, refusalOf } from '../identity/certificate/certificate-samples.ts'
import { openssl, opensslOutput } from '../identity/openssl.ts'
import { crypto, random } from '../identity/platform.ts'
import { DAY, type Member, person, SampleGroup, stateAt } from './issuing-samples.ts'

const group = new SampleGroup()
const pem = (der: Uint8Array): string => encodePem(CERTIFICATE_LABEL, der)

function linkOf(by: Member = group.creator, request: Partial<LinkRequest> = {}, now: number = NOW): LinkKey {
  const usual = { role: 'member', admitsUntil: NOW + 7 * DAY, uses: 1, admitter: undefined } as const
  return makeLink(crypto, random, by.issuer, { ...usual, ...request }, stateAt(now))
}

function joined(link: LinkKey, byte = 9, now: number = NOW): MemberChain {
  return joinWithLink(crypto, random, link, person(byte).keyPair.publicKey, now)
}

describe('making a link', () => {
  test('P-114: administrators make links for every role, inviting members for two, members for none', () => {
    const mayGive: Readonly<Record<Role, readonly Role[]>> = {
      administrator: ROLES,
      'inviting-member': ['inviting-member', 'member'],
      member: [],
    }
    for (const own of ROLES) {
      const by = group.admit(group.creator.issuer, person(5), own)
      for (const role of ROLES) {
        if (mayGive[own].includes(role)) expect(linkAtEnd(linkOf(by, { role }).chain).roles).toEqual([role])
        else expectCode('not-authorized', () => linkOf(by, { role }), `${role} by ${own}`)
      }
    }
  })

  test('P-048: the certificate ends with its maker, admission before that', () => {
    const by = group.admit(group.creator.issuer, person(5), 'administrator', { notAfter: NOW + 30 * DAY })
    const link = linkAtEnd(linkOf(by).chain)
    expect(link).toMatchObject({
      roles: ['member'],
      classifiers: [PARTICIPANT],
      notBefore: NOW,
      notAfter: NOW + 30 * DAY,
      admitsUntil: NOW + 7 * DAY,
    })
    for (const admitsUntil of [NOW, NOW - 1, NOW + 31 * DAY, Number.NaN]) {
      expectCode('invalid-time-period', () => linkOf(by, { admitsUntil }), `until ${admitsUntil}`)
    }
  })

  test('who is not in force makes none', () => {
    const by = group.admit(group.creator.issuer, person(5), 'administrator', { notAfter: NOW + DAY })
    expectCode('membership-not-in-force', () => linkOf(by, {}, NOW + 2 * DAY), 'expired')
    const revoked = { now: NOW, stands: () => false }
    const request = { role: 'member', admitsUntil: NOW + DAY, uses: 1, admitter: undefined } as const
    expectCode('membership-not-in-force', () => makeLink(crypto, random, by.issuer, request, revoked), 'revoked')
  })

  test('each link has a key of its own', () => {
    expect(linkOf().seed).not.toEqual(linkOf().seed)
  })
})

describe('joining with a link', () => {
  test.each(ROLES)(
    'P-048: the holder of a link for %s makes a GMC of exactly that role, which openssl verifies',
    (role) => {
      const link = linkOf(group.creator, { role })
      const { leaf, chain, depth } = joined(link, 9, NOW + 1500)
      expect(depth).toBe(3)
      expect(leaf).toMatchObject({
        publicKey: person(9).keyPair.publicKey,
        roles: [role],
        notBefore: NOW + 1000,
        notAfter: linkAtEnd(link.chain).notAfter,
      })
      const [root = '', creator = '', made = '', last = ''] = chain.map(({ der }) => pem(der))
      const files = { root, between: creator + made, last }
      const at = ['-attime', String(NOW / 1000 + 60)]
      expect(
        openssl(['verify', '-x509_strict', ...at, '-CAfile', 'root', '-untrusted', 'between', 'last'], files),
      ).toMatchObject({ accepted: true })
    },
  )

  test('after its expiry the link is not used', () => {
    const { details } = expectCode('invalid-invitation', () => joined(linkOf(), 9, NOW + 7 * DAY + 1), 'expired')
    expect(details.problem).toBe('expired')
    expect(joined(linkOf(), 9, NOW + 7 * DAY).depth).toBe(3)
  })

  test('its maker cannot come in by it, and another private key makes nothing', () => {
    expectCode('circular-chain', () => joined(linkOf(), 1), 'the maker')
    const forged = { ...linkOf(), seed: new Uint8Array(32).fill(77) }
    expect(refusalOf(() => joined(forged)).problem).toBe('signature')
  })
})

describe('the terms', () => {
  test('they stand in the certificate, and openssl prints their identifier', () => {
    const admitter = authorityPart(group.creator.peerName)
    for (const terms of [
      { uses: 1, admitter },
      { uses: MOST_LINK_USES, admitter: undefined },
      { uses: undefined, admitter },
      { uses: undefined, admitter: undefined },
    ]) {
      const link = linkAtEnd(linkOf(group.creator, terms).chain)
      expect(linkTermsOf(link)).toEqual(terms)
    }
    const { der } = linkAtEnd(linkOf().chain)
    const text = opensslOutput(['x509', '-in', 'link', '-noout', '-text'], { link: pem(der) })
    expect(text).toContain('2.25.131563418527250331837642893279900427703')
  })

  test('their bytes are those of docs/protocol/group-certificates.md', () => {
    const admitter = authorityPart(group.creator.peerName)
    expect(toHex(linkTermsExtension({ uses: 300, admitter }).value)).toBe(`301a0202012c8014${admitter}`)
    expect(toHex(LINK_TERMS_IDENTIFIER)).toBe('6981c5fa98d5ddf1ea9ea9b6b5cfcbc9ee9dcb37')
  })

  test('a number of uses that is none is refused', () => {
    for (const uses of [0, -1, 1.5, Number.NaN, MOST_LINK_USES + 1]) {
      expectCode('invalid-argument', () => linkOf(group.creator, { uses }), `${uses} uses`)
    }
  })

  test('terms of another form are refused with a reason of their own', () => {
    const link = linkAtEnd(linkOf().chain)
    const { value } = linkTermsExtension({ uses: 300, admitter: authorityPart(group.creator.peerName) })
    const broken = [
      ...Array.from(value.keys(), (length) => value.slice(0, length)),
      Uint8Array.of(...value, 0),
      Uint8Array.of(0x30, 3, 2, 1, 0),
      Uint8Array.of(0x30, 3, 0x80, 1, 0),
    ]
    for (const one of broken) {
      const altered = { ...link, unknownExtensions: [{ identifier: LINK_TERMS_IDENTIFIER, value: one }] }
      expect(refusalOf(() => linkTermsOf(altered)).problem).toBe('link-terms')
    }
    expect(linkTermsOf({ ...link, unknownExtensions: [] })).toEqual({ uses: undefined, admitter: undefined })
  })
})

describe('admission', () => {
  const admitter = authorityPart(group.creator.peerName)
  const other = authorityPart(person(8).peerName)
  const entryOf = (terms: Partial<LinkRequest>) => {
    const [entry] = linkEntries(joined(linkOf(group.creator, terms)).chain)
    if (entry === undefined) throw new Error('no entry')
    return entry
  }

  test('a chain has an entry for each link in it, and others have none', () => {
    const first = linkOf(group.creator, { role: 'administrator' })
    const bob = { ...person(9), chain: joined(first) }
    const issuer = { chain: bob.chain.chain, secretKey: bob.keyPair.secretKey }
    const second = joined(linkOf({ ...bob, issuer }), 10)
    expect(linkEntries(second.chain).map(({ holder }) => holder.publicKey)).toEqual([
      bob.keyPair.publicKey,
      person(10).keyPair.publicKey,
    ])
    expect(linkEntries(group.creator.chain.chain)).toEqual([])
    expect(linkEntries(first.chain)).toEqual([])
  })

  test('P-049: it counts if another member made it until the expiry, and if a named admitter did', () => {
    const entry = entryOf({})
    expect(whyNotAdmitted(entry, admitter, NOW + 7 * DAY)).toBeUndefined()
    expect(whyNotAdmitted(entry, admitter, NOW + 7 * DAY + 1)).toBe('link-expired')
    expect(whyNotAdmitted(entry, authorityPart(person(9).peerName), NOW)).toBe('link-admits-itself')
    const named = entryOf({ admitter: other })
    expect(whyNotAdmitted(named, admitter, NOW)).toBe('link-of-another-admitter')
    expect(whyNotAdmitted(named, other, NOW)).toBeUndefined()
  })

  test('who admits looks at the number of uses as well', () => {
    const entry = entryOf({ uses: 2 })
    expect(whyNotAdmitting(entry, admitter, NOW, 1)).toBeUndefined()
    expect(whyNotAdmitting(entry, admitter, NOW, 2)).toBe('link-used-up')
    expect(whyNotAdmitting(entry, admitter, NOW + 8 * DAY, 0)).toBe('link-expired')
    expect(whyNotAdmitting(entryOf({ uses: undefined }), admitter, NOW, 1_000_000)).toBeUndefined()
  })
})
