/**
 * A graph of simulated nodes, for tests: each member is a {@link GraphNode} on a host of a {@link SimulatedWorld}, with links over
 * virtual streams and a database in memory that survives crashes as a disk would. All of it is replayed by the seed.
 */
import type { DirectConnectionEnd } from '../../src/graph/direct-connection.ts'
import { GraphCounters } from '../../src/graph/graph-counters.ts'
import type { GraphEvents, RecordChange } from '../../src/graph/graph-events.ts'
import type { GraphMessage } from '../../src/graph/graph-message.ts'
import { GraphNode, type GraphNodeOptions } from '../../src/graph/graph-node.ts'
import { type GraphProperties, requireProperties } from '../../src/graph/graph-properties.ts'
import { LinkAcceptor } from '../../src/graph/link-acceptor.ts'
import type { LinkOpener } from '../../src/graph/link-opener.ts'
import type { LinkPort } from '../../src/graph/link-port.ts'
import { noSecurity } from '../../src/graph/no-security.ts'
import { OwnDials } from '../../src/graph/own-dials.ts'
import type { LinkIdentity } from '../../src/graph/security-provider.ts'
import { StreamLinkOpener } from '../../src/graph/stream-link-opener.ts'
import { authorityOf } from '../../src/identity/authority.ts'
import { makePeerName, type PeerName } from '../../src/identity/peer-name.ts'
import { platformCrypto } from '../../src/nodejs/crypto/crypto.ts'
import { parseGraphId } from '../../src/records/graph-id.ts'
import { MemoryRecordDatabases } from '../../src/records/memory-record-databases.ts'
import type { GraphRecord } from '../../src/records/record.ts'
import type { RecordId } from '../../src/records/record-id.ts'
import { toHex, toUtf8 } from '../../src/runtime/bytes.ts'
import type { Crypto } from '../../src/runtime/crypto.ts'
import { SEED_LENGTH } from '../../src/runtime/crypto.ts'
import { Deadlines } from '../../src/runtime/deadlines.ts'
import { type Endpoint, formatEndpoint } from '../../src/runtime/endpoint.ts'
import { PeerageError } from '../../src/runtime/peerage-error.ts'
import { randomBytes } from '../../src/runtime/random.ts'
import type { Conditions } from '../../src/simulation/conditions.ts'
import { fakeCrypto } from '../../src/simulation/fake-crypto.ts'
import type { DiskAfterCrash, HostOptions, SimulatedHost } from '../../src/simulation/simulated-host.ts'
import { SimulatedWorld } from '../../src/simulation/simulated-world.ts'

/** What a simulated graph is like where that is not the usual. */
export interface SimulatedGraphOptions {
  readonly seed: string
  /** By default the fast fake. */
  readonly crypto?: Crypto
  /** By default 10 ms one way and up to 5 ms more. */
  readonly conditions?: Conditions
  /** Whether misuse of ports is looked for, which costs time. By default it is. */
  readonly checks?: boolean
  readonly properties?: Partial<GraphProperties>
  /** Told what nodes tell, in place of members noting it: the notes of a long run would fill all memory. */
  readonly told?: (member: Member, event: string) => void
}

/** What a member is like where that is not the usual. */
export interface MemberOptions {
  readonly host?: HostOptions
  /** How far its clock is ahead from the beginning, in milliseconds. */
  readonly clockSkew?: number
  readonly node?: Partial<GraphNodeOptions>
  /** Where it begins: by default at a random member that runs. */
  readonly at?: readonly Endpoint[]
  /** Whether it listens as soon as it may. By default it does. */
  readonly listens?: boolean
  /** Whether its application gives the address of a random member that runs when it is asked for addresses. By default it does not. */
  readonly isHelped?: boolean
  /** Told, too, what the graph tells. */
  readonly events?: Partial<GraphEvents>
  /** Called each time that the graph was opened, before it goes online. */
  readonly opened?: (node: GraphNode) => void
  /** What it sends in the place of a message: for members that lie. */
  readonly sends?: (message: GraphMessage) => GraphMessage
}

export const PORT = 3587
export const SIMULATED_GRAPH_ID = parseGraphId('the graph of the simulation')
const DATABASE = 'graph'

/** A graph, and all that is known of it from outside. */
export class SimulatedGraph {
  readonly world: SimulatedWorld
  readonly crypto: Crypto
  readonly properties: GraphProperties
  readonly told: ((member: Member, event: string) => void) | undefined
  readonly members: Member[] = []

  constructor(options: SimulatedGraphOptions) {
    const { seed, conditions = { latency: 10, jitter: 5 }, checks = true } = options
    this.world = new SimulatedWorld({ seed, conditions, checks })
    this.crypto = options.crypto ?? fakeCrypto(platformCrypto())
    this.properties = requireProperties(options.properties ?? {})
    this.told = options.told
  }

  /** The members that run. */
  get running(): readonly Member[] {
    return this.members.filter(({ host, isOpen }) => host.isRunning && isOpen)
  }

