/**
 * Records that were announced and have not come (Plumtree's missing messages; DESIGN section 7). Most of them come by themselves over
 * eager links, so each is waited for as long as records lately took. Then whoever has announced it is asked with GRAFT, and the next
 * one if the answer takes too long.
 *
 * Where the tree is cut, all beyond the cut are told of a record and nobody gets it. Because their waits differ, one asks first, and the
 * others have the record from it before they ask: so one link closes the cut, and not a hundred.
 */
import type { GraphRecord } from '../records/record.ts'
import type { RecordId } from '../records/record-id.ts'
import { equalBytes } from '../runtime/bytes.ts'
import type { Deadline } from '../runtime/deadlines.ts'
import { randomFraction } from '../runtime/random.ts'
import { RecentMap } from '../runtime/recent-map.ts'
import { type AnnouncedRecord, MOST_ANNOUNCED } from './flood-message.ts'
import type { GraphParts } from './graph-parts.ts'
import type { LinkSession } from './link-session.ts'
import { LONGEST_PROOF_OF_LIFE } from './membership.ts'

/**
 * How long an announced record may take to come by itself, in milliseconds: as long as it lately did, within these bounds, and
 * a random part of up to so many times as much again, within its own bounds.
 */
export const SHORTEST_GRAFT_WAIT = 100
export const LONGEST_GRAFT_WAIT = 3000
export const GRAFT_JITTER = 3
export const SHORTEST_GRAFT_JITTER = 150
export const LONGEST_GRAFT_JITTER = 3000
/** How long the answer to a GRAFT may take before the next announcer is asked, in milliseconds. */
export const GRAFT_ANSWER_WAIT = 2000
/** Announced records that are waited for. */
export const MOST_WANTED = 8192
/** Records of which it is known that they were asked for, and of whom. */
const MOST_ASKED = 8192
/** Who has announced a record, and versions of it, as far as they are remembered. */
const MOST_ANNOUNCERS = 4

interface Wanted {
  /** Of the versions that were announced and did not come so far: a later one is not forgotten because an earlier one comes. */
  digests: Uint8Array[]
  /** When it was first announced. */
  readonly since: number
  announcers: LinkSession[]
  /** Who has been asked for it, the last time. */
  asked: LinkSession | undefined
  due: number
}

/** What the wanted records of a node are judged by. */
export interface WantedRecordsOwner {
  /** Whether a version that nobody waits for yet is wanted, as far as that can be told without the database. */
  isWanted(announced: AnnouncedRecord): boolean
  /** Whether a version is in the database. */
  isHere(id: RecordId, digest: Uint8Array): boolean
}

/** What one node waits for. */
export class WantedRecords {
  readonly #parts: GraphParts
  readonly #owner: WantedRecordsOwner
  readonly #wanted = new Map<RecordId, Wanted>()
  /** What was asked for with GRAFT, of whom, and since when it was known. */
  readonly #asked = new RecentMap<{ readonly since: number; readonly session: LinkSession }>(MOST_ASKED)
  #timer: Deadline | undefined
  /** How late records come after their announcements, in milliseconds, and how much that varies. */
  #lateness = 100
  #deviation = 50
  #asking = 0
  #shortestWait = SHORTEST_GRAFT_WAIT

  constructor(parts: GraphParts, owner: WantedRecordsOwner) {
    this.#parts = parts
    this.#owner = owner
  }

  /** How long a record is waited for now, without the random part, in milliseconds. */
  get shortestWait(): number {
    return this.#shortestWait
  }

