/**
 * One reconciliation: two nodes make their records equal over one link (DESIGN section 7, G-081 to G-089). Equal roots
 * end it after one exchange.
 *
 * The one that begins sends ROOT, the other one answers with its own. Both are compared at the later of the two minutes; if that
 * is the second one, whoever sent the first compares. Who sees a difference *describes* its records in OPENING, the other one
 * *drives*: stage by stage (reconciliation-stages.ts) it compares, and asks below each prefix where both have something and it
 * differs, with a description of its own, which is answered by one of what lies deeper. So each message goes down one
 * level. Either end sends what the other lacks as soon as it sees that, and asks for what it lacks itself.
 *
 * Every record that one end sends belongs to a *delivery*: what is below one prefix. They are counted in the order in which they are
 * begun, so each end knows when everything of a stage has come, although comparing and records go over the link with
 * different priorities and the tries change all the time.
 *
 * How much the other end can cost is bounded: each prefix is asked once and each question goes deeper; open questions, batches
 * under way and records in vain have limits; and too little progress ends the session.
 */
import { concatBytes, equalBytes } from '../runtime/bytes.ts'
import type { Crypto } from '../runtime/crypto.ts'
import type { Deadline, Deadlines } from '../runtime/deadlines.ts'
import { type Random, randomBytes } from '../runtime/random.ts'
import { ComparisonDescriber } from './comparison-describer.ts'
import { ComparisonDriver } from './comparison-driver.ts'
import type { LinkPort } from './link-port.ts'
import type { ReconciledRecords, ReconciliationEnd, ReconciliationFailure } from './reconciled-records.ts'
import {
  type Compared,
  type EndReason,
  MOST_PRIORITIZED_TYPES,
  NONCE_LENGTH,
  type Opening,
  type ReconciliationMessage,
  type Records,
  type Root,
} from './reconciliation-message.ts'
import { type ReconciliationPolicy, SharedTypes } from './reconciliation-stages.ts'
import { RecordReceiver } from './record-receiver.ts'
import { RecordSender } from './record-sender.ts'

/** How far ahead of the own peer time a minute may be, in milliseconds: twice what peer time can correct. */
export const FURTHEST_MINUTE = 10 * 60_000
/** How often the steps of a session are counted, in milliseconds. */
export const PROGRESS_PERIOD = 30_000
/** Steps of a session in that time: a batch taken in or reported, a range compared. */
const LEAST_PROGRESS = 4

/** What reconciliations stand on. */
export interface ReconciliationPorts {
  readonly crypto: Crypto
  readonly random: Random
  readonly deadlines: Deadlines
}

/** Told how a session goes. */
export interface ReconciliationOwner {
  /** @param expected As far as is known by now */
  progress(received: number, expected: number): void
  /** Everything of a prioritized type that differed is stored. */
  typeComplete(type: string): void
  /** The last call. */
  ended(end: ReconciliationEnd): void
}

/** With whom, and about what. */
export interface ReconciliationTerms {
  readonly link: LinkPort
  /** Its number, which whoever began it has chosen. */
  readonly session: number
  readonly policy: ReconciliationPolicy
  /** The types that the other end keeps beside `peerage.*`; undefined: all. */
  readonly otherTypes: readonly string[] | undefined
}

/** What both kinds of ends compare with. */
export interface ComparisonTools {
  readonly records: ReconciledRecords
  readonly crypto: Crypto
  readonly terms: ReconciliationTerms
  readonly shared: SharedTypes
  readonly salt: Uint8Array
  /** The types that either end wants first; those of the end with fewer records come first. */
  readonly prioritized: readonly string[]
}

/** What an end that compares needs of the session. */
export interface ComparisonOwner {
  /** The sender of this session; made once it is known which types are separate. */
  makeSender(isSeparate: (path: string, type: string) => boolean): RecordSender
  /** A range was compared. */
  progressed(): void
  /** A stage is compared; its records are complete when so many deliveries have come. */
  stageCompared(type: string, isLast: boolean, deliveries: number): void
}

type Phase = 'begun' | 'answered' | 'different' | 'driving' | 'describing' | 'over'

/** One session, at one end. */
export class Reconciliation implements ComparisonOwner {
  readonly #records: ReconciledRecords
  readonly #ports: ReconciliationPorts
  readonly #terms: ReconciliationTerms
  readonly #owner: ReconciliationOwner
  readonly #shared: SharedTypes
  readonly #receiver: RecordReceiver
  readonly #ownNonce: Uint8Array
  #phase: Phase = 'begun'
  #ownRoot: Root | undefined
  #otherRoot: Root | undefined
  #driver: ComparisonDriver | undefined
  #describer: ComparisonDescriber | undefined
  #sender: RecordSender | undefined
  /** Prioritized types that are compared, and after how many deliveries they are complete. */
  readonly #stages: { readonly type: string; readonly isLast: boolean; readonly deliveries: number }[] = []
  #steps = 0
  #watch: Deadline

