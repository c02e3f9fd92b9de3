/**
 * What happens to a record that arrives, whether it was flooded, reconciled or imported (MS-PPGRH 3.1.7.10, 3.1.7.27): its form, its
 * signatures, the graph's own rules and the provider are asked, in this order, and what passes is stored. Each step that
 * can tell that the record brings nothing comes before the costly ones.
 *
 * Validity is a function of the record and the security state. So nothing here compares the record with the version
 * that is stored, but to see which of the two wins.
 */

import { readRecord } from '../records/read-record.ts'
import type { GraphRecord } from '../records/record.ts'
import { isReserved } from '../records/record-type.ts'
import type { FloodRates } from './flood-rates.ts'
import type { GraphParts } from './graph-parts.ts'
import type { LinkSession } from './link-session.ts'
import type { MissingProofs } from './missing-proofs.ts'
import type { RecordStore } from './record-store.ts'
import type { RecordVerifier } from './record-verifier.ts'
import type { Validity } from './security-provider.ts'
import type { WaitingRecords } from './waiting-records.ts'

/** What became of a record that arrived. */
export type ArrivalOutcome = 'new' | 'present' | 'old' | 'waiting' | 'dropped'

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
  /** Whether an internal record is what its type says; undefined: it is. */
  internalProblem(record: GraphRecord): 'record-internal' | undefined
  /** No record of an application may expire later than so long after its creation, in milliseconds. */
  readonly longestLife: number
  /** Whether this node keeps records of a type (G-086). */
  keeps(type: string): boolean
}

/** Records whose signatures are being checked: more than this, and links are read no further. */
export const MOST_UNCHECKED = 4096

interface Unchecked {
  readonly record: GraphRecord
  readonly source: ArrivalSource
  readonly done: (outcome: ArrivalOutcome, record: GraphRecord) => void
  /** undefined while it is being checked. */
  isGood: boolean | undefined
}

/** Takes in the records that arrive at one node. */
export class RecordArrival {
  readonly #parts: GraphParts
  readonly #store: RecordStore
  readonly #verifier: RecordVerifier
  readonly #waiting: WaitingRecords
  readonly #missing: MissingProofs
  readonly #rates: FloodRates
  readonly #owner: ArrivalOwner
  /** In the order in which they came. */
  #unchecked: Unchecked[] = []
  readonly #paused = new Set<LinkSession>()
  #isSettling = false

  constructor(
    parts: GraphParts,
    tools: {
      readonly store: RecordStore
      readonly verifier: RecordVerifier
      readonly waiting: WaitingRecords
      readonly missing: MissingProofs
      readonly rates: FloodRates
    },
    owner: ArrivalOwner,
  ) {
    this.#parts = parts
    this.#store = tools.store
    this.#verifier = tools.verifier
    this.#waiting = tools.waiting
    this.#missing = tools.missing
    this.#rates = tools.rates
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
    this.#take(record, source, done)
  }

  /** Judges again what is stored, after the security state has changed (G-190). @returns what is not valid any more */
  judgeAgain(records: Iterable<GraphRecord>): readonly GraphRecord[] {
    const invalid: GraphRecord[] = []
    for (const record of records) if (this.#judge(record) === 'invalid') invalid.push(record)
    return invalid
  }

  clear(): void {
    this.#unchecked = []
    this.#paused.clear()
  }

  #take(
    record: GraphRecord,
    source: ArrivalSource,
    done: (outcome: ArrivalOutcome, record: GraphRecord) => void,
  ): void {
    const early = this.#early(record, source, done)
    if (early !== undefined) {
      done(early, record)
      return
    }
    if (source.how === 'bulk' || source.session === undefined) {
      this.#check(record, source, done)
    } else if (!this.#rates.take(record, source.session.peer.key, () => this.#check(record, source, done))) {
      done('dropped', record)
    }
  }

