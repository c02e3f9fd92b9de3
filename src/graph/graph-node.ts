/**
 * A node of one graph: takes links and calls, and puts the parts of the protocol together. It is a synchronous state machine;
 * sockets, timers and files are behind its ports. The overlay (overlay.ts) keeps neighbors, flooding (flooding.ts)
 * carries records, synchronizing (synchronizing.ts) makes databases equal, node-records.ts judges and stores what comes.
 */
import type { PeerName } from '../identity/peer-name.ts'
import type { RecordAttribute } from '../records/attribute.ts'
import { graphKeys } from '../records/graph-id.ts'
import type { RecordId } from '../records/record-id.ts'
import { toHex } from '../runtime/bytes.ts'
import { type Deadline, Deadlines } from '../runtime/deadlines.ts'
import type { Endpoint } from '../runtime/endpoint.ts'
import { PeerageError } from '../runtime/peerage-error.ts'
import { randomBytes } from '../runtime/random.ts'
import type { DialOutcome } from './dialer.ts'
import type { DirectConnectionEnd } from './direct-connection.ts'
import { DirectLinks } from './direct-links.ts'
import { Expiry } from './expiry.ts'
import { Flooding } from './flooding.ts'
import { GraphCounters } from './graph-counters.ts'
import type { GraphStatus, RecordChange } from './graph-events.ts'
import { GraphInfo } from './graph-info.ts'
import type { GraphNodeOptions, GraphNodePorts } from './graph-node-options.ts'
import type { GraphParts } from './graph-parts.ts'
import { GRAPH_INFO_TYPE, type GraphProperties } from './graph-properties.ts'
import { GuardedProvider } from './guarded-provider.ts'
import { KEEPING_DELAY, KEEPING_INTERVAL, KeptState } from './kept-state.ts'
import { LinkRouter } from './link-router.ts'
import type { LinkSession } from './link-session.ts'
import { DEFAULT_NEIGHBOR_COUNTS, Neighbors, requireNeighborCounts } from './neighbors.ts'
import type { ListedNode } from './node-list.ts'
import { NodeRecords } from './node-records.ts'
import type { OpeningGraph } from './opening.ts'
import { Overlay } from './overlay.ts'
import { NODE_ID_LENGTH } from './overlay-message.ts'
import { OwnAddresses } from './own-addresses.ts'
import { PeerTime } from './peer-time.ts'
import { Presence, type PresenceChoice } from './presence.ts'
import { PRESENCE_TYPE } from './presence-record.ts'
import type { NewRecord, RecordUpdate, WriteDone } from './publishing.ts'
import type { RecordStore } from './record-store.ts'
import { refreshRecords } from './refreshing.ts'
import { Synchronizing } from './synchronizing.ts'
import { Whereabouts } from './whereabouts.ts'

export type { GraphApplications, GraphNodeOptions, GraphNodePorts } from './graph-node-options.ts'

/** How long a node that closes lets what it has flooded go before it takes leave, in milliseconds. */
export const FAREWELL_DELAY = 20
/** How long it does so at most, if a neighbor takes nothing, in milliseconds. */
export const LONGEST_FAREWELL = 500
/** How long it then waits until its leave is sent, in milliseconds. */
export const LONGEST_LEAVING = 1000
/** In which whatever is to be sent at the end of a turn has left, in milliseconds. */
const TURN = 1
/** How long a link may take to show that it survived the machine's sleep, in milliseconds. */
export const PROBE_AFTER_WAKE = 5000

/** One node of one graph. */
export class GraphNode {
  readonly #ports: GraphNodePorts
  readonly #provider: GuardedProvider
  readonly #parts: GraphParts
  readonly #graph: OpeningGraph
  readonly #own: OwnAddresses
  readonly #kept: KeptState
  readonly #info = new GraphInfo()
  readonly #records: NodeRecords
  readonly #presence: Presence
  readonly #synchronizing: Synchronizing
  readonly #flooding: Flooding
  readonly #overlay: Overlay
  readonly #direct: DirectLinks
  readonly #router: LinkRouter
  readonly #expiry: Expiry
  #stopAccepting: (() => void) | undefined
  #keeping: Deadline | undefined
  #isOnline = false
  #status: GraphStatus

