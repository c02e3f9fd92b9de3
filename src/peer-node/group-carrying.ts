/**
 * Carrying a group to another place: its configuration, without the group key, and the group key alone (P-106, P-126).
 */
import { encodeGroupConfiguration, MOST_CONFIGURED_HINTS } from '../group/group-configuration.ts'
import { decodeGroupKey, encodeGroupKey } from '../group/group-key-export.ts'
import type { GroupNode } from '../group/group-node.ts'
import type { Crypto } from '../runtime/crypto.ts'
import type { Endpoint } from '../runtime/endpoint.ts'
import { PeerageError } from '../runtime/peerage-error.ts'
import type { Random } from '../runtime/random.ts'
import type { StoredGroup } from './group-files.ts'

/** What carrying stands on. */
export interface GroupCarryingParts {
  readonly crypto: Crypto
  readonly random: Random
  readonly engine: GroupNode
  stored(): StoredGroup
  keep(change: Pick<StoredGroup, 'groupKey'>): void
  /** Where members may be. */
  hints(): readonly Endpoint[]
}

/** Exports and imports of one group. */
export class GroupCarrying {
  readonly #parts: GroupCarryingParts

  constructor(parts: GroupCarryingParts) {
    this.#parts = parts
  }

  exportConfiguration(password: string): string {
    const { crypto, random, engine } = this.#parts
    const { group, graphId, identity, cloud, chain: kept } = this.#parts.stored()
    const chain = engine.chain() ?? kept
    if (chain === undefined) throw new PeerageError('membership-not-in-force', { group, problem: 'there is none yet' })
    const hints = this.#parts.hints().slice(0, MOST_CONFIGURED_HINTS)
    return encodeGroupConfiguration(crypto, random, { group, graphId, identity, cloud, hints, chain }, password)
  }

  exportKey(password: string): string {
    const { crypto, random } = this.#parts
    const { group, groupKey } = this.#parts.stored()
    if (groupKey === undefined) throw new PeerageError('group-key-not-here', { group })
    return encodeGroupKey(crypto, random, group, groupKey, password)
  }

  importKey(text: string, password: string): void {
    const { crypto, engine } = this.#parts
    const groupKey = decodeGroupKey(crypto, text, this.#parts.stored().group, password)
    this.#parts.keep({ groupKey })
    engine.setGroupKey(groupKey)
  }

  removeKey(): void {
    this.#parts.keep({ groupKey: undefined })
    this.#parts.engine.setGroupKey(undefined)
  }
}
