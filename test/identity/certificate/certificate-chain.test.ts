import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import {
  allowsClassifier,
  requireChainInTime,
  verifyChain,
} from '../../../src/identity/certificate/certificate-chain.ts'
import { CLOCK_TOLERANCE } from '../../../src/identity/certificate/certificate-verification.ts'
import { decodeChain, encodeChain, LONGEST_CHAIN } from '../../../src/identity/certificate/chain-encoding.ts'
import { CERTIFICATE_LABEL } from '../../../src/identity/certificate/identity-certificate.ts'
import { contextPrimitive, INTEGER, OCTET_STRING, SEQUENCE } from '../../../src/identity/der-tags.ts'
import { DER_TRUE, derElement, derObjectIdentifier } from '../../../src/identity/der-writer.ts'
import { encodePem } from '../../../src/identity/pem.ts'
import { ROLES, type Role } from '../../../src/identity/role.ts'
import { concatBytes } from '../../../src/runtime/bytes.ts'
import type { Crypto } from '../../../src/runtime/crypto.ts'
import { openssl } from '../openssl.ts'
import { crypto } from '../platform.ts'
import {
  altered,
  keyPairOf,
  NOW,
  nameOf,
  type RawExtension,
  refusalOf,
  samples,
  withExtension,
  YEAR,
} from './certificate-samples.ts'
import { chainOf, otherGroup, ROOT_KEY, type Step } from './chain-samples.ts'

const problemOf = (steps: readonly Step[], root: Parameters<typeof chainOf>[1] = {}): string =>
  refusalOf(() => verifyChain(crypto, chainOf(steps, root))).problem

interface ClassifierVectors {
  readonly lists: readonly {
    readonly above: readonly string[]
    readonly roles: readonly Role[]
    readonly legal: readonly (readonly string[])[]
    readonly refused: readonly (readonly string[])[]
  }[]
}

const vectors: ClassifierVectors = JSON.parse(
  readFileSync(new URL('../../../docs/protocol/vectors/pnrp-classifiers.json', import.meta.url), 'utf8'),
)

test('N-76, N-77, N-78, P-007, P-009, P-010: a chain of every legal length counts', () => {
  for (const length of [1, 2, 12, LONGEST_CHAIN - 1]) {
    const steps = Array.from({ length }, (_, index) => ({ key: index + 1 }))
    const chain = decodeChain(encodeChain(chainOf(steps)))
    expect(refusalOf(() => verifyChain(crypto, chain)).problem).toBe('none')
    requireChainInTime(chain, NOW)
  }
})

test('N-76, P-007: 26 certificates are refused before a signature is checked', () => {
  const counted = countedCrypto()
  const steps = Array.from({ length: LONGEST_CHAIN }, (_, index) => ({ key: index + 1 }))
  const bytes = encodeChain(chainOf(steps))
  expect(refusalOf(() => verifyChain(counted.crypto, decodeChain(bytes))).problem).toBe('chain-length')
  expect(counted.verified()).toBe(0)
})

test('N-76, N-77: a certificate outside the profile refuses its chain before a signature is checked', () => {
  const integer = (length: number): Uint8Array => derElement(INTEGER, new Uint8Array(length).fill(1))
  const doubled = (given: readonly RawExtension[]): readonly RawExtension[] =>
    [given[0], ...given].flatMap((one) => one ?? [])
  const critical = (given: readonly RawExtension[]): readonly RawExtension[] =>
    given.map((one, index) => (index === 0 ? { ...one, critical: DER_TRUE } : one))
  const wrong: Readonly<Record<string, Uint8Array>> = {
    'serial-number': altered('groupMembership', { serialNumber: integer(15) }),
    version: altered('groupMembership', { version: new Uint8Array() }),
    algorithm: altered('groupMembership', {
      algorithm: derElement(SEQUENCE, derObjectIdentifier(Uint8Array.of(0x2b, 0x65, 0x71))),
    }),
    'unique-identifier': altered('groupMembership', { between: derElement(contextPrimitive(1), Uint8Array.of(0, 1)) }),
    'duplicate-extension': altered('groupMembership', {}, doubled),
    criticality: altered('groupMembership', {}, critical),
    'missing-extension': withExtension('groupMembership', 'roles', undefined),
    'certificate-version': withExtension(
      'groupMembership',
      'certificate version',
      derElement(OCTET_STRING, Uint8Array.of(1, 0, 1, 0)),
    ),
    'certificate-type': withExtension(
      'groupMembership',
      'certificate type',
      derElement(OCTET_STRING, Uint8Array.of(9, 0, 0, 0)),
    ),
  }
  for (const [problem, der] of Object.entries(wrong)) {
    const counted = countedCrypto()
    const judged = () => verifyChain(counted.crypto, decodeChain(concatBytes(samples.groupRoot.der, der)))
    expect(refusalOf(judged).problem).toBe(problem)
    expect(counted.verified()).toBe(0)
  }
})

