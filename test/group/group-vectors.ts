/** The published vectors of memberships and revocations as values of the program. */
import { readFileSync } from 'node:fs'
import { type AuthorChain, rootChain } from '../../src/group/author-chain.ts'
import { type CertificateDigest, certificateDigest } from '../../src/group/digests.ts'
import { type MemberChain, readMemberChain } from '../../src/group/member-chain.ts'
import type { RecordVersion } from '../../src/group/standing.ts'
import { readCertificate } from '../../src/identity/certificate/certificate-reader.ts'
import { parsePeerName } from '../../src/identity/peer-name.ts'
import { recordIdFromBytes } from '../../src/records/record-id.ts'
import { concatBytes } from '../../src/runtime/bytes.ts'
import { crypto } from '../identity/platform.ts'
import { hex } from '../records/record-vectors.ts'

interface RefusedVector {
  readonly what: string
  readonly error: string
  readonly payload: string
}

interface MembershipVectors {
  readonly group: string
  readonly now: number
  readonly certificates: Readonly<Record<string, { readonly der: string }>>
  readonly chains: Readonly<Record<string, readonly string[]>>
  readonly digests: {
    readonly certificates: Readonly<Record<string, string>>
    readonly chains: Readonly<Record<string, string>>
  }
  readonly payloads: readonly {
    readonly what: string
    readonly chain: string
    readonly peerName: string
    readonly friendlyName: string | null
    readonly payload: string
  }[]
  readonly unknown: string
  readonly refused: readonly RefusedVector[]
}

/** The ID and the digest of a record. */
export interface VersionVector {
  readonly id: string
  readonly digest: string
}

interface RevocationVector {
  readonly author: string
  readonly revoked: readonly string[]
  readonly children: readonly string[]
  readonly records: readonly VersionVector[]
}

/** What came to a node, and what follows. */
export interface HistoryVector {
  readonly what: string
  readonly memberships?: readonly (VersionVector & {
    readonly chain: string
    readonly author: string
    readonly created: number
  })[]
  readonly revocations: readonly (VersionVector & RevocationVector & { readonly name: string })[]
  readonly counts: Readonly<Record<string, boolean>>
  readonly standing: Readonly<Record<string, string>>
  readonly records: readonly (VersionVector & {
    readonly creator: string
    readonly author: string
    readonly standing: string
  })[]
}

interface RevocationVectors {
  readonly revocations: readonly (RevocationVector & { readonly what: string; readonly payload: string })[]
  readonly unknown: string
  readonly refused: readonly RefusedVector[]
  readonly pages: readonly {
    readonly what: string
    readonly children: readonly string[]
    readonly records: readonly VersionVector[]
    readonly digest: string
    readonly payload: string
  }[]
  readonly refusedPages: readonly RefusedVector[]
  readonly paged: {
    readonly author: string
    readonly revoked: readonly string[]
    readonly children: readonly string[]
    readonly recordsFrom: number
    readonly recordsUntil: number
    readonly pages: readonly string[]
    readonly payload: string
  }
  readonly rights: readonly {
    readonly author: string
    readonly chain: string
    readonly index: number
    readonly allowed: boolean
  }[]
  readonly histories: readonly HistoryVector[]
}

export const membershipVectors: MembershipVectors = JSON.parse(
  readFileSync('docs/protocol/vectors/group-membership.json', 'utf8'),
)
export const revocationVectors: RevocationVectors = JSON.parse(
  readFileSync('docs/protocol/vectors/group-revocation.json', 'utf8'),
)

export const vectorGroup = parsePeerName(membershipVectors.group)

/** The bytes of the chain of this name. */
export function chainBytes(name: string): Uint8Array {
  return concatBytes(...(membershipVectors.chains[name] ?? []).map(derOf))
}

/** The chain of a member of this name. */
export function memberCalled(name: string): MemberChain {
  return readMemberChain(crypto, vectorGroup, chainBytes(name))
}

/** The chain of this name, the GRC alone among them. */
export function authorCalled(name: string): AuthorChain {
  if (name !== 'root') return memberCalled(name)
  const root = readCertificate(derOf(name))
  if (root.kind !== 'group-root') throw new Error('no GRC')
  return rootChain(crypto, root)
}

export function certificateCalled(name: string): CertificateDigest {
  return certificateDigest(crypto, derOf(name))
}

export function versionOf({ id, digest }: VersionVector): RecordVersion {
  return { id: recordIdFromBytes(hex(id)), digest: hex(digest) }
}

function derOf(name: string): Uint8Array {
  return hex(membershipVectors.certificates[name]?.der ?? 'no certificate')
}
