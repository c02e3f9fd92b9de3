/**
 * What one program has open at a node: graphs, clouds, registrations, direct connections. Each has a number, which nobody else can
 * use. When the program ends, however it ends, all of it is closed.
 */
import type { Closing } from '../peer-node/closing.ts'
import type { DirectConnection } from '../peer-node/direct-streams.ts'
import type { Graph } from '../peer-node/graph.ts'
import type { Group } from '../peer-node/group.ts'
import type { RegisteredName } from '../peer-node/names.ts'
import { PeerageError } from '../runtime/peerage-error.ts'

/** What one program may have open of one kind. */
export const MOST_OPEN_THINGS = 4096

/** All of one program. */
export class OpenThings {
  readonly graphs = new Opened<Graph | Group>(
    'graph',
    (number) => new PeerageError('invalid-graph', { graph: String(number) }),
  )
  readonly clouds = new Opened<Closing>('cloud')
  readonly registrations = new Opened<RegisteredName>('registration')
  readonly connections = new Opened<DirectConnection>('connection')

  /** Closes everything, what belongs to a graph before the graph. */
  async close(): Promise<void> {
    for (const opened of [this.connections, this.registrations, this.graphs, this.clouds]) await opened.close()
  }
}

/** What is open of one kind. */
export class Opened<Thing extends Closing> {
  readonly #kind: string
  readonly #notOpen: (number: number) => PeerageError
  readonly #things = new Map<number, Thing>()
  #last = 0

  /** @param closed The error for one that is not open: by default the number is called wrong */
  constructor(kind: string, closed: (number: number) => PeerageError = (number) => notOpen(kind, number)) {
    this.#kind = kind
    this.#notOpen = closed
  }

  /** @throws PeerageError `too-many-open` */
  requireRoom(): void {
    if (this.#things.size >= MOST_OPEN_THINGS) {
      throw new PeerageError('too-many-open', { kind: this.#kind, limit: MOST_OPEN_THINGS })
    }
  }

  /** @returns its number */
  add(thing: Thing): number {
    this.#last++
    this.#things.set(this.#last, thing)
    return this.#last
  }

  /** @throws PeerageError `invalid-graph`, or `invalid-argument` for what is no graph */
  get(number: number): Thing {
    const thing = this.#things.get(number)
    if (thing !== undefined) return thing
    throw this.#notOpen(number)
  }

  /** Closes one. It is no failure if it is closed already. */
  async closeOne(number: number): Promise<void> {
    const thing = this.#things.get(number)
    this.#things.delete(number)
    await thing?.close()
  }

  async close(): Promise<void> {
    const all = [...this.#things.values()]
    this.#things.clear()
    await Promise.all(all.map((thing) => thing.close()))
  }
}

function notOpen(kind: string, number: number): PeerageError {
  const expected = 'the number of one that this program has open'
  return new PeerageError('invalid-argument', { name: kind, value: String(number), expected })
}
