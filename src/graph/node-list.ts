/**
 * The node list: who is online, by the presence records that are here (MS-PPGRH 1.3.5.5.4; G-095, G-172).
 */
import type { PeerName } from '../identity/peer-name.ts'
import type { RecordAttribute } from '../records/attribute.ts'
import { authorName } from '../records/author-name.ts'
import type { GraphRecord } from '../records/record.ts'
import { compareBytes, toHex } from '../runtime/bytes.ts'
import type { Crypto } from '../runtime/crypto.ts'
import type { Endpoint } from '../runtime/endpoint.ts'
import { type Random, randomBelow } from '../runtime/random.ts'
import { presenceAddresses } from './presence-record.ts'

/** A node, as its presence record describes it. */
export interface ListedNode {
  readonly key: string
  readonly peer: PeerName
  readonly publicKey: Uint8Array
  readonly addresses: readonly Endpoint[]
  readonly attributes: readonly RecordAttribute[]
  /** When its presence record was made, in peer time. */
  readonly created: number
  readonly record: GraphRecord
}

/** The nodes of a graph that are online. */
export class NodeList {
  readonly #crypto: Crypto
  readonly #records = new Map<string, GraphRecord[]>()
  readonly #nodes = new Map<string, ListedNode>()
  /** The keys of the nodes, to draw one at random. */
  readonly #keys: string[] = []

  constructor(crypto: Crypto) {
    this.#crypto = crypto
  }

  get size(): number {
    return this.#nodes.size
  }

  get(key: string): ListedNode | undefined {
    return this.#nodes.get(key)
  }

  all(): IterableIterator<ListedNode> {
    return this.#nodes.values()
  }

  /** A random node. */
  draw(random: Random): ListedNode | undefined {
    const key = this.#keys.length === 0 ? undefined : this.#keys[randomBelow(random, this.#keys.length)]
    return key === undefined ? undefined : this.#nodes.get(key)
  }

  /** A presence record was stored. @returns what that changed */
  stored(record: GraphRecord): 'connected' | 'updated' | undefined {
    const key = toHex(record.creator.publicKey)
    const others = (this.#records.get(key) ?? []).filter(({ id }) => id !== record.id)
    this.#records.set(key, [...others, record])
    const former = this.#nodes.get(key)
    const isOther = this.#list(key)
    if (former === undefined) return 'connected'
    return isOther ? 'updated' : undefined
  }

  /** A presence record went. @returns the node, if it is not in the list any more or is another one now */
  removed(id: string): { readonly node: ListedNode; readonly isGone: boolean } | undefined {
    for (const [key, records] of this.#records) {
      if (!records.some((record) => record.id === id)) continue
      const left = records.filter((record) => record.id !== id)
      const node = this.#nodes.get(key)
      if (left.length > 0) this.#records.set(key, left)
      else this.#records.delete(key)
      const isOther = this.#list(key)
      return node === undefined || !isOther ? undefined : { node, isGone: left.length === 0 }
    }
    return undefined
  }

  /** Lists the one of an identity's records that was made last. @returns whether the node is another one now */
  #list(key: string): boolean {
    const former = this.#nodes.get(key)
    const latest = this.#records.get(key)?.reduce((one, other) => (isLater(other, one) ? other : one))
    if (latest === undefined) {
      this.#nodes.delete(key)
      const index = this.#keys.indexOf(key)
      const last = this.#keys.pop()
      if (last !== undefined && last !== key && index >= 0) this.#keys[index] = last
      return former !== undefined
    }
    if (latest === former?.record) return false
    if (former === undefined) this.#keys.push(key)
    this.#nodes.set(key, {
      ...{ key, peer: authorName(this.#crypto, latest.creator), publicKey: latest.creator.publicKey },
      ...{ addresses: presenceAddresses(latest) ?? [], attributes: latest.attributes },
      ...{ created: latest.created, record: latest },
    })
    return true
  }
}

function isLater(one: GraphRecord, other: GraphRecord): boolean {
  if (one.created !== other.created) return one.created > other.created
  return compareBytes(one.digest, other.digest) > 0
}