  announced(session: LinkSession, records: readonly AnnouncedRecord[]): void {
    const due = this.#nextAsking()
    for (const one of records) {
      if (this.#wanted.has(one.id) || this.#owner.isWanted(one)) this.#want(session, one, due)
    }
    this.#arm(due - this.#parts.clock.monotonic())
  }

  /**
   * A record came by flood: how much later than its first announcement says how long to wait for others.
   *
   * @returns who has announced this version, and whether it came without being asked for
   */
  flooded(
    record: GraphRecord,
    from: LinkSession | undefined,
  ): { readonly announcers: readonly LinkSession[]; readonly cameByItself: boolean } {
    const { id, digest } = record
    const wanted = this.#wanted.get(id)
    const asked = this.#asked.get(id)
    const isOnlyVersion = wanted?.digests.length === 1 && wanted.digests.every((other) => equalBytes(other, digest))
    this.came(record)
    if (asked === undefined) this.#wasLate(wanted === undefined ? 0 : this.#parts.clock.monotonic() - wanted.since)
    const others = isOnlyVersion ? wanted.announcers : NOBODY
    const announcers = asked === undefined ? others : [...others, asked.session]
    return { announcers, cameByItself: asked?.session !== from }
  }

  /** A version is not wanted any more. */
  came({ id, digest }: GraphRecord): void {
    const wanted = this.#wanted.get(id)
    if (wanted === undefined) return
    wanted.digests = wanted.digests.filter((other) => !equalBytes(other, digest))
    if (wanted.digests.length === 0) this.#wanted.delete(id)
  }

  /** Who was asked for a record that has come now from somebody. If that is somebody else, it was asked for too early. */
  askedFor(id: RecordId, from: LinkSession): LinkSession | undefined {
    const asked = this.#asked.get(id)
    if (asked !== undefined && asked.session !== from) this.#wasLate(this.#parts.clock.monotonic() - asked.since)
    return asked?.session
  }

  /** Forgets all of it. */
  clear(): void {
    this.#wanted.clear()
    if (this.#timer !== undefined) this.#parts.deadlines.cancel(this.#timer)
    this.#timer = undefined
  }

  #wasLate(late: number): void {
    this.#deviation += (Math.abs(late - this.#lateness) - this.#deviation) / 8
    this.#lateness += (late - this.#lateness) / 8
  }

  /** When to ask for what is announced now: one time for all that is announced until then. */
  #nextAsking(): number {
    const now = this.#parts.clock.monotonic()
    if (this.#asking <= now) {
      const expected = this.#lateness + 4 * this.#deviation
      const wait = Math.min(LONGEST_GRAFT_WAIT, Math.max(SHORTEST_GRAFT_WAIT, expected))
      const range = Math.min(LONGEST_GRAFT_JITTER, Math.max(SHORTEST_GRAFT_JITTER, wait * GRAFT_JITTER))
      const jitter = range * randomFraction(this.#parts.random)
      this.#shortestWait = wait
      this.#asking = now + wait + jitter
    }
    // What is announced late in that time waits as long as the others did at least.
    return Math.max(this.#asking, now + this.#shortestWait)
  }

  #want(session: LinkSession, { id, digest }: AnnouncedRecord, due: number): void {
    const wanted = this.#wanted.get(id)
    if (wanted !== undefined) {
      const isKnown = wanted.digests.some((other) => equalBytes(other, digest))
      if (!isKnown && wanted.digests.length < MOST_ANNOUNCERS) wanted.digests.push(digest)
      if (wanted.announcers.length < MOST_ANNOUNCERS && !wanted.announcers.includes(session)) {
        wanted.announcers.push(session)
      }
    } else if (this.#wanted.size < MOST_WANTED) {
      const since = this.#parts.clock.monotonic()
      this.#wanted.set(id, { digests: [digest], since, announcers: [session], asked: undefined, due })
    } else {
      this.#parts.counters.dropped('graft-limit')
    }
  }

  #arm(delay: number): void {
    if (this.#wanted.size === 0) return
    const due = this.#parts.clock.monotonic() + delay
    if (this.#timer !== undefined) {
      if (this.#timer.due <= due) return
      this.#parts.deadlines.cancel(this.#timer)
    }
    this.#timer = this.#parts.deadlines.set(delay, () => {
      this.#timer = undefined
      this.#graft()
    })
  }

  /** Asks for what was announced and did not come: as few announcers as possible, since each may become eager. */
  #graft(): void {
    const now = this.#parts.clock.monotonic()
    const due = new Map<RecordId, Wanted>()
    let next = Number.POSITIVE_INFINITY
    for (const [id, wanted] of this.#wanted) {
      if (wanted.due > now) {
        next = Math.min(next, wanted.due)
        continue
      }
      // Who has not answered may be gone.
      wanted.asked?.link.probe(LONGEST_PROOF_OF_LIFE)
      wanted.asked = undefined
      wanted.announcers = wanted.announcers.filter((session) => this.#parts.neighbors.of(session) !== undefined)
      wanted.digests = wanted.digests.filter((digest) => !this.#owner.isHere(id, digest))
      if (wanted.announcers.length === 0 || wanted.digests.length === 0) this.#wanted.delete(id)
      else due.set(id, wanted)
    }
    while (due.size > 0) {
      const session = mostFrequent(due.values())
      if (session === undefined) break
      const ids: RecordId[] = []
      for (const [id, wanted] of due) {
        if (!wanted.announcers.includes(session)) continue
        // Whoever does not answer is not asked again for it.
        wanted.announcers = wanted.announcers.filter((other) => other !== session)
        wanted.asked = session
        wanted.due = now + GRAFT_ANSWER_WAIT
        this.#asked.set(id, { since: wanted.since, session })
        ids.push(id)
        due.delete(id)
      }
      ask(session, ids)
      next = Math.min(next, now + GRAFT_ANSWER_WAIT)
    }
    if (next < Number.POSITIVE_INFINITY) this.#arm(Math.max(1, next - now))
  }
}

const NOBODY: readonly LinkSession[] = []

function ask(session: LinkSession, ids: readonly RecordId[]): void {
  for (let start = 0; start < ids.length; start += MOST_ANNOUNCED) {
    session.link.send({ kind: 'GRAFT', eager: false, ids: ids.slice(start, start + MOST_ANNOUNCED) })
  }
}

/** Who announced the most of these. */
function mostFrequent(wanted: Iterable<Wanted>): LinkSession | undefined {
  const counts = new Map<LinkSession, number>()
  for (const { announcers } of wanted) for (const one of announcers) counts.set(one, (counts.get(one) ?? 0) + 1)
  let best: LinkSession | undefined
  let most = 0
  for (const [session, count] of counts) {
    if (count <= most) continue
    best = session
    most = count
  }
  return best
}
