/**
 * Where a node takes links: one listener on each of its addresses, all on one TCP port, for all of its graphs (DESIGN section 7).
 * The port is 3587; if that is taken on any of the addresses, all move to a free one, unless it was asked for.
 */
import type { Endpoint, IpAddress } from '../runtime/endpoint.ts'
import type { Log } from '../runtime/log.ts'
import { PeerageError } from '../runtime/peerage-error.ts'
import type { ByteStream, StreamListener, Streams } from '../runtime/streams.ts'

/** The port for links, where it is free. */
export const DEFAULT_GRAPH_PORT = 3587
/** How often another port is tried that is free on all addresses. */
const MOST_PORTS_TRIED = 16

/** What the listeners of a node stand on. */
export interface GraphSocketsOptions {
  readonly streams: Streams
  readonly log: Log
  /** The port that was asked for; undefined if any will do. */
  readonly port: number | undefined
  readonly accepted: (stream: ByteStream) => void
}

/** The listeners of one node. */
export class GraphSockets {
  readonly #streams: Streams
  readonly #log: Log
  readonly #askedPort: number | undefined
  readonly #accepted: (stream: ByteStream) => void
  #listeners: readonly StreamListener[] = []
  #port: number | undefined

  constructor(options: GraphSocketsOptions) {
    this.#streams = options.streams
    this.#log = options.log
    this.#askedPort = options.port
    this.#accepted = options.accepted
  }

  /** Where links are taken now. */
  get endpoints(): readonly Endpoint[] {
    return this.#listeners.map(({ local }) => local)
  }

  /**
   * Listens on these addresses and no others.
   *
   * @throws PeerageError `unable-to-listen` where the port that was asked for is taken
   */
  async use(addresses: readonly IpAddress[]): Promise<void> {
    for (const listener of this.#listeners) if (!addresses.includes(listener.local.host)) listener.close()
    this.#listeners = this.#listeners.filter(({ local }) => addresses.includes(local.host))
    const missing = addresses.filter((address) => !this.#listeners.some(({ local }) => local.host === address))
    if (missing.length === 0) return
    const { opened, problems } = await this.#openOn(missing)
    this.#listeners = [...this.#listeners, ...opened]
    for (const { message } of problems) this.#log.warn('an address takes no links', { reason: message })
  }

  /** Takes no more links; the port stays the same for the next time. */
  close(): void {
    for (const listener of this.#listeners) listener.close()
    this.#listeners = []
  }

  async #openOn(addresses: readonly IpAddress[]): Promise<Attempt> {
    const port = this.#port ?? this.#askedPort
    if (port !== undefined) {
      const attempt = await this.#tryPort(addresses, port)
      if (this.#port === undefined && attempt.taken !== undefined) {
        closeAll(attempt.opened)
        throw unableToListen(attempt.taken)
      }
      if (attempt.opened.length > 0) this.#port = port
      return attempt
    }
    let attempt: Attempt = { opened: [], problems: [], taken: undefined }
    for (let tried = 0; tried < MOST_PORTS_TRIED; tried++) {
      attempt = await this.#tryPort(addresses, tried === 0 ? DEFAULT_GRAPH_PORT : 0)
      if (attempt.taken === undefined) {
        this.#port = attempt.opened[0]?.local.port
        return attempt
      }
      closeAll(attempt.opened)
    }
    return { ...attempt, opened: [] }
  }

  /** Port 0 is a free one: that which the first address gets. */
  async #tryPort(addresses: readonly IpAddress[], wanted: number): Promise<Attempt> {
    const opened: StreamListener[] = []
    const problems: PeerageError[] = []
    let port = wanted
    for (const host of addresses) {
      try {
        const listener = await this.#streams.listen({ host, port }, this.#accepted)
        opened.push(listener)
        port = listener.local.port
      } catch (error) {
        if (!(error instanceof PeerageError)) throw error
        problems.push(error)
        // The other addresses would only be opened to be closed again.
        if (PeerageError.is(error, 'port-in-use')) return { opened, problems, taken: error }
      }
    }
    return { opened, problems, taken: undefined }
  }
}

interface Attempt {
  readonly opened: readonly StreamListener[]
  readonly problems: readonly PeerageError[]
  readonly taken: PeerageError<'port-in-use'> | undefined
}

function unableToListen(error: PeerageError<'port-in-use'>): PeerageError {
  return new PeerageError(
    'unable-to-listen',
    { endpoint: error.details.endpoint, reason: 'the port is in use' },
    { cause: error },
  )
}

function closeAll(listeners: readonly StreamListener[]): void {
  for (const listener of listeners) listener.close()
}
