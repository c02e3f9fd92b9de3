import { describe, expect, test } from 'vitest'
import { certificateDigest } from '../../src/group/digests.ts'
import { makeGroupRoot } from '../../src/group/group-root.ts'
import { PARTICIPANT } from '../../src/group/issuer.ts'
import { issueMembership, type MembershipRequest, renewMembership } from '../../src/group/membership-issuing.ts'
import { LONGEST_CHAIN } from '../../src/identity/certificate/chain-encoding.ts'
import { CERTIFICATE_LABEL, INFINITE_VALIDITY } from '../../src/identity/certificate/identity-certificate.ts'
import { authorityPart, makePeerName } from '../../src/identity/peer-name.ts'
import { encodePem } from '../../src/identity/pem.ts'
import { ROLES, type Role } from '../../src/identity/role.ts'
import { expectCode } from '../../src/runtime/acceptance/acceptance.ts'
import { equalBytes, toUtf8 } from '../../src/runtime/bytes.ts'
import type { ErrorCode } from '../../src/runtime/peerage-error.ts'
import { NOW } from '../identity/certificate/certificate-samples.ts'
import { openssl, opensslOutput } from '../identity/openssl.ts'
import { crypto, random } from '../identity/platform.ts'
import { DAY, type Member, person, requestFor, SampleGroup, stateAt } from './issuing-samples.ts'

const pem = (der: Uint8Array): string => encodePem(CERTIFICATE_LABEL, der)

/** The code with which issuing refuses a request that is wrong in one place. */
function refusal<Code extends ErrorCode>(
  code: Code,
  wrong: Partial<MembershipRequest>,
  { by, state = stateAt(NOW) }: { by?: Member; state?: ReturnType<typeof stateAt> } = {},
) {
  const group = new SampleGroup()
  const request = { ...requestFor(group.name, person(9)), ...wrong }
  const issue = () => issueMembership(crypto, random, (by ?? group.creator).issuer, request, state)
  return expectCode(code, issue, `a request with ${JSON.stringify(wrong)}`)
}

describe('the root', () => {
  test('a group has a key of its own, a new one for each group', () => {
    const names = { friendlyName: 'Book club', classifier: 'book club' }
    const [one, other] = [makeGroupRoot(crypto, random, names, NOW), makeGroupRoot(crypto, random, names, NOW)]
    expect(one.keyPair.publicKey).not.toEqual(other.keyPair.publicKey)
    expect(one.root.publicKey).toEqual(one.keyPair.publicKey)
    expect(one.root.peerName).not.toBe(other.root.peerName)
  })

  test('P-006: the root and the GMC of the creator end 1,000 years later, as openssl prints', () => {
    const { made, creator } = new SampleGroup({ now: NOW + 999 })
    for (const { notBefore, notAfter, der } of [made.root, creator.chain.leaf]) {
      expect(notBefore).toBe(NOW)
      expect(notAfter - notBefore).toBe(INFINITE_VALIDITY)
      const dates = opensslOutput(['x509', '-in', 'certificate', '-noout', '-dates'], { certificate: pem(der) })
      expect(dates).toContain('notBefore=Nov 22 17:00:00 2026 GMT')
      expect(dates).toContain('notAfter=Nov 23 05:00:00 3026 GMT')
    }
  })

  test('without a friendly name, the peer name stands in the certificate', () => {
    const { root } = makeGroupRoot(crypto, random, { classifier: '' }, NOW)
    expect(root.subject).toBe(root.peerName)
    expect(root.peerName).toMatch(/^[0-9a-f]{40}\.$/)
  })
})

