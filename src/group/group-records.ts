/**
 * Judges the records of one group, and keeps what they say that others are judged by: the security state, the properties and
 * the password (MS-PPSEC 3.1.7.2). A verdict depends on the record and on the records that are stored, never on the order
 * in which they came.
 */
import { DEFAULT_RECORD_LIFE, GRAPH_INFO_TYPE } from '../graph/graph-properties.ts'
import type { Validity } from '../graph/security-provider.ts'
import type { GroupRootCertificate } from '../identity/certificate/certificate.ts'
import type { PeerName } from '../identity/peer-name.ts'
import type { GraphRecord } from '../records/record.ts'
import type { RecordId } from '../records/record-id.ts'
import { equalBytes } from '../runtime/bytes.ts'
import type { Crypto } from '../runtime/crypto.ts'
import { PeerageError } from '../runtime/peerage-error.ts'
import { RecentMap } from '../runtime/recent-map.ts'
import { type AuthorChain, rootChain } from './author-chain.ts'
import { type ChainDigest, chainDigest, DIGEST_LENGTH, digestBytes } from './digests.ts'
import { type PasswordStanding, passwordStanding } from './group-password.ts'
import {
  GROUP_PROPERTIES_TYPE,
  type GroupProperties,
  groupPropertiesProblem,
  readGroupProperties,
} from './group-properties.ts'
import type { GroupRecordProblem } from './group-record-problem.ts'
import { memberRecordProblem } from './group-record-rules.ts'
import { type MemberChain, readMemberChain } from './member-chain.ts'
import type { IssuingState } from './membership-issuing.ts'
import { judgeMembership, MEMBERSHIP_TYPE, type Membership, readMembership } from './membership-record.ts'
import { decodePasswordRecord, PASSWORD_TYPE, type PasswordRecord, passwordRecordProblem } from './password-record.ts'
import { readProofs } from './record-proofs.ts'
import { judgeRevocation, pageProblem, type Revocation } from './revocation.ts'
import { pageDigestFromBytes, REVOCATION_PAGE_TYPE, readPage } from './revocation-page.ts'
import { REVOCATION_TYPE, readRevocation } from './revocation-record.ts'
import type { PageRecord } from './revocations.ts'
import { type MemberStanding, SecurityState } from './security-state.ts'

/**
 * In this order they are compared and copied. The properties say how long revocations and memberships have to live, and are the
 * group key's alone, so no revocation can speak against them; then revocations before all else, and memberships before other records (P-123).
 */
export const GROUP_TYPES: readonly string[] = [
  GROUP_PROPERTIES_TYPE,
  REVOCATION_TYPE,
  REVOCATION_PAGE_TYPE,
  MEMBERSHIP_TYPE,
  PASSWORD_TYPE,
]

/** Chains that are known although no membership record of theirs is stored. */
export const MOST_LOOSE_CHAINS = 1024
const MOST_VERIFIED_CHAINS = 64

/** A record that needs a chain which is not known here. */
interface MissingChain {
  readonly missing: ChainDigest
}

type Judged<Content> = Content | GroupRecordProblem | MissingChain

/** The records of one group at one node. */
export class GroupRecords {
  readonly state: SecurityState
  readonly root: AuthorChain
  readonly group: PeerName
  readonly #crypto: Crypto
  readonly #invalid: (problem: GroupRecordProblem | 'revoked') => void
  /** More than one only if the group key has said different things of what is fixed. */
  readonly #properties = new Map<RecordId, { readonly content: GroupProperties; readonly record: GraphRecord }>()
  readonly #revocations = new Map<RecordId, Revocation>()
  readonly #passwords = new Map<RecordId, { readonly record: GraphRecord; readonly content: PasswordRecord }>()
  /** Membership records whose author's chain is not known yet. */
  readonly #waiting = new Map<RecordId, GraphRecord>()
  /** Chains that were verified lately: between its judgement and its storing nobody knows that of a membership record. */
  readonly #verified = new RecentMap<MemberChain>(MOST_VERIFIED_CHAINS)
  /** The oldest first. */
  readonly #loose = new Set<ChainDigest>()

  /** @param invalid Told why a record is not valid, each time that it is judged */
  constructor(
    crypto: Crypto,
    root: GroupRootCertificate,
    invalid: (problem: GroupRecordProblem | 'revoked') => void = () => undefined,
  ) {
    this.#crypto = crypto
    this.#invalid = invalid
    this.group = root.peerName
    this.root = rootChain(crypto, root)
    this.state = new SecurityState(crypto, this.root)
  }