  #check(
    record: GraphRecord,
    source: ArrivalSource,
    done: (outcome: ArrivalOutcome, record: GraphRecord) => void,
  ): void {
    const unchecked: Unchecked = { record, source, done, isGood: undefined }
    this.#unchecked.push(unchecked)
    this.#holdBack(source.session)
    this.#verifier.verify(record, (problem) => {
      unchecked.isGood = problem === undefined
      if (problem !== undefined) this.#parts.counters.dropped(`record-${problem}`)
      this.#settle()
    })
  }

  /** What can be said before the signatures are checked. */
  #early(
    record: GraphRecord,
    source: ArrivalSource,
    done: (outcome: ArrivalOutcome, record: GraphRecord) => void,
  ): ArrivalOutcome | undefined {
    const { counters, peerTime } = this.#parts
    if (this.#store.has(record)) {
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
    if (this.#store.isOld(record)) {
      counters.dropped('record-old')
      return 'old'
    }
    if (this.#missing.isJunk(record)) {
      counters.dropped('proof-missing')
      return 'dropped'
    }
    if (this.#waiting.isAhead(record)) {
      const again = (): void => this.#take(record, source, done)
      this.#waiting.add(record, source.session?.peer.key ?? '', again)
      return 'waiting'
    }
    return undefined
  }

  /** Stores what has been checked, as far as nothing that came before it is still being checked. */
  #settle(): void {
    // What is stored can call back here: the outer call goes on with it.
    if (this.#isSettling) return
    this.#isSettling = true
    try {
      let settled = 0
      for (const unchecked of this.#unchecked) {
        if (unchecked.isGood === undefined) break
        settled++
        this.#checked(unchecked)
      }
      if (settled > 0) this.#unchecked.splice(0, settled)
    } finally {
      this.#isSettling = false
    }
    if (this.#unchecked.length < MOST_UNCHECKED / 2) this.#goOn()
  }

  #checked({ record, source, done, isGood }: Unchecked): void {
    if (isGood !== true) {
      done('dropped', record)
      return
    }
    const validity = this.#judge(record)
    if (validity === 'invalid') {
      done('dropped', record)
    } else if (validity === 'valid') {
      const applied = this.#store.apply(record)
      if (applied === 'new') {
        this.#parts.counters.counted('records-new')
        this.#owner.arrived(record, source)
      }
      done(applied, record)
    } else {
      this.#missing.add(
        { record, request: validity.missingProof, from: source.session },
        () => this.#checked({ record, source, done, isGood: true }),
        () => done('dropped', record),
      )
    }
  }

  /** Everything that validity depends on, beside form and signatures. */
  #judge(record: GraphRecord): Validity {
    const { counters, provider, log } = this.#parts
    const problem = this.#ruleBroken(record)
    if (problem !== undefined) {
      counters.dropped(problem)
      return 'invalid'
    }
    try {
      const validity: unknown = provider.validate(record)
      if (validity === 'valid') return 'valid'
      if (validity === 'invalid') {
        counters.dropped('record-invalid')
        return 'invalid'
      }
      if (isMissingProof(validity)) return validity
    } catch (error) {
      log.warn('the security provider failed', { problem: String(error) })
    }
    counters.dropped('record-provider-failed')
    return 'invalid'
  }

  #ruleBroken(record: GraphRecord): 'record-outlives' | 'record-internal' | undefined {
    if (isReserved(record.type)) return this.#owner.internalProblem(record)
    if (record.expires > record.created + this.#owner.longestLife) return 'record-outlives'
    const right = this.#parts.provider.rightEnds(record.creator.publicKey)
    return right !== undefined && record.expires > right ? 'record-outlives' : undefined
  }

  #holdBack(session: LinkSession | undefined): void {
    if (session === undefined || this.#unchecked.length < MOST_UNCHECKED || this.#paused.has(session)) return
    this.#paused.add(session)
    session.link.pause()
  }

  #goOn(): void {
    for (const { link } of this.#paused) link.resume()
    this.#paused.clear()
  }
}

function isMissingProof(validity: unknown): validity is { readonly missingProof: Uint8Array } {
  return (
    typeof validity === 'object' &&
    validity !== null &&
    'missingProof' in validity &&
    validity.missingProof instanceof Uint8Array
  )
}
