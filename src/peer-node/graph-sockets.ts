/**
 * Where a node takes links: one listener on each of its addresses, all on one TCP port, 3587 where it is free, for all of its
 * graphs (DESIGN section 7).
 */
import { type Endpoint, sameEndpoint, type ZonedEndpoint } from '../runtime/endpoint.ts'
import type { Log } from '../runtime/log.ts'
import { PeerageError } from '../runtime/peerage-error.ts'
import type { ByteStream, StreamListener, Streams } from '../runtime/streams.ts'
import { OnePort, PASSING, type PortAttempt } from './one-port.ts'

/** The port for links, where it is free. */
export const DEFAULT_GRAPH_PORT = 3587

/** An address of this machine to listen on; a link-local IPv6 one with its zone. */
export type ListenedAddress = Omit<ZonedEndpoint, 'port'>

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
  readonly #log: Log
  readonly #port: OnePort<ListenedAddress, OpenListener>
  #listeners: readonly OpenListener[] = []
  /** Of the last attempt: they are told once. */
  #problems: readonly string[] = []

  constructor({ streams, log, port, accepted }: GraphSocketsOptions) {
    this.#log = log
    this.#port = new OnePort(DEFAULT_GRAPH_PORT, port, {
      open: async (at, wanted) => ({ at, listener: await streams.listen({ ...at, port: wanted }, accepted) }),
      portOf: ({ listener }) => listener.local.port,
      close: ({ listener }) => listener.close(),
    })
  }

  /** Where links are taken now; once, where two interfaces have the same address. */
  get endpoints(): readonly Endpoint[] {
    const all = this.#listeners.map(({ listener }) => listener.local)
    return all.filter((one, index) => all.findIndex((other) => sameEndpoint(one, other)) === index)
  }

  /**
   * Listens on these addresses and no others.
   *
   * @returns whether one of them cannot be used yet, and is to be tried again
   * @throws PeerageError `unable-to-listen` where the port that was asked for is taken
   */
  async use(addresses: readonly ListenedAddress[]): Promise<boolean> {
    const isWanted = ({ at }: OpenListener): boolean => addresses.some((address) => isSame(address, at))
    for (const open of this.#listeners) if (!isWanted(open)) open.listener.close()
    this.#listeners = this.#listeners.filter(isWanted)
    if (this.#listeners.length === 0) this.#port.release()
    const missing = addresses.filter((address) => !this.#listeners.some(({ at }) => isSame(address, at)))
    if (missing.length === 0) return false
    const { opened, problems } = await this.#openOn(missing)
    this.#listeners = [...this.#listeners, ...opened]
    const reasons = problems.map(({ message }) => message)
    for (const reason of reasons) {
      if (!this.#problems.includes(reason)) this.#log.warn('an address takes no links', { reason })
    }
    this.#problems = reasons
    return problems.some(({ code }) => PASSING.includes(code))
  }

  /** Takes no more links. */
  close(): void {
    for (const { listener } of this.#listeners) listener.close()
    this.#listeners = []
    this.#port.release()
  }

  async #openOn(addresses: readonly ListenedAddress[]): Promise<PortAttempt<OpenListener>> {
    try {
      return await this.#port.openOn(addresses)
    } catch (error) {
      throw PeerageError.is(error, 'port-in-use') ? unableToListen(error) : error
    }
  }
}

interface OpenListener {
  readonly at: ListenedAddress
  readonly listener: StreamListener
}

function isSame(one: ListenedAddress, other: ListenedAddress): boolean {
  return one.host === other.host && one.zone === other.zone
}

function unableToListen(error: PeerageError<'port-in-use'>): PeerageError {
  return new PeerageError(
    'unable-to-listen',
    { endpoint: error.details.endpoint, reason: 'the port is in use' },
    { cause: error },
  )
}
