/**
 * The names that a node keeps registered by itself: a program asks for that, and when it has gone they stay, until some program takes
 * them back or the node is closed.
 */
import type { NameRegistration, Names, RegisteredName } from '../peer-node/names.ts'
import { PeerageError } from '../runtime/peerage-error.ts'

/** A name that is kept, as it was asked for. */
export interface KeptName extends Pick<NameRegistration, 'endpoints' | 'comment' | 'cloud' | 'identity'> {
  readonly name: string
  readonly payload?: Uint8Array | string | undefined
  readonly since: Date
}

/** How programs have names kept. */
export interface NameKeeping {
  /** Registers a name until it is released or the node is closed. @throws PeerageError as `Names.register` */
  keep(registration: NameRegistration): Promise<void>
  /** What is kept, the oldest first. */
  list(): Promise<readonly KeptName[]>
  /** Ends every registration of a name that is kept. @throws PeerageError `name-not-kept` */
  release(name: string): Promise<void>
}

/** The names that one node keeps. How many there can be is limited by the clouds. */
export class KeptNames implements NameKeeping {
  readonly #names: Names
  readonly #now: () => number
  readonly #kept = new Map<RegisteredName, KeptName>()

  /** @param now In milliseconds since 1970 */
  constructor(names: Names, now: () => number) {
    this.#names = names
    this.#now = now
  }

  async keep(registration: NameRegistration): Promise<void> {
    const registered = await this.#names.register(registration)
    const { name, endpoints, comment, cloud, identity, payload } = registration
    this.#kept.set(registered, {
      ...{ name, endpoints, comment, cloud, identity, payload: payload ?? undefined },
      since: new Date(this.#now()),
    })
  }

  async list(): Promise<readonly KeptName[]> {
    return [...this.#kept.values()]
  }

  async release(name: string): Promise<void> {
    const meant = [...this.#kept].filter(([, kept]) => kept.name === name)
    if (meant.length === 0) {
      const kept = [...new Set([...this.#kept.values()].map((one) => one.name))]
      throw new PeerageError('name-not-kept', { name, kept })
    }
    for (const [registered] of meant) {
      this.#kept.delete(registered)
      await registered.close()
    }
  }
}
