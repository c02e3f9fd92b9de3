/**
 * Records that cannot be judged yet (G-129): the provider lacks a proof, such as the certificate chain of the author. The
 * neighbor that sent the record must have it, so it is asked. When the proof comes, from whomever, the records that
 * wait for it are judged as if they had just arrived; if it does not come, they are dropped, and a record that turned
 * out to be junk is not asked for again for a while.
 */
import type { GraphRecord } from '../records/record.ts'
import { toHex } from '../runtime/bytes.ts'
import type { Deadline } from '../runtime/deadlines.ts'
import { RecentMap } from '../runtime/recent-map.ts'
import type { GraphParts } from './graph-parts.ts'
import type { LinkSession } from './link-session.ts'

/** How long a neighbor may take to supply a proof, in milliseconds. */
export const LONGEST_PROOF_WAIT = 10_000
/** Records put aside, of one sender and in all. */
export const MOST_ASIDE_OF_SENDER = 256
export const MOST_ASIDE = 2048
/** Records that turned out to be junk, and how long they are remembered, in milliseconds. */
export const MOST_JUNK = 4096
export const JUNK_REMEMBERED = 10 * 60_000

interface Aside {
  readonly record: GraphRecord
  readonly sender: string
  readonly again: () => void
  readonly dropped: () => void
}

interface Request {
  readonly request: Uint8Array
  readonly records: Map<string, Aside>
  readonly asked: Set<LinkSession>
  deadline: Deadline
}

/** The records of one node that lack a proof. */
export class MissingProofs {
  readonly #parts: GraphParts
  readonly #requests = new Map<string, Request>()
  readonly #ofSender = new Map<string, number>()
  readonly #junk = new RecentMap<number>(MOST_JUNK)
  #count = 0

  constructor(parts: GraphParts) {
    this.#parts = parts
  }

  /** Whether this version turned out to be junk a short time ago. */
  isJunk({ digest }: GraphRecord): boolean {
    const until = this.#junk.get(toHex(digest))
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
    const sender = from?.peer.key ?? ''
    const ofSender = this.#ofSender.get(sender) ?? 0
    if (from === undefined || this.#count >= MOST_ASIDE || ofSender >= MOST_ASIDE_OF_SENDER) {
      this.#parts.counters.dropped(from === undefined ? 'proof-missing' : 'proof-limit')
      dropped()
      return
    }
    const waiting = this.#request(request)
    const digest = toHex(record.digest)
    if (waiting.records.has(digest)) {
      dropped()
      return
    }
    waiting.records.set(digest, { record, sender, again, dropped })
    this.#ofSender.set(sender, ofSender + 1)
    this.#count++
    if (waiting.asked.has(from)) return
    waiting.asked.add(from)
    from.link.send({ kind: 'PROOF_REQUEST', request })
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
    for (const [key, waiting] of [...this.#requests]) {
      this.#end(key, waiting)
      for (const { again } of waiting.records.values()) again()
    }
    this.#junk.clear()
  }

  clear(): void {
    for (const { deadline } of this.#requests.values()) this.#parts.deadlines.cancel(deadline)
    this.#requests.clear()
    this.#ofSender.clear()
    this.#count = 0
  }

  #request(request: Uint8Array): Request {
    const key = toHex(request)
    const present = this.#requests.get(key)
    if (present !== undefined) return present
    const made: Request = {
      request: new Uint8Array(request),
      records: new Map(),
      asked: new Set(),
      deadline: this.#parts.deadlines.set(LONGEST_PROOF_WAIT, () => this.#expired(key)),
    }
    this.#requests.set(key, made)
    return made
  }

  #expired(key: string): void {
    const waiting = this.#requests.get(key)
    if (waiting === undefined) return
    this.#end(key, waiting)
    const until = this.#parts.clock.monotonic() + JUNK_REMEMBERED
    for (const [digest, { dropped }] of waiting.records) {
      this.#junk.set(digest, until)
      this.#parts.counters.dropped('proof-missing')
      dropped()
    }
  }

  #end(key: string, waiting: Request): void {
    this.#requests.delete(key)
    this.#parts.deadlines.cancel(waiting.deadline)
    this.#count -= waiting.records.size
    for (const { sender } of waiting.records.values()) {
      const left = (this.#ofSender.get(sender) ?? 0) - 1
      if (left > 0) this.#ofSender.set(sender, left)
      else this.#ofSender.delete(sender)
    }
  }
}
