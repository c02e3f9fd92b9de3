/**
 * What happens to a record that arrives, whether it was flooded, reconciled or imported (MS-PPGRH 3.1.7.10, 3.1.7.27): its form, its
 * signatures, the graph's own rules and the provider are asked, in this order, and what passes is stored. Each step that
 * can tell that the record brings nothing comes before the costly ones, and again after a step that can take long.
 *
 * Validity is a function of the record and the security state (record-judge.ts). So nothing here compares the record
 * with the version that is stored, but to see which of the two wins.
 */

import { readRecord } from '../records/read-record.ts'
import type { GraphRecord } from '../records/record.ts'
import type { FloodRates } from './flood-rates.ts'
import type { GraphParts } from './graph-parts.ts'
import type { LinkSession } from './link-session.ts'
import type { MissingProofs } from './missing-proofs.ts'
import type { RecordJudge } from './record-judge.ts'
import type { RecordStore } from './record-store.ts'
import type { RecordVerifier } from './record-verifier.ts'
import type { WaitingRecords } from './waiting-records.ts'

/** What became of a record that arrived. `unproven`: whoever sent it has not proven it so far, and somebody else may. */
export type ArrivalOutcome = 'new' | 'present' | 'old' | 'waiting' | 'unproven' | 'dropped'

/** Where a record comes from. */
export interface ArrivalSource {
  /** Over which link; undefined: from an imported file. */
  readonly session: LinkSession | undefined
  /** `bulk`: in answer to a comparison, or from a file. */
  readonly how: 'flood' | 'bulk'
}

/** What arrival needs of the rest of the node. */
export interface ArrivalOwner {
  /** A new version is stored: it is passed on. */
  arrived(record: GraphRecord, source: ArrivalSource): void
  /** Whether this node keeps records of a type (G-086). */
  keeps(type: string): boolean
}

/** What arrival is made of. */
export interface ArrivalTools {
  readonly store: RecordStore
  readonly verifier: RecordVerifier
  readonly judge: RecordJudge
  readonly waiting: WaitingRecords
  readonly missing: MissingProofs
  readonly rates: FloodRates
}

/** Records whose signatures are being checked, and their bytes: with more, links are read no further. */
export const MOST_UNCHECKED = 4096
export const LARGEST_UNCHECKED = 16 * 1024 * 1024

/** A record on its way in. */
interface Arrival {
  readonly record: GraphRecord
  readonly source: ArrivalSource
  readonly done: (outcome: ArrivalOutcome, record: GraphRecord) => void
}

interface Unchecked {
  readonly arrival: Arrival
  /** undefined while it is being checked. */
  isGood: boolean | undefined
}

/** Takes in the records that arrive at one node. */
export class RecordArrival {
  readonly #parts: GraphParts
  readonly #tools: ArrivalTools
  readonly #owner: ArrivalOwner
  /** In the order in which they came. */
  #unchecked: Unchecked[] = []
  #uncheckedBytes = 0
  readonly #paused = new Set<LinkSession>()
  #isSettling = false

  constructor(parts: GraphParts, tools: ArrivalTools, owner: ArrivalOwner) {
    this.#parts = parts
    this.#tools = tools
    this.#owner = owner
  }

  /**
   * Takes a record.
   *
   * @param bytes Its encoding; not kept.
   * @param done Called once, maybe before this returns. `record` is undefined where the bytes are none.
   */
  take(bytes: Uint8Array, source: ArrivalSource, done: (outcome: ArrivalOutcome, record?: GraphRecord) => void): void {
    const { counters, crypto, keys } = this.#parts
    counters.counted('records-received')
    const record = readRecord(crypto, keys, bytes)
    if (typeof record === 'string') {
      counters.dropped(`record-${record}`)
      done('dropped')
      return
    }
    this.#take({ record, source, done })
  }

  /** The records whose time has not come. */
  get waiting(): WaitingRecords {
    return this.#tools.waiting
  }

  clear(): void {
    this.#unchecked = []
    this.#uncheckedBytes = 0
    this.#paused.clear()
  }

