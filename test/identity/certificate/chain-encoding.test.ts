import { expect, test } from 'vitest'
import type { GroupMembershipCertificate } from '../../../src/identity/certificate/certificate.ts'
import { issueCertificate } from '../../../src/identity/certificate/certificate-writer.ts'
import {
  type Chain,
  decodeChain,
  encodeChain,
  LARGEST_CHAIN,
  LONGEST_CHAIN,
} from '../../../src/identity/certificate/chain-encoding.ts'
import { concatBytes } from '../../../src/runtime/bytes.ts'
import { crypto } from '../platform.ts'
import { contents, group, nameOf, refusalOf, samples } from './certificate-samples.ts'

const { identity, groupRoot, groupMembership, link } = samples
const problemOf = (...certificates: readonly { readonly der: Uint8Array }[]): string =>
  refusalOf(() => decodeChain(concatBytes(...certificates.map(({ der }) => der)))).problem

function chainOf(length: number): readonly { readonly der: Uint8Array }[] {
  return [groupRoot, ...Array.from({ length: length - 1 }, () => groupMembership)]
}

test('a chain is its certificates in DER, root first, and is read back', () => {
  const bytes = concatBytes(groupRoot.der, groupMembership.der, link.der)
  const chain = decodeChain(bytes)
  expect(chain).toEqual([groupRoot, groupMembership, link])
  expect(encodeChain(chain)).toEqual(bytes)
})

test('I-28: 2 to 25 certificates are a chain', () => {
  expect(problemOf(...chainOf(2))).toBe('none')
  expect(problemOf(...chainOf(LONGEST_CHAIN))).toBe('none')
  expect(problemOf()).toBe('chain-length')
  expect(problemOf(groupRoot)).toBe('chain-length')
  expect(problemOf(...chainOf(LONGEST_CHAIN + 1))).toBe('chain-length')
})

test('I-28: 26 certificates are refused before one of them is read', () => {
  const rubbish = { der: Uint8Array.of(0x30, 0) }
  expect(problemOf(...Array.from({ length: 26 }, () => rubbish))).toBe('chain-length')
  expect(problemOf(...Array.from({ length: 25 }, () => rubbish))).toBe('encoding')
})

test('a chain begins with its GRC, and GMCs and link certificates follow', () => {
  expect(problemOf(groupMembership, groupMembership)).toBe('chain-order')
  expect(problemOf(groupRoot, groupRoot)).toBe('chain-order')
})

test('I-26: an IDC is no part of a chain', () => {
  expect(problemOf(groupRoot, identity)).toBe('chain-order')
  expect(problemOf(identity, groupMembership)).toBe('chain-order')
})

test('I-28: a chain that is cut short, or too large, is refused as that', () => {
  const bytes = concatBytes(groupRoot.der, groupMembership.der)
  for (const length of [1, groupRoot.der.length - 1, groupRoot.der.length + 1, bytes.length - 1]) {
    expect(refusalOf(() => decodeChain(bytes.subarray(0, length))).problem).toBe('encoding')
  }
  expect(refusalOf(() => decodeChain(new Uint8Array(LARGEST_CHAIN + 1))).problem).toBe('too-long')
})

test('I-16: the longest chain without personal names fits, whatever the name of its group', () => {
  const wide = '\u4e2d'
  const groupPeerName = nameOf(group, wide.repeat(149))
  const root = issueCertificate(
    crypto,
    { ...contents.groupRoot, peerName: groupPeerName, subject: wide.repeat(254), issuer: wide.repeat(254) },
    group.secretKey,
  )
  const member = (issuer: string): GroupMembershipCertificate => {
    const classifiers = ['participant']
    const content = {
      ...contents.groupMembership,
      groupPeerName,
      issuer,
      roles: ['inviting-member'],
      classifiers,
    } as const
    const certificate = issueCertificate(crypto, content, group.secretKey)
    if (certificate.kind !== 'group-membership') throw new Error('not a GMC')
    return certificate
  }
  if (root.kind !== 'group-root') throw new Error('not a GRC')
  const deeper = member(contents.groupMembership.subject)
  const chain: Chain = [root, member(root.subject), ...Array.from({ length: LONGEST_CHAIN - 2 }, () => deeper)]
  expect(decodeChain(encodeChain(chain))).toHaveLength(LONGEST_CHAIN)
})