  /** Adds a member, which starts at once. The first one makes the graph. */
  add(options: MemberOptions = {}): Member {
    const member = new Member(this, this.world.addHost(`node${this.members.length}`, options.host), options)
    this.members.push(member)
    if (options.clockSkew !== undefined) member.host.skewClock(options.clockSkew)
    member.start()
    return member
  }

  /** Adds members one after the other. */
  grow(count: number, options: MemberOptions = {}, pause = 100): readonly Member[] {
    const added: Member[] = []
    for (let index = 0; index < count; index++) {
      added.push(this.add(options))
      this.world.runFor(pause)
    }
    return added
  }

  /** The endpoint of a random member that runs. */
  someEndpoint(except: Member): Endpoint[] {
    const others = this.running.filter((member) => member !== except)
    const random = this.world.random(`begin ${this.members.length}`)
    const other = others[random.uint32() % Math.max(1, others.length)]
    return other === undefined ? [] : [other.endpoint]
  }

  /** What members have that others lack: empty once all databases are equal. */
  differences(members: readonly Member[] = this.running): string[] {
    const [first] = members
    if (first === undefined) return []
    const root = first.root
    return members.filter((member) => member.root !== root).map(({ name }) => name)
  }

  /** Whether every member reaches every other one over links. */
  isConnected(members: readonly Member[] = this.running): boolean {
    const [first] = members
    if (first === undefined) return true
    const byKey = new Map(members.map((member) => [member.key, member]))
    const reached = new Set<Member>([first])
    const queue = [first]
    for (let member = queue.pop(); member !== undefined; member = queue.pop()) {
      for (const { session } of member.node.parts.neighbors.all()) {
        const next = byKey.get(session.peer.key)
        if (next === undefined || reached.has(next)) continue
        reached.add(next)
        queue.push(next)
      }
    }
    return reached.size === members.length
  }

  /** The sum of a counter over all members that run. */
  sum(counter: string): number {
    return this.running.reduce((sum, { node }) => sum + (node.counters()[counter] ?? 0), 0)
  }
}

/** One member: a node of the graph on a host. */
export class Member {
  readonly graph: SimulatedGraph
  readonly host: SimulatedHost
  readonly identity: LinkIdentity
  readonly key: string
  readonly events: string[] = []
  readonly changes: RecordChange[] = []
  readonly connections: DirectConnectionEnd[] = []
  readonly messages: { readonly from: PeerName; readonly type: string; readonly payload: Uint8Array }[] = []
  /** How far the latest comparison is. */
  progress: { readonly received: number; readonly expected: number } | undefined
  readonly protocols = new Set<string>()
  readonly messageTypes = new Set<string>()
  readonly databases: MemoryRecordDatabases
  readonly #options: MemberOptions
  #node: GraphNode | undefined

  constructor(graph: SimulatedGraph, host: SimulatedHost, options: MemberOptions) {
    this.graph = graph
    this.host = host
    this.#options = options
    const keyPair = graph.crypto.signingKeyPair(randomBytes(host.ports.random, SEED_LENGTH))
    this.identity = { name: makePeerName(authorityOf(graph.crypto, keyPair.publicKey), 'peer'), keyPair }
    this.key = toHex(keyPair.publicKey)
    const { random } = host.ports
    this.databases = new MemoryRecordDatabases({ crypto: graph.crypto, random })
  }

  get name(): string {
    return this.host.name
  }

  get isOpen(): boolean {
    return this.#node !== undefined
  }

