/**
 * Opens the links of one graph over streams: dials, then goes through the opening as the dialler.
 */
import type { Endpoint } from '../runtime/endpoint.ts'
import { PeerageError } from '../runtime/peerage-error.ts'
import type { ByteStream } from '../runtime/streams.ts'
import type { LinkOpener, OpeningLink, OpeningOutcome } from './link-opener.ts'
import { Opening, type OpeningGraph, type OpeningParts } from './opening.ts'
import type { OwnDials } from './own-dials.ts'
import type { StreamDialer } from './stream-dialer.ts'

/** The links that one graph opens. */
export class StreamLinkOpener implements LinkOpener {
  readonly #parts: OpeningParts
  readonly #graph: OpeningGraph
  readonly #dialer: StreamDialer
  readonly #ownDials: OwnDials

  constructor(parts: OpeningParts, graph: OpeningGraph, dialer: StreamDialer, ownDials: OwnDials) {
    this.#parts = parts
    this.#graph = graph
    this.#dialer = dialer
    this.#ownDials = ownDials
  }

  open(to: Endpoint, expected: Uint8Array | undefined, done: (outcome: OpeningOutcome) => void): OpeningLink {
    let cancel = this.#dialer.dial(to, {
      opened: (stream) => {
        cancel = this.#authenticate(stream, expected, done)
      },
      failed: (error) => {
        const reason = PeerageError.is(error, 'connection-failed') ? error.details.reason : error.message
        done({ code: 'connection-failed', reason })
      },
    })
    return { cancel: () => cancel() }
  }

  /** @returns what gives up */
  #authenticate(
    stream: ByteStream,
    expected: Uint8Array | undefined,
    done: (outcome: OpeningOutcome) => void,
  ): () => void {
    const start = { role: 'dialler', graph: this.#graph, expected } as const
    const opening = new Opening(stream, this.#parts, start, {
      opened: (link) => {
        forget()
        done({ link })
      },
      failed: (failure) => {
        forget()
        done(failure)
      },
      closed: () => undefined,
    })
    const forget = this.#ownDials.add(stream.channelBinding, {
      publicKey: this.#graph.identity.keyPair.publicKey,
      meetsItself: () => opening.meetsItself(),
    })
    return () => {
      forget()
      opening.abandon()
    }
  }
}
