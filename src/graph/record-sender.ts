/**
 * One direction of a reconciliation, at the end that sends: deliveries, each the records below a prefix, one after the other and each
 * in the order of keys. A record is read when its turn has come, so what was changed meanwhile is sent as it is then, and what
 * is gone is left out.
 *
 * Records go in batches. Only so many are under way before the other end says that it has taken some in, and none while
 * the link holds enough.
 */
import type { LinkPort } from './link-port.ts'
import { type MerkleTrie, TYPE_NIBBLES } from './merkle-trie.ts'
import type { ReconciledRecords } from './reconciled-records.ts'
import { BATCH_SIZE, MOST_IN_BATCH, type SentRecord } from './reconciliation-message.ts'
import type { Wanted } from './trie-range.ts'

/** Batches of one session that are under way: 500 KB of small records. */
export const MOST_BATCHES = 16
/** So many batches are reported at once as taken in. */
export const REPORTED_BATCHES: number = MOST_BATCHES / 4
/** Deliveries of one session that may wait before more is compared. */
export const MOST_WAITING_DELIVERIES = 1024
/** Records that are looked up in the trie at once. */
const PAGE = 64
/** What a record takes beside its bytes, at most. */
const RECORD_OVERHEAD = 5
/** How many times the own records may be sent in one session, and so many records more. */
const MOST_TIMES_SENT = 2
const LEEWAY = 1024

interface Delivery extends Wanted {
  /** Sent up to this key. */
  after: string
}

/** Sends the records of one session. */
export class RecordSender {
  readonly #records: ReconciledRecords
  readonly #trie: MerkleTrie
  readonly #link: LinkPort
  readonly #session: number
  /** Whether a type is delivered on its own: a delivery of all types leaves it out. */
  readonly #isSeparate: (path: string, type: string) => boolean
  readonly #deliveries: Delivery[] = []
  #complete = 0
  #reported = 0
  #left = 0
  #underWay = 0
  #isBlocked = false
  #sent = 0
  #hasSentLongHeld = false

  /** @param isSeparate Whether a type is delivered on its own, by the prefix of its keys and its name. */
  constructor(
    records: ReconciledRecords,
    link: LinkPort,
    session: number,
    isSeparate: (path: string, type: string) => boolean,
  ) {
    this.#records = records
    this.#trie = records.trie
    this.#link = link
    this.#session = session
    this.#isSeparate = isSeparate
  }

  get sent(): number {
    return this.#sent
  }

  /** Whether a record went that the other end lacked altogether, and that was here for long. */
  get hasSentLongHeld(): boolean {
    return this.#hasSentLongHeld
  }

  /** How many deliveries wait. */
  get waiting(): number {
    return this.#deliveries.length
  }

  /** Whether everything went, and all of it was taken in but what is not reported any more. */
  get isDone(): boolean {
    return this.#isIdle && this.#underWay < REPORTED_BATCHES
  }

  /** Whether more was asked for than any honest node needs. */
  get isMisused(): boolean {
    return this.#sent > MOST_TIMES_SENT * this.#trie.size + LEEWAY
  }

  add(wanted: readonly Wanted[]): void {
    for (const { prefix, hasOther } of wanted) {
      this.#deliveries.push({ prefix, hasOther, after: '' })
      this.#left += this.#trie.countAt(prefix)
    }
  }

  /** The other end has taken batches in. @returns whether so many were under way */
  taken(batches: number): boolean {
    this.#underWay -= batches
    return this.#underWay >= 0
  }

  ready(): void {
    this.#isBlocked = false
  }

  /** Sends what may be sent now. */
  pump(): void {
    while (!this.#isBlocked && !this.#isIdle && this.#underWay < MOST_BATCHES && !this.isMisused) {
      const records = this.#records.reading(() => this.#nextBatch())
      this.#left = this.#deliveries.length === 0 ? 0 : Math.max(0, this.#left - records.length)
      this.#sent += records.length
      this.#underWay++
      this.#reported = this.#complete
      const { deliveries, left } = { deliveries: this.#complete, left: this.#left }
      const isRoom = this.#link.send({ kind: 'RECORDS', session: this.#session, deliveries, left, records })
      if (!isRoom) this.#isBlocked = true
    }
  }

  /** Whether nothing is left to be sent. */
  get #isIdle(): boolean {
    return this.#deliveries.length === 0 && this.#reported === this.#complete
  }

  #nextBatch(): readonly SentRecord[] {
    const batch: SentRecord[] = []
    let size = 0
    for (let first = this.#deliveries[0]; first !== undefined; first = this.#deliveries[0]) {
      const page = this.#trie.leaves(first.prefix, PAGE, first.after)
      for (const { path, type, id } of page) {
        const typePrefix = path.slice(0, TYPE_NIBBLES)
        if (first.prefix.length < TYPE_NIBBLES && this.#isSeparate(typePrefix, type)) {
          first.after = typePrefix.padEnd(path.length, 'f')
          break
        }
        const bytes = this.#records.bytesOf(type, id)
        if (bytes !== undefined) {
          const isFull = batch.length === MOST_IN_BATCH || size + bytes.length + RECORD_OVERHEAD > BATCH_SIZE
          if (isFull && batch.length > 0) return batch
          const isLongHeld = this.#records.isLongHeld(id)
          if (isLongHeld && !first.hasOther) this.#hasSentLongHeld = true
          batch.push({ bytes, isLongHeld })
          size += bytes.length + RECORD_OVERHEAD
        }
        first.after = path
      }
      if (page.length < PAGE && first.after >= (page.at(-1)?.path ?? '')) {
        this.#deliveries.shift()
        this.#complete++
      }
    }
    return batch
  }
}
