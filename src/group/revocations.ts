/**
 * The revocations that a node knows, and what falls by them (DESIGN section 8, P-095 to P-100, P-122).
 *
 * They are judged from the root down. Whoever revokes is always nearer to the root than what is revoked (rights.ts), so
 * whether the revocations of authors at one depth count depends on those of shallower authors alone: one counts if it stands
 * before them, by the same rule as every other record. No clock and no order of arrival decides, and nothing goes in
 * circles.
 *
 * A record stands if, for each certificate of the chains under which it was written and each revocation of that
 * certificate that counts, the revocation keeps the next certificate of the chain, or keeps the record. Several
 * revocations of one certificate intersect what they keep in this way. A version that somebody else made of a record keeps its
 * creator's part if any version of the record is kept: so administrators, and a creator who has come back, can still change
 * and delete what was kept, and the revoked cannot.
 *
 * As long as pages of a revocation are missing, what it revokes is revoked, and what was done under that is undecided.
 */
import { LONGEST_CHAIN } from '../identity/certificate/chain-encoding.ts'
import { type RecordId, recordIdBytes } from '../records/record-id.ts'
import { Admissions } from './admissions.ts'
import type { AuthorChain } from './author-chain.ts'
import { type CertificateDigest, type ChainDigest, digestBytes } from './digests.ts'
import { type KeptList, keptRecordBytes } from './kept-list.ts'
import type { Memberships } from './memberships.ts'
import type { Revocation } from './revocation.ts'
import type { PageDigest } from './revocation-page.ts'
import { mayRevoke } from './rights.ts'
import { type RecordVersion, type Standing, type Standings, type VersionChains, worse } from './standing.ts'

/** The record of a page. */
export interface PageRecord extends RecordVersion {
  /** Of its payload. */
  readonly page: PageDigest
  readonly kept: KeptList
  readonly expires: number
}

/** A revocation, and what is known of it. */
interface Entry {
  readonly revocation: Revocation
  /** What it keeps, in itself and in the pages that are here. */
  lists: readonly KeptList[]
  isComplete: boolean
  /** Whether it stands itself. */
  counts: boolean
}

/** A revocation that touches a chain: it keeps no child certificate that stands in it. */
interface Touch {
  readonly entry: Entry
  /** Whether it revokes the last certificate of the chain. */
  readonly isLast: boolean
}

/** For authors of every depth. */
const EVERY_DEPTH: number = LONGEST_CHAIN

/** Chains of which it is remembered what touches them. */
const MOST_REMEMBERED_CHAINS = 8192

/** What one node knows. After a change, {@link settle} before anything is asked. */
export class Revocations implements Standings {
  readonly #entries = new Map<RecordId, Entry>()
  /** By the depth of their authors. */
  readonly #strata: readonly Set<Entry>[] = Array.from({ length: LONGEST_CHAIN }, () => new Set<Entry>())
  /** Those of authors who came by a link. */
  readonly #byLinkHolders = new Set<Entry>()
  readonly #byCertificate = new Map<CertificateDigest, Set<Entry>>()
  readonly #byPage = new Map<PageDigest, Set<Entry>>()
  readonly #pages = new Map<PageDigest, Map<RecordId, PageRecord>>()
  readonly #pageRecords = new Map<RecordId, PageRecord>()
  /** What has to be decided again. */
  readonly #undecided = new Set<Entry>()
  /** All that authors deeper than this have revoked has to be decided again as well. */
  #unsettledBelow = EVERY_DEPTH
  #changed = new Set<CertificateDigest>()
  /** What touches a chain, for authors of every depth. */
  readonly #touches = new Map<ChainDigest, readonly Touch[]>()

  /** The version of this ID: a revocation, or a page. */
  version(id: RecordId): RecordVersion | undefined {
    return this.#entries.get(id)?.revocation ?? this.#pageRecords.get(id)
  }

