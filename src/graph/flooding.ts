/**
 * Flooding, as Plumtree does it (Leitão, Pereira, Rodrigues 2007, "Epidemic broadcast trees"; DESIGN section 7): a record
 * goes in full over eager links and as an announcement over lazy ones. Every link begins eager. Who gets a record
 * that it has already says PRUNE (pruning-record.ts), and the link becomes lazy, so that the eager links soon form a tree. Who is
 * told of a record and does not get it asks for it with GRAFT (wanted-records.ts); if it still does not come by itself, the link becomes
 * eager: so the tree repairs itself.
 *
 * A neighbor that takes too little gets announcements only; when they become too many, they are forgotten. The two compare
 * roots as soon as it keeps up again; if it does not for long, its link ends (G-080).
 */
import { authorOf, type GraphRecord } from '../records/record.ts'
import type { RecordId } from '../records/record-id.ts'
import { isReserved } from '../records/record-type.ts'
import { equalBytes, toHex } from '../runtime/bytes.ts'
import type { Deadline } from '../runtime/deadlines.ts'
import { RecentMap } from '../runtime/recent-map.ts'
import {
  type Advertise,
  type AnnouncedRecord,
  type Flood,
  type Graft,
  MOST_ANNOUNCED,
  type Prune,
} from './flood-message.ts'
import type { GraphParts } from './graph-parts.ts'
import type { LinkSession } from './link-session.ts'
import type { Neighbor } from './neighbors.ts'
import { PruningRecord } from './pruning-record.ts'
import type { ArrivalOutcome, RecordArrival } from './record-arrival.ts'
import type { RecordStore } from './record-store.ts'
import { WantedRecords } from './wanted-records.ts'

/** How long announcements are gathered, in milliseconds. */
export const ANNOUNCEMENT_DELAY = 50
/** Announcements that wait for one neighbor; with more, roots are compared instead. */
export const MOST_WAITING_ANNOUNCEMENTS = 2048
/** Records that one neighbor has asked for and that were not sent yet. */
export const MOST_GRAFTED = 1024
/** How long a neighbor may take too little, in milliseconds. */
export const LONGEST_SLOWNESS = 30_000
/** Versions that came and brought nothing: they are not asked for again. */
const MOST_USELESS = 8192

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
  /** A record came because it was asked for: unless one comes by itself that this neighbor has announced, the link becomes eager. */
  adoption: Deadline | undefined
}

/** Floods the records of one node. */
export class Flooding {
  readonly #parts: GraphParts
  readonly #store: RecordStore
  readonly #arrival: RecordArrival
  readonly #owner: FloodingOwner
  readonly #flows = new Map<Neighbor, Flow>()
  readonly #wanted: WantedRecords
  /** Records whose first copy was flooded to this node, or that it wrote itself. */
  readonly #flooded = new RecentMap<true>(MOST_USELESS)
  readonly #useless = new RecentMap<true>(MOST_USELESS)
  readonly #pruning = new Set<Deadline>()
  readonly #pruningRecord = new PruningRecord()