describe('issuing', () => {
  test('P-005: openssl verifies a chain of 25 as it is issued here', () => {
    const chain = new SampleGroup().line(LONGEST_CHAIN - 1).at(-1)?.chain.chain ?? []
    expect(chain).toHaveLength(LONGEST_CHAIN)
    const [root = '', ...rest] = chain.map(({ der }) => pem(der))
    const files = { root, between: rest.slice(0, -1).join(''), last: rest.at(-1) ?? '' }
    const at = ['-attime', String(NOW / 1000)]
    const verified = openssl(
      ['verify', '-x509_strict', ...at, '-CAfile', 'root', '-untrusted', 'between', 'last'],
      files,
    )
    expect(verified).toMatchObject({ accepted: true })
  })

  test('P-007: a 25th certificate under the root is not issued', () => {
    const last = new SampleGroup().line(LONGEST_CHAIN - 1).at(-1)
    expect(refusal('chain-too-long', {}, { ...(last && { by: last }) }).details).toEqual({ limit: LONGEST_CHAIN })
  })

  test('P-008: nobody gets a GMC under a certificate of the same key', () => {
    const [, second] = new SampleGroup().line(3)
    refusal('circular-chain', requestFor(new SampleGroup().name, person(1)), {
      ...(second && { by: second }),
    })
    refusal('circular-chain', requestFor(new SampleGroup().name, person(2)), { ...(second && { by: second }) })
  })

  test('P-016, P-017: administrators issue for every role, inviting members for two, members for none', () => {
    const group = new SampleGroup()
    const mayIssue = (role: Role): readonly Role[] => {
      const issuer = group.admit(group.creator.issuer, person(5), role)
      return ROLES.filter((given) => {
        const request = { ...requestFor(group.name, person(6)), roles: [given] }
        const issue = () => issueMembership(crypto, random, issuer.issuer, request, stateAt(NOW))
        if (mayGive[role].includes(given)) return issue().roles[0] === given
        return expectCode('not-authorized', issue, `${given} by ${role}`) === undefined
      })
    }
    const mayGive: Readonly<Record<Role, readonly Role[]>> = {
      administrator: ROLES,
      'inviting-member': ['inviting-member', 'member'],
      member: [],
    }
    for (const role of ROLES) expect(mayIssue(role)).toEqual(mayGive[role])
  })

  test('P-018: administrators get the empty list of classifiers, all others the one of participants', () => {
    const group = new SampleGroup()
    for (const by of [group.creator, group.admit(group.creator.issuer, person(4), 'inviting-member')]) {
      for (const role of ROLES) {
        if (by !== group.creator && role === 'administrator') continue
        const expected = role === 'administrator' ? [] : [PARTICIPANT]
        expect(group.admit(by.issuer, person(5), role).chain.leaf.classifiers).toEqual(expected)
      }
    }
  })

  test('P-038: a request for another group is refused', () => {
    const other = new SampleGroup({ classifier: 'another' }).name
    expect(refusal('another-group', { group: other }).details).toEqual({
      expected: new SampleGroup().name,
      given: other,
    })
  })

  test('P-038: an empty peer name is refused, and one without a key behind it', () => {
    refusal('invalid-peer-name', { peerName: '' })
    refusal('unsecured-peer-name', { peerName: '0.bob' })
  })

  test('P-038: a friendly name of 256 characters is refused, one of 255 is not', () => {
    refusal('invalid-friendly-name', { friendlyName: 'x'.repeat(256) })
    const group = new SampleGroup()
    const request = { ...requestFor(group.name, person(9)), friendlyName: 'x'.repeat(255) }
    expect(issueMembership(crypto, random, group.creator.issuer, request, stateAt(NOW)).depth).toBe(2)
  })

  test('P-038: what is no Ed25519 key is refused', () => {
    refusal('invalid-public-key', { publicKey: new Uint8Array(128) })
    // A point of small order.
    refusal('invalid-public-key', { publicKey: Uint8Array.of(1, ...new Uint8Array(31)) })
  })

  test('P-038: a key that is not that of the peer name, or of its GMC on record, is refused', () => {
    const group = new SampleGroup()
    refusal('key-of-another-name', { publicKey: person(10).keyPair.publicKey })
    const onRecord = group.admit(group.creator.issuer, person(10)).chain
    refusal('key-of-another-name', {}, { state: { ...stateAt(NOW), onRecord } })
  })

  test('P-038: a role that does not exist, or that the own roles cannot give, is refused', () => {
    expect(refusal('unknown-role', { roles: ['member', 'owner'] }).details.role).toBe('owner')
    refusal('invalid-argument', { roles: [] })
    const group = new SampleGroup()
    const by = group.admit(group.creator.issuer, person(4), 'inviting-member')
    refusal('not-authorized', { roles: ['member', 'administrator'] }, { by })
  })

  test('P-038: with a GMC that has expired nothing is issued', () => {
    const group = new SampleGroup()
    const by = group.admit(group.creator.issuer, person(4), 'administrator', { notAfter: NOW + DAY })
    const { details } = refusal('membership-not-in-force', {}, { by, state: stateAt(NOW + DAY + 1) })
    expect(details.problem).toContain('expired')
    expect(group.admit(by.issuer, person(9), 'member', { now: NOW + DAY - 1000 }).chain.depth).toBe(3)
  })

  test('P-038: with a GMC that is revoked, or stands under one that is, nothing is issued', () => {
    const group = new SampleGroup()
    const above = group.admit(group.creator.issuer, person(4), 'administrator')
    const by = group.admit(above.issuer, person(5), 'administrator')
    for (const { leaf } of [above.chain, by.chain]) {
      const revoked = certificateDigest(crypto, leaf.der)
      const state = { now: NOW, stands: (path: readonly string[]) => !path.some((digest) => digest === revoked) }
      expect(refusal('membership-not-in-force', {}, { by, state }).details.problem).toContain('revoked')
    }
  })

  test('P-039: a GMC neither starts before its issuer nor ends after it', () => {
    const group = new SampleGroup()
    const by = group.admit(group.creator.issuer, person(4), 'administrator', { notAfter: NOW + DAY })
    refusal('invalid-time-period', { notBefore: NOW - 1000 }, { by })
    refusal('invalid-time-period', { notAfter: NOW + DAY + 1000 }, { by })
    refusal('invalid-time-period', { notAfter: NOW }, { by })
    refusal('invalid-time-period', { notAfter: Number.NaN }, { by })
    refusal('invalid-time-period', { notBefore: Number.NaN }, { by })
    const request = { ...requestFor(group.name, person(9)), notBefore: NOW, notAfter: NOW + DAY }
    const { leaf } = issueMembership(crypto, random, by.issuer, request, stateAt(NOW))
    expect([leaf.notBefore, leaf.notAfter]).toEqual([NOW, NOW + DAY])
  })

  test("P-039: an omitted end becomes the issuer's own, with the group key that of the root", () => {
    const group = new SampleGroup()
    const by = group.admit(group.creator.issuer, person(4), 'administrator', { notAfter: NOW + DAY })
    expect(group.admit(by.issuer, person(9)).chain.leaf.notAfter).toBe(NOW + DAY)
    expect(group.admit(group.key, person(9)).chain.leaf.notAfter).toBe(group.made.root.notAfter)
  })

  test('a clock behind that of the issuer does not keep anybody from issuing', () => {
    const group = new SampleGroup()
    const { leaf } = group.admit(group.creator.issuer, person(9), 'member', { now: NOW - 60_000 }).chain
    expect(leaf.notBefore).toBe(NOW)
  })

  test('P-047: what is issued to who came by a password: role, its classifiers, from now to the end of the admitter', () => {
    const group = new SampleGroup()
    const admitter = group.admit(group.creator.issuer, person(4), 'inviting-member', { notAfter: NOW + DAY })
    const { chain, leaf } = group.admit(admitter.issuer, person(9), 'member', { now: NOW + 5500 }).chain
    expect(chain.slice(0, -1)).toEqual(admitter.chain.chain)
    expect(leaf).toMatchObject({
      roles: ['member'],
      classifiers: [PARTICIPANT],
      notBefore: NOW + 5000,
      notAfter: NOW + DAY,
      publicKey: person(9).keyPair.publicKey,
    })
  })

  test('no certificate of a group shows a friendly name of a member, or a peer name but bare authorities', () => {
    const group = new SampleGroup()
    const bob = person(7, 'Bob the Reader', 'bob at work')
    const { chain, leaf } = group.admit(
      group.admit(group.creator.issuer, person(6, 'Cleo'), 'administrator').issuer,
      bob,
    ).chain
    expect(leaf.subject).toBe(authorityPart(bob.peerName))
    expect(leaf.peerName).toBe(makePeerName(authorityPart(bob.peerName), ''))
    for (const { der } of chain) {
      for (const text of ['Ann', 'Cleo', 'Bob the Reader', 'bob at work', 'at home'])
        expect(holds(der, text)).toBe(false)
    }
    expect(holds(chain[0].der, 'Book club')).toBe(true)
  })
})