  constructor(
    records: ReconciledRecords,
    ports: ReconciliationPorts,
    terms: ReconciliationTerms,
    owner: ReconciliationOwner,
  ) {
    this.#records = records
    this.#ports = ports
    this.#terms = terms
    this.#owner = owner
    this.#shared = new SharedTypes(terms.policy.types, terms.otherTypes)
    this.#ownNonce = randomBytes(ports.random, NONCE_LENGTH)
    this.#receiver = new RecordReceiver(records, {
      taken: (batches) => terms.link.send({ kind: 'TAKEN', session: terms.session, batches }),
      progressed: () => this.#recordsCame(),
    })
    this.#watch = ports.deadlines.set(PROGRESS_PERIOD, () => this.#look())
  }

  get session(): number {
    return this.#terms.session
  }

  /** Whether this end has sent ROOT and nothing has come yet. */
  get isWaiting(): boolean {
    return this.#phase === 'begun'
  }

  /** Sends the first ROOT. */
  begin(): void {
    this.#records.advanceTrie(this.#records.minute())
    this.#sendRoot()
  }

  /** Answers the first ROOT. */
  answer(root: Root): void {
    this.#otherRoot = copied(root)
    this.#records.advanceTrie(this.#records.minute())
    if (!this.#follows(root.minute)) return
    this.#sendRoot()
    if (root.minute < this.#records.trie.minute) this.#phase = 'answered'
    else if (equalBytes(root.hash, this.#hash())) this.#end({ kind: 'equal' })
    else this.#describe()
  }

  /** A message of this session came. */
  received(message: ReconciliationMessage): void {
    if (this.#phase === 'over') return
    const isLegal = this.#take(message)
    if (!isLegal) this.#fail('protocol')
    else this.#goOn()
  }

  /** The link takes bulk again. */
  ready(): void {
    this.#sender?.ready()
    this.#goOn()
  }

  /** Ends it: the link has closed, or the owner does not want it any more. */
  stop(reason: ReconciliationFailure, tell: EndReason | undefined): void {
    if (this.#phase === 'over') return
    if (tell !== undefined) this.#terms.link.send({ kind: 'END', session: this.session, reason: tell })
    this.#fail(reason)
  }

  makeSender(isSeparate: (path: string, type: string) => boolean): RecordSender {
    this.#sender = new RecordSender(this.#records, this.#terms.link, this.session, isSeparate)
    return this.#sender
  }

  progressed(): void {
    this.#steps++
  }

  stageCompared(type: string, isLast: boolean, deliveries: number): void {
    this.#stages.push({ type, isLast, deliveries })
  }

  /** @returns whether it was legal */
  #take(message: ReconciliationMessage): boolean {
    switch (message.kind) {
      case 'ROOT':
        return this.#rootCame(message)
      case 'OPENING':
        return this.#openingCame(message)
      case 'ASK':
        return this.#describer?.asked(message.ranges) ?? false
      case 'WANT':
        return this.#describer?.wanted(message.wants) ?? false
      case 'ANSWER':
        return this.#driver?.answered(message) ?? false
      case 'COMPARED':
        return this.#comparedCame(message)
      case 'RECORDS':
        return this.#recordsMessage(message)
      case 'TAKEN':
        this.#steps += message.batches
        return this.#sender?.taken(message.batches) ?? false
      case 'END':
        this.#fail(message.reason === 'stopped' ? 'given-up' : message.reason)
        return true
    }
  }

  #rootCame(root: Root): boolean {
    const own = this.#ownRoot
    if (own === undefined || root.minute < own.minute) return false
    if (this.#phase === 'answered') {
      // The other end has come to the minute of this one, and says that the roots are equal.
      if (root.minute !== own.minute) return false
      this.#end({ kind: 'equal' })
      return true
    }
    if (this.#phase !== 'begun') return false
    this.#otherRoot = copied(root)
    if (root.minute === own.minute) {
      if (equalBytes(root.hash, own.hash)) this.#end({ kind: 'equal' })
      else this.#phase = 'different'
      return true
    }
    if (!this.#follows(root.minute)) return true
    if (equalBytes(root.hash, this.#hash())) {
      this.#sendRoot()
      this.#end({ kind: 'equal' })
    } else {
      this.#describe()
    }
    return true
  }

  #openingCame(opening: Opening): boolean {
    if (this.#phase !== 'different' && this.#phase !== 'answered') return false
    this.#phase = 'driving'
    this.#driver = new ComparisonDriver(this.#tools(), this, opening)
    return true
  }

  #comparedCame({ type, isLast, deliveries }: Compared): boolean {
    if (this.#describer === undefined || this.#describer.isCompared) return false
    this.#describer.compared(isLast)
    this.stageCompared(type, isLast, deliveries + this.#describer.wants)
    return true
  }

  #recordsMessage(records: Records): boolean {
    if (this.#phase !== 'driving' && this.#phase !== 'describing') return false
    return this.#receiver.take(records)
  }

  /** Sends what can be sent, and sees whether it is over. */
  #goOn(): void {
    if (this.#phase === 'over') return
    this.#driver?.goOn()
    this.#sender?.pump()
    this.#describer?.goOn()
    this.#sender?.pump()
    const parts = [this.#sender, this.#driver, this.#describer]
    if (parts.some((part) => part?.isMisused === true)) {
      this.#fail('protocol')
      return
    }
    for (let stage = this.#stages[0]; stage !== undefined; stage = this.#stages[0]) {
      if (this.#receiver.deliveries < stage.deliveries) return
      if (stage.isLast && this.#sender?.isDone === false) return
      this.#stages.shift()
      if (stage.type !== '') this.#owner.typeComplete(stage.type)
      if (stage.isLast) this.#reconciled()
    }
  }

  #recordsCame(): void {
    this.#steps++
    if (this.#phase === 'over') return
    const { came, left } = this.#receiver
    this.#owner.progress(came, came + left)
    this.#goOn()
  }

  #reconciled(): void {
    const wasCutOff = this.#receiver.hasReceivedLongHeld || this.#sender?.hasSentLongHeld === true
    this.#end({ kind: 'reconciled', received: this.#receiver.stored, sent: this.#sender?.sent ?? 0, wasCutOff })
  }

  #describe(): void {
    this.#phase = 'describing'
    this.#describer = new ComparisonDescriber(this.#tools(), this)
  }

  #sendRoot(): void {
    const { trie } = this.#records
    const prioritized = this.#terms.policy.prioritized.slice(0, MOST_PRIORITIZED_TYPES)
    this.#ownRoot = {
      ...{ kind: 'ROOT', session: this.session, minute: trie.minute, hash: this.#hash(), count: trie.size },
      ...{ nonce: this.#ownNonce, prioritized },
    }
    this.#terms.link.send(this.#ownRoot)
  }

  /** Takes the trie to a later minute, unless it is too far ahead: then it is over. */
  #follows(minute: number): boolean {
    if (minute > this.#records.minute() + FURTHEST_MINUTE) {
      this.stop('minute', 'minute')
      return false
    }
    this.#records.advanceTrie(minute)
    return true
  }

  #hash(): Uint8Array {
    return this.#shared.hash(this.#records.trie, this.#ports.crypto)
  }

  #tools(): ComparisonTools {
    const own = this.#ownRoot
    const other = this.#otherRoot
    if (own === undefined || other === undefined) throw new Error('both roots are known when one describes its records')
    const needier = own.count < other.count ? own : other
    const otherOne = needier === own ? other : own
    const nonces = [own.nonce, other.nonce]
    if (this.#terms.link.isDialler) nonces.reverse()
    return {
      ...{ records: this.#records, crypto: this.#ports.crypto, terms: this.#terms, shared: this.#shared },
      salt: concatBytes(...nonces),
      prioritized: [...new Set([...needier.prioritized, ...otherOne.prioritized])],
    }
  }

  #look(): void {
    if (this.#steps < LEAST_PROGRESS) {
      this.stop('stalled', 'stopped')
      return
    }
    this.#steps = 0
    this.#watch = this.#ports.deadlines.set(PROGRESS_PERIOD, () => this.#look())
  }

  #fail(reason: ReconciliationFailure): void {
    this.#end({ kind: 'failed', reason })
  }

  #end(end: ReconciliationEnd): void {
    if (this.#phase === 'over') return
    this.#phase = 'over'
    this.#ports.deadlines.cancel(this.#watch)
    this.#receiver.close()
    this.#owner.ended(end)
  }
}

/** What is kept of a message must not lie in the memory of the link. */
function copied(root: Root): Root {
  return { ...root, hash: root.hash.slice(), nonce: root.nonce.slice() }
}
