/**
 * Whether this node says that it is online, by a presence record that it renews (MS-PPGRH 3.1.7.4, 3.1.7.17; G-090 to G-094).
 *
 * A graph can hold the number of presence records near a maximum. Then a node does not act at once when there are too
 * many or too few, but after a random time, and only if it is still so.
 */
import type { RecordAttribute } from '../records/attribute.ts'
import type { GraphRecord } from '../records/record.ts'
import type { Deadline } from '../runtime/deadlines.ts'
import { PeerageError } from '../runtime/peerage-error.ts'
import { randomBelow, randomFraction } from '../runtime/random.ts'
import type { GraphParts } from './graph-parts.ts'
import type { GraphProperties } from './graph-properties.ts'
import { encodePresence, PRESENCE_TYPE } from './presence-record.ts'
import type { Publishing } from './publishing.ts'
import type { RecordStore } from './record-store.ts'

/** What an application wants of its node's presence: `graph` leaves it to the graph's properties. */
export type PresenceChoice = 'always' | 'never' | 'graph'

/** So many more than the maximum are tolerated. */
export const TOLERATED_PRESENCE = 10
/** How long a node waits before it acts on a number, in whole seconds. */
export const SHORTEST_PRESENCE_WAIT = 30
export const LONGEST_PRESENCE_WAIT = 180
/** The record is renewed after this part of its life, and up to a tenth of that later, so that no two nodes stay in step. */
export const RENEWED_PART: number = 2 / 3

/** What presence needs of the rest of the node. */
export interface PresenceOwner {
  /** Whether the node is online and the graph's properties are known here: before, it may be one without presence. */
  isWelcome(): boolean
  properties(): GraphProperties
  /** How many nodes have a presence record. */
  listed(): number
}

/** The presence of one node. */
export class Presence {
  readonly #parts: GraphParts
  readonly #store: RecordStore
  readonly #publishing: Publishing
  readonly #owner: PresenceOwner
  #choice: PresenceChoice = 'graph'
  #attributes: readonly RecordAttribute[] = []
  #record: GraphRecord | undefined
  #renewal: Deadline | undefined
  #decision: Deadline | undefined

  constructor(parts: GraphParts, store: RecordStore, publishing: Publishing, owner: PresenceOwner) {
    this.#parts = parts
    this.#store = store
    this.#publishing = publishing
    this.#owner = owner
  }

  /** The own presence record, while there is one. */
  get record(): GraphRecord | undefined {
    return this.#record
  }

  /** What the application wants; its attributes stay if none are given. @throws PeerageError as {@link Publishing.addInternal} */
  choose(choice: PresenceChoice, attributes: readonly RecordAttribute[] | undefined): void {
    this.#choice = choice
    if (attributes !== undefined) this.#attributes = attributes
    if (this.#record === undefined) this.check()
    else if (this.#isOff()) this.withdraw()
    else this.#publish()
  }

  /** Applies the rules again: something has changed that they depend on. */
  check(): void {
    if (this.#parts.neighbors.count === 0 || !this.#owner.isWelcome()) return
    if (this.#isOff()) {
      this.withdraw()
      return
    }
    const { maxPresenceRecords } = this.#owner.properties()
    if (this.#choice === 'always' || maxPresenceRecords < 0) {
      this.#cancelDecision()
      if (this.#record === undefined) this.publish()
      return
    }
    if (this.#isTooMany() || this.#isTooFew()) this.#decideLater()
    else this.#cancelDecision()
  }

  /** Publishes presence, or what has changed in it, if the security provider lets it be. */
  publish(): void {
    this.#try(() => this.#publish())
  }

  #publish(): void {
    const { own, peerTime, deadlines, random } = this.#parts
    const { presenceLifetime } = this.#owner.properties()
    const expires = peerTime.now() + presenceLifetime
    const payload = encodePresence(own.addresses)
    this.#stopRenewing()
    const renewed = presenceLifetime * RENEWED_PART * (1 + randomFraction(random) / 10)
    this.#renewal = deadlines.set(renewed, () => {
      this.#renewal = undefined
      if (this.#record !== undefined) this.publish()
    })
    const present = this.#record && this.#store.get(PRESENCE_TYPE, this.#record.id)
    if (present === undefined || present.deleted) {
      const content = { encoding: 'bytes', payload, attributes: this.#attributes } as const
      this.#record = this.#publishing.addInternal(
        { type: PRESENCE_TYPE, expires, refresh: false, ...content },
        () => {},
      )
    } else {
      const content = { encoding: 'bytes', payload } as const
      const update = {
        content,
        attributes: this.#attributes,
        expires: Math.max(expires, present.expires),
        refresh: false,
      }
      this.#record = this.#publishing.updateInternal(present, update, () => {})
    }
  }

  /** Deletes the presence record. */
  withdraw(): void {
    this.#stopRenewing()
    this.#cancelDecision()
    const present = this.#record && this.#store.get(PRESENCE_TYPE, this.#record.id)
    this.#record = undefined
    if (present !== undefined && !present.deleted) this.#try(() => this.#publishing.deleteInternal(present, () => {}))
  }

  /** Ends without a word: nobody would hear it. */
  stop(): void {
    this.#stopRenewing()
    this.#cancelDecision()
    this.#record = undefined
  }

  #try(write: () => void): void {
    try {
      write()
    } catch (error) {
      this.#parts.counters.dropped('presence-failed')
      // That it has no right to it yet, as while it joins, is an answer: it is tried again when something has changed.
      if (error instanceof PeerageError) return
      this.#parts.log.warn('presence could not be published', { problem: String(error) })
    }
  }

  /** A graph that has switched presence off wins over an application that wants it, and that over a maximum (G-094). */
  #isOff(): boolean {
    return this.#choice === 'never' || this.#owner.properties().maxPresenceRecords === 0
  }

  #isTooMany(): boolean {
    const { maxPresenceRecords } = this.#owner.properties()
    return this.#record !== undefined && this.#owner.listed() > maxPresenceRecords + TOLERATED_PRESENCE
  }

  #isTooFew(): boolean {
    const { maxPresenceRecords } = this.#owner.properties()
    return this.#record === undefined && this.#owner.listed() < maxPresenceRecords
  }

  #decideLater(): void {
    if (this.#decision !== undefined) return
    const { random, deadlines } = this.#parts
    const spread = LONGEST_PRESENCE_WAIT - SHORTEST_PRESENCE_WAIT + 1
    const seconds = SHORTEST_PRESENCE_WAIT + randomBelow(random, spread)
    this.#decision = deadlines.set(seconds * 1000, () => {
      this.#decision = undefined
      if (this.#parts.neighbors.count === 0) return
      if (this.#isTooMany()) this.withdraw()
      else if (this.#isTooFew()) this.publish()
    })
  }

  #cancelDecision(): void {
    if (this.#decision !== undefined) this.#parts.deadlines.cancel(this.#decision)
    this.#decision = undefined
  }

  #stopRenewing(): void {
    if (this.#renewal !== undefined) this.#parts.deadlines.cancel(this.#renewal)
    this.#renewal = undefined
  }
}
