/**
 * The connection to a node as one graph uses it: while the graph is being closed, and after, it says so itself.
 */
import type { Dialing } from '../peer-node/progress.ts'
import type { Waiting } from '../peer-node/waiting.ts'
import { PeerageError } from '../runtime/peerage-error.ts'
import type { CallMethod, StreamMethod } from './method.ts'
import type { NodeConnection } from './node-connection.ts'

/** The calls and streams of one graph. */
export class GraphConnection {
  state: 'open' | 'closing' | 'closed' = 'open'
  readonly connection: NodeConnection
  readonly #label: string

  /** @param label What names the graph in errors */
  constructor(connection: NodeConnection, label: string) {
    this.connection = connection
    this.#label = label
  }

  /** @throws PeerageError `graph-shutting-down`, `invalid-graph` */
  requireOpen(): void {
    if (this.state === 'closing') throw new PeerageError('graph-shutting-down', { graph: this.#label })
    if (this.state === 'closed') throw new PeerageError('invalid-graph', { graph: this.#label })
  }

  async call<Params extends object, Result>(
    method: CallMethod<Params, Result>,
    params: Params,
    options: Dialing = {},
  ): Promise<Result> {
    this.requireOpen()
    return this.connection.call(method, params, options)
  }

  /** @throws PeerageError `graph-shutting-down`, `invalid-graph` */
  stream<Params extends object, Item>(
    method: StreamMethod<Params, Item>,
    params: Params,
    options: Waiting = {},
  ): AsyncIterableIterator<Item, void, undefined> {
    this.requireOpen()
    return this.connection.stream(method, params, options)
  }
}
