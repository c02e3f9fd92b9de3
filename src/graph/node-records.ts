/**
 * The records of a node, put together: the store, how records arrive (record-arrival.ts) and how they are written here
 * (publishing.ts), and what waits meanwhile for its time, for a proof, or because its creator writes too fast.
 */
import type { GraphKeys } from '../records/graph-id.ts'
import type { GraphRecord } from '../records/record.ts'
import type { RecordDatabase } from '../records/record-database.ts'
import { isReserved } from '../records/record-type.ts'
import type { Crypto } from '../runtime/crypto.ts'
import { EphemeralRecords } from './ephemeral-records.ts'
import { FloodRates, RECORDS_OF_CREATOR, RECORDS_OF_NEIGHBOR } from './flood-rates.ts'
import type { RecordChange } from './graph-events.ts'
import { isGraphInfo } from './graph-info.ts'
import type { GraphParts } from './graph-parts.ts'
import { GRAPH_INFO_TYPE } from './graph-properties.ts'
import { JudgingAgain } from './judging-again.ts'
import { MerkleTrie } from './merkle-trie.ts'
import { MissingProofs } from './missing-proofs.ts'
import { PRESENCE_TYPE, presenceAddresses } from './presence-record.ts'
import { Publishing } from './publishing.ts'
import { type ArrivalSource, RecordArrival } from './record-arrival.ts'
import { RecordJudge } from './record-judge.ts'
import { RecordStore } from './record-store.ts'
import { inlineVerifier, type RecordVerifier } from './record-verifier.ts'
import { WaitingRecords } from './waiting-records.ts'

/** What the records need of the rest of the node. */
export interface NodeRecordsOwner {
  /** A change is stored. */
  changed(change: RecordChange): void
  /** A new version came, is stored, and is passed on. */
  arrived(record: GraphRecord, source: ArrivalSource): void
  /** A new version was written here. */
  published(record: GraphRecord): void
  /** No record of an application may expire later than so long after its creation, in milliseconds. */
  longestLife(): number
  /** What expires at this peer time or before is not read any more; undefined: everything is. */
  hiddenUntil(): number | undefined
}

/** Where records come from and go to, where that is not the usual. */
export interface NodeRecordsOptions {
  readonly database: RecordDatabase
  /** undefined: signatures are checked where records arrive. */
  readonly verifier: ((crypto: Crypto, keys: GraphKeys) => RecordVerifier) | undefined
  /** The types that are kept beside `peerage.*`; undefined: all. */
  readonly types: readonly string[] | undefined
}

/** All that one node does with records by itself. */
export class NodeRecords {
  readonly store: RecordStore
  readonly arrival: RecordArrival
  readonly publishing: Publishing
  readonly missing: MissingProofs
  readonly #verifier: RecordVerifier
  readonly #waiting: WaitingRecords
  readonly #rates: FloodRates
  readonly #again: JudgingAgain

  constructor(parts: GraphParts, options: NodeRecordsOptions, owner: NodeRecordsOwner) {
    const { crypto, keys } = parts
    const { database, verifier = inlineVerifier, types } = options
    this.store = new RecordStore(
      parts,
      { database, ephemeral: new EphemeralRecords(parts.counters), trie: new MerkleTrie(crypto) },
      { changed: (change) => owner.changed(change), hiddenUntil: () => owner.hiddenUntil() },
    )
    const judge = new RecordJudge(parts, {
      get longestLife() {
        return owner.longestLife()
      },
      internalProblem,
    })
    this.#again = new JudgingAgain(parts, this.store, judge)
    this.#verifier = verifier(crypto, keys)
    this.#waiting = new WaitingRecords(parts)
    this.missing = new MissingProofs(parts)
    this.#rates = new FloodRates(parts, { ofCreator: RECORDS_OF_CREATOR, ofNeighbor: RECORDS_OF_NEIGHBOR })
    this.arrival = new RecordArrival(
      parts,
      {
        ...{ store: this.store, verifier: this.#verifier, judge, waiting: this.#waiting },
        ...{ missing: this.missing, rates: this.#rates },
      },
      {
        arrived: (record, source) => owner.arrived(record, source),
        keeps: (type) => isReserved(type) || types === undefined || types.includes(type),
      },
    )
    this.publishing = new Publishing(parts, this.store, judge, {
      get longestLife() {
        return owner.longestLife()
      },
      published: (record) => owner.published(record),
    })
  }

  /** Judges what was found in the database, before anything of it is shown or sent (G-009). */
  judgeFound(): void {
    this.#again.all()
    this.store.commit()
  }

  /** The security state, or a rule, has changed: all is judged by it again, and what is not valid any more goes (G-190). */
  judgeAgain(): void {
    this.#again.begin()
    this.judgeWaiting()
  }

  /** What lacked a proof may be valid now. */
  judgeWaiting(): void {
    this.missing.retry()
  }

  /** Lets nothing happen by itself until {@link NodeRecords.resume}. What neighbors sent and is not judged yet comes again then. */
  pause(): void {
    this.#waiting.pause()
    this.#rates.clear()
    this.missing.clear()
  }

  resume(): void {
    this.#waiting.resume()
  }

  /** Forgets what waits, and stores the rest. Nothing may come any more. */
  close(): void {
    this.#again.clear()
    this.#waiting.clear()
    this.missing.clear()
    this.#rates.clear()
    this.arrival.clear()
    this.#verifier.close()
    this.store.commit()
  }
}

/** The rules for records of Peerage's own types, where the provider does not judge them. */
function internalProblem(record: GraphRecord): 'record-internal' | undefined {
  switch (record.type) {
    case PRESENCE_TYPE:
      return presenceAddresses(record) === undefined ? 'record-internal' : undefined
    case GRAPH_INFO_TYPE:
      return isGraphInfo(record) ? undefined : 'record-internal'
    default:
      return undefined
  }
}
