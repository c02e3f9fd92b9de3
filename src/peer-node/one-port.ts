/**
 * One port for all addresses of a node: something is opened on each of them, a UDP socket or a TCP listener. The port is the usual
 * one; if that is taken on any of the addresses, all move to a free one, unless it was asked for. Then it stays the same as long as
 * anything is open.
 */
import { type ErrorCode, PeerageError } from '../runtime/peerage-error.ts'

/** How often another port is tried that is free on all addresses. */
const MOST_PORTS_TRIED = 16

/**
 * What keeps an address from being used only for a time: an IPv6 address that is new, before the system knows that nobody else on the
 * link has it; and a port that somebody else has there.
 */
export const PASSING: readonly ErrorCode[] = ['address-not-available', 'port-in-use']

/** What is opened on an address, and how. */
export interface PortOpener<Address, Opened> {
  /** Port 0 is a free one. @throws PeerageError `port-in-use` and others */
  open(at: Address, port: number): Promise<Opened>
  portOf(opened: Opened): number
  close(opened: Opened): void
}

/** What came of opening on some addresses. */
export interface PortAttempt<Opened> {
  readonly opened: readonly Opened[]
  /** What kept the other addresses from being used. */
  readonly problems: readonly PeerageError[]
}

/** The port of one node. */
export class OnePort<Address, Opened> {
  readonly #opener: PortOpener<Address, Opened>
  #usual: number
  readonly #asked: number | undefined
  #port: number | undefined

  /** @param asked The port that was asked for; undefined if any will do. */
  constructor(usual: number, asked: number | undefined, opener: PortOpener<Address, Opened>) {
    this.#opener = opener
    this.#usual = usual
    this.#asked = asked
  }

  /** Once there is one. */
  get port(): number | undefined {
    return this.#port
  }

  /** Nothing is open any more: the next time the same port is tried first, and if it has been taken meanwhile, another one. */
  release(): void {
    this.#usual = this.#port ?? this.#usual
    this.#port = undefined
  }

  /** Opens on these addresses. @throws PeerageError `port-in-use` where the port that was asked for is taken */
  async openOn(addresses: readonly Address[]): Promise<PortAttempt<Opened>> {
    if (this.#port !== undefined) return this.#try(addresses, this.#port)
    if (this.#asked !== undefined) {
      const attempt = await this.#try(addresses, this.#asked)
      if (attempt.taken !== undefined) {
        this.#close(attempt)
        throw attempt.taken
      }
      if (attempt.opened.length > 0) this.#port = this.#asked
      return attempt
    }
    let attempt: TriedPort<Opened> = { opened: [], problems: [], taken: undefined }
    for (let tried = 0; tried < MOST_PORTS_TRIED; tried++) {
      attempt = await this.#try(addresses, tried === 0 ? this.#usual : 0)
      if (attempt.taken === undefined) {
        const [first] = attempt.opened
        if (first !== undefined) this.#port = this.#opener.portOf(first)
        return attempt
      }
      this.#close(attempt)
    }
    return { ...attempt, opened: [] }
  }

  /** Port 0 is that which the first address gets. */
  async #try(addresses: readonly Address[], wanted: number): Promise<TriedPort<Opened>> {
    const opened: Opened[] = []
    const problems: PeerageError[] = []
    let port = wanted
    for (const at of addresses) {
      try {
        const one = await this.#opener.open(at, port)
        opened.push(one)
        port = this.#opener.portOf(one)
      } catch (error) {
        if (!(error instanceof PeerageError)) throw error
        problems.push(error)
        // The other addresses would only be opened to be closed again.
        if (PeerageError.is(error, 'port-in-use')) return { opened, problems, taken: error }
      }
    }
    return { opened, problems, taken: undefined }
  }

  #close({ opened }: PortAttempt<Opened>): void {
    for (const one of opened) this.#opener.close(one)
  }
}

interface TriedPort<Opened> extends PortAttempt<Opened> {
  readonly taken: PeerageError<'port-in-use'> | undefined
}