  /** What the group says of itself, once that is known here. */
  get properties(): GroupProperties | undefined {
    return this.#countingProperties()?.content
  }

  /** The record that says it. */
  get propertiesRecord(): GraphRecord | undefined {
    return this.#countingProperties()?.record
  }

  /** How long after its creation a record may expire at most, in milliseconds: the usual, until the properties are known. */
  get longestLife(): number {
    return this.properties?.longestRecordLife ?? DEFAULT_RECORD_LIFE
  }

  /** The password records that stand, by ID. */
  standingPasswords(): ReadonlyMap<RecordId, PasswordRecord> {
    const standing = new Map<RecordId, PasswordRecord>()
    for (const [id, { record, content }] of this.#passwords) {
      const read = this.#readPassword(record)
      if (isRead(read) && this.#standsNow(record, read.author)) standing.set(id, content)
    }
    return standing
  }

  /** What counts of the password records that stand. */
  get password(): PasswordStanding {
    return passwordStanding(this.standingPasswords())
  }

  /** Reads a chain of this group. @throws PeerageError `malformed`, `invalid-certificate` */
  readChain(bytes: Uint8Array): MemberChain {
    const known = this.state.chain(chainDigest(this.#crypto, bytes))
    return known ?? this.#requireRoot(readMemberChain(this.#crypto, this.group, bytes))
  }

  /** Takes a chain that no membership record here has brought: from a link, or as a proof. @returns whether it was not known */
  learn(chain: MemberChain): boolean {
    if (!this.state.learn(chain)) return false
    this.#loosen(chain)
    this.#retryWaiting()
    return true
  }

  /** Judges a record whose form and signatures are right. */
  validate(record: GraphRecord): Validity {
    switch (record.type) {
      // The security properties say it.
      case GRAPH_INFO_TYPE:
        return this.#refuse('no-right')
      case GROUP_PROPERTIES_TYPE:
        return this.#verdict(this.#readProperties(record), () => 'stands')
      case REVOCATION_TYPE:
        return this.#verdict(this.#readRevocation(record), (revocation) => this.state.standingOfRevocation(revocation))
      case REVOCATION_PAGE_TYPE:
        return this.#verdict(this.#readPage(record), ({ page, author }) => this.state.standingOfPage(page, author))
      case MEMBERSHIP_TYPE:
        return this.#verdict(this.#readMembership(record), ({ author }) =>
          this.state.standingOfRecord(record, { creator: author, author }),
        )
      case PASSWORD_TYPE:
        return this.#verdict(this.#readPassword(record), ({ author }) =>
          this.state.standingOfRecord(record, { creator: author, author }),
        )
      default:
        return this.#verdict(this.#memberRecord(record), (chains) => this.state.standingOfRecord(record, chains))
    }
  }

  /** A record of {@link GROUP_TYPES} is stored. @returns the keys of those whose memberships it has brought */
  stored(record: GraphRecord): readonly string[] {
    const keys: string[] = []
    switch (record.type) {
      case GROUP_PROPERTIES_TYPE: {
        const content = this.#readProperties(record)
        if (isRead(content)) this.#properties.set(record.id, { content, record })
        break
      }
      case REVOCATION_TYPE: {
        const revocation = this.#readRevocation(record)
        if (!isRead(revocation)) break
        this.#revocations.set(record.id, revocation)
        for (const chain of chainsIn(revocation)) this.#learnLasting(chain)
        this.state.addRevocation(revocation)
        keys.push(...this.#retryWaiting())
        break
      }
      case REVOCATION_PAGE_TYPE: {
        // Whoever wrote it may become known later. It says nothing but to whom a revocation has named it.
        const page = this.#pageIn(record)
        if (typeof page !== 'string') this.state.addPage(page)
        break
      }
      case MEMBERSHIP_TYPE:
        this.#waiting.set(record.id, record)
        keys.push(...this.#retryWaiting())
        break
      case PASSWORD_TYPE: {
        // Whoever wrote it may become known later: it is judged each time.
        const content = reading(() => decodePasswordRecord(record.payload))
        if (typeof content !== 'string') this.#passwords.set(record.id, { record, content })
        break
      }
    }
    return keys
  }

  /** A record of {@link GROUP_TYPES} is stored no more. */
  removed(record: GraphRecord): void {
    this.#properties.delete(record.id)
    const revocation = this.#revocations.get(record.id)
    this.#revocations.delete(record.id)
    for (const chain of revocation === undefined ? [] : chainsIn(revocation)) this.#loosen(chain)
    this.#passwords.delete(record.id)
    this.#waiting.delete(record.id)
    this.state.remove(record)
  }

  /** Whether the author of a version had the role of administrator in the chain that it names (P-026, P-138). */
  isAdministrator(version: GraphRecord): boolean {
    const digest = readProofs(version.proofs)?.author
    const author = digest && this.state.author(digest)
    return author?.roles.includes('administrator') ?? false
  }

  /** A chain that a stored record holds: it stays known as long as the record is here. */
  #learnLasting(chain: MemberChain): void {
    this.state.learn(chain)
    this.#loose.delete(chain.digest)
  }

  /** No record here holds this chain, as far as it is known; it is forgotten when too many such chains are. */
  #loosen({ digest }: MemberChain): void {
    if (this.state.membershipsOf(digest).length > 0) return
    for (const revocation of this.#revocations.values()) {
      if (chainsIn(revocation).some((chain) => chain.digest === digest)) return
    }
    this.#loose.add(digest)
    for (const oldest of this.#loose) {
      if (this.#loose.size <= MOST_LOOSE_CHAINS) break
      this.#loose.delete(oldest)
      this.state.forget(oldest)
    }
  }

  /** Of several the one with the lowest ID, whatever came first (P-078). */
  #countingProperties() {
    let counting: { readonly content: GroupProperties; readonly record: GraphRecord } | undefined
    for (const one of this.#properties.values()) {
      if (counting === undefined || one.record.id < counting.record.id) counting = one
    }
    return counting
  }

  #verdict<Content extends object>(judged: Judged<Content>, standing: (content: Content) => MemberStanding): Validity {
    if (typeof judged === 'string') return this.#refuse(judged)
    if (!isRead(judged)) return { missingProof: digestBytes(judged.missing) }
    switch (standing(judged)) {
      case 'falls':
        return this.#refuse('revoked')
      case 'not-admitted':
        // The record that lets its author in may be on its way.
        return { missingProof: NOT_ADMITTED }
      // What is undecided is left as it is until all pages are here (P-102).
      default:
        return 'valid'
    }
  }