test('N-78: openssl accepts a chain that counts, and refuses one with a wrong link', () => {
  const judged = (steps: readonly Step[]): boolean => {
    const chain = chainOf(steps)
    const pem = chain.map(({ der }) => encodePem(CERTIFICATE_LABEL, der))
    const files = {
      'root.pem': pem[0] ?? '',
      'middle.pem': pem.slice(1, -1).join(''),
      'leaf.pem': pem.at(-1) ?? '',
    }
    const when = String(NOW / 1000)
    const arguments_ = ['verify', '-attime', when, '-CAfile', 'root.pem', '-untrusted', 'middle.pem', 'leaf.pem']
    return openssl(arguments_, files).accepted
  }
  const steps: readonly Step[] = [{ key: 1 }, { key: 2 }, { key: 3, roles: ['member'] }]
  expect(judged(steps)).toBe(true)
  expect(judged(wrongIn(steps, 1, { signer: 7 }))).toBe(false)
  expect(judged(wrongIn(steps, 1, { issuer: 'Somebody else' }))).toBe(false)
  expect(judged(wrongIn(steps, 1, { notBefore: NOW + 1000 }))).toBe(false)
})

test('N-78, P-009, P-010: each certificate is signed by the key of the one before it, the first by its own', () => {
  const steps: readonly Step[] = [{ key: 1 }, { key: 2 }, { key: 3 }]
  for (const index of steps.keys()) expect(problemOf(wrongIn(steps, index, { signer: 99 }))).toBe('signature')
  expect(problemOf(steps, { signer: 99 })).toBe('signature')
})

test('N-78, P-010: each names as its issuer what the one before it names as its subject', () => {
  const steps: readonly Step[] = [{ key: 1 }, { key: 2 }, { key: 3 }]
  for (const index of steps.keys()) {
    expect(problemOf(wrongIn(steps, index, { issuerPeerName: nameOf(keyPairOf(50)) }))).toBe('chain-issuer')
    expect(problemOf(wrongIn(steps, index, { issuer: 'Somebody else' }))).toBe('chain-issuer')
  }
})

test('N-78, P-012: a moment outside the validity of one certificate refuses the chain', () => {
  const day = 86_400_000
  const chain = chainOf([
    { key: 1, notAfter: NOW + day },
    { key: 2, notBefore: NOW, notAfter: NOW + day },
  ])
  const problemAt = (moment: number): string => refusalOf(() => requireChainInTime(chain, moment)).problem
  expect(problemAt(NOW)).toBe('none')
  expect(problemAt(NOW - CLOCK_TOLERANCE)).toBe('none')
  expect(problemAt(NOW - CLOCK_TOLERANCE - 1)).toBe('not-yet-valid')
  expect(problemAt(NOW + day + CLOCK_TOLERANCE)).toBe('none')
  expect(problemAt(NOW + day + CLOCK_TOLERANCE + 1)).toBe('expired')
})

test('P-012: the validity of each lies inside that of the one before', () => {
  expect(problemOf([{ key: 1, notAfter: NOW + YEAR + 1000 }])).toBe('chain-validity')
  expect(problemOf([{ key: 1, notBefore: NOW }, { key: 2 }])).toBe('chain-validity')
  expect(problemOf([{ key: 1, notAfter: NOW + 1000 }, { key: 2 }])).toBe('chain-validity')
})

test('P-008: a key is in a chain once', () => {
  expect(problemOf([{ key: 1 }, { key: 2 }, { key: 1 }])).toBe('chain-circular')
  expect(problemOf([{ key: 1 }, { key: ROOT_KEY }])).toBe('chain-circular')
})

