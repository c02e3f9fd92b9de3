/**
 * Nodes with records, joined by links that carry the encoded messages in virtual time: with a delay, a rate, and a limit on what
 * waits, control before bulk. For tests and measurements of reconciliation.
 */
import { decodeGraphMessage } from '../../src/graph/decode-graph-message.ts'
import { encodeGraphMessage } from '../../src/graph/encode-graph-message.ts'
import type { GraphMessage } from '../../src/graph/graph-message.ts'
import type { LinkClosing, LinkHandler, LinkPort, LinkPriority } from '../../src/graph/link-port.ts'
import { type HashedLeaf, hashedLeaf, MerkleTrie } from '../../src/graph/merkle-trie.ts'
import { messageKinds } from '../../src/graph/message-kinds.ts'
import type { ReconciledOutcome, ReconciledRecords, ReconciliationEnd } from '../../src/graph/reconciled-records.ts'
import { isReconciliationMessage } from '../../src/graph/reconciliation-message.ts'
import type { ReconciliationPolicy } from '../../src/graph/reconciliation-stages.ts'
import { Reconciliations } from '../../src/graph/reconciliations.ts'
import type { LinkPeer } from '../../src/graph/security-provider.ts'
import { makePeerName } from '../../src/identity/peer-name.ts'
import { platformCrypto } from '../../src/nodejs/crypto/crypto.ts'
import { type RecordId, recordIdFromBytes } from '../../src/records/record-id.ts'
import { compareBytes, fromUtf8, toHex, toUtf8 } from '../../src/runtime/bytes.ts'
import type { Clock, Timer } from '../../src/runtime/clock.ts'
import { Deadlines } from '../../src/runtime/deadlines.ts'
import { parseIpAddress } from '../../src/runtime/endpoint.ts'
import type { Random } from '../../src/runtime/random.ts'
import { WireReader } from '../../src/wire/wire-reader.ts'
import { WireWriter } from '../../src/wire/wire-writer.ts'

export const crypto = platformCrypto()
export const MINUTE = 60_000
/** Where virtual time begins: a whole minute. */
export const EPOCH: number = 31_557_600 * MINUTE
/** Size, version, kind and reserved bytes of each message. */
const HEADER_LENGTH = 8
const MOST_BULK_WAITING = 256 * 1024
const LONG_HELD = 30_000

/** Virtual time: events in order, and the clock of everybody. */
export class Timeline implements Clock {
  readonly #events: { readonly due: number; readonly run: () => void; isCancelled: boolean }[] = []
  #now = 0

  get now(): number {
    return this.#now
  }

  utc(): number {
    return EPOCH + this.#now
  }

  monotonic(): number {
    return this.#now
  }