  #take(arrival: Arrival): void {
    if (this.#isOver(arrival)) return
    const { record, source, done } = arrival
    const { session, how } = source
    if (how === 'bulk' || session === undefined) {
      this.#check(arrival)
      return
    }
    const passes = this.#tools.rates.takeUnchecked(record, session.peer.key, (waited) => {
      if (!waited || !this.#isOver(arrival)) this.#check(arrival)
    })
    if (!passes) done('dropped', record)
  }

  /** Ends an arrival of which can be told, without a look at the signatures, that it brings nothing now. */
  #isOver(arrival: Arrival): boolean {
    const outcome = this.#early(arrival)
    if (outcome !== undefined) arrival.done(outcome, arrival.record)
    return outcome !== undefined
  }

  #early({ record, source }: Arrival): ArrivalOutcome | undefined {
    const { counters, peerTime } = this.#parts
    const { store, missing, waiting } = this.#tools
    const standing = store.standing(record)
    if (standing === 'present') {
      counters.counted('records-already-present')
      return 'present'
    }
    if (!this.#owner.keeps(record.type)) {
      counters.dropped('record-not-kept')
      return 'dropped'
    }
    if (record.expires <= peerTime.minute()) {
      counters.dropped('record-expired')
      return 'dropped'
    }
    if (standing === 'old') {
      counters.dropped('record-old')
      return 'old'
    }
    const sender = source.session?.peer.key ?? ''
    if (missing.isJunk(record, sender)) {
      counters.dropped('proof-missing')
      return 'unproven'
    }
    if (!waiting.isAhead(record)) return undefined
    // Whoever sent it is told now that it waits, and nothing more.
    const isKept = waiting.add(record, sender, () => this.#take({ record, source, done: () => undefined }))
    return isKept ? 'waiting' : 'dropped'
  }

  #check(arrival: Arrival): void {
    const unchecked: Unchecked = { arrival, isGood: undefined }
    this.#unchecked.push(unchecked)
    this.#uncheckedBytes += arrival.record.bytes.length
    this.#holdBack(arrival.source.session)
    this.#tools.verifier.verify(arrival.record, (problem) => {
      unchecked.isGood = problem === undefined
      if (problem !== undefined) this.#parts.counters.dropped(`record-${problem}`)
      this.#settle()
    })
  }

  /** Stores what has been checked, as far as nothing that came before it is still being checked. */
  #settle(): void {
    // What is stored can call back here: the outer call goes on with it.
    if (this.#isSettling) return
    this.#isSettling = true
    try {
      let settled = 0
      for (const { arrival, isGood } of this.#unchecked) {
        if (isGood === undefined) break
        settled++
        this.#uncheckedBytes -= arrival.record.bytes.length
        this.#checked(arrival, isGood)
      }
      if (settled > 0) this.#unchecked.splice(0, settled)
    } finally {
      this.#isSettling = false
    }
    if (this.#unchecked.length < MOST_UNCHECKED / 2 && this.#uncheckedBytes < LARGEST_UNCHECKED / 2) this.#goOn()
  }

  #checked(arrival: Arrival, isGood: boolean): void {
    const { record, source, done } = arrival
    if (!isGood) {
      done('dropped', record)
    } else if (source.how === 'bulk') {
      this.#judge(arrival)
    } else {
      const passes = this.#tools.rates.takeChecked(record, () => this.#judge(arrival))
      if (!passes) done('dropped', record)
    }
  }

  #judge(arrival: Arrival): void {
    const { record, source, done } = arrival
    const validity = this.#tools.judge.judge(record)
    if (validity === 'invalid') {
      done('dropped', record)
    } else if (validity === 'valid') {
      this.#store(arrival)
    } else {
      this.#tools.missing.add(
        { record, request: validity.missingProof, from: source.session },
        () => {
          if (!this.#isOver(arrival)) this.#judge(arrival)
        },
        () => done('unproven', record),
      )
    }
  }

  #store({ record, source, done }: Arrival): void {
    const { counters, peerTime } = this.#parts
    if (record.expires <= peerTime.minute()) {
      counters.dropped('record-expired')
      done('dropped', record)
      return
    }
    const applied = this.#tools.store.apply(record)
    if (applied === 'new') {
      counters.counted('records-new')
      this.#owner.arrived(record, source)
    }
    done(applied === 'full' ? 'dropped' : applied, record)
  }

  #holdBack(session: LinkSession | undefined): void {
    const isMuch = this.#unchecked.length >= MOST_UNCHECKED || this.#uncheckedBytes >= LARGEST_UNCHECKED
    if (session === undefined || !isMuch || this.#paused.has(session)) return
    this.#paused.add(session)
    session.link.pause()
  }

  #goOn(): void {
    for (const { link } of this.#paused) link.resume()
    this.#paused.clear()
  }
}
