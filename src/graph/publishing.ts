/**
 * Writing records here (MS-PPGRH 3.1.4.3 to 3.1.4.5, 3.1.7.2 to 3.1.7.9): adding, updating, deleting, for applications and for the
 * graph itself. The rules about changing a record bind the author; whoever receives it judges the record alone.
 *
 * A version goes to the provider, then into the database; when it is on disk, the caller is told and the neighbors get it.
 * It is judged here as it will be there, so that no node stores what the others refuse.
 */

import { classifierPart } from '../identity/peer-name.ts'
import type { RecordAttribute } from '../records/attribute.ts'
import { makeFirstVersion, makeLaterVersion } from '../records/make-record.ts'
import type { GraphRecord, PayloadEncoding, RecordAuthor } from '../records/record.ts'
import { nextVersion, type RecordDraft, requireDraft } from '../records/record-draft.ts'
import { RECORD_NONCE_LENGTH } from '../records/record-format.ts'
import type { RecordId } from '../records/record-id.ts'
import { isEphemeral, isReserved, requireRecordType } from '../records/record-type.ts'
import { toHex } from '../runtime/bytes.ts'
import { formatUtc, LATEST_UTC } from '../runtime/calendar.ts'
import { PeerageError } from '../runtime/peerage-error.ts'
import { randomBytes } from '../runtime/random.ts'
import { LARGEST_EPHEMERAL_OF_CREATOR, MOST_EPHEMERAL_OF_CREATOR } from './ephemeral-records.ts'
import type { GraphParts } from './graph-parts.ts'
import type { RecordJudge } from './record-judge.ts'
import type { RecordStore } from './record-store.ts'

/** What a record says. */
export interface RecordContent {
  readonly encoding: PayloadEncoding
  readonly payload: Uint8Array
  readonly attributes: readonly RecordAttribute[]
}

/** A record to be added. */
export interface NewRecord extends RecordContent {
  readonly type: string
  /** In peer time. */
  readonly expires: number
  /** Whether it is renewed before it expires, while this node is online (G-059). */
  readonly refresh: boolean
}

/** A change to a record; what is undefined stays. */
export interface RecordUpdate {
  readonly content: Pick<RecordContent, 'encoding' | 'payload'>
  readonly attributes: readonly RecordAttribute[] | undefined
  readonly expires: number | undefined
  readonly refresh: boolean | undefined
  /** The version that has to be there. */
  readonly ifVersion: number | undefined
}

/** Told what becomes of a write: once, maybe before the call returns for an ephemeral record. */
export type WriteDone = (outcome: GraphRecord | PeerageError) => void

/** What publishing needs of the rest of the node. */
export interface PublishingOwner {
  /** A version written here is stored: it goes to the neighbors. */
  published(record: GraphRecord): void
  /** No record of an application may expire later than so long after its creation, in milliseconds (G-154). */
  readonly longestLife: number
}

/** The writes of one node. */
export class Publishing {
  readonly #parts: GraphParts
  readonly #store: RecordStore
  readonly #judge: RecordJudge
  readonly #owner: PublishingOwner
  readonly #author: RecordAuthor
  /** What the provider wanted to be out first is not on disk yet, and so not out: what is not stored waits for it. */
  #isPreceding = false

  constructor(parts: GraphParts, store: RecordStore, judge: RecordJudge, owner: PublishingOwner) {
    this.#parts = parts
    this.#store = store
    this.#judge = judge
    this.#owner = owner
    const { keyPair, name } = parts.identity
    this.#author = { publicKey: keyPair.publicKey, classifier: classifierPart(name) }
  }

