/**
 * The security state of one group at one node: memberships and revocations, and what follows from them (DESIGN sections 6 and 8).
 * Together with a record it decides whether the record is valid. It is a function of the records that were put in,
 * whatever their order: nodes that have the same ones agree. There is no clock in it.
 *
 * What is put in was judged by itself before (membership-record.ts, revocation.ts). Of two versions of one record the one
 * counts that wins in the database, too. What does not stand is for its owner to take out: it changes nothing here as long as
 * it does not stand.
 */
import { CLOCK_TOLERANCE } from '../identity/certificate/certificate-verification.ts'
import type { RecordId } from '../records/record-id.ts'
import { equalBytes } from '../runtime/bytes.ts'
import type { Crypto } from '../runtime/crypto.ts'
import { Admissions } from './admissions.ts'
import type { AuthorChain } from './author-chain.ts'
import type { CertificateDigest, ChainDigest } from './digests.ts'
import type { MemberChain } from './member-chain.ts'
import type { Membership } from './membership-record.ts'
import { Memberships } from './memberships.ts'
import type { Revocation } from './revocation.ts'
import type { PageDigest } from './revocation-page.ts'
import { type PageRecord, Revocations } from './revocations.ts'
import { type RecordVersion, type Standing, supersedes, type VersionChains } from './standing.ts'

/** As {@link Standing}; or `not-admitted`, where nobody has let in yet who came by a link. */
export type MemberStanding = Standing | 'not-admitted'

/** What one node knows of who is in a group and who is not any more. */
export class SecurityState {
  readonly #memberships: Memberships
  readonly #revocations = new Revocations()
  #admissions: Admissions
  /** What has to be worked out again; `admissions-anew` where a record or chain has gone that may have let somebody in. */
  #unsettled: 'nothing' | 'something' | 'admissions-anew' = 'nothing'
  #changed = new Set<CertificateDigest>()
  #hasOnlyGrown = true

  /** @param root The chain that is the GRC alone */
  constructor(crypto: Crypto, root: AuthorChain) {
    this.#memberships = new Memberships(crypto, root)
    this.#admissions = new Admissions(this.#memberships, this.#revocations)
  }

  /** A chain that was verified, wherever it came from. @returns whether it was not known */
  learn(chain: MemberChain): boolean {
    const isNew = this.#memberships.learn(chain)
    // It may be that of somebody whose record lets others in.
    if (isNew) this.#unsettle()
    return isNew
  }

  /** Forgets a chain that no record names any more. */
  forget(chain: ChainDigest): void {
    this.#memberships.forget(chain)
    this.#unsettled = 'admissions-anew'
  }

  addMembership(membership: Membership): void {
    const former = this.#memberships.record(membership.id)
    if (!supersedes(membership, former)) return
    if (former !== undefined) this.remove(former)
    this.#memberships.add(membership)
    const admission = this.#memberships.admissionBy(membership.id)
    if (admission !== undefined) this.#admissions.add(admission)
    this.#unsettle()
  }

  addRevocation(revocation: Revocation): void {
    const former = this.#revocations.version(revocation.id)
    if (!supersedes(revocation, former)) return
    if (former !== undefined) this.remove(former)
    this.#revocations.add(revocation, this.#memberships)
    this.#unsettle()
  }

  addPage(page: PageRecord): void {
    const former = this.#revocations.version(page.id)
    if (!supersedes(page, former)) return
    if (former !== undefined) this.remove(former)
    this.#revocations.addPage(page)
    this.#unsettle()
  }

  /** This version of the record of a membership, a revocation or a page is gone. What it said of chains stays known. */
  remove({ id, digest }: RecordVersion): void {
    const membership = this.#memberships.record(id)
    if (membership !== undefined && equalBytes(membership.digest, digest)) {
      this.#memberships.remove(membership)
      this.#unsettled = 'admissions-anew'
    }
    const version = this.#revocations.version(id)
    if (version === undefined || !equalBytes(version.digest, digest)) return
    this.#revocations.remove(id)
    this.#unsettle()
  }

  /** The chain of this digest, the GRC alone among them. */
  author(digest: ChainDigest): AuthorChain | undefined {
    return this.#memberships.author(digest)
  }

  /** The chain of a member of this digest. */
  chain(digest: ChainDigest): MemberChain | undefined {
    return this.#memberships.get(digest)
  }

  /** All chains of a key that are known, whatever has become of them. @param key In hexadecimal digits */
  chainsOf(key: string): readonly MemberChain[] {
    return this.#memberships.ofKey(key)
  }

  /** The keys of which chains are known, in hexadecimal digits. */
  keys(): Iterable<string> {
    return this.#memberships.keys()
  }

  /** The membership record of this ID. */
  membership(id: RecordId): Membership | undefined {
    return this.#memberships.record(id)
  }

  /** The membership records of a chain. */
  membershipsOf(chain: ChainDigest): readonly Membership[] {
    return this.#memberships.recordsOf(chain)
  }

  /**
   * The chains of a key under which its holder is a member: admitted, not revoked, and in time, give or take
   * {@link CLOCK_TOLERANCE} (P-012).
   *
   * @param moment In milliseconds since 1970
   */
  chainsInForce(key: string, moment: number): readonly MemberChain[] {
    return this.chainsOf(key).filter((chain) => {
      const isInTime = moment >= chain.notBefore - CLOCK_TOLERANCE && moment <= chain.notAfter + CLOCK_TOLERANCE
      return isInTime && this.standingOfChain(chain) === 'stands'
    })
  }

