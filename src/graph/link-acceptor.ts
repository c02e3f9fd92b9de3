/**
 * Takes the streams that come in at a node's one port, for all of its graphs (G-016): the dialler names the graph, and it is
 * looked for among those that are open here.
 *
 * Until a link is authenticated it is a stranger's, and strangers cost little: each has a deadline, a small buffer, and a
 * place among {@link MOST_STRANGERS}. When the places of a prefix, or all of them, are taken, the oldest stranger of the fullest prefix
 * has to go, so that whoever takes them from a few networks keeps out only these networks.
 */
import { equalBytes, equalSecrets } from '../runtime/bytes.ts'
import { networkPrefix } from '../runtime/network-prefix.ts'
import type { ByteStream } from '../runtime/streams.ts'
import type { DropReason } from './graph-counters.ts'
import { graphProof } from './greeting.ts'
import type { LinkPort } from './link-port.ts'
import { Opening, type OpeningGraph, type OpeningParts } from './opening.ts'
import type { OwnDials } from './own-dials.ts'

/** A graph that takes links. */
export interface AcceptingGraph extends OpeningGraph {
  /** A link is open. A handler is to be attached. */
  accepted(link: LinkPort): void
}

/** Links that came in and are not authenticated yet, in all. */
export const MOST_STRANGERS = 256
/** The same from one prefix (/24 or /48). */
export const MOST_STRANGERS_OF_PREFIX = 64

const NOBODY = new Uint8Array(0)

/** Takes the streams of one node. */
export class LinkAcceptor {
  readonly #parts: OpeningParts
  readonly #ownDials: OwnDials
  readonly #graphs = new Set<AcceptingGraph>()
  /** The strangers of each prefix, in the order of their coming; a prefix without any is not in it. */
  readonly #strangers = new Map<string, Set<Opening>>()
  #strangerCount = 0

  constructor(parts: OpeningParts, ownDials: OwnDials) {
    this.#parts = parts
    this.#ownDials = ownDials
  }

  /** How many links are not authenticated yet. */
  get strangers(): number {
    return this.#strangerCount
  }

  /** Takes links of a graph. @returns what stops it: links that are open stay, those that are being opened end */
  add(graph: AcceptingGraph): () => void {
    this.#graphs.add(graph)
    return () => this.#graphs.delete(graph)
  }

  /** Takes a stream that came in. */
  accept(stream: ByteStream): void {
    const prefix = networkPrefix(stream.remote.host)
    this.#makeRoom(prefix)
    const opening: Opening = new Opening(
      stream,
      this.#parts,
      {
        role: 'responder',
        find: (channelBinding, proof) => this.#find(channelBinding, proof),
      },
      {
        opened: (link, named) => {
          this.#forget(prefix, opening)
          const graph = [...this.#graphs].find((one) => one === named)
          if (graph === undefined) {
            link.destroy('closed')
            return
          }
          // Of several that a dialler has named, another one takes the next.
          this.#graphs.delete(graph)
          this.#graphs.add(graph)
          graph.accepted(link)
        },
        // It keeps its place until it is gone.
        failed: () => undefined,
        closed: () => this.#forget(prefix, opening),
      },
    )
    const those = this.#strangers.get(prefix)
    if (those === undefined) this.#strangers.set(prefix, new Set([opening]))
    else those.add(opening)
    this.#strangerCount++
  }

  /** Ends all links that are not authenticated yet. */
  close(): void {
    for (const those of this.#strangers.values()) for (const opening of those) opening.abandon()
  }

  /** Those of this ID: several, if the node is in the graph with several identities. Nobody links with itself. */
  #find(channelBinding: Uint8Array, proof: Uint8Array): readonly AcceptingGraph[] | DropReason {
    const dial = this.#ownDials.find(channelBinding)
    const found = [...this.#graphs].filter((graph) => {
      const expected = graphProof({ crypto: this.#parts.crypto, keys: graph.keys, channelBinding })
      return equalSecrets(expected, proof) && !equalBytes(graph.identity.keyPair.publicKey, dial?.publicKey ?? NOBODY)
    })
    if (found.length > 0) return found
    dial?.meetsItself()
    return dial === undefined ? 'opening-unknown-graph' : 'opening-own-link'
  }

  #makeRoom(prefix: string): void {
    let fullest = prefix
    if (this.#strangersOf(prefix) < MOST_STRANGERS_OF_PREFIX) {
      if (this.#strangerCount < MOST_STRANGERS) return
      for (const other of this.#strangers.keys())
        if (this.#strangersOf(other) > this.#strangersOf(fullest)) fullest = other
    }
    for (const oldest of this.#strangers.get(fullest) ?? []) {
      this.#forget(fullest, oldest)
      oldest.giveWay()
      return
    }
  }

  #strangersOf(prefix: string): number {
    return this.#strangers.get(prefix)?.size ?? 0
  }

  #forget(prefix: string, opening: Opening): void {
    const those = this.#strangers.get(prefix)
    if (those?.delete(opening) !== true) return
    this.#strangerCount--
    if (those.size === 0) this.#strangers.delete(prefix)
  }
}
