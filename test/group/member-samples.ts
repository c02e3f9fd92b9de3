/** A group for tests: its key, chains that are issued under it, and records that are written under them. */

import { type AuthorChain, rootChain } from '../../src/group/author-chain.ts'
import { type Issuer, issueLinkUnder, issueMembershipUnder } from '../../src/group/issuer.ts'
import { linkTermsExtension } from '../../src/group/link-terms.ts'
import { type MemberChain, verifiedMemberChain } from '../../src/group/member-chain.ts'
import { encodeProofs } from '../../src/group/record-proofs.ts'
import { issueCertificate, newSerialNumber } from '../../src/identity/certificate/certificate-writer.ts'
import type { Chain } from '../../src/identity/certificate/chain-encoding.ts'
import { INFINITE_VALIDITY } from '../../src/identity/certificate/identity-certificate.ts'
import type { Role } from '../../src/identity/role.ts'
import { graphKeys, parseGraphId } from '../../src/records/graph-id.ts'
import { makeFirstVersion, makeLaterVersion } from '../../src/records/make-record.ts'
import type { GraphRecord } from '../../src/records/record.ts'
import type { RecordDraft } from '../../src/records/record-draft.ts'
import { toHex } from '../../src/runtime/bytes.ts'
import type { SigningKeyPair } from '../../src/runtime/crypto.ts'
import { randomBytes } from '../../src/runtime/random.ts'
import { keyPairOf, NOW, nameOf, YEAR } from '../identity/certificate/certificate-samples.ts'
import { crypto, random } from '../identity/platform.ts'

export { keyPairOf, NOW, YEAR }

export const LIFE: number = 10 * YEAR
const keys = graphKeys(crypto, parseGraphId('a group for tests'))

/** Who can write and issue: a chain and the key at its end. */
export interface Holder {
  readonly chain: Chain
  readonly keyPair: SigningKeyPair
  /** The seed byte of the key. */
  readonly seed: number
}

/** A member, or the group key. */
export interface Author extends Holder {
  readonly verified: AuthorChain
}

export interface MemberHolder extends Author {
  readonly verified: MemberChain
}

/** The group key of {@link groupName}. */
const ROOT_SEED = 90
const rootKey = keyPairOf(ROOT_SEED)
export const groupName = nameOf(rootKey, 'book club')
export const groupKey: Author = makeRoot()

/** Somebody whom another one has made a member. @param key The seed byte of its key */
export function member(
  issuer: Holder,
  key: number,
  roles: readonly Role[] = ['member'],
  period: { readonly notBefore?: number; readonly notAfter?: number } = {},
): MemberHolder {
  const keyPair = keyPairOf(key)
  const issuance = { publicKey: keyPair.publicKey, roles, period: periodOf(issuer, period) }
  const chain = issueMembershipUnder(crypto, random, issuing(issuer), issuance)
  return { chain, keyPair, seed: key, verified: verifiedMemberChain(crypto, groupName, chain) }
}

/** A link. */
export function link(
  issuer: Holder,
  key: number,
  role: Role = 'member',
  { admitsUntil = NOW + YEAR / 4, admitter = undefined as string | undefined } = {},
): Holder {
  const keyPair = keyPairOf(key)
  const issuance = { publicKey: keyPair.publicKey, roles: [role], period: periodOf(issuer, {}) }
  const terms = linkTermsExtension({ uses: undefined, admitter })
  return { keyPair, seed: key, chain: issueLinkUnder(crypto, random, issuing(issuer), issuance, admitsUntil, terms) }
}

/** A record under a chain, or any part of one. */
export function written(author: Author, changes: Partial<RecordDraft> = {}): GraphRecord {
  const creator = { publicKey: author.keyPair.publicKey, classifier: '' }
  const draft: RecordDraft = {
    ...{ id: undefined, type: 'chat.message', creator, created: NOW, version: 1, author: creator },
    ...{ modified: NOW, expires: NOW + YEAR / 2, deleted: false, encoding: 'bytes', payload: new Uint8Array() },
    attributes: [],
    ...changes,
  }
  const { digest } = author.verified
  const signing = { keyPair: author.keyPair, proofs: encodeProofs({ creator: digest, author: digest }) }
  return makeFirstVersion(crypto, keys, draft, randomBytes(random, 16), signing)
}

/** A later version of a record. */
export function changed(
  previous: GraphRecord,
  creator: AuthorChain,
  author: Author,
  changes: Partial<RecordDraft> = {},
): GraphRecord {
  const { id, type, created, version, modified, expires } = previous
  const draft: RecordDraft = {
    ...{ id, type, creator: previous.creator, created, version: version + 1, modified: modified + 1, expires },
    author: { publicKey: author.keyPair.publicKey, classifier: '' },
    ...{ deleted: false, encoding: 'bytes', payload: Uint8Array.of(version), attributes: [] },
    ...changes,
  }
  const proofs = encodeProofs({ creator: creator.digest, author: author.verified.digest })
  return makeLaterVersion(crypto, keys, draft, previous, { keyPair: author.keyPair, proofs })
}

function makeRoot(): Author {
  const certificate = issueCertificate(
    crypto,
    {
      kind: 'group-root',
      ...{ serialNumber: newSerialNumber(random), hasFlags: false, unknownExtensions: [] },
      ...{ subject: 'Book club', issuer: 'Book club', publicKey: rootKey.publicKey, peerName: groupName },
      ...{ notBefore: NOW - YEAR, notAfter: NOW - YEAR + INFINITE_VALIDITY },
    },
    rootKey.secretKey,
  )
  if (certificate.kind !== 'group-root') throw new Error('no GRC')
  return { chain: [certificate], keyPair: rootKey, seed: ROOT_SEED, verified: rootChain(crypto, certificate) }
}

function issuing({ chain, keyPair }: Holder): Issuer {
  return { chain, secretKey: keyPair.secretKey }
}

function periodOf(
  { chain }: Holder,
  { notBefore, notAfter }: { readonly notBefore?: number; readonly notAfter?: number },
): { readonly notBefore: number; readonly notAfter: number } {
  const parent = chain.at(-1) ?? chain[0]
  return { notBefore: notBefore ?? parent.notBefore, notAfter: notAfter ?? Math.min(parent.notAfter, NOW + YEAR) }
}

export function keyText({ keyPair }: Holder): string {
  return toHex(keyPair.publicKey)
}