  constructor(options: GraphNodeOptions, ports: GraphNodePorts) {
    const { clock, random, crypto, log, database, events, applications } = ports
    const { identity, types, prioritized } = options
    this.#ports = ports
    this.#kept = new KeptState(database)
    this.#own = new OwnAddresses(options, () => (this.#info.isKnown ? this.#info.properties.scope : undefined))
    const keys = graphKeys(crypto, options.id)
    const counters = new GraphCounters()
    const deadlines = new Deadlines(clock)
    const provider = new GuardedProvider(
      (changed) => options.provider({ crypto, random, clock, identity, changed }),
      { log, counters, deadlines },
      { changed: (only) => this.#securityChanged(only) },
    )
    this.#provider = provider
    this.#graph = { keys, identity, provider, counters }
    const parts: GraphParts = {
      ...{ keys, identity, clock, random, crypto, log, provider, events, counters, deadlines },
      ownKey: toHex(identity.keyPair.publicKey),
      nodeId: toHex(randomBytes(random, NODE_ID_LENGTH)),
      peerTime: new PeerTime(clock, this.#kept.correction),
      neighbors: new Neighbors(random),
      own: this.#own,
    }
    this.#parts = parts
    if (options.creates !== undefined) this.#kept.setCreators()
    this.#records = new NodeRecords(
      parts,
      { database, verifier: ports.verifier, types },
      {
        changed: (change) => this.#changed(change),
        arrived: (record, { session, how }) => {
          if (how === 'flood') this.#flooding.spread(record, session)
          else if (this.#synchronizing.wasSynchronized) this.#flooding.announce(record, session)
        },
        published: (record) => this.#flooding.spread(record, undefined),
        longestLife: () => this.#longestLife(),
        hiddenUntil: () => this.#expiry.hiddenUntil(),
      },
    )
    const { store, arrival, publishing, missing } = this.#records
    this.#presence = new Presence(parts, store, publishing, {
      properties: () => this.#info.properties,
      isWelcome: () => this.#isOnline && this.#info.isKnown,
      listed: () => this.#overlay.nodes.size,
    })
    this.#synchronizing = new Synchronizing(
      parts,
      { store, arrival, kept: this.#kept },
      {
        policy: () => ({ firstTypes: [GRAPH_INFO_TYPE, ...provider.firstTypes], prioritized, types }),
        sessionOf: (link) => this.#router.sessionOf(link),
        compared: (session, isCutOff) => {
          this.#router.compared(session, isCutOff)
          this.#report()
        },
        synchronized: () => {
          events.synchronized(undefined)
          this.#report()
          this.#expiry.purge()
        },
      },
    )
    this.#flooding = new Flooding(parts, store, arrival, {
      compare: (session) => this.#synchronizing.compare(session),
    })
    this.#overlay = new Overlay(
      parts,
      { opener: ports.opener(this.#graph), counts: requireNeighborCounts(options.counts ?? DEFAULT_NEIGHBOR_COUNTS) },
      {
        router: () => this.#router,
        compare: (session) => this.#synchronizing.compare(session),
        neighborAdded: (neighbor, welcome) => {
          this.#flooding.neighborAdded(neighbor)
          events.neighborConnected(neighbor.session.peer.name)
          this.#keepSoon()
          this.#presence.check()
          this.#flooding.announceAll(neighbor, store.ephemeral.all())
          if (welcome !== undefined) this.#synchronizing.compare(neighbor.session)
          this.#report()
        },
        neighborRemoved: (neighbor, reason) => {
          this.#flooding.neighborRemoved(neighbor, this.#isOnline)
          if (parts.neighbors.count === 0) this.#synchronizing.lostAll()
          events.neighborDisconnected(neighbor.session.peer.name, reason)
          if (this.#isOnline) this.#expiry.look()
        },
        changed: () => this.#report(),
      },
    )
    const { dialer, membership, shuffling, memory, lost, nodes } = this.#overlay
    this.#kept.readMemory(memory, log)
    const whereabouts = new Whereabouts(parts, nodes, memory)
    this.#direct = new DirectLinks(parts, dialer, {
      whereabouts: (key) => {
        const known = whereabouts.of(key)
        return known === undefined ? [] : [known]
      },
      keyOf: (name) => whereabouts.keyOf(name),
      accepts: (protocol) => applications.acceptsProtocol(protocol),
      connected: (connection) => applications.connected(connection),
      messageCame: ({ peer }, type, payload, answer) => applications.messageCame(peer.name, type, payload, answer),
      welcome: (session, connect) => this.#router.welcome(session, connect, []),
    })
    this.#router = new LinkRouter(parts, {
      ...{ dialer, membership, shuffling, memory, lost, nodes, store, arrival, missing },
      ...{ flooding: this.#flooding, direct: this.#direct, presence: this.#presence },
      reconciliations: this.#synchronizing.reconciliations,
    })
    this.#expiry = new Expiry(parts, store, {
      isOnline: () => this.#isOnline,
      hasReconciled: () => this.#synchronizing.hasReconciled,
      defersExpiration: () => this.#info.properties.deferredExpiration,
      refresh: () => refreshRecords(parts, store, publishing, this.#info.properties.longestRecordLife),
      tellTime: () => this.#router.tellTime(),
      woke: () => this.#woke(),
    })
    this.#info.read(store, provider)
    if (options.creates === undefined) this.#records.judgeFound()
    else this.#info.create({ parts, store, publishing }, options.creates)
    this.#status = this.status()
    this.#expiry.start()
  }

  // What a node is told to do

  /** Begins to take links, and to look for neighbors. Twice does nothing. */
  goOnline(): void {
    this.#provider.requireOutside('going online')
    if (this.#isOnline) return
    this.#isOnline = true
    this.#stopAccepting = this.#ports.accept(this.#graph, (link) => {
      this.#router.take(link)
    })
    this.#overlay.start()
    this.#keep()
    this.#report()
  }

  /** Where this node listens now, of all addresses of the machine. @throws PeerageError `graph-not-ready` */
  listen(endpoints: readonly Endpoint[]): void {
    this.#provider.requireOutside('listening')
    if (endpoints.length > 0 && !this.isReady) {
      throw new PeerageError('graph-not-ready', { graph: this.#parts.keys.label })
    }
    const isChange = this.#own.listen(endpoints)
    if (!isChange || !this.#isOnline) return
    for (const { session } of this.#parts.neighbors.all()) this.#router.tellAddresses(session)
    if (this.#presence.record !== undefined) this.#presence.publish()
  }

  /** Whether it may listen: it made the graph, or has synchronized once (G-011). */
  get isReady(): boolean {
    return this.#synchronizing.wasSynchronized || this.#kept.isCreators
  }

  /** Addresses at which nodes of the graph may be: they are tried at once. */
  addAddresses(endpoints: readonly Endpoint[]): void {
    this.#provider.requireOutside('adding addresses')
    this.#overlay.give(endpoints)
  }

  /**
   * Connects to a node at an address, whether pauses would put it off or not, or to one to which it refers (G-034, G-035).
   *
   * @param done Called once, later, unless it is cancelled.
   */
  connect(endpoint: Endpoint, done: (outcome: DialOutcome) => void): { cancel(): void } {
    this.#provider.requireOutside('connecting')
    return this.#overlay.connect(endpoint, done)
  }

  /** @throws PeerageError as {@link Publishing.add} */
  add(record: NewRecord, done: WriteDone): void {
    this.#provider.requireOutside('adding a record')
    this.#records.publishing.add(record, done)
  }

  /**
   * Adds a record of one of Peerage's own types, for who has opened the graph.
   *
   * @param now When it is made: what {@link GraphNode.now} has just said
   * @throws PeerageError what the provider throws
   */
  addInternal(record: NewRecord, done: WriteDone, now: number = this.now()): void {
    this.#provider.requireOutside('adding a record')
    this.#records.publishing.addInternal(record, done, now)
  }

  /** @throws PeerageError as {@link Publishing.update} */
  update(id: RecordId, update: RecordUpdate, done: WriteDone): void {
    this.#provider.requireOutside('updating a record')
    this.#records.publishing.update(id, update, done)
  }

  /** @throws PeerageError as {@link Publishing.delete} */
  delete(id: RecordId, done: WriteDone): void {
    this.#provider.requireOutside('deleting a record')
    this.#records.publishing.delete(id, done)
  }

  /** Takes a record from a file, as if it came from a stranger (G-132). */
  import(bytes: Uint8Array, done: (wasStored: boolean) => void): void {
    this.#provider.requireOutside('importing a record')
    this.#records.arrival.take(bytes, { session: undefined, how: 'bulk' }, (outcome) => done(outcome === 'new'))
  }

  /** Changes the properties of the graph. @throws PeerageError `not-authorized` to who did not make it */
  setProperties(properties: GraphProperties, done: WriteDone): void {
    this.#provider.requireOutside('setting properties')
    const { store, publishing } = this.#records
    this.#info.set({ parts: this.#parts, store, publishing }, properties, done)
  }

  /** @throws PeerageError `invalid-attributes`, `too-many-attributes`, `record-too-large` */
  setPresence(choice: PresenceChoice, attributes: readonly RecordAttribute[] | undefined): void {
    this.#provider.requireOutside('setting presence')
    this.#presence.choose(choice, attributes)
  }

  /** @throws PeerageError as {@link DirectLinks.connect} */
  connectDirectly(
    to: PeerName,
    protocol: string,
    done: (outcome: DirectConnectionEnd | PeerageError) => void,
  ): { cancel(): void } {
    this.#provider.requireOutside('connecting directly')
    return this.#direct.connect(to, protocol, done)
  }

  /** @throws PeerageError as {@link DirectLinks.send} */
  send(to: PeerName, type: string, payload: Uint8Array, done: (error: PeerageError | undefined) => void): void {
    this.#provider.requireOutside('sending')
    this.#direct.send(to, type, payload, done)
  }

  /** Takes leave, and opens no link until {@link GraphNode.goOnline}; records can be read and written meanwhile (G-194). */
  goOffline(left: () => void = () => {}): void {
    this.#provider.requireOutside('going offline')
    if (!this.#isOnline) {
      left()
      return
    }
    // What waits for the disk goes to the neighbors once it is there, and the end of the presence may wait behind it: now or never.
    this.#records.store.commit()
    this.#presence.withdraw()
    this.#flooding.leave()
    this.#isOnline = false
    this.#stopAccepting?.()
    this.#stopAccepting = undefined
    this.#overlay.stop()
    this.#direct.clear()
    this.#synchronizing.forget()
    this.#router.closeOthers()
    this.#takeLeave(left, this.#parts.clock.monotonic() + LONGEST_FAREWELL)
    if (this.#keeping !== undefined) this.#parts.deadlines.cancel(this.#keeping)
    this.#keepNow()
    this.#report()
  }

  /** A little later: on one link DISCONNECT would overtake the end of the presence, and after it nothing else is sent. */
  #takeLeave(left: () => void, latest: number): void {
    const { deadlines, clock, neighbors } = this.#parts
    deadlines.set(FAREWELL_DELAY, () => {
      const waits = [...neighbors.all()].some(({ session: { link } }) => link.waiting('flood') > 0)
      if (waits && clock.monotonic() < latest) {
        this.#takeLeave(left, latest)
        return
      }
      for (const neighbor of neighbors.all()) this.#overlay.membership.disconnect(neighbor, 'leaving')
      this.#whenLeft(left)
    })
  }

  /** Takes leave, and lets no timer run until {@link GraphNode.resume}; then it has to go online again (G-194). */
  suspend(left: () => void): void {
    this.#expiry.stop()
    this.goOffline(() => {
      this.#flooding.clear()
      this.#synchronizing.forget()
      this.#records.pause()
      left()
    })
  }

  resume(): void {
    this.#provider.requireOutside('resuming')
    this.#records.resume()
    this.#expiry.start()
  }

  /** Takes leave and ends: nothing may be called any more once `closed` was called. */
  close(closed: () => void): void {
    this.#provider.requireOutside('closing')
    this.goOffline(() => {
      this.#expiry.stop()
      this.#flooding.clear()
      this.#records.close()
      this.#provider.close()
      this.#keepNow()
      this.#parts.deadlines.clear()
      this.#ports.database.close()
      closed()
    })
  }

  // What a node tells

  get store(): RecordStore {
    this.#provider.requireOutside('reading')
    return this.#records.store
  }

  get parts(): GraphParts {
    return this.#parts
  }

  get overlay(): Overlay {
    return this.#overlay
  }

  properties(): GraphProperties {
    return this.#info.properties
  }

  /** Peer time, in milliseconds since 1970. */
  now(): number {
    return this.#parts.peerTime.now()
  }

  nodes(): Iterable<ListedNode> {
    this.#provider.requireOutside('reading')
    const { store } = this.#records
    return [...this.#overlay.nodes.all()].filter(({ record }) => !store.isHidden(record))
  }

  status(): GraphStatus {
    const { count } = this.#parts.neighbors
    if (!this.#isOnline) return { state: 'offline', neighbors: 0, waitingFor: undefined }
    if (count === 0) {
      const state = this.#overlay.membership.isDialling ? 'connecting' : 'alone'
      return { state, neighbors: 0, waitingFor: 'a neighbor' }
    }
    if (this.#synchronizing.isCurrent) return { state: 'synchronized', neighbors: count, waitingFor: undefined }
    return { state: 'synchronizing', neighbors: count, waitingFor: 'a comparison with a neighbor' }
  }

  counters(): Readonly<Record<string, number>> {
    return this.#parts.counters.read()
  }

  // What happens by itself

  #changed(change: RecordChange): void {
    const type = change.kind === 'removed' ? change.type : change.record.type
    if (type === PRESENCE_TYPE) this.#presenceChanged(change)
    else if (type === GRAPH_INFO_TYPE) this.#infoChanged()
    this.#parts.events.recordChanged(change)
  }

  #presenceChanged(change: RecordChange): void {
    const { events } = this.#parts
    const { nodes } = this.#overlay
    if (change.kind === 'removed') {
      const removed = nodes.removed(change.id)
      if (removed?.isGone === true) this.#overlay.passive.remove(removed.node.key)
      if (removed !== undefined) events.nodeChanged(removed.node.peer, removed.isGone ? 'disconnected' : 'updated')
    } else {
      const { record } = change
      const what = nodes.stored(record)
      const node = nodes.get(toHex(record.creator.publicKey))
      if (what !== undefined && node !== undefined) events.nodeChanged(node.peer, what)
      // Of several records of one identity only the one that is listed says where it is (G-172).
      if (node?.record === record) this.#overlay.learnPresence(node.publicKey, node.addresses)
    }
    if (this.#isOnline) this.#presence.check()
  }

  #infoChanged(): void {
    const { longestRecordLife } = this.#info.properties
    if (this.#info.read(this.#records.store, this.#parts.provider)) {
      if (this.#info.properties.longestRecordLife !== longestRecordLife) this.#records.judgeAgain()
      this.#parts.events.propertiesChanged()
    }
    if (this.#isOnline) this.#presence.check()
  }

  /** What comes behind a record by which the provider knows other properties is judged by these, though all else follows later. */
  #longestLife(): number {
    const now = this.#provider.hasChanged ? this.#provider.properties() : undefined
    return now === undefined || now === 'unknown' ? this.#info.properties.longestRecordLife : now.longestRecordLife
  }

  /** The security state has changed: everything is judged by it again (G-190). */
  #securityChanged(only: 'more' | undefined): void {
    if (only === 'more') this.#judgeWaiting()
    else this.#judgeAgain()
    if (this.#isOnline) this.#presence.check()
  }

  #judgeWaiting(): void {
    this.#flooding.judgedAnew()
    this.#records.judgeWaiting()
  }

  #judgeAgain(): void {
    const { provider } = this.#parts
    const isOut = ({ peer }: LinkSession): boolean => !provider.isAdmitted(peer.publicKey)
    if (this.#router.some(isOut)) {
      this.#router.closeWhere((session) => session.state !== 'neighbor' && isOut(session))
      // What was written here, and puts them out, is sent to all neighbors before these close, too: so they can learn why.
      this.#records.store.commit()
      this.#parts.deadlines.set(TURN, () => this.#router.closeWhere(isOut))
    }
    this.#flooding.judgedAnew()
    if (this.#info.read(this.#records.store, provider)) this.#parts.events.propertiesChanged()
    this.#records.judgeAgain()
  }

  /** The machine slept without notice: what `resume` would do (G-196). */
  #woke(): void {
    this.#synchronizing.forget()
    this.#parts.peerTime.forgetSamples()
    this.#overlay.dialer.forgetPauses()
    for (const { session } of this.#parts.neighbors.all()) {
      session.link.probe(PROBE_AFTER_WAKE)
      this.#synchronizing.compare(session)
    }
    // Whatever its timer says: others may have let it expire meanwhile.
    if (this.#presence.record !== undefined) this.#presence.publish()
    this.#overlay.membership.fill()
    this.#report()
  }

  #report(): void {
    const status = this.status()
    const { state, neighbors, waitingFor } = this.#status
    if (state === status.state && neighbors === status.neighbors && waitingFor === status.waitingFor) return
    this.#status = status
    this.#parts.events.statusChanged(status)
  }

  #whenLeft(left: () => void): void {
    const { deadlines } = this.#parts
    let isLeft = false
    const leave = (): void => {
      if (isLeft) return
      isLeft = true
      deadlines.cancel(deadline)
      this.#router.destroyAll()
      left()
    }
    const deadline = deadlines.set(LONGEST_LEAVING, leave)
    this.#router.whenEmpty(leave)
  }

  /** Keeps what is to survive a restart, from time to time. */
  #keep(delay: number = KEEPING_INTERVAL): void {
    this.#keeping = this.#parts.deadlines.set(delay, () => {
      this.#keepNow()
      this.#keep()
    })
  }

  /** There is a new neighbor: should this node be killed, it must find it again. */
  #keepSoon(): void {
    const { clock, deadlines } = this.#parts
    if (this.#keeping === undefined || this.#keeping.due <= clock.monotonic() + KEEPING_DELAY) return
    deadlines.cancel(this.#keeping)
    this.#keep(KEEPING_DELAY)
  }

  #keepNow(): void {
    this.#kept.keep(this.#parts.peerTime.correction, this.#overlay.memory)
    this.#records.store.commit()
  }
}