  /**
   * Adds a record of an application.
   *
   * @throws PeerageError `invalid-record-type`, `not-authorized`, `invalid-attributes`, `too-many-attributes`, `record-too-large`,
   *   `invalid-expiration`, `too-many-ephemeral`, and what the provider throws: nothing is stored then
   */
  add(record: NewRecord, done: WriteDone): void {
    requireRecordType(record.type)
    this.#requireApplication(record.type, 'adding')
    const now = this.#parts.peerTime.now()
    this.#requireExpiration(record.expires, { creator: this.#author, created: now }, undefined, now)
    this.addInternal(record, done, now)
  }

  /**
   * Adds a record of the graph itself.
   *
   * @param now When it is made, in peer time: for whoever has worked out from that when it expires
   * @returns it
   */
  addInternal(record: NewRecord, done: WriteDone, now: number = this.#parts.peerTime.now()): GraphRecord {
    const { type, expires, encoding, payload, attributes } = record
    const draft = requireDraft({
      ...{ id: undefined, type, creator: this.#author, created: now, version: 1, author: this.#author },
      ...{ modified: now, expires, deleted: false, encoding, payload, attributes },
    })
    this.#publishPreceding(draft)
    const { crypto, keys, random, identity } = this.#parts
    const proofs = this.#parts.provider.secure(draft, undefined)
    const nonce = randomBytes(random, RECORD_NONCE_LENGTH)
    const made = makeFirstVersion(crypto, keys, draft, nonce, { keyPair: identity.keyPair, proofs })
    this.#publish(made, record.refresh, 'adding', done)
    return made
  }

  /**
   * Changes a record of an application.
   *
   * @throws PeerageError `record-not-found`, `not-authorized`, `version-conflict`, `invalid-expiration`, and as {@link Publishing.add}
   */
  update(id: RecordId, update: RecordUpdate, done: WriteDone): void {
    const present = this.#require(id)
    this.#requireApplication(present.type, 'updating')
    const { ifVersion } = update
    if (ifVersion !== undefined && ifVersion !== present.version) {
      throw new PeerageError('version-conflict', { id, expected: ifVersion, stored: present.version })
    }
    const modified = this.#nextInstant(present)
    const expires = update.expires ?? present.expires
    if (expires < present.expires) {
      const problem = `it expires at ${formatUtc(present.expires)} already, and that may only be extended`
      throw new PeerageError('invalid-expiration', { expires: formatUtc(expires), problem })
    }
    this.#requireExpiration(expires, present, present, modified)
    if (update.refresh === true && toHex(present.creator.publicKey) !== this.#parts.ownKey) {
      throw new PeerageError('not-authorized', { operation: 'refreshing', problem: 'another identity made the record' })
    }
    this.updateInternal(present, update, done)
  }

  /** Changes a record of the graph itself, or renews one. @returns the new version */
  updateInternal(present: GraphRecord, update: Omit<RecordUpdate, 'ifVersion'>, done: WriteDone): GraphRecord {
    const attributes = update.attributes ?? present.attributes
    return this.#change(
      present,
      { ...update.content, attributes, deleted: false, expires: update.expires ?? present.expires },
      update.refresh,
      done,
    )
  }

  /** Deletes a record of an application. @throws PeerageError `record-not-found`, `not-authorized`, and what the provider throws */
  delete(id: RecordId, done: WriteDone): void {
    const present = this.#require(id)
    this.#requireApplication(present.type, 'deleting')
    this.deleteInternal(present, done)
  }

  /** Deletes a record of the graph itself. */
  deleteInternal(present: GraphRecord, done: WriteDone): void {
    const expires = isReserved(present.type) ? present.expires : this.#lastExpiration(present)
    const content = { encoding: 'bytes', payload: NOTHING, attributes: [], deleted: true, expires } as const
    this.#change(present, content, false, done)
  }

  /** The latest time at which any version of a record can still be live: no tombstone may go before it (G-054). */
  #lastExpiration(record: GraphRecord): number {
    const { created, creator, expires } = record
    const limit = Math.min(created + this.#owner.longestLife, LATEST_UTC)
    const right = this.#parts.provider.rightEnds(creator.publicKey, record)
    return Math.max(expires, right === undefined ? limit : Math.min(limit, right))
  }

