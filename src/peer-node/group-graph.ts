/**
 * What a group has of its graph as it is: whatever an application wants of it goes to the {@link OpenGraph}.
 */
import type { PeerName } from '../identity/peer-name.ts'
import type { MessageType } from './application-types.ts'
import type { DirectConnection } from './direct-streams.ts'
import type { Graph, LinkInfo, NodeInfo } from './graph.ts'
import type { GraphMessageIn } from './graph-traffic.ts'
import type { OpenGraph } from './open-graph.ts'
import type { Dialing } from './progress.ts'
import type { Records } from './records.ts'
import type { Waiting } from './waiting.ts'

/** The graph of a group. */
export abstract class GroupGraph {
  abstract readonly graph: OpenGraph

  get graphId(): string {
    return this.graph.graphId
  }

  get identity(): PeerName {
    return this.graph.identity
  }

  get records(): Records {
    return this.graph.records
  }

  now(): Promise<Date> {
    return this.graph.now()
  }

  addresses(): Promise<readonly string[]> {
    return this.graph.addresses()
  }

  nodes(): Promise<readonly NodeInfo[]> {
    return this.graph.nodes()
  }

  node(peer: PeerName): Promise<NodeInfo> {
    return this.graph.node(peer)
  }

  links(): Promise<readonly LinkInfo[]> {
    return this.graph.links()
  }

  send<In>(to: PeerName, type: MessageType<In, unknown>, payload: In, options: Waiting = {}): Promise<void> {
    return this.graph.send(to, type, payload, options)
  }

  messages<Out>(type: MessageType<unknown, Out>, options: Waiting = {}): AsyncIterable<GraphMessageIn<Out>> {
    return this.graph.messages(type, options)
  }

  connect(to: PeerName, protocol: string, options: Dialing = {}): Promise<DirectConnection> {
    return this.graph.connect(to, protocol, options)
  }

  connections(protocol: string, options: Waiting = {}): AsyncIterable<DirectConnection> {
    return this.graph.connections(protocol, options)
  }

  addAddresses(addresses: readonly string[]): Promise<void> {
    return this.graph.addAddresses(addresses)
  }

  setPresence(presence: Parameters<Graph['setPresence']>[0]): Promise<void> {
    return this.graph.setPresence(presence)
  }

  exportDatabase(file: string, options: Waiting = {}): Promise<void> {
    return this.graph.exportDatabase(file, options)
  }
}