describe('renewing', () => {
  const group = new SampleGroup()
  const bob = group.admit(group.creator.issuer, person(7, 'Bob'), 'inviting-member', { notAfter: NOW + 10 * DAY })
  const renewal = { group: group.name, peerName: bob.peerName }
  const later = NOW + 9 * DAY

  test('what is omitted is taken from the GMC on record, the duration too', () => {
    const state = { ...stateAt(later), onRecord: bob.chain }
    const renewed = renewMembership(crypto, random, group.creator.issuer, renewal, state)
    expect(renewed.leaf).toMatchObject({
      publicKey: bob.keyPair.publicKey,
      roles: ['inviting-member'],
      notBefore: later,
      notAfter: later + 10 * DAY,
    })
    expect(renewed.digest).not.toBe(bob.chain.digest)
    const changed = { ...renewal, roles: ['member'], notAfter: later + DAY }
    const { leaf } = renewMembership(crypto, random, group.creator.issuer, changed, state)
    expect(leaf).toMatchObject({ roles: ['member'], notAfter: later + DAY })
  })

  test('with nothing on record, or only of somebody else, there is nothing to renew', () => {
    const renew = (onRecord?: Member) => () =>
      renewMembership(crypto, random, group.creator.issuer, renewal, { ...stateAt(later), onRecord: onRecord?.chain })
    expect(expectCode('member-not-found', renew(), 'nothing on record').details.peer).toBe(bob.peerName)
    expectCode('member-not-found', renew(group.creator), 'somebody else on record')
  })

  test('a duration that is taken over ends with the issuer, one that is asked for is refused beyond that', () => {
    const by = group.admit(group.creator.issuer, person(8), 'administrator', { notAfter: later + DAY })
    const state = { ...stateAt(later), onRecord: bob.chain }
    expect(renewMembership(crypto, random, by.issuer, renewal, state).leaf.notAfter).toBe(later + DAY)
    const tooLong = { ...renewal, notAfter: later + 2 * DAY }
    expectCode('invalid-time-period', () => renewMembership(crypto, random, by.issuer, tooLong, state), 'too long')
  })
})

function holds(bytes: Uint8Array, text: string): boolean {
  const wanted = toUtf8(text)
  return bytes.some((_, start) => equalBytes(bytes.subarray(start, start + wanted.length), wanted))
}