test('N-77, P-011: the peer name of the group is the same in all', () => {
  const steps: readonly Step[] = [{ key: 1 }, { key: 2 }, { key: 3 }]
  for (const index of steps.keys())
    expect(problemOf(wrongIn(steps, index, { groupPeerName: otherGroup }))).toBe('chain-group')
})

test('P-011: the authority of every subject is the hash of its key', () => {
  const steps: readonly Step[] = [{ key: 1 }, { key: 2 }]
  for (const index of steps.keys()) {
    expect(problemOf(wrongIn(steps, index, { peerName: nameOf(keyPairOf(50)) }))).toBe('authority')
  }
  expect(problemOf([{ key: 1, groupPeerName: otherGroup }], { peerName: otherGroup })).toBe('authority')
})

test('N-80, P-013: who may give which role', () => {
  const legal = (above: readonly Role[], roles: readonly Role[]): boolean =>
    problemOf([
      { key: 1, roles: above },
      { key: 2, roles },
    ]) === 'none'
  for (const role of ROLES) expect(problemOf([{ key: 1, roles: [role] }])).toBe('none')
  expect(ROLES.map((role) => legal(['administrator'], [role]))).toEqual([true, true, true])
  expect(ROLES.map((role) => legal(['inviting-member'], [role]))).toEqual([false, true, true])
  expect(ROLES.map((role) => legal(['member'], [role]))).toEqual([false, false, false])
  // Several roles add up, and each that is given must be one that can be given.
  expect(legal(['inviting-member', 'member'], ['inviting-member', 'member'])).toBe(true)
  expect(legal(['inviting-member', 'member'], ['administrator', 'member'])).toBe(false)
  expect(legal(['administrator', 'member'], ['administrator'])).toBe(true)
})

test('N-80, P-048: under a link stand only GMCs with exactly its role, also with role member', () => {
  const under = (role: Role, step: Partial<Step>): string =>
    problemOf([{ key: 1 }, { key: 2, kind: 'link', roles: [role] }, { key: 3, ...step }])
  for (const role of ROLES) {
    expect(under(role, { roles: [role] })).toBe('none')
    for (const other of ROLES) if (other !== role) expect(under(role, { roles: [other] })).toBe('chain-roles')
  }
  expect(under('administrator', { roles: ['administrator', 'member'] })).toBe('chain-roles')
  expect(under('member', { kind: 'link', roles: ['member'] })).toBe('chain-roles')
  expect(
    problemOf([
      { key: 1, roles: ['inviting-member'] },
      { key: 2, kind: 'link', roles: ['administrator'] },
    ]),
  ).toBe('chain-roles')
})

test.each(vectors.lists)(
  'N-81, N-82, P-014, P-015: what may stand under $above with $roles',
  ({ above, roles, legal, refused }) => {
    // The list of the first certificate under the root is free.
    const problem = (classifiers: readonly string[]): string =>
      problemOf([
        { key: 1, classifiers: above },
        { key: 2, roles, classifiers },
      ])
    for (const classifiers of legal)
      expect({ classifiers, problem: problem(classifiers) }).toEqual({ classifiers, problem: 'none' })
    for (const classifiers of refused) {
      expect({ classifiers, problem: problem(classifiers) }).toEqual({ classifiers, problem: 'chain-classifiers' })
    }
  },
)

test('N-81: several roles allow what the highest of them allows', () => {
  expect(allowsClassifier(['fish'], ['administrator', 'member'], 'fish food')).toBe(true)
  expect(allowsClassifier(['fish'], ['member'], 'fish food')).toBe(false)
})

/** The steps with one of them changed. */
function wrongIn(steps: readonly Step[], place: number, wrong: Partial<Step>): readonly Step[] {
  return steps.map((step, index) => (index === place ? { ...step, ...wrong } : step))
}

/** The platform's crypto, which counts the signatures that it checks. */
function countedCrypto(): { readonly crypto: Crypto; verified(): number } {
  let verified = 0
  const counting: Crypto = {
    ...crypto,
    verify: (signature, message, publicKey) => {
      verified++
      return crypto.verify(signature, message, publicKey)
    },
  }
  return { crypto: counting, verified: () => verified }
}