  setTimer(delay: number, expired: () => void): Timer {
    const event = { due: this.#now + delay, run: expired, isCancelled: false }
    let place = this.#events.length
    while (place > 0 && (this.#events[place - 1]?.due ?? 0) > event.due) place--
    this.#events.splice(place, 0, event)
    return {
      cancel: () => {
        event.isCancelled = true
      },
    }
  }

  /** Runs until something is so, or nothing more happens. @returns whether it is so */
  runUntil(isSo: () => boolean): boolean {
    while (!isSo()) {
      const event = this.#events.shift()
      if (event === undefined) return false
      this.#now = Math.max(this.#now, event.due)
      if (!event.isCancelled) event.run()
    }
    return true
  }

  runFor(duration: number): void {
    let isOver = false
    this.setTimer(duration, () => {
      isOver = true
    })
    this.runUntil(() => isOver)
  }
}

/** A record of a test: what makes it a version, and nothing else. */
export interface TestRecord {
  readonly type: string
  readonly id: RecordId
  readonly version: number
  readonly expires: number
  readonly text: string
}

interface Held {
  readonly record: TestRecord
  readonly bytes: Uint8Array
  readonly digest: Uint8Array
  readonly stored: number
}

/** Random numbers that a seed repeats: SHA-256 of a counter. */
export class SeededBytes implements Random {
  readonly #seed: string
  #counter = 0

  constructor(seed: string) {
    this.#seed = seed
  }

  fill(target: Uint8Array): void {
    for (let start = 0; start < target.length; start += 32) {
      const bytes = crypto.sha256(toUtf8(`${this.#seed} ${this.#counter++}`))
      target.set(bytes.subarray(0, target.length - start), start)
    }
  }

  uint32(): number {
    const bytes = new Uint8Array(4)
    this.fill(bytes)
    return new DataView(bytes.buffer).getUint32(0)
  }
}

let made = 0

/** A record with an ID of its own. */
export function makeRecord(options: Partial<TestRecord> = {}): TestRecord {
  const id = recordIdFromBytes(crypto.sha256(toUtf8(`record ${made++}`)).subarray(0, 16))
  return { type: 'chat', id, version: 1, expires: EPOCH + 60 * MINUTE, text: '', ...options }
}

/** One node with records. */
export class TestNode implements ReconciledRecords {
  readonly name: string
  readonly trie = new MerkleTrie(crypto)
  readonly held = new Map<RecordId, Held>()
  readonly sessions: Reconciliations
  readonly ends: ReconciliationEnd[] = []
  readonly completed: string[] = []
  readonly progress: { received: number; expected: number }[] = []
  /** Every record that came by reconciliation, in order. */
  readonly arrivals: TestRecord[] = []
  /** Records that wait here for their time. */
  waits: readonly TestRecord[] = []
  policy: ReconciliationPolicy = { firstTypes: [], prioritized: [], types: undefined }
  /** The types that the node at the other end keeps. */
  otherTypes: readonly string[] | undefined
  /** How far peer time is ahead here, in milliseconds. */
  skew = 0
  /** How long judging a record takes. */
  judging = 0
  /** Called when a record has come. */
  onArrival: (record: TestRecord) => void = () => undefined
  readonly #time: Timeline
  #judged = 0

  constructor(name: string, time: Timeline) {
    this.name = name
    this.#time = time
    const ports = { crypto, random: new SeededBytes(name), deadlines: new Deadlines(time), clock: time }
    this.sessions = new Reconciliations(
      () => this,
      ports,
      () => this.policy,
      {
        progress: (_link, received, expected) => this.progress.push({ received, expected }),
        typeComplete: (_link, type) => this.completed.push(type),
        ended: (_link, end) => this.ends.push(end),
      },
    )
  }

  get end(): ReconciliationEnd | undefined {
    return this.ends.at(-1)
  }

  reading<Result>(read: () => Result): Result {
    return read()
  }

  minute(): number {
    return Math.floor((EPOCH + this.#time.now + this.skew) / MINUTE) * MINUTE
  }

  advanceTrie(minute: number): void {
    this.trie.advance(minute)
  }

  bytesOf(_type: string, id: RecordId): Uint8Array | undefined {
    return this.held.get(id)?.bytes
  }

  waiting(): readonly HashedLeaf[] {
    return this.waits.map((record) => hashedLeaf(crypto, { ...record, digest: crypto.sha256(bytesOf(record)) }))
  }

  isLongHeld(id: RecordId): boolean {
    const stored = this.held.get(id)?.stored
    return stored !== undefined && stored + LONG_HELD < this.#time.now
  }

  arrived(bytes: Uint8Array, done: (outcome: ReconciledOutcome, record?: { readonly id: RecordId }) => void): void {
    const record = parse(bytes)
    if (record === undefined) {
      done('dropped')
      return
    }
    this.arrivals.push(record)
    const judge = (): void => {
      this.onArrival(record)
      done(this.put(record), record)
    }
    if (this.judging === 0) {
      judge()
      return
    }
    this.#judged = Math.max(this.#judged, this.#time.now) + this.judging
    this.#time.setTimer(this.#judged - this.#time.now, judge)
  }

  /** Stores a version unless a greater one is here. */
  put(record: TestRecord, stored: number = this.#time.now): ReconciledOutcome {
    const bytes = bytesOf(record)
    const digest = crypto.sha256(bytes)
    const present = this.held.get(record.id)
    if (present !== undefined) {
      const order = record.version - present.record.version || compareBytes(digest, present.digest)
      if (order <= 0) return order === 0 ? 'present' : 'old'
    }
    if (!this.trie.put({ ...record, digest })) return 'dropped'
    this.held.set(record.id, { record, bytes, digest, stored })
    return 'new'
  }

  remove(record: TestRecord): void {
    this.held.delete(record.id)
    this.trie.remove(record.type, record.id)
  }

  root(): string {
    return toHex(this.trie.hashAt('') ?? new Uint8Array(0))
  }
}

function bytesOf(record: TestRecord): Uint8Array {
  return toUtf8(JSON.stringify(record))
}

/** Stores records at a node. @param stored Since when it has them, in virtual time */
export function fill(node: TestNode, records: readonly TestRecord[], stored?: number): void {
  for (const record of records) node.put(record, stored)
}

/** Records of their own IDs. */
export function many(count: number, options: Partial<TestRecord> = {}): readonly TestRecord[] {
  return Array.from({ length: count }, () => makeRecord(options))
}

/** What passes over a pair of links. */
export interface Traffic {
  /** Of all messages in both directions, without the records in them. */
  bytesBesideRecords: number
  records: number
  readonly kinds: string[]
}

export interface PairOptions {
  /** One way, in milliseconds. */
  readonly delay?: number
  /** Bytes a millisecond. */
  readonly rate?: number
  /** Changes, or drops, what an end sends. */
  readonly tamper?: (message: GraphMessage, from: 'one' | 'other') => GraphMessage | undefined
}

/** Two nodes and a link between them, which the first one opened. */
export class ReconciledPair {
  readonly time: Timeline
  readonly one: TestNode
  readonly other: TestNode
  readonly traffic: Traffic = { bytesBesideRecords: 0, records: 0, kinds: [] }
  readonly #options: PairOptions
  links: readonly [TestLink, TestLink]

  constructor(options: PairOptions = {}, nodes?: { time: Timeline; one: TestNode; other: TestNode }) {
    this.time = nodes?.time ?? new Timeline()
    this.one = nodes?.one ?? new TestNode('one', this.time)
    this.other = nodes?.other ?? new TestNode('other', this.time)
    this.#options = options
    this.links = this.#connect()
  }

  /** A new link in the place of one that has closed. */
  connect(): void {
    this.links = this.#connect()
  }

  /** @param end Which of the two begins */
  begin(end: 0 | 1 = 0): boolean {
    const node = end === 0 ? this.one : this.other
    return node.sessions.begin(this.links[end], node.otherTypes)
  }

  /** Reconciles, and goes on until both ends have ended. @param end Which of the two begins */
  reconcile(end: 0 | 1 = 0): void {
    const before = [this.one.ends.length, this.other.ends.length]
    this.begin(end)
    this.time.runUntil(() => this.one.ends.length > (before[0] ?? 0) && this.other.ends.length > (before[1] ?? 0))
  }

  #connect(): readonly [TestLink, TestLink] {
    const one = new TestLink(this, 'one', this.one, this.other)
    const other = new TestLink(this, 'other', this.other, this.one)
    one.opposite = other
    other.opposite = one
    return [one, other]
  }

  get options(): PairOptions {
    return this.#options
  }
}

/** One end of a link. */
export class TestLink implements LinkPort {
  readonly peer: LinkPeer
  readonly isDialler: boolean
  readonly remote = { host: loopback(), port: 1 }
  readonly features = 0
  readonly lastHeard = 0
  readonly roundTrip = 0
  opposite: TestLink | undefined
  closing: LinkClosing | undefined
  readonly #pair: ReconciledPair
  readonly #side: 'one' | 'other'
  readonly #owner: TestNode
  readonly #queues: Record<LinkPriority, { kind: GraphMessage['kind']; body: Uint8Array }[]> = {
    ...{ control: [], flood: [], bulk: [] },
  }
  #bulkWaiting = 0
  #wasFull = false
  #isSending = false

  constructor(pair: ReconciledPair, side: 'one' | 'other', owner: TestNode, toward: TestNode) {
    this.#pair = pair
    this.#side = side
    this.#owner = owner
    this.isDialler = side === 'one'
    const publicKey = crypto.sha256(toUtf8(toward.name))
    this.peer = { name: makePeerName('0', toward.name), publicKey, key: toHex(publicKey) }
  }

  attach(_handler: LinkHandler): void {
    throw new Error('the pair hands over what comes')
  }

  send(message: GraphMessage): boolean {
    if (this.closing !== undefined) return true
    const { tamper } = this.#pair.options
    const changed = tamper === undefined ? message : tamper(message, this.#side)
    if (changed === undefined) return true
    const { longest, priority } = messageKinds[changed.kind]
    const writer = new WireWriter(longest)
    encodeGraphMessage(writer, changed)
    const body = writer.copy()
    const { traffic } = this.#pair
    traffic.kinds.push(changed.kind)
    traffic.bytesBesideRecords += HEADER_LENGTH + body.length
    if (changed.kind === 'RECORDS') {
      traffic.records += changed.records.length
      for (const { bytes } of changed.records) traffic.bytesBesideRecords -= bytes.length
    }
    this.#queues[priority].push({ kind: changed.kind, body })
    if (priority === 'bulk') this.#bulkWaiting += body.length
    this.#transmit()
    if (priority !== 'bulk' || this.#bulkWaiting < MOST_BULK_WAITING) return true
    this.#wasFull = true
    return false
  }

  waiting(priority: LinkPriority): number {
    return this.#queues[priority].reduce((sum, { body }) => sum + body.length, 0)
  }

  pause(): void {}
  resume(): void {}
  end(): void {
    this.destroy('closed')
  }
  probe(_wait: number): void {}

  destroy(reason: LinkClosing): void {
    if (this.closing !== undefined) return
    this.closing = reason
    this.#pair.time.setTimer(0, () => this.#owner.sessions.closed(this))
    this.opposite?.destroy('ended')
  }

  /** What came. */
  received(kind: GraphMessage['kind'], body: Uint8Array): void {
    if (this.closing !== undefined) return
    const message = decodeGraphMessage(kind, new WireReader(body, kind))
    if (isReconciliationMessage(message)) this.#owner.sessions.received(this, this.#owner.otherTypes, message)
    // Whoever keeps a view of a message will see something else in it.
    body.fill(0xee)
  }

  #transmit(): void {
    if (this.#isSending) return
    const { control, flood, bulk } = this.#queues
    const next = control.shift() ?? flood.shift() ?? bulk.shift()
    if (next === undefined) return
    const { time } = this.#pair
    const { delay = 10, rate = Number.POSITIVE_INFINITY } = this.#pair.options
    this.#isSending = true
    const duration = next.body.length / rate
    time.setTimer(duration + delay, () => this.opposite?.received(next.kind, next.body))
    time.setTimer(duration, () => {
      this.#isSending = false
      if (messageKinds[next.kind].priority === 'bulk') this.#sentBulk(next.body.length)
      this.#transmit()
    })
  }

  #sentBulk(length: number): void {
    this.#bulkWaiting -= length
    if (!this.#wasFull || this.#bulkWaiting > MOST_BULK_WAITING / 2 || this.closing !== undefined) return
    this.#wasFull = false
    this.#owner.sessions.ready(this)
  }
}

function parse(bytes: Uint8Array): TestRecord | undefined {
  const text = fromUtf8(bytes)
  if (text === undefined || !text.startsWith('{')) return undefined
  return JSON.parse(text)
}

function loopback() {
  const address = parseIpAddress('127.0.0.1')
  if (address === undefined) throw new TypeError('that is an address')
  return address
}
