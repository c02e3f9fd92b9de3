/** Links over real TLS on loopback, both ends in this process, for tests and measurements. */
import { GraphCounters } from '../../src/graph/graph-counters.ts'
import { LinkAcceptor } from '../../src/graph/link-acceptor.ts'
import type { OpeningOutcome } from '../../src/graph/link-opener.ts'
import type { LinkPort } from '../../src/graph/link-port.ts'
import type { OpeningGraph, OpeningParts } from '../../src/graph/opening.ts'
import { OwnDials } from '../../src/graph/own-dials.ts'
import type { Admission } from '../../src/graph/security-provider.ts'
import type { StreamDialer } from '../../src/graph/stream-dialer.ts'
import { StreamLinkOpener } from '../../src/graph/stream-link-opener.ts'
import { authorityOf } from '../../src/identity/authority.ts'
import { makePeerName } from '../../src/identity/peer-name.ts'
import { platformCrypto } from '../../src/nodejs/crypto/crypto.ts'
import { systemClock } from '../../src/nodejs/system-clock.ts'
import { systemRandom } from '../../src/nodejs/system-random.ts'
import { tlsStreams } from '../../src/nodejs/tls-streams.ts'
import { graphKeys, parseGraphId } from '../../src/records/graph-id.ts'
import { SEED_LENGTH } from '../../src/runtime/crypto.ts'
import { Deadlines } from '../../src/runtime/deadlines.ts'
import { type Endpoint, parseIpAddress } from '../../src/runtime/endpoint.ts'
import { silentLog } from '../../src/runtime/log.ts'
import { PeerageError } from '../../src/runtime/peerage-error.ts'
import { randomBytes } from '../../src/runtime/random.ts'
import type { StreamListener } from '../../src/runtime/streams.ts'

const crypto = platformCrypto()

/** Dials TLS streams. */
export const tlsDialer: StreamDialer = {
  dial(to, { opened, failed }) {
    const abort = new AbortController()
    tlsStreams.connect(to, { signal: abort.signal }).then(
      (stream) => (abort.signal.aborted ? stream.destroy() : opened(stream)),
      (error: unknown) => {
        if (abort.signal.aborted) return
        if (!(error instanceof PeerageError)) throw error
        failed(error)
      },
    )
    return () => abort.abort()
  },
}

/** One node with links over TLS: an identity of its own, in one graph that admits everybody. */
export class TlsNode {
  readonly graph: OpeningGraph
  readonly parts: OpeningParts
  readonly counters = new GraphCounters()
  readonly accepted: LinkPort[] = []
  /** Called with each link that comes in. */
  onAccepted: (link: LinkPort) => void = () => undefined
  readonly #acceptor: LinkAcceptor
  readonly #opener: StreamLinkOpener
  #listener: StreamListener | undefined

  constructor(graphId: string, classifier = 'node') {
    const keyPair = crypto.signingKeyPair(randomBytes(systemRandom, SEED_LENGTH))
    const name = makePeerName(authorityOf(crypto, keyPair.publicKey), classifier)
    const admission: Admission = { verdict: 'admitted', received: () => 'admitted' }
    const provider = { admit: () => admission }
    const keys = graphKeys(crypto, parseGraphId(graphId))
    this.graph = { keys, identity: { name, keyPair }, provider, counters: this.counters }
    const deadlines = new Deadlines(systemClock)
    this.parts = { clock: systemClock, crypto, log: silentLog, deadlines, counters: this.counters }
    const ownDials = new OwnDials()
    this.#acceptor = new LinkAcceptor(this.parts, ownDials)
    this.#acceptor.add({
      ...this.graph,
      accepted: (link) => {
        this.accepted.push(link)
        this.onAccepted(link)
      },
    })
    this.#opener = new StreamLinkOpener(this.parts, this.graph, tlsDialer, ownDials)
  }

  /** Listens on loopback. */
  async listen(): Promise<Endpoint> {
    const host = parseIpAddress('127.0.0.1')
    if (host === undefined) throw new Error('this is an address')
    this.#listener = await tlsStreams.listen({ host, port: 0 }, (stream) => this.#acceptor.accept(stream))
    return this.#listener.local
  }

  dial(to: Endpoint, expected?: Uint8Array): Promise<OpeningOutcome> {
    return new Promise((resolve) => this.#opener.open(to, expected, resolve))
  }

  close(): void {
    this.#listener?.close()
    this.#acceptor.close()
    for (const link of this.accepted) link.destroy('closed')
  }
}
