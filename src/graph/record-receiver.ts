/**
 * One direction of a reconciliation, at the end that receives: batches of records are judged in order, and the other end is told
 * when some have been taken in, so that no more than {@link MOST_BATCHES} are ever held.
 *
 * A neighbor that goes on sending what brings nothing is bounded: an honest one sends each record at most once, so
 * what it sends in vain is at most what is here already, and what it holds wrongly.
 */
import type { ReconciledOutcome, ReconciledRecords } from './reconciled-records.ts'
import type { Records, SentRecord } from './reconciliation-message.ts'
import { MOST_BATCHES, REPORTED_BATCHES } from './record-sender.ts'

/** Records that may come in vain, beside one for each that is here. */
const LEEWAY = 4096

/** What the receiver needs of its session. */
export interface RecordReceiverOwner {
  /** So many batches were taken in since this was called last. */
  taken(batches: number): void
  /** A record was judged, or a batch is through. */
  progressed(): void
}

interface Batch {
  readonly deliveries: number
  /** Records that are not judged yet. */
  unjudged: number
}

/** Receives the records of one session. */
export class RecordReceiver {
  readonly #records: ReconciledRecords
  readonly #owner: RecordReceiverOwner
  readonly #batches: Batch[] = []
  #deliveries = 0
  #announced = 0
  #unreported = 0
  #came = 0
  #stored = 0
  #left = 0
  #hasReceivedLongHeld = false
  #isClosed = false

  constructor(records: ReconciledRecords, owner: RecordReceiverOwner) {
    this.#records = records
    this.#owner = owner
  }

  /** How many deliveries are complete and stored. */
  get deliveries(): number {
    return this.#deliveries
  }

  /** How many records came. */
  get came(): number {
    return this.#came
  }

  /** How many of them were new. */
  get stored(): number {
    return this.#stored
  }

  /** How many the other end says are still to come. */
  get left(): number {
    return this.#left
  }

  /** Whether a record was new that the other end had had for long, or one came that has long been replaced here. */
  get hasReceivedLongHeld(): boolean {
    return this.#hasReceivedLongHeld
  }

  /** Takes a batch. @returns whether it may come, by what was agreed */
  take(message: Records): boolean {
    if (this.#batches.length === MOST_BATCHES || message.deliveries < this.#announced) return false
    if (this.#came - this.#stored > LEEWAY + this.#records.trie.size) return false
    this.#announced = message.deliveries
    this.#left = message.left
    const batch = { deliveries: message.deliveries, unjudged: message.records.length }
    this.#batches.push(batch)
    for (const record of message.records) this.#judge(record, batch)
    this.#settle()
    return true
  }

  /** What is still being judged does not matter any more. */
  close(): void {
    this.#isClosed = true
  }

  #judge({ bytes, isLongHeld }: SentRecord, batch: Batch): void {
    this.#came++
    this.#records.arrived(bytes, (outcome, record) => {
      batch.unjudged--
      if (this.#isClosed) return
      this.#judged(outcome, isLongHeld, record)
      if (batch.unjudged === 0) this.#settle()
    })
  }

  #judged(outcome: ReconciledOutcome, isLongHeld: boolean, record: Parameters<RecordDone>[1]): void {
    if (outcome === 'new') {
      this.#stored++
      if (isLongHeld) this.#hasReceivedLongHeld = true
    } else if (outcome === 'old' && record !== undefined && this.#records.isLongHeld(record.id)) {
      this.#hasReceivedLongHeld = true
    }
  }

  #settle(): void {
    let settled = 0
    for (let first = this.#batches[0]; first?.unjudged === 0; first = this.#batches[0]) {
      this.#batches.shift()
      this.#deliveries = first.deliveries
      settled++
    }
    if (settled === 0) return
    this.#unreported += settled
    if (this.#unreported >= REPORTED_BATCHES) {
      this.#owner.taken(this.#unreported)
      this.#unreported = 0
    }
    this.#owner.progressed()
  }
}

type RecordDone = Parameters<ReconciledRecords['arrived']>[1]