  /** Adds a revocation, of which no other version is here. */
  add(revocation: Revocation, memberships: Memberships): void {
    const entry: Entry = { revocation, lists: [], isComplete: false, counts: false }
    this.#entries.set(revocation.id, entry)
    this.#stratum(entry).add(entry)
    if (memberships.entriesOf(revocation.author).length > 0) this.#byLinkHolders.add(entry)
    for (const { digest } of revocation.revoked) addTo(this.#byCertificate, digest, entry)
    for (const page of revocation.pages) addTo(this.#byPage, page, entry)
    this.#readPages(entry)
    this.#undecided.add(entry)
  }

  /** Adds a page, of which no other version is here. */
  addPage(record: PageRecord): void {
    const { id, page } = record
    this.#pageRecords.set(id, record)
    const same = this.#pages.get(page)
    if (same === undefined) this.#pages.set(page, new Map([[id, record]]))
    else same.set(id, record)
    this.#pageChanged(page)
  }

  /** Removes a revocation or a page. */
  remove(id: RecordId): void {
    const entry = this.#entries.get(id)
    if (entry !== undefined) this.#removeEntry(id, entry)
    const page = this.#pageRecords.get(id)
    if (page !== undefined) this.#removePage(page)
  }

  /** Others may be let in by links than before: what members who came by a link have revoked is to be decided again. */
  admissionsChanged(): void {
    for (const entry of this.#byLinkHolders) this.#undecided.add(entry)
  }

  /**
   * Decides which revocations count.
   *
   * @returns The certificates of which other things stand, or may stand, than before
   */
  settle(memberships: Memberships): ReadonlySet<CertificateDigest> {
    for (const [depth, stratum] of this.#strata.entries()) {
      const isUnsettled = depth > this.#unsettledBelow
      const entries = [...(isUnsettled ? stratum : this.#undecided)].filter((entry) => depthOf(entry) === depth)
      if (entries.length === 0) continue
      const shallower = this.#shallowerThan(depth)
      const admissions = entries.some((entry) => this.#byLinkHolders.has(entry))
        ? new Admissions(memberships, shallower)
        : undefined
      for (const entry of entries) {
        const { author } = entry.revocation
        const isIn = admissions?.isIn(author) ?? true
        const counts = isIn && shallower.record(entry.revocation, { creator: author, author }) !== 'falls'
        if (counts !== entry.counts) this.#effectChanged(entry)
        entry.counts = counts
      }
    }
    this.#undecided.clear()
    this.#unsettledBelow = EVERY_DEPTH
    const changed = this.#changed
    this.#changed = new Set()
    if (changed.size > 0) this.#touches.clear()
    return changed
  }

  counts(id: RecordId): boolean {
    return this.#entries.get(id)?.counts ?? false
  }

  /** How a revocation stands, be it added or not: it counts, or would, unless it falls or its author is not in. */
  revocation(revocation: Revocation, memberships: Memberships): Standing | 'not-admitted' {
    const { author } = revocation
    const shallower = this.#shallowerThan(author.depth)
    const standing = shallower.record(revocation, { creator: author, author })
    const isByLink = memberships.entriesOf(author).length > 0
    if (standing === 'falls' || !isByLink) return standing
    return new Admissions(memberships, shallower).isIn(author) ? standing : 'not-admitted'
  }

  /** Whether a page belongs to a revocation that counts: then it stands, whatever becomes of its author. */
  isPageNamed(digest: PageDigest): boolean {
    return [...(this.#byPage.get(digest) ?? [])].some(({ counts }) => counts)
  }

  record(version: RecordVersion, chains: VersionChains): Standing {
    const { creator, author } = chains
    const standing = standingOf(this.#touching(author), version, 'this')
    if (creator.digest === author.digest) return standing
    return worse(standing, standingOf(this.#touching(creator), version, 'any'))
  }

  /** Whether what is done from now on under a chain stands. One that is revoked itself falls at once. */
  chain(chain: AuthorChain): Standing {
    return standingOfChain(this.#touching(chain))
  }

  /** The same for the certificates from the GRC down to one: a link, for example. */
  path(path: readonly CertificateDigest[]): Standing {
    return standingOfChain(this.#touchesOf(path, EVERY_DEPTH))
  }

  /** Whether a certificate of this key was revoked. @param key In hexadecimal digits */
  hasRevoked(key: string): boolean {
    return this.revokersOf(key).length > 0
  }

  /** Under which chains certificates of this key were revoked. */
  revokersOf(key: string): readonly AuthorChain[] {
    const revokers: AuthorChain[] = []
    for (const { counts, revocation } of this.#entries.values()) {
      if (counts && revocation.revoked.some((revoked) => revoked.key === key)) revokers.push(revocation.author)
    }
    return revokers
  }

  /** Whether a revocation that counts names a certificate. */
  isRevoked(certificate: CertificateDigest): boolean {
    return [...(this.#byCertificate.get(certificate) ?? [])].some(({ counts }) => counts)
  }

  /** The pages that revocations which count are waiting for. */
  missingPages(): readonly PageDigest[] {
    const missing = new Set<PageDigest>()
    for (const { counts, isComplete, revocation } of this.#entries.values()) {
      if (!counts || isComplete) continue
      for (const page of revocation.pages) if (this.#pageFor(revocation, page) === undefined) missing.add(page)
    }
    return [...missing]
  }

  #removeEntry(id: RecordId, entry: Entry): void {
    this.#entries.delete(id)
    this.#stratum(entry).delete(entry)
    this.#byLinkHolders.delete(entry)
    this.#undecided.delete(entry)
    for (const { digest } of entry.revocation.revoked) removeFrom(this.#byCertificate, digest, entry)
    for (const page of entry.revocation.pages) removeFrom(this.#byPage, page, entry)
    if (entry.counts) this.#effectChanged(entry)
  }

  #removePage({ id, page }: PageRecord): void {
    this.#pageRecords.delete(id)
    const same = this.#pages.get(page)
    same?.delete(id)
    if (same?.size === 0) this.#pages.delete(page)
    this.#pageChanged(page)
  }

  #pageChanged(digest: PageDigest): void {
    for (const entry of this.#byPage.get(digest) ?? []) {
      const { length } = entry.lists
      this.#readPages(entry)
      if (entry.counts && entry.lists.length !== length) this.#effectChanged(entry)
    }
  }

  /** A page that ends before its revocation would leave those who come later with less: it is none of it. */
  #pageFor({ expires }: Revocation, digest: PageDigest): PageRecord | undefined {
    const records = [...(this.#pages.get(digest)?.values() ?? [])]
    return records.find((page) => page.expires >= expires)
  }

  #readPages(entry: Entry): void {
    const { kept, pages } = entry.revocation
    const found = pages.flatMap((digest) => this.#pageFor(entry.revocation, digest)?.kept ?? [])
    entry.lists = [kept, ...found]
    entry.isComplete = found.length === pages.length
  }

  /** What a revocation revokes, or keeps, has changed: so may all that deeper authors have revoked. */
  #effectChanged(entry: Entry): void {
    for (const { digest } of entry.revocation.revoked) this.#changed.add(digest)
    this.#unsettledBelow = Math.min(this.#unsettledBelow, depthOf(entry))
  }

  #stratum(entry: Entry): Set<Entry> {
    const stratum = this.#strata[depthOf(entry)]
    if (stratum === undefined) throw new RangeError(`no chain is ${depthOf(entry)} deep`)
    return stratum
  }

  /** What stands before the revocations of authors that are less deep. */
  #shallowerThan(depth: number): Standings {
    return {
      record: (version, { creator, author }) => {
        const standing = standingOf(this.#touchesOf(author.certificateDigests, depth), version, 'this')
        if (creator.digest === author.digest) return standing
        return worse(standing, standingOf(this.#touchesOf(creator.certificateDigests, depth), version, 'any'))
      },
    }
  }

  #touching(chain: AuthorChain): readonly Touch[] {
    const known = this.#touches.get(chain.digest)
    if (known !== undefined) return known
    const touches = this.#touchesOf(chain.certificateDigests, EVERY_DEPTH)
    if (this.#touches.size >= MOST_REMEMBERED_CHAINS) this.#touches.clear()
    this.#touches.set(chain.digest, touches)
    return touches
  }

  /** @param depth Only revocations of authors less deep than this */
  #touchesOf(path: readonly CertificateDigest[], depth: number): readonly Touch[] {
    const touches: Touch[] = []
    for (const [index, certificate] of path.entries()) {
      const next = path[index + 1]
      for (const entry of this.#byCertificate.get(certificate) ?? []) {
        if (!entry.counts || depthOf(entry) >= depth) continue
        if (!mayRevoke(entry.revocation.author, path, index)) continue
        if (next === undefined) touches.push({ entry, isLast: true })
        else if (!keeps(entry, (list) => list.keepsChild(digestBytes(next)))) touches.push({ entry, isLast: false })
      }
    }
    return touches
  }
}

function depthOf({ revocation }: Entry): number {
  return revocation.author.depth
}

function keeps({ lists }: Entry, holds: (list: KeptList) => boolean): boolean {
  return lists.some(holds)
}

/** @param which Whether this very version has to be kept, or any of the record */
function standingOf(touches: readonly Touch[], version: RecordVersion, which: 'this' | 'any'): Standing {
  if (touches.length === 0) return 'stands'
  const bytes = which === 'this' ? keptRecordBytes(version) : recordIdBytes(version.id)
  const holds = (list: KeptList): boolean => list.keepsRecord(bytes)
  let standing: Standing = 'stands'
  for (const { entry } of touches) {
    if (!keeps(entry, holds)) standing = worse(standing, entry.isComplete ? 'falls' : 'undecided')
  }
  return standing
}

function standingOfChain(touches: readonly Touch[]): Standing {
  if (touches.length === 0) return 'stands'
  return touches.some(({ entry, isLast }) => isLast || entry.isComplete) ? 'falls' : 'undecided'
}

function addTo<Key>(sets: Map<Key, Set<Entry>>, key: Key, entry: Entry): void {
  const set = sets.get(key)
  if (set === undefined) sets.set(key, new Set([entry]))
  else set.add(entry)
}

function removeFrom<Key>(sets: Map<Key, Set<Entry>>, key: Key, entry: Entry): void {
  const set = sets.get(key)
  set?.delete(entry)
  if (set?.size === 0) sets.delete(key)
}