  get node(): GraphNode {
    if (this.#node === undefined) throw new RangeError(`${this.name} is not open`)
    return this.#node
  }

  get endpoint(): Endpoint {
    return { host: this.host.ipv4, port: PORT }
  }

  /** The hash over all of its records. */
  get root(): string {
    const { store, parts } = this.node
    store.advanceTrie(parts.peerTime.minute())
    return toHex(store.trie.hashAt('') ?? new Uint8Array(1))
  }

  /** Opens the graph, or opens it again. */
  start(): void {
    const { crypto } = this.graph
    const { clock, random, log, streams } = this.host.ports
    const isFound = this.databases.names().includes(DATABASE)
    const options = { survivesPowerLoss: false }
    const database = isFound ? this.databases.open(DATABASE, options) : this.databases.create(DATABASE, options)
    const parts = { clock, random, crypto, log, deadlines: new Deadlines(clock), counters: new GraphCounters() }
    const ownDials = new OwnDials()
    const acceptor = new LinkAcceptor(parts, ownDials)
    streams.open({ host: this.host.ipv4, port: PORT }, (stream) => acceptor.accept(stream))
    const creates = this.graph.members[0] === this && !isFound ? this.graph.properties : undefined
    const node = new GraphNode(
      {
        ...{ id: SIMULATED_GRAPH_ID, identity: this.identity, provider: noSecurity, creates, prioritized: [] },
        ...{
          types: undefined,
          ranges: undefined,
          sharesAddresses: undefined,
          counts: undefined,
          ...this.#options.node,
        },
      },
      {
        ...{ clock, random, crypto, log, database, verifier: undefined },
        opener: (graph) => {
          const opener = new StreamLinkOpener(
            parts,
            graph,
            {
              dial: (to, outcome) =>
                streams.dial(to, {
                  opened: (stream) => outcome.opened(stream),
                  failed: (error) => outcome.failed(error),
                }),
            },
            ownDials,
          )
          const open: LinkOpener['open'] = (to, expected, done) =>
            opener.open(to, expected, (outcome) =>
              done('link' in outcome ? { link: this.#bent(outcome.link) } : outcome),
            )
          return { open }
        },
        accept: (graph, accepted) => acceptor.add({ ...graph, accepted: (link) => accepted(this.#bent(link)) }),
        events: {
          statusChanged: ({ state, neighbors }) => {
            this.#tell(`status ${state} ${neighbors}`)
            if (state === 'synchronized') this.#listen()
            this.#options.events?.statusChanged?.(node.status())
          },
          propertiesChanged: () => {
            this.#tell('properties')
            this.#options.events?.propertiesChanged?.()
          },
          recordChanged: (change) => {
            if (this.graph.told === undefined) this.changes.push(change)
            this.#options.events?.recordChanged?.(change)
          },
          neighborConnected: (peer) => this.#tell(`connected ${peer}`),
          neighborDisconnected: (peer, reason) => this.#tell(`disconnected ${peer} ${reason}`),
          attempted: (endpoint, outcome) => this.#tell(`attempted ${formatEndpoint(endpoint)} ${outcome}`),
          connectionRequired: () => {
            this.#tell('connection required')
            if (this.#options.isHelped === true) this.#help()
          },
          nodeChanged: (peer, change) => {
            this.#tell(`node ${change} ${peer}`)
            this.#options.events?.nodeChanged?.(peer, change)
          },
          progressed: (received, expected) => {
            this.progress = { received, expected }
          },
          synchronized: (type) => {
            this.#tell(`synchronized ${type ?? 'all'}`)
            this.#options.events?.synchronized?.(type)
          },
        },
        applications: {
          acceptsProtocol: (protocol) => this.protocols.has(protocol),
          connected: (connection) => this.connections.push(connection),
          messageCame: (from, type, payload, answer) => {
            if (!this.messageTypes.has(type)) return false
            this.messages.push({ from, type, payload: new Uint8Array(payload) })
            answer('taken')
            return true
          },
        },
      },
    )
    this.#node = node
    this.#options.opened?.(node)
    node.goOnline()
    if (node.isReady) this.#listen()
    const at = this.#options.at ?? (isFound ? [] : this.graph.someEndpoint(this))
    if (at.length > 0) node.addAddresses(at)
  }

  /** Adds a record, which has to be legal. @returns it once it is stored */
  write(text: string, { type = 'test.note', life = 3_600_000, refresh = false } = {}): GraphRecord {
    let written: GraphRecord | PeerageError | undefined
    const payload = toUtf8(text)
    const expires = this.node.now() + life
    this.node.add({ type, expires, refresh, encoding: 'text', payload, attributes: [] }, (outcome) => {
      written = outcome
    })
    if (written === undefined) this.node.store.commit()
    if (written === undefined || written instanceof PeerageError) throw written ?? new Error('it was not stored')
    return written
  }

  /** Deletes a record, which has to be here. */
  remove(id: RecordId): void {
    this.node.delete(id, (outcome) => {
      if (outcome instanceof PeerageError) throw outcome
    })
  }

  crash(kind: 'power' | 'process' = 'power'): void {
    this.#node = undefined
    this.databases.crash()
    this.host.crash(kind)
  }

  restart(disk: DiskAfterCrash = 'kept'): void {
    this.crash()
    this.host.restart(disk)
    if (disk === 'lost') for (const name of this.databases.names()) this.databases.delete(name)
    this.start()
  }

  /** Closes the graph. */
  close(): void {
    const node = this.node
    let isClosed = false
    node.close(() => {
      isClosed = true
    })
    this.graph.world.runUntil(() => isClosed, 10_000)
    this.#node = undefined
  }

  /** A link over which it says what it is to say. */
  #bent(link: LinkPort): LinkPort {
    const { sends } = this.#options
    if (sends === undefined) return link
    const send = link.send.bind(link)
    link.send = (message) => send(sends(message))
    return link
  }

  #tell(event: string): void {
    if (this.graph.told === undefined) this.events.push(event)
    else this.graph.told(this, event)
  }

  #help(): void {
    const { node, graph } = this
    graph.world.after(0, () => node === this.#node && node.addAddresses(graph.someEndpoint(this)))
  }

  #listen(): void {
    if (this.#options.listens !== false) this.#node?.listen([this.endpoint])
  }
}