  #change(
    present: GraphRecord,
    content: RecordContent & { readonly deleted: boolean; readonly expires: number },
    refresh: boolean | undefined,
    done: WriteDone,
  ): GraphRecord {
    const draft = requireDraft({
      ...{ id: present.id, type: present.type, creator: present.creator, created: present.created },
      ...{ version: nextVersion(present), author: this.#author, modified: this.#nextInstant(present) },
      ...content,
    })
    this.#publishPreceding(draft)
    const { crypto, keys, identity } = this.#parts
    const proofs = this.#parts.provider.secure(draft, present)
    const made = makeLaterVersion(crypto, keys, draft, present, { keyPair: identity.keyPair, proofs })
    this.#publish(made, refresh, content.deleted ? 'deleting' : 'updating', done)
    return made
  }

  /** What the provider wants to be out first (P-074). */
  #publishPreceding(draft: RecordDraft): void {
    const preceding = this.#parts.provider.precedes?.(draft)
    if (preceding === undefined) return
    this.addInternal({ ...preceding, refresh: false, encoding: 'bytes', attributes: [] }, () => {
      this.#isPreceding = false
    })
    this.#isPreceding = true
  }

  #publish(record: GraphRecord, refresh: boolean | undefined, operation: string, done: WriteDone): void {
    this.#judge.requireValid(record, operation)
    const { id, version } = record
    const applied = this.#store.apply(record, refresh)
    if (applied === 'full') {
      const [records, bytes] = [MOST_EPHEMERAL_OF_CREATOR, LARGEST_EPHEMERAL_OF_CREATOR]
      throw new PeerageError('too-many-ephemeral', { records, bytes })
    }
    // At the highest version there is none that wins for certain.
    if (applied !== 'new') throw new PeerageError('version-conflict', { id, expected: version, stored: version })
    if (isEphemeral(record.type)) {
      if (this.#isPreceding) this.#store.afterCommit(() => this.#owner.published(record))
      else this.#owner.published(record)
      done(record)
      return
    }
    this.#store.afterCommit((error) => {
      if (error === undefined) this.#owner.published(record)
      done(error ?? record)
    })
  }

  /** Peer time, or the next instant after the present version where peer time has moved back (G-051). */
  #nextInstant({ modified }: GraphRecord): number {
    return Math.max(this.#parts.peerTime.now(), modified + 1)
  }

  #require(id: RecordId): GraphRecord {
    const present = this.#store.live(id)
    if (present === undefined) throw new PeerageError('record-not-found', { id })
    return present.record
  }

  #requireApplication(type: string, operation: string): void {
    if (!isReserved(type)) return
    throw new PeerageError('not-authorized', { operation, problem: `the type ${type} is Peerage's own` })
  }

  #requireExpiration(
    expires: number,
    { creator, created }: Pick<GraphRecord, 'creator' | 'created'>,
    present: GraphRecord | undefined,
    modified: number,
  ): void {
    const { longestLife } = this.#owner
    const right = this.#parts.provider.rightEnds(creator.publicKey, present)
    let problem: string | undefined
    if (!Number.isInteger(expires) || expires <= modified || expires <= this.#parts.peerTime.now()) {
      problem = 'that is not in the future'
    } else if (expires > Math.min(created + longestLife, LATEST_UTC)) {
      problem = `no record of this graph lives longer than until ${formatUtc(Math.min(created + longestLife, LATEST_UTC))}`
    } else if (right !== undefined && expires > right) {
      problem = `the right of its creator ends at ${formatUtc(right)}`
    }
    if (problem === undefined) return
    const shown = expires >= 0 && expires <= LATEST_UTC ? formatUtc(Math.trunc(expires)) : String(expires)
    throw new PeerageError('invalid-expiration', { expires: shown, problem })
  }
}

const NOTHING = new Uint8Array(0)
