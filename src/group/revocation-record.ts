/**
 * The payload of a `peerage.revocation` record: which certificates are revoked, and what stays of what was done under
 * them (DESIGN section 8).
 *
 * It carries the chains of its author and of the revoked certificates, each certificate once. So it is judged alone, before
 * any membership record is there, and it can be judged as long as it lives, which may be longer than the membership record of
 * its author. What does not fit is named by pages (revocation-page.ts).
 */
import { type Certificate, LONGEST_CERTIFICATE } from '../identity/certificate/certificate.ts'
import { verifyChain } from '../identity/certificate/certificate-chain.ts'
import { readCertificate } from '../identity/certificate/certificate-reader.ts'
import { refused } from '../identity/certificate/certificate-refusal.ts'
import { type Chain, LONGEST_CHAIN } from '../identity/certificate/chain-encoding.ts'
import type { PeerName } from '../identity/peer-name.ts'
import { LARGEST_RECORD } from '../records/record-size.ts'
import { fromHex, toHex } from '../runtime/bytes.ts'
import type { Crypto } from '../runtime/crypto.ts'
import { PeerageError } from '../runtime/peerage-error.ts'
import { readTaggedFields, writeTaggedFields } from '../wire/tagged-fields.ts'
import { WireReader } from '../wire/wire-reader.ts'
import { WireWriter } from '../wire/wire-writer.ts'
import { type AuthorChain, rootChain } from './author-chain.ts'
import { type CertificateDigest, certificateDigest, DIGEST_LENGTH } from './digests.ts'
import { GROUP_RECORD_FIELDS, GROUP_VERSION, requireGroupVersion } from './group-version.ts'
import { KEPT_CHILD_LENGTH, KEPT_RECORD_LENGTH, type Kept, KeptList } from './kept-list.ts'
import { type MemberChain, verifiedMemberChain } from './member-chain.ts'
import { encodePages, type PageDigest, pageDigestFromBytes } from './revocation-page.ts'

/** The type of such records. */
export const REVOCATION_TYPE = 'peerage.revocation'

/** What a revocation says, its chains verified. */
export interface RevocationContent {
  /** Under which it was made. */
  readonly author: MemberChain | AuthorChain
  readonly revoked: readonly RevokedCertificate[]
  /** What is kept by the revocation itself. */
  readonly kept: KeptList
  /** Of the pages that list what is kept, too. */
  readonly pages: readonly PageDigest[]
}

/** A certificate that is revoked, where it stands. */
export interface RevokedCertificate {
  readonly digest: CertificateDigest
  /** The certificates from the GRC down to it. */
  readonly path: readonly CertificateDigest[]
  /** The chain of these. */
  readonly chain: Chain
  /** The same, where it is that of a member; undefined for a link. */
  readonly member: MemberChain | undefined
  /** Its key in hexadecimal digits. */
  readonly key: string
  /** When it ends, in milliseconds since 1970. */
  readonly notAfter: number
}

/** The payloads that revoke something. */
export interface EncodedRevocation {
  readonly revocation: Uint8Array
  /** In the order in which the revocation names them. */
  readonly pages: readonly Uint8Array[]
}

/** The most certificates that one revocation revokes: to verify their chains must not take long. */
export const MOST_REVOKED = 16
/** The most pages of one revocation. */
export const MOST_PAGES = 256
/** The most records that a revocation keeps (P-102). */
export const MOST_KEPT_RECORDS = 300_000
/** The most child certificates that a revocation keeps. */
export const MOST_KEPT_CHILDREN = 50_000
/** The most different certificates in one revocation. */
const MOST_CERTIFICATES: number = LONGEST_CHAIN + MOST_REVOKED * (LONGEST_CHAIN - 1)
/** Version, numbers of items and no optional field, in bytes, at most. */
const FRAME = 16

/**
 * The payloads of a revocation and its pages.
 *
 * @param author The chain of whoever revokes; for the group key, the GRC alone
 * @param revoked Chains that end with the certificates to be revoked: GMCs or link certificates
 * @throws PeerageError `too-much-kept`, `revocation-too-large`
 */
export function encodeRevocation(
  crypto: Crypto,
  author: Chain,
  revoked: readonly Chain[],
  kept: Kept,
): EncodedRevocation {
  if (revoked.length === 0) throw new RangeError('a revocation revokes something')
  requireKept('records', kept.records.length, MOST_KEPT_RECORDS)
  requireKept('certificates', kept.children.length, MOST_KEPT_CHILDREN)
  if (revoked.length > MOST_REVOKED) throw tooLarge(`${revoked.length} certificates, and at most ${MOST_REVOKED}`)
  const chains = new WireWriter(Number.MAX_SAFE_INTEGER)
  writeChains(chains, [author, ...revoked])
  const room = LARGEST_RECORD - FRAME - chains.length
  const list = KeptList.of(kept)
  const inPlace = list.childCount * KEPT_CHILD_LENGTH + list.recordCount * KEPT_RECORD_LENGTH
  const pages = inPlace <= room ? [] : encodePages(list)
  if (pages.length * DIGEST_LENGTH > room) {
    throw tooLarge(
      `${chains.length} bytes of certificates, which leave no room for what is kept, and at most ${LARGEST_RECORD}`,
    )
  }
  const writer = new WireWriter(LARGEST_RECORD)
  writer.uint8(GROUP_VERSION)
  writer.bytes(chains.view())
  const held = pages.length === 0 ? list : KeptList.of({ children: [], records: [] })
  held.write(writer)
  writer.count(pages.length, MOST_PAGES)
  for (const page of pages) writer.bytes(crypto.sha256(page))
  writeTaggedFields(writer, [], GROUP_RECORD_FIELDS)
  return { revocation: writer.copy(), pages }
}