  #refuse(problem: GroupRecordProblem | 'revoked'): Validity {
    this.#invalid(problem)
    return 'invalid'
  }

  #readProperties(record: GraphRecord): Judged<GroupProperties> {
    if (record.deleted) return 'deleted'
    const content = reading(() => readGroupProperties(record.payload))
    if (typeof content === 'string') return content
    const problem = groupPropertiesProblem(this.#crypto, record, content, this.root)
    return problem ?? content
  }

  #readRevocation(record: GraphRecord): Judged<Revocation> {
    const stored = this.#revocations.get(record.id)
    if (stored !== undefined && equalBytes(stored.digest, record.digest)) {
      return judgeRevocation(record, stored, this.longestLife)
    }
    const content = reading(() => {
      const read = readRevocation(this.#crypto, this.group, record.payload)
      for (const { path } of read.revoked) this.#requireOurs(path[0])
      this.#requireOurs(read.author.certificateDigests[0])
      return read
    })
    return typeof content === 'string' ? content : judgeRevocation(record, content, this.longestLife)
  }

  #readPage(record: GraphRecord): Judged<{ readonly page: PageRecord; readonly author: AuthorChain }> {
    const author = this.#onlyAuthor(record)
    if (isRefused(author)) return author
    const page = this.#pageIn(record)
    if (typeof page === 'string') return page
    return pageProblem(record, author, this.longestLife) ?? { page, author }
  }

  #pageIn({ id, digest, expires, payload }: GraphRecord): PageRecord | GroupRecordProblem {
    const kept = reading(() => readPage(payload))
    if (typeof kept === 'string') return kept
    return { id, digest, expires, kept, page: pageDigestFromBytes(this.#crypto.sha256(payload)) }
  }

  #readMembership(record: GraphRecord): Judged<{ readonly membership: Membership; readonly author: AuthorChain }> {
    const content = reading(() => {
      const known = (digest: ChainDigest) => this.state.chain(digest) ?? this.#verified.get(digest)
      const read = readMembership(this.#crypto, this.group, record.payload, known)
      this.#requireRoot(read.chain)
      this.#verified.set(read.chain.digest, read.chain)
      return read
    })
    if (typeof content === 'string') return content
    const named = readProofs(record.proofs)
    if (named === undefined) return 'proofs'
    // A member's first record is believed by the chain that it brings (P-072).
    const author = named.author === content.chain.digest ? content.chain : this.state.author(named.author)
    if (author === undefined) return { missing: named.author }
    const membership = judgeMembership(record, content, author, this.longestLife)
    return typeof membership === 'string' ? membership : { membership, author }
  }

  #readPassword(record: GraphRecord): Judged<{ readonly content: PasswordRecord; readonly author: AuthorChain }> {
    const author = this.#onlyAuthor(record)
    if (isRefused(author)) return author
    const content = reading(() => decodePasswordRecord(record.payload))
    if (typeof content === 'string') return content
    return passwordRecordProblem(record, author, this.longestLife) ?? { content, author }
  }

  #memberRecord(record: GraphRecord): Judged<{ readonly creator: AuthorChain; readonly author: AuthorChain }> {
    const named = readProofs(record.proofs)
    if (named === undefined) return 'proofs'
    const creator = this.state.author(named.creator)
    if (creator === undefined) return { missing: named.creator }
    const author = this.state.author(named.author)
    if (author === undefined) return { missing: named.author }
    return memberRecordProblem(record, { creator, author }, this.longestLife) ?? { creator, author }
  }

  /** Who wrote a record that is never changed. */
  #onlyAuthor(record: GraphRecord): AuthorChain | GroupRecordProblem | MissingChain {
    const named = readProofs(record.proofs)
    if (named === undefined || named.creator !== named.author) return 'proofs'
    return this.state.author(named.author) ?? { missing: named.author }
  }

  #standsNow(record: GraphRecord, author: AuthorChain): boolean {
    const standing = this.state.standingOfRecord(record, { creator: author, author })
    return standing === 'stands' || standing === 'undecided'
  }

  /** Takes in the membership records that can be judged now; each may bring the chain that another one needs. @returns whose they are */
  #retryWaiting(): readonly string[] {
    const keys: string[] = []
    for (let isNew = true; isNew; ) {
      isNew = false
      for (const [id, record] of this.#waiting) {
        const read = this.#readMembership(record)
        if (isMissing(read)) continue
        this.#waiting.delete(id)
        if (!isRead(read)) continue
        this.state.addMembership(read.membership)
        this.#loose.delete(read.membership.chain.digest)
        keys.push(read.membership.chain.key)
        isNew = true
      }
    }
    return keys
  }

  #requireRoot(chain: MemberChain): MemberChain {
    this.#requireOurs(chain.certificateDigests[0])
    return chain
  }

  /** There is one GRC, whatever else the group key may have signed. */
  #requireOurs(root: string | undefined): void {
    if (root === this.root.certificateDigests[0]) return
    throw new PeerageError('invalid-certificate', { problem: 'chain-group', detail: 'its GRC is another one' })
  }
}

