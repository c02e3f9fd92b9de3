/**
 * Records that cannot be judged yet (G-129): the provider lacks a proof, such as the certificate chain of the author. The
 * neighbor that sent the record must have it, so it is asked, and so is each other one that sends the same record. When the
 * proof comes, from whomever, the records that wait for it go on as if they had just arrived. If it does not come, they
 * are dropped, and what a neighbor could not prove is not taken from that neighbor again for a while: from others it is, and
 * it is asked for if they announce it, so that nobody can keep a good record out by sending it without its proof.
 */
import type { GraphRecord } from '../records/record.ts'
import { toHex } from '../runtime/bytes.ts'
import type { Deadline } from '../runtime/deadlines.ts'
import { RecentMap } from '../runtime/recent-map.ts'
import type { GraphParts } from './graph-parts.ts'
import type { LinkSession } from './link-session.ts'

/** How long a neighbor may take to supply a proof, in milliseconds. */
export const LONGEST_PROOF_WAIT = 10_000
/** Records put aside because a proof is missing, of one sender and in all. */
export const MOST_ASIDE_OF_SENDER = 256
export const MOST_ASIDE = 2048
/** Bytes of records put aside because a proof is missing, of one sender and in all. */
export const LARGEST_ASIDE_OF_SENDER = 1024 * 1024
export const LARGEST_ASIDE = 8 * 1024 * 1024
/** Neighbors that are asked for one missing proof. */
export const MOST_ASKED = 16
/** Records that turned out to be junk: of one sender, the senders of which they are remembered, and how long, in milliseconds. */
export const MOST_JUNK_OF_SENDER = 256
export const MOST_JUNK_SENDERS = 16
export const JUNK_REMEMBERED = 10 * 60_000

interface Aside {
  readonly record: GraphRecord
  /** Who sent it first. */
  readonly sender: string
  readonly again: () => void
  readonly dropped: () => void
}

interface Request {
  /** By digest. */
  readonly records: Map<string, Aside>
  /** By their identities. */
  readonly asked: Set<string>
  deadline: Deadline
}

/** What one sender has put aside here. */
interface Share {
  records: number
  bytes: number
}

/** The records of one node that lack a proof. */
export class MissingProofs {
  readonly #parts: Pick<GraphParts, 'provider' | 'counters' | 'deadlines' | 'clock'>
  readonly #requests = new Map<string, Request>()
  readonly #shares = new Map<string, Share>()
  /** By sender and digest: until when it is not taken. */
  readonly #junk = new RecentMap<RecentMap<number>>(MOST_JUNK_SENDERS)
  readonly #all: Share = { records: 0, bytes: 0 }

  constructor(parts: Pick<GraphParts, 'provider' | 'counters' | 'deadlines' | 'clock'>) {
    this.#parts = parts
  }

  /** How many records are put aside. */
  get size(): number {
    return this.#all.records
  }

  /** Whether a sender could not prove this version a short time ago. */
  isJunk({ digest }: GraphRecord, sender: string): boolean {
    const until = this.#junk.get(sender)?.get(toHex(digest))
    return until !== undefined && until > this.#parts.clock.monotonic()
  }

  /**
   * Puts a record aside and asks its sender for the proof.
   *
   * @param from Who sent it; undefined where nobody can be asked: it is dropped then.
   * @param again Called when the proof is here.
   * @param dropped Called when it will not come.
   */
  add(
    aside: { readonly record: GraphRecord; readonly request: Uint8Array; readonly from: LinkSession | undefined },
    again: () => void,
    dropped: () => void,
  ): void {
    const { record, request, from } = aside
    if (from === undefined) {
      this.#parts.counters.dropped('proof-missing')
      dropped()
      return
    }
    const sender = from.peer.key
    const digest = toHex(record.digest)
    const present = this.#requests.get(toHex(request))
    if (present?.records.has(digest) === true) {
      // It waits already, and need not wait twice. This sender is asked, too: the other one may not have the proof.
      this.#ask(present, request, from)
      dropped()
      return
    }
    if (!this.#hasRoom(sender, record)) {
      this.#parts.counters.dropped('proof-limit')
      dropped()
      return
    }
    const waiting = present ?? this.#begin(request)
    waiting.records.set(digest, { record, sender, again, dropped })
    this.#count(sender, 1, record.bytes.length)
    this.#ask(waiting, request, from)
  }

