/**
 * Flooding, as Plumtree does it (Leitão, Pereira, Rodrigues 2007, "Epidemic broadcast trees"; DESIGN section 7): a record
 * goes in full over eager links and as an announcement over lazy ones. Every link begins eager. Who gets a record
 * that it has already says PRUNE, and the link becomes lazy, so that the eager links soon form a tree. Who is told of a
 * record and does not get it asks for it with GRAFT; if it still does not come by itself, the link becomes eager: so the tree
 * repairs itself.
 *
 * A neighbor that takes too little gets announcements only; when they become too many, they are forgotten. The two compare
 * roots as soon as it keeps up again; if it does not for long, its link ends (G-080).
 */
import { authorOf, type GraphRecord } from '../records/record.ts'
import type { RecordId } from '../records/record-id.ts'
import { isReserved } from '../records/record-type.ts'
import { equalBytes, toHex } from '../runtime/bytes.ts'
import type { Deadline } from '../runtime/deadlines.ts'
import { randomFraction } from '../runtime/random.ts'
import { RecentMap } from '../runtime/recent-map.ts'
import { type Advertise, type AnnouncedRecord, type Flood, type Graft, MOST_ANNOUNCED } from './flood-message.ts'
import type { GraphParts } from './graph-parts.ts'
import type { LinkSession } from './link-session.ts'
import { LONGEST_PROOF_OF_LIFE } from './membership.ts'
import type { Neighbor } from './neighbors.ts'
import { PruningRecord } from './pruning-record.ts'
import type { ArrivalOutcome, RecordArrival } from './record-arrival.ts'
import type { RecordStore } from './record-store.ts'

/** How long announcements are gathered, in milliseconds. */
export const ANNOUNCEMENT_DELAY = 50
/**
 * How long an announced record may take to come by itself, in milliseconds: as long as it lately did, within these bounds, and
 * up to so many times as much again, but at least {@link SHORTEST_GRAFT_JITTER}. Where the tree is cut, all beyond the cut are told of a
 * record and nobody gets it. Because their waits differ, one asks first, and the others have the record from it before
 * they ask: so one link closes the cut, and not a hundred.
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
/** Announcements that wait for one neighbor; with more, roots are compared instead. */
export const MOST_WAITING_ANNOUNCEMENTS = 2048
/** Records that one neighbor has asked for and that were not sent yet. */
export const MOST_GRAFTED = 1024
/** How long a neighbor may take too little, in milliseconds. */
export const LONGEST_SLOWNESS = 30_000
/** Versions that came and brought nothing: they are not asked for again. */
const MOST_USELESS = 8192
const MOST_ANNOUNCERS = 4

/** What flooding needs of the rest of the node. */
export interface FloodingOwner {
  /** Compares roots with a neighbor that was slow. */
  compare(session: LinkSession): void
}

/** How records flow to one neighbor. */
interface Flow {
  readonly announcements: Map<RecordId, Uint8Array>
  readonly grafted: RecordId[]
  flush: Deadline | undefined
  slowness: Deadline | undefined
  needsComparison: boolean
  /** Records that came because they were asked for, and not by themselves, and when that makes the link eager. */
  readonly fetched: Set<RecordId>
  adoption: Deadline | undefined
}

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

/** Floods the records of one node. */
export class Flooding {
  readonly #parts: GraphParts
  readonly #store: RecordStore
  readonly #arrival: RecordArrival
  readonly #owner: FloodingOwner
  readonly #flows = new Map<Neighbor, Flow>()
  readonly #wanted = new Map<RecordId, Wanted>()
  /** Records whose first copy was flooded to this node, or that it wrote itself. */
  readonly #flooded = new RecentMap<true>(MOST_USELESS)
  /** What was asked for with GRAFT, of whom, and since when it was known. */
  readonly #asked = new RecentMap<{ readonly since: number; readonly session: LinkSession }>(MOST_USELESS)
  readonly #useless = new RecentMap<true>(MOST_USELESS)
  readonly #pruning = new Set<Deadline>()
  #timer: Deadline | undefined
  /** How late records come after their announcements, in milliseconds, and how much that varies. */
  #lateness = 100
  #deviation = 50
  #asking = 0
  readonly #pruningRecord = new PruningRecord()
  #shortestWait = SHORTEST_GRAFT_WAIT