/** The members' chains that a revocation carries: it proves itself as long as it lives, and what was written under them as well. */
function chainsIn({ author, revoked }: Revocation): readonly MemberChain[] {
  const chains = revoked.flatMap(({ member }) => member ?? [])
  return 'leaf' in author ? [author, ...chains] : chains
}

/** What issuing has to know, by the records of a group. @param onRecord The newest chain of whom it is issued to */
export function issuingState({ state }: GroupRecords, now: number, onRecord?: MemberChain): IssuingState {
  return { now, stands: (path) => state.standingOfPath(path) === 'stands', onRecord }
}

/** What is asked for where nothing can be answered: the record waits until the security state changes. */
const NOT_ADMITTED = new Uint8Array(DIGEST_LENGTH)

function isMissing(judged: object | string): judged is MissingChain {
  return typeof judged === 'object' && 'missing' in judged
}

function isRefused<Content extends object>(judged: Judged<Content>): judged is GroupRecordProblem | MissingChain {
  return typeof judged === 'string' || isMissing(judged)
}

function isRead<Content extends object>(judged: Judged<Content>): judged is Content {
  return !isRefused(judged)
}

/** Reads what came from outside. */
function reading<Content>(read: () => Content): Content | GroupRecordProblem {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof PeerageError)) throw error
    switch (error.code) {
      case 'unsupported-version':
        return 'unknown-version'
      case 'invalid-certificate':
        return 'invalid-chain'
      default:
        return 'malformed'
    }
  }
}