  /** A neighbor answered. */
  proofCame(request: Uint8Array, proof: Uint8Array): void {
    const key = toHex(request)
    const waiting = this.#requests.get(key)
    // Nobody asked, or it came from somebody else before.
    if (waiting === undefined || proof.length === 0) return
    if (!this.#parts.provider.proofArrived(request, proof)) return
    this.#end(key, waiting)
    for (const { again } of waiting.records.values()) again()
  }

  /** The security state has changed: what is put aside is judged again. */
  retry(): void {
    this.#junk.clear()
    for (const [key, waiting] of [...this.#requests]) {
      this.#end(key, waiting)
      for (const { again } of waiting.records.values()) again()
    }
  }

  clear(): void {
    for (const { deadline } of this.#requests.values()) this.#parts.deadlines.cancel(deadline)
    this.#requests.clear()
    this.#shares.clear()
    this.#all.records = 0
    this.#all.bytes = 0
  }

  #begin(request: Uint8Array): Request {
    const key = toHex(request)
    const made: Request = { records: new Map(), asked: new Set(), deadline: this.#deadline(key) }
    this.#requests.set(key, made)
    return made
  }

  /** Asks a neighbor once, which gets its own time to answer. */
  #ask(waiting: Request, request: Uint8Array, from: LinkSession): void {
    const { key } = from.peer
    if (waiting.asked.has(key) || waiting.asked.size >= MOST_ASKED) return
    waiting.asked.add(key)
    this.#parts.deadlines.cancel(waiting.deadline)
    waiting.deadline = this.#deadline(toHex(request))
    from.link.send({ kind: 'PROOF_REQUEST', request })
  }

  #deadline(key: string): Deadline {
    return this.#parts.deadlines.set(LONGEST_PROOF_WAIT, () => this.#expired(key))
  }

  #expired(key: string): void {
    const waiting = this.#requests.get(key)
    if (waiting === undefined) return
    this.#end(key, waiting)
    const until = this.#parts.clock.monotonic() + JUNK_REMEMBERED
    for (const [digest, { dropped }] of waiting.records) {
      for (const sender of waiting.asked) this.#isJunkNow(sender, digest, until)
      this.#parts.counters.dropped('proof-missing')
      dropped()
    }
  }

  #isJunkNow(sender: string, digest: string, until: number): void {
    const ofSender = this.#junk.get(sender) ?? new RecentMap<number>(MOST_JUNK_OF_SENDER)
    ofSender.set(digest, until)
    this.#junk.set(sender, ofSender)
  }

  #hasRoom(sender: string, { bytes }: GraphRecord): boolean {
    const share = this.#shares.get(sender) ?? { records: 0, bytes: 0 }
    if (share.records >= MOST_ASIDE_OF_SENDER || share.bytes + bytes.length > LARGEST_ASIDE_OF_SENDER) return false
    return this.#all.records < MOST_ASIDE && this.#all.bytes + bytes.length <= LARGEST_ASIDE
  }

  #count(sender: string, records: number, bytes: number): void {
    const share = this.#shares.get(sender) ?? { records: 0, bytes: 0 }
    for (const one of [share, this.#all]) {
      one.records += records
      one.bytes += bytes
    }
    if (share.records > 0) this.#shares.set(sender, share)
    else this.#shares.delete(sender)
  }

  #end(key: string, waiting: Request): void {
    this.#requests.delete(key)
    this.#parts.deadlines.cancel(waiting.deadline)
    for (const { sender, record } of waiting.records.values()) this.#count(sender, -1, -record.bytes.length)
  }
}