  constructor(parts: GraphParts, store: RecordStore, arrival: RecordArrival, owner: FloodingOwner) {
    this.#parts = parts
    this.#store = store
    this.#arrival = arrival
    this.#owner = owner
  }

  neighborAdded(neighbor: Neighbor): void {
    this.#flows.set(neighbor, {
      ...{ announcements: new Map(), grafted: [], flush: undefined, slowness: undefined, needsComparison: false },
      ...{ fetched: new Set(), adoption: undefined },
    })
  }

  neighborRemoved(neighbor: Neighbor): void {
    const flow = this.#flows.get(neighbor)
    this.#flows.delete(neighbor)
    for (const deadline of [flow?.flush, flow?.slowness, flow?.adoption]) {
      if (deadline !== undefined) this.#parts.deadlines.cancel(deadline)
    }
  }

  /** Sends a record to all neighbors but the one that it came from. */
  spread(record: GraphRecord, except: LinkSession | undefined): void {
    this.#arrived(record)
    this.#flooded.set(record.id, true)
    this.#pruningRecord.came(record, this.#parts.peerTime.now())
    for (const [neighbor, flow] of this.#flows) {
      if (neighbor.session === except || !keeps(neighbor.session, record.type)) continue
      if (neighbor.eager && !neighbor.slow) this.#send(neighbor, flow, record)
      else this.#announce(neighbor, flow, record)
    }
  }

  /** Tells all neighbors but one of a record that a comparison brought (G-175). */
  announce(record: GraphRecord, except: LinkSession | undefined): void {
    this.#came(record)
    for (const [neighbor, flow] of this.#flows) {
      if (neighbor.session !== except && keeps(neighbor.session, record.type)) this.#announce(neighbor, flow, record)
    }
  }

  /** This node leaves: nobody can ask it any more for what it has only announced of its own, the end of its presence above all. */
  leave(): void {
    const { ownKey } = this.#parts
    for (const [neighbor, flow] of this.#flows) {
      for (const id of flow.announcements.keys()) {
        const record = this.#store.find(id)
        if (record !== undefined && toHex(authorOf(record).publicKey) === ownKey) this.#send(neighbor, flow, record)
      }
    }
  }

  /** Tells one neighbor of many records: it asks for those that it lacks (G-171). */
  announceAll(neighbor: Neighbor, records: Iterable<GraphRecord>): void {
    let batch: AnnouncedRecord[] = []
    for (const { id, digest, type } of records) {
      if (!keeps(neighbor.session, type)) continue
      batch.push({ id, digest })
      if (batch.length < MOST_ANNOUNCED) continue
      neighbor.session.link.send({ kind: 'ADVERTISE', records: batch })
      batch = []
    }
    if (batch.length > 0) neighbor.session.link.send({ kind: 'ADVERTISE', records: batch })
  }

  floodCame(session: LinkSession, { record: bytes }: Flood): void {
    this.#arrival.take(bytes, { session, how: 'flood' }, (outcome, record) => {
      if (record !== undefined) this.#taken(session, outcome, record)
    })
  }

  advertiseCame(session: LinkSession, { records }: Advertise): void {
    const due = this.#nextAsking()
    const neighbor = this.#parts.neighbors.of(session)
    const own = neighbor && this.#flows.get(neighbor)?.announcements
    for (const { id, digest } of records) {
      // Who has it need not be told: over a lazy link it is announced in one direction, not in both.
      const announced = own?.get(id)
      if (announced !== undefined && equalBytes(announced, digest)) own?.delete(id)
      // Most announced records come by themselves: the database is asked only before they are asked for.
      if (!this.#wanted.has(id)) {
        if (this.#store.isNearby(id, digest) || this.#useless.get(toHex(digest)) !== undefined) continue
        if (this.#arrival.waiting.has(digest)) continue
      }
      this.#want(session, { id, digest }, due)
    }
    this.#arm(due - this.#parts.clock.monotonic())
  }

  graftCame(session: LinkSession, { eager, ids }: Graft): void {
    const neighbor = this.#parts.neighbors.of(session)
    const flow = neighbor && this.#flows.get(neighbor)
    if (neighbor === undefined || flow === undefined) return
    if (eager) neighbor.eager = true
    for (const id of ids) {
      if (flow.grafted.length < MOST_GRAFTED) flow.grafted.push(id)
      else this.#parts.counters.dropped('graft-limit')
    }
    this.#sendGrafted(neighbor, flow)
  }

  pruneCame(session: LinkSession): void {
    const neighbor = this.#parts.neighbors.of(session)
    if (neighbor !== undefined) neighbor.eager = false
  }

  /** A neighbor takes floods again. */
  ready(session: LinkSession): void {
    const neighbor = this.#parts.neighbors.of(session)
    const flow = neighbor && this.#flows.get(neighbor)
    if (neighbor === undefined || flow === undefined) return
    const isBehind = neighbor.slow && flow.announcements.size > 0
    neighbor.slow = false
    if (flow.slowness !== undefined) this.#parts.deadlines.cancel(flow.slowness)
    flow.slowness = undefined
    this.#sendGrafted(neighbor, flow)
    if (flow.needsComparison) {
      flow.needsComparison = false
      this.#compare(neighbor)
    } else {
      this.#flush(neighbor, flow)
      if (isBehind) this.#owner.compare(session)
    }
  }

  /** What was refused may be good now: it is asked for again. */
  judgedAnew(): void {
    this.#useless.clear()
  }

  /** Forgets what was announced, where there is no neighbor any more: a comparison will bring it. */
  clear(): void {
    this.#wanted.clear()
    for (const deadline of this.#pruning) this.#parts.deadlines.cancel(deadline)
    this.#pruning.clear()
    if (this.#timer !== undefined) this.#parts.deadlines.cancel(this.#timer)
    this.#timer = undefined
  }

  /** A record came by flood: how much later than its first announcement says how long to wait for others. */
  #arrived(record: GraphRecord): void {
    const { id } = record
    const wanted = this.#wanted.get(id)
    this.#came(record)
    if (this.#asked.get(id) !== undefined) return
    this.#wasLate(wanted === undefined ? 0 : this.#parts.clock.monotonic() - wanted.since)
  }

  /** A version is not wanted any more. */
  #came({ id, digest }: GraphRecord): void {
    const wanted = this.#wanted.get(id)
    if (wanted === undefined) return
    wanted.digests = wanted.digests.filter((other) => !equalBytes(other, digest))
    if (wanted.digests.length === 0) this.#wanted.delete(id)
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

  #taken(session: LinkSession, outcome: ArrivalOutcome, record: GraphRecord): void {
    const { digest, id, type } = record
    const neighbor = this.#parts.neighbors.of(session)
    const asked = this.#asked.get(id)
    if (asked !== undefined && asked.session !== session) {
      // It would have come by itself: it was asked for too early.
      this.#wasLate(this.#parts.clock.monotonic() - asked.since)
    }
    switch (outcome) {
      case 'new':
        if (neighbor !== undefined && asked?.session === session) this.#wasFetched(neighbor, id)
        break
      case 'present':
        if (asked === undefined) this.#cameTwice(session, record)
        else if (asked.session !== session) this.#cameByItself(asked.session, id)
        break
      case 'old': {
        this.#useless.set(toHex(digest), true)
        const ours = this.#store.get(type, id)
        if (ours === undefined || neighbor === undefined) break
        const flow = this.#flows.get(neighbor)
        if (flow !== undefined) this.#announce(neighbor, flow, ours)
        break
      }
      case 'unproven':
        // From others it is good perhaps: whoever has announced it, or will, is asked for it (G-129).
        return
      case 'waiting':
      case 'dropped':
        this.#useless.set(toHex(digest), true)
    }
    if (outcome !== 'new') this.#came(record)
  }

  /** A record came because it was asked for: unless it comes by itself as well, the tree is cut, and that link closes it. */
  #wasFetched(neighbor: Neighbor, id: RecordId): void {
    const flow = this.#flows.get(neighbor)
    if (flow === undefined || neighbor.eager) return
    flow.fetched.add(id)
    flow.adoption ??= this.#parts.deadlines.set(this.#shortestWait, () => {
      flow.adoption = undefined
      if (flow.fetched.size > 0 && !neighbor.eager) this.#adopt(neighbor)
      flow.fetched.clear()
    })
  }

  /** It was asked for too early: the tree is whole there. */
  #cameByItself(asked: LinkSession, id: RecordId): void {
    const neighbor = this.#parts.neighbors.of(asked)
    if (neighbor === undefined) return
    this.#flows.get(neighbor)?.fetched.delete(id)
    this.#prune(asked)
  }

  #adopt(neighbor: Neighbor): void {
    neighbor.eager = true
    neighbor.session.link.send({ kind: 'GRAFT', eager: true, ids: [] })
  }

  /** A record came twice by flood: one of the two links is not needed. */
  #cameTwice(session: LinkSession, { id }: GraphRecord): void {
    // What came first in answer to a comparison says nothing about the tree.
    if (this.#flooded.get(id) === undefined || !this.#pruningRecord.is(id)) return
    const deadline = this.#parts.deadlines.set(this.#pruningRecord.delay(this.#parts.peerTime.now()), () => {
      this.#pruning.delete(deadline)
      if (this.#pruningRecord.is(id)) this.#prune(session)
    })
    this.#pruning.add(deadline)
  }

  #prune(session: LinkSession): void {
    const neighbor = this.#parts.neighbors.of(session)
    if (neighbor?.eager !== true) return
    neighbor.eager = false
    session.link.send({ kind: 'PRUNE' })
  }

  #send(neighbor: Neighbor, flow: Flow, record: GraphRecord): void {
    if (neighbor.session.link.send({ kind: 'FLOOD', record: record.bytes })) return
    neighbor.slow = true
    flow.slowness ??= this.#parts.deadlines.set(LONGEST_SLOWNESS, () => neighbor.session.link.destroy('slow'))
  }

  #announce(neighbor: Neighbor, flow: Flow, { id, digest }: GraphRecord): void {
    if (flow.needsComparison) return
    if (flow.announcements.size >= MOST_WAITING_ANNOUNCEMENTS) {
      flow.announcements.clear()
      this.#parts.counters.dropped('announcements-limit')
      if (neighbor.slow) flow.needsComparison = true
      else this.#compare(neighbor)
      return
    }
    flow.announcements.set(id, digest)
    flow.flush ??= this.#parts.deadlines.set(ANNOUNCEMENT_DELAY, () => {
      flow.flush = undefined
      if (!neighbor.slow) this.#flush(neighbor, flow)
    })
  }

  /** Makes up for announcements that were forgotten: comparisons leave out ephemeral records. */
  #compare(neighbor: Neighbor): void {
    this.announceAll(neighbor, this.#store.ephemeral.all())
    this.#owner.compare(neighbor.session)
  }

  #flush(neighbor: Neighbor, flow: Flow): void {
    if (flow.announcements.size === 0) return
    let records: AnnouncedRecord[] = []
    for (const [id, digest] of flow.announcements) {
      records.push({ id, digest })
      if (records.length < MOST_ANNOUNCED) continue
      neighbor.session.link.send({ kind: 'ADVERTISE', records })
      records = []
    }
    flow.announcements.clear()
    if (records.length > 0) neighbor.session.link.send({ kind: 'ADVERTISE', records })
  }

  #sendGrafted(neighbor: Neighbor, flow: Flow): void {
    let sent = 0
    for (const id of flow.grafted) {
      if (neighbor.slow) break
      sent++
      const record = this.#store.find(id)
      if (record === undefined || !keeps(neighbor.session, record.type)) continue
      // What has expired may still be here, and is sent no more (G-056).
      if (record.expires > this.#parts.peerTime.minute()) this.#send(neighbor, flow, record)
    }
    flow.grafted.splice(0, sent)
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
      wanted.digests = wanted.digests.filter((digest) => !this.#store.isHere(id, digest))
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
      this.#ask(session, ids)
      next = Math.min(next, now + GRAFT_ANSWER_WAIT)
    }
    if (next < Number.POSITIVE_INFINITY) this.#arm(Math.max(1, next - now))
  }

  #ask(session: LinkSession, ids: readonly RecordId[]): void {
    for (let start = 0; start < ids.length; start += MOST_ANNOUNCED) {
      session.link.send({ kind: 'GRAFT', eager: false, ids: ids.slice(start, start + MOST_ANNOUNCED) })
    }
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

/** Whether a neighbor is sent records of a type at all (G-086). */
function keeps({ types }: LinkSession, type: string): boolean {
  return types === undefined || isReserved(type) || types.includes(type)
}