  /**
   * The chains that have to be revoked so that the holder of a key is a member no more (P-131): all that have not ended and are
   * not revoked, admitted or not.
   */
  chainsToRevoke(key: string, moment: number): readonly MemberChain[] {
    const chains = this.chainsOf(key).filter(({ notAfter }) => moment <= notAfter + CLOCK_TOLERANCE)
    return chains.filter((chain) => this.standingOfChain(chain) !== 'falls')
  }

  /** Whether what the holder of a chain does from now on stands. */
  standingOfChain(chain: AuthorChain): MemberStanding {
    this.#settle()
    const standing = this.#revocations.chain(chain)
    if (standing !== 'stands') return standing
    return this.#admissions.isIn(chain) ? 'stands' : 'not-admitted'
  }

  /**
   * Whether all those in a chain were let in who came by links, but for its own holder: they may have been revoked since, where what
   * stands under them is kept.
   */
  isLetInAbove(chain: AuthorChain): boolean {
    this.#settle()
    const above = this.#memberships.entriesOf(chain).slice(0, -1)
    return above.every((entry) => this.#admissions.hasAdmitted(entry))
  }

  /** The same, but for admission, for the certificates from the GRC down to one: a link, for example. */
  standingOfPath(path: readonly CertificateDigest[]): Standing {
    this.#settle()
    return this.#revocations.path(path)
  }

  /** Whether a version of a record stands, a membership record or a password record as well. */
  standingOfRecord(version: RecordVersion, chains: VersionChains): MemberStanding {
    this.#settle()
    const standing = this.#revocations.record(version, chains)
    if (standing === 'falls') return standing
    const isAdmitted = (chain: AuthorChain): boolean => this.#admissions.isIn(chain)
    return isAdmitted(chains.author) && isAdmitted(chains.creator) ? standing : 'not-admitted'
  }

  /**
   * Whether a revocation counts, or would if it was added. It is judged by the revocations of shallower authors alone, and who came by
   * a link by whom these leave in (revocations.ts): so it can count although its author is not in any more.
   */
  standingOfRevocation(revocation: Revocation): MemberStanding {
    this.#settle()
    return this.#revocations.revocation(revocation, this.#memberships)
  }

  /** Whether a revocation that was added counts. */
  counts(revocation: RecordId): boolean {
    this.#settle()
    return this.#revocations.counts(revocation)
  }

  /** Whether a page stands: as every record, and also if a revocation that counts names it. */
  standingOfPage(page: PageRecord, author: AuthorChain): MemberStanding {
    this.#settle()
    if (this.#revocations.isPageNamed(page.page)) return 'stands'
    return this.standingOfRecord(page, { creator: author, author })
  }

  /** Whether a revocation names a certificate of this key: one that comes to light later is worth an event (P-131). */
  hasRevoked(key: string): boolean {
    this.#settle()
    return this.#revocations.hasRevoked(key)
  }

  /** The chains under which certificates of this key were revoked. */
  revokersOf(key: string): readonly AuthorChain[] {
    this.#settle()
    return this.#revocations.revokersOf(key)
  }

  /** Whether a revocation names a certificate, wherever it stands. */
  isRevoked(certificate: CertificateDigest): boolean {
    this.#settle()
    return this.#revocations.isRevoked(certificate)
  }

  /** The pages that revocations are waiting for. */
  missingPages(): readonly PageDigest[] {
    this.#settle()
    return this.#revocations.missingPages()
  }

  /**
   * The certificates about which something has changed since this was asked last: what was done under them, or under a chain
   * that passes through them, is to be judged again. Links under them as well.
   */
  takeChanges(): ReadonlySet<CertificateDigest> {
    this.#settle()
    const changed = this.#changed
    this.#changed = new Set()
    this.#hasOnlyGrown = true
    return changed
  }

  /** Whether in these changes, before they are taken, somebody was let in and nobody lost anything. */
  get hasOnlyGrown(): boolean {
    this.#settle()
    return this.#hasOnlyGrown
  }

  #unsettle(): void {
    if (this.#unsettled === 'nothing') this.#unsettled = 'something'
  }

  #settle(): void {
    if (this.#unsettled === 'nothing') return
    const isAnew = this.#unsettled === 'admissions-anew'
    this.#unsettled = 'nothing'
    this.#revocations.admissionsChanged()
    const changed = this.#revocations.settle(this.#memberships)
    for (const digest of changed) this.#changed.add(digest)
    if (isAnew || changed.size > 0) {
      this.#hasOnlyGrown = false
      const before = this.#admissions
      this.#admissions = new Admissions(this.#memberships, this.#revocations)
      this.#noteHolders([...before.admitted()].filter((chain) => !this.#admissions.hasAdmitted(chain)))
      this.#noteHolders([...this.#admissions.admitted()].filter((chain) => !before.hasAdmitted(chain)))
    } else this.#noteHolders(this.#admissions.grow())
  }

  /** @param chains That end right under a link */
  #noteHolders(chains: Iterable<ChainDigest>): void {
    for (const chain of chains) {
      const holder = this.#memberships.get(chain)?.certificateDigests.at(-1)
      if (holder !== undefined) this.#changed.add(holder)
    }
  }
}