/**
 * What a revocation says. Whether its author may revoke these certificates is another question (rights.ts).
 *
 * @throws PeerageError `malformed`, `unsupported-version`; `invalid-certificate` if a chain does not hold, or is of another group
 */
export function readRevocation(crypto: Crypto, group: PeerName, payload: Uint8Array): RevocationContent {
  const reader = new WireReader(payload, 'revocation')
  requireGroupVersion(reader.uint8(), 'revocation')
  const [authorChain, ...revokedChains] = readChains(reader)
  const kept = KeptList.read(reader)
  const pages = readPageDigests(reader)
  readTaggedFields(reader, GROUP_RECORD_FIELDS)
  reader.finish()
  if (authorChain === undefined || revokedChains.length === 0) throw reader.malformed('it revokes nothing')
  const author =
    authorChain.length === 1 ? rootOf(crypto, group, authorChain) : verifiedMemberChain(crypto, group, authorChain)
  const revoked = revokedChains.map((chain) => revokedBy(crypto, group, chain))
  if (new Set(revoked.map(({ path }) => path.join())).size < revoked.length) {
    throw reader.malformed('it revokes a certificate twice')
  }
  return { author, revoked, kept, pages }
}

function rootOf(crypto: Crypto, group: PeerName, chain: Chain): AuthorChain {
  if (chain[0].peerName !== group) throw refused('chain-group', 'a chain of another group')
  return rootChain(crypto, chain[0])
}

function revokedBy(crypto: Crypto, group: PeerName, chain: Chain): RevokedCertificate {
  const last = chain.at(-1)
  if (last === undefined || chain.length === 1) throw refused('chain-length', 'nobody can revoke a GRC')
  if (chain[0].peerName !== group) throw refused('chain-group', 'a chain of another group')
  const member = last.kind === 'group-membership' ? verifiedMemberChain(crypto, group, chain) : undefined
  if (member === undefined) verifyChain(crypto, chain)
  const path = member?.certificateDigests ?? chain.map(({ der }) => certificateDigest(crypto, der))
  return {
    digest: certificateDigest(crypto, last.der),
    path,
    chain,
    member,
    key: toHex(last.publicKey),
    notAfter: last.notAfter,
  }
}

/** All different certificates in the order of their first use, and then each chain as numbers of certificates. */
function writeChains(writer: WireWriter, chains: readonly Chain[]): void {
  const numbers = new Map<string, number>()
  for (const chain of chains) {
    for (const { der } of chain) {
      const key = toHex(der)
      if (!numbers.has(key)) numbers.set(key, numbers.size)
    }
  }
  writer.varint(numbers.size)
  for (const der of numbers.keys()) writer.byteString(fromHex(der) ?? new Uint8Array(), LONGEST_CERTIFICATE)
  writer.varint(chains.length)
  for (const chain of chains) {
    writer.varint(chain.length)
    for (const { der } of chain) writer.varint(numbers.get(toHex(der)) ?? 0)
  }
}

function readChains(reader: WireReader): readonly Chain[] {
  const certificates: Certificate[] = []
  const count = reader.count(MOST_CERTIFICATES, 2)
  for (let index = 0; index < count; index++) {
    certificates.push(readCertificate(reader.byteString(LONGEST_CERTIFICATE)))
  }
  let unused = 0
  const chains: Chain[] = []
  const chainCount = reader.count(1 + MOST_REVOKED, 2)
  for (let index = 0; index < chainCount; index++) {
    const length = reader.count(LONGEST_CHAIN, 1)
    const numbers: number[] = []
    for (let place = 0; place < length; place++) {
      const start = reader.offset
      const number = reader.varint()
      // One encoding only: a certificate gets its number where it is used first.
      if (number > unused || number >= count)
        throw reader.malformed(`certificate ${number} is not used in order`, start)
      if (number === unused) unused++
      numbers.push(number)
    }
    const [first, ...rest] = numbers.map((number) => certificates[number])
    if (first?.kind !== 'group-root') throw refused('chain-order', 'its first certificate is not a GRC')
    const others = rest.map((certificate) => {
      if (certificate?.kind === 'group-membership' || certificate?.kind === 'link') return certificate
      throw refused('chain-order', 'a certificate behind the first is neither a GMC nor a link certificate')
    })
    chains.push([first, ...others])
  }
  if (unused < count) throw reader.malformed(`certificate ${unused} is in no chain`)
  return chains
}

function readPageDigests(reader: WireReader): readonly PageDigest[] {
  const count = reader.count(MOST_PAGES, DIGEST_LENGTH)
  const pages = new Set<PageDigest>()
  for (let index = 0; index < count; index++) pages.add(pageDigestFromBytes(reader.bytes(DIGEST_LENGTH)))
  if (pages.size < count) throw reader.malformed('a page is there twice')
  return [...pages]
}

function requireKept(what: string, count: number, limit: number): void {
  if (count > limit) throw new PeerageError('too-much-kept', { what, count, limit })
}

function tooLarge(problem: string): PeerageError<'revocation-too-large'> {
  return new PeerageError('revocation-too-large', { problem })
}
