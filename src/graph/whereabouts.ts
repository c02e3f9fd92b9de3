/**
 * Where a node can be reached, and whose name is whose: from the neighbors, the node list and the memory of addresses.
 */
import { authorityOf } from '../identity/authority.ts'
import { authorityPart, type PeerName } from '../identity/peer-name.ts'
import { formatEndpoint } from '../runtime/endpoint.ts'
import type { AddressMemory } from './address-memory.ts'
import type { GraphParts } from './graph-parts.ts'
import type { KnownNode } from './known-node.ts'
import type { NodeList } from './node-list.ts'

/** What one node knows of the others. */
export class Whereabouts {
  readonly #parts: GraphParts
  readonly #nodes: NodeList
  readonly #memory: AddressMemory

  constructor(parts: GraphParts, nodes: NodeList, memory: AddressMemory) {
    this.#parts = parts
    this.#nodes = nodes
    this.#memory = memory
  }

  /** The addresses of an identity, the surest first; undefined if none is known. */
  of(key: string): KnownNode | undefined {
    const { neighbors, peerTime } = this.#parts
    const neighbor = neighbors.withKey(key)
    const listed = this.#nodes.get(key)
    const remembered = this.#memory.of(key, peerTime.now())
    const publicKey = neighbor?.session.peer.publicKey ?? listed?.publicKey ?? remembered[0]?.publicKey
    const addresses = [
      ...(listed?.addresses ?? []),
      ...(neighbor?.session.addresses ?? []),
      ...remembered.map(({ endpoint }) => endpoint),
    ]
    const unique = [...new Map(addresses.map((endpoint) => [formatEndpoint(endpoint), endpoint])).values()]
    return publicKey === undefined || unique.length === 0 ? undefined : { name: key, publicKey, addresses: unique }
  }

  /** The public key behind a peer name, in hexadecimal digits. */
  keyOf(name: PeerName): string | undefined {
    const { crypto, identity, neighbors, ownKey, peerTime } = this.#parts
    const authority = authorityPart(name)
    if (authority === authorityPart(identity.name)) return ownKey
    for (const { session } of neighbors.all()) {
      if (authorityPart(session.peer.name) === authority) return session.peer.key
    }
    for (const { peer, key } of this.#nodes.all()) if (authorityPart(peer) === authority) return key
    const remembered = this.#memory.all(peerTime.now())
    return remembered.find(({ publicKey }) => authorityOf(crypto, publicKey) === authority)?.key
  }
}