  constructor(parts: GraphParts, store: RecordStore, arrival: RecordArrival, owner: FloodingOwner) {
    this.#parts = parts
    this.#store = store
    this.#arrival = arrival
    this.#owner = owner
    this.#wanted = new WantedRecords(parts, {
      isWanted: (announced) => this.#isWanted(announced),
      isHere: (id, digest) => store.isHere(id, digest),
    })
  }

  neighborAdded(neighbor: Neighbor): void {
    this.#flows.set(neighbor, {
      ...{ announcements: new Map(), grafted: [], flush: undefined, slowness: undefined, needsComparison: false },
      adoption: undefined,
    })
  }

  /** @param goesOn Whether this node stays: records that came over that link have to come over another one */
  neighborRemoved(neighbor: Neighbor, goesOn: boolean): void {
    const flow = this.#flows.get(neighbor)
    this.#flows.delete(neighbor)
    const wasEager = neighbor.eager
    neighbor.eager = false
    if (goesOn && wasEager) this.#mend()
    for (const deadline of [flow?.flush, flow?.slowness, flow?.adoption]) {
      if (deadline !== undefined) this.#parts.deadlines.cancel(deadline)
    }
  }

  /** Sends a record to all neighbors but the one that it came from. */
  spread(record: GraphRecord, except: LinkSession | undefined): void {
    const { announcers, cameByItself } = this.#wanted.flooded(record, except)
    if (cameByItself) for (const announcer of announcers) this.#isWhole(announcer)
    this.#flooded.set(record.id, true)
    const from = except && this.#parts.neighbors.of(except)
    const mayPrune = this.#pruningRecord.came(record, except === undefined ? 'here' : from, this.#parts.peerTime.now())
    // It was asked for: the others are pruned for that link.
    if (mayPrune && from?.eager === false) this.#adopt(from)
    for (const [neighbor, flow] of this.#flows) {
      if (neighbor.session === except || !keeps(neighbor.session, record.type)) continue
      if (neighbor.eager && !neighbor.slow) this.#send(neighbor, flow, record)
      else if (!announcers.includes(neighbor.session)) this.#announce(neighbor, flow, record)
    }
  }

  /** Tells all neighbors but one of a record that a comparison brought (G-175). */
  announce(record: GraphRecord, except: LinkSession | undefined): void {
    this.#wanted.came(record)
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
    const neighbor = this.#parts.neighbors.of(session)
    const own = neighbor && this.#flows.get(neighbor)?.announcements
    for (const { id, digest } of records) {
      // Who has it need not be told: over a lazy link it is announced in one direction, not in both.
      const announced = own?.get(id)
      if (announced !== undefined && equalBytes(announced, digest)) own?.delete(id)
    }
    this.#wanted.announced(session, records)
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

  pruneCame(session: LinkSession, { digest }: Prune): void {
    const neighbor = this.#parts.neighbors.of(session)
    if (neighbor?.eager !== true) return
    if (this.#pruningRecord.prunes(digest, neighbor)) neighbor.eager = false
    else this.#adopt(neighbor)
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
  }

  /** Most announced records come by themselves: the database is asked only before they are asked for. */
  #isWanted({ id, digest }: AnnouncedRecord): boolean {
    if (this.#store.isNearby(id, digest) || this.#useless.get(toHex(digest)) !== undefined) return false
    return !this.#arrival.waiting.has(digest)
  }

  #taken(session: LinkSession, outcome: ArrivalOutcome, record: GraphRecord): void {
    const { digest, id, type } = record
    const neighbor = this.#parts.neighbors.of(session)
    const asked = this.#wanted.askedFor(id, session)
    switch (outcome) {
      case 'new':
        if (neighbor !== undefined && asked === session) this.#wasFetched(neighbor)
        break
      case 'present':
        if (asked !== undefined && asked !== session) this.#isWhole(asked)
        if (neighbor !== undefined && asked !== session) this.#cameTwice(neighbor, record)
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
    if (outcome !== 'new') this.#wanted.came(record)
  }

  /** A record came because it was asked for: unless others come by themselves, the tree is cut, and that link closes it. */
  #wasFetched(neighbor: Neighbor): void {
    const flow = this.#flows.get(neighbor)
    if (flow === undefined || neighbor.eager) return
    flow.adoption ??= this.#parts.deadlines.set(this.#wanted.shortestWait, () => {
      flow.adoption = undefined
      if (!neighbor.eager) this.#adopt(neighbor)
    })
  }

  /** What somebody has announced came by itself: no cut lies between, and what was asked for was asked for too early. */
  #isWhole(announcer: LinkSession): void {
    const neighbor = this.#parts.neighbors.of(announcer)
    const flow = neighbor && this.#flows.get(neighbor)
    if (flow?.adoption === undefined) return
    this.#parts.deadlines.cancel(flow.adoption)
    flow.adoption = undefined
  }

  /** What came over a link that is gone comes over another one: who is a leaf of the tree needs any, others perhaps this one. */
  #mend(): void {
    const neighbor = this.#parts.neighbors.draw(({ eager, slow }) => !eager && !slow)
    if (neighbor !== undefined) this.#adopt(neighbor)
  }

  #adopt(neighbor: Neighbor): void {
    neighbor.eager = true
    neighbor.session.link.send({ kind: 'GRAFT', eager: true, ids: [] })
  }

  /** A record came twice by flood: one of the two links is not needed. */
  #cameTwice(neighbor: Neighbor, { id, digest }: GraphRecord): void {
    // What came first in answer to a comparison says nothing about the tree.
    if (this.#flooded.get(id) === undefined || !this.#pruningRecord.is(digest)) return
    const wasEager = neighbor.eager
    const deadline = this.#parts.deadlines.set(this.#pruningRecord.delay(this.#parts.peerTime.now()), () => {
      this.#pruning.delete(deadline)
      // The other end was first.
      if (wasEager && !neighbor.eager) return
      if (this.#flows.has(neighbor) && this.#pruningRecord.prunes(digest, neighbor)) {
        neighbor.eager = false
        neighbor.session.link.send({ kind: 'PRUNE', digest })
      }
    })
    this.#pruning.add(deadline)
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
}

/** Whether a neighbor is sent records of a type at all (G-086). */
function keeps({ types }: LinkSession, type: string): boolean {
  return types === undefined || isReserved(type) || types.includes(type)
}
