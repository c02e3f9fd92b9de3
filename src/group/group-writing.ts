/**
 * Writes the records of a group's own types: as this node's identity, or with the group key. Records of the group key are made
 * here and taken in as if they came from a file, since the graph signs with the identity alone.
 */

import type { PrecedingRecord } from '../graph/security-provider.ts'
import type { PeerName } from '../identity/peer-name.ts'
import { makeFirstVersion, makeLaterVersion } from '../records/make-record.ts'
import type { GraphRecord } from '../records/record.ts'
import { nextVersion, requireDraft } from '../records/record-draft.ts'
import { RECORD_NONCE_LENGTH } from '../records/record-format.ts'
import { PeerageError } from '../runtime/peerage-error.ts'
import { randomBytes } from '../runtime/random.ts'
import type { GroupParts } from './group-parts.ts'
import {
  encodeGroupProperties,
  GROUP_PROPERTIES_TYPE,
  type GroupProperties,
  propertiesAuthor,
  propertiesOrigin,
} from './group-properties.ts'
import { expirationOfProof } from './group-record-rules.ts'
import type { MemberChain } from './member-chain.ts'
import { encodeMembership, MEMBERSHIP_TYPE } from './membership-record.ts'
import { encodeProofs } from './record-proofs.ts'

/** Told once, later, when a write is on disk here, or why it is not. */
export type Written = (error: PeerageError | undefined) => void

/** Writes at one node. */
export class GroupWriting {
  readonly #parts: GroupParts

  constructor(parts: GroupParts) {
    this.#parts = parts
  }

  /** The membership record of a chain, to be written. */
  membershipRecord(chain: MemberChain, peer: PeerName, friendlyName: string | undefined): PrecedingRecord {
    const expires = expirationOfProof(chain.notAfter, this.#parts.requireRecords().longestLife)
    return { type: MEMBERSHIP_TYPE, expires, payload: encodeMembership(chain.bytes, peer, friendlyName) }
  }

  /**
   * Adds a record as this identity.
   *
   * @param now When it is made, in peer time: where its end depends on that
   * @throws PeerageError what the provider throws, `record-too-large`
   */
  add({ type, expires, payload }: PrecedingRecord, written: Written, now: number = this.#parts.graph.now()): void {
    const record = { type, expires, refresh: false, encoding: 'bytes', payload, attributes: [] } as const
    const done = (outcome: object): void => written(outcome instanceof PeerageError ? outcome : undefined)
    this.#parts.graph.addInternal(record, done, now)
  }

  /** Adds records that reach the disk together. @throws PeerageError what {@link GroupWriting.add} throws: those before are here then */
  addAll(records: readonly PrecedingRecord[], written: Written): void {
    const release = this.#parts.graph.store.holdCommits()
    let left = records.length
    let problem: PeerageError | undefined
    try {
      for (const record of records) {
        this.add(record, (error) => {
          problem ??= error
          if (--left === 0) written(problem)
        })
      }
    } finally {
      release()
    }
  }

  /** Adds records with the group key, one after the other: the last one counts only with those before it. */
  addAsGroup(records: readonly PrecedingRecord[], written: Written): void {
    const [first, ...others] = records
    if (first === undefined) {
      this.#parts.graph.store.afterCommit(written)
      return
    }
    const nonce = randomBytes(this.#parts.random, RECORD_NONCE_LENGTH)
    this.#take(this.#firstAsGroup(first, this.#parts.graph.now(), nonce), (error) => {
      if (error === undefined) this.addAsGroup(others, written)
      else written(error)
    })
  }

  /** Writes what a new group says of itself. */
  addProperties(properties: GroupProperties, written: Written): void {
    const { crypto } = this.#parts
    const { root } = this.#parts.requireRecords()
    const { created, nonce } = propertiesOrigin(crypto, root, properties)
    const payload = encodeGroupProperties(properties)
    const record = { type: GROUP_PROPERTIES_TYPE, expires: root.notAfter, payload }
    this.#take(this.#firstAsGroup(record, created, nonce), written)
  }

  /** Changes what the group says of itself. */
  changeProperties(previous: GraphRecord, properties: GroupProperties, written: Written): void {
    const { crypto, graph } = this.#parts
    const { keyPair, author, proofs } = this.#group()
    const draft = requireDraft({
      ...{ id: previous.id, type: previous.type, creator: previous.creator, created: previous.created, author },
      ...{ version: nextVersion(previous), modified: Math.max(graph.now(), previous.modified + 1) },
      ...{ expires: previous.expires, deleted: false, encoding: 'bytes', attributes: [] },
      payload: encodeGroupProperties(properties),
    })
    this.#take(makeLaterVersion(crypto, graph.parts.keys, draft, previous, { keyPair, proofs }), written)
  }

  #firstAsGroup({ type, expires, payload }: PrecedingRecord, created: number, nonce: Uint8Array): GraphRecord {
    const { crypto, graph } = this.#parts
    const { keyPair, author, proofs } = this.#group()
    const draft = requireDraft({
      ...{ id: undefined, type, creator: author, created, version: 1, author, modified: created },
      ...{ expires, deleted: false, encoding: 'bytes', payload, attributes: [] },
    })
    return makeFirstVersion(crypto, graph.parts.keys, draft, nonce, { keyPair, proofs })
  }

  #take(record: GraphRecord, written: Written): void {
    const { graph } = this.#parts
    graph.import(record.bytes, () => {
      if (graph.store.standing(record) === 'present') graph.store.afterCommit(written)
      else {
        const problem = 'the rules of this group do not let the group key'
        const error = new PeerageError('not-authorized', {
          operation: `writing a record of type ${record.type}`,
          problem,
        })
        this.#parts.deadlines.set(0, () => written(error))
      }
    })
  }

  #group() {
    const { groupKey } = this.#parts
    const { root } = this.#parts.requireRecords()
    if (groupKey === undefined) {
      throw new PeerageError('not-authorized', {
        operation: 'writing for the group',
        problem: 'it takes the group key',
      })
    }
    const proofs = encodeProofs({ creator: root.digest, author: root.digest })
    return { keyPair: groupKey, author: propertiesAuthor(root), proofs }
  }
}
