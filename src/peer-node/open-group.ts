/**
 * A group that is open on a node: the face of one {@link GroupNode} and of the graph that it stands on. What an application wants
 * of the graph goes to {@link OpenGraph}; what makes a group of it is here.
 */

import type { SecurityProviderFactory } from '../graph/security-provider.ts'
import { GroupNode, type GroupNodeEvents, type GroupNodeOptions } from '../group/group-node.ts'
import type { GroupKeeping } from '../group/group-node-options.ts'
import { type GroupProperties as EngineProperties, GROUP_PROPERTIES_TYPE } from '../group/group-properties.ts'
import type { Invitation } from '../group/invitation.ts'
import type { MemberChain } from '../group/member-chain.ts'
import { authorityPart, type PeerName, parsePeerName } from '../identity/peer-name.ts'
import type { Role } from '../identity/role.ts'
import type { Clock } from '../runtime/clock.ts'
import type { Duration } from '../runtime/duration.ts'
import type { Endpoint } from '../runtime/endpoint.ts'
import type { Log } from '../runtime/log.ts'
import { PeerageError } from '../runtime/peerage-error.ts'
import type { Random } from '../runtime/random.ts'
import type { MessageType } from './application-types.ts'
import type { DirectConnection } from './direct-streams.ts'
import { EventSubscribers } from './event-subscribers.ts'
import type {
  Group,
  GroupEvents,
  GroupProperties,
  GroupPropertyChanges,
  GroupStatus,
  InviteOptions,
  Member,
  RevokeOptions,
} from './group.ts'
import { GroupCarrying } from './group-carrying.ts'
import { graphEventsOf } from './group-events.ts'
import type { StoredGroup } from './group-files.ts'
import { GroupGraph } from './group-graph.ts'
import {
  checkedRole,
  hintsIn,
  hintsOf,
  type InvitingParts,
  inviteTo,
  linkIn,
  momentOf,
  written,
} from './group-inviting.ts'
import { GroupReach, type GroupReachPorts } from './group-reach.ts'
import { orNobody } from './group-waiting.ts'
import type { GraphFollower, OpenGraph } from './open-graph.ts'
import type { DerivingPorts } from './password-deriving.ts'
import type { Dialing } from './progress.ts'
import { KEEPING_ALL, keepingOf, publicMember, publicProperties, requireChangeable } from './public-group.ts'
import { type Waiting, Wakeups } from './waiting.ts'

/** What a group that is open stands on. */
export interface OpenGroupPorts extends Omit<GroupReachPorts, 'engine' | 'failed' | 'cannotRegister'>, DerivingPorts {
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
}

/** What a group needs of the node. */
export interface OpenGroupOwner {
  /** Opens its graph, offline. */
  startGraph(provider: SecurityProviderFactory, follower: GraphFollower): OpenGraph
  /** What is to be kept of it has changed. @throws PeerageError what writing its file throws */
  keep(stored: StoredGroup): void
  /** Its database is closed, and everything that is kept of it here is to go. */
  forget(): void
}

/** One group. */
export class OpenGroup extends GroupGraph implements Group {
  readonly peerName: PeerName
  readonly engine: GroupNode
  readonly graph: OpenGraph
  readonly reach: GroupReach
  /** Woken when the own membership changes, when a search has failed, and when the group is being closed. */
  readonly changes = new Wakeups()
  /** What the last search came to, if it found nobody. */
  failure: PeerageError | undefined
  readonly #ports: OpenGroupPorts
  readonly #owner: OpenGroupOwner
  readonly #events: EventSubscribers<GroupEvents>
  readonly #carrying: GroupCarrying
  #stored: StoredGroup
  #closing: Promise<void> | undefined

  constructor(
    options: Omit<GroupNodeOptions, 'graphId' | 'group' | 'groupKey'>,
    { stored, seeds }: { readonly stored: StoredGroup; readonly seeds: readonly Endpoint[] },
    ports: OpenGroupPorts,
    owner: OpenGroupOwner,
  ) {
    super()
    const { group, graphId, identity, groupKey, cloud, hints } = stored
    this.peerName = group
    this.#ports = ports
    this.#owner = owner
    this.#stored = stored
    this.#events = new EventSubscribers(ports.log, (detail) => this.#events.raise('lagged', detail))
    const { clock, random, crypto, log, clouds, names } = ports
    this.engine = new GroupNode(
      { ...options, group, graphId, groupKey },
      { ...{ clock, random, crypto, log }, keeping: this.#keeping(), events: this.#engineEvents() },
    )
    this.#carrying = new GroupCarrying({
      ...{ crypto, random, engine: this.engine },
      stored: () => this.#stored,
      keep: (change) => this.keep(change),
      hints: () => hintsOf(this.#inviting()),
    })
    this.reach = new GroupReach(
      { group, identity, cloud, hints, seeds },
      {
        ...{ clock, random, log, clouds, names },
        engine: () => this.graph.engine,
        failed: (failure) => this.#searchFailed(failure),
        cannotRegister: ({ code, message }) => {
          this.graph.stopListening()
          this.#events.raise('listening-ended', { code, message })
        },
      },
    )
    this.graph = owner.startGraph(this.engine.provider, this.#follower())
  }

  /** Tells the group of its graph, which is open by now. */
  begin(): void {
    this.engine.attach(this.graph.engine)
    this.reach.setChain(this.engine.chain())
  }

  get isClosed(): boolean {
    return this.#closing !== undefined
  }

  /** What is kept of it now. */
  get stored(): StoredGroup {
    return this.#stored
  }

  /** Keeps something else of it from now on. @throws PeerageError what writing its file throws: nothing has changed then */
  keep(change: Partial<StoredGroup>): void {
    const changed = { ...this.#stored, ...change }
    this.#owner.keep(changed)
    this.#stored = changed
  }

  /** {@link OpenGroup.keep}, where nobody waits for it: what fails goes to the log. */
  #note(change: Partial<StoredGroup>): void {
    try {
      this.keep(change)
    } catch (error) {
      if (!(error instanceof PeerageError)) throw error
      this.#ports.log.warn('what is to be known of a group could not be kept', { reason: error.message })
    }
  }

  // What a graph has

  async status(): Promise<GroupStatus> {
    const status = await this.graph.status()
    return { ...status, membership: this.engine.standing(), found: this.reach.found }
  }

  connected(options: Dialing = {}): Promise<void> {
    return orNobody(this, options, (waiting) => this.graph.connected(waiting))
  }

  synchronized(options: Dialing = {}): Promise<void> {
    return orNobody(this, options, (waiting) => this.graph.synchronized(waiting))
  }

  async goOnline(): Promise<void> {
    this.reach.requireCloud()
    await this.graph.goOnline()
  }

  override send<In>(to: PeerName, type: MessageType<In, unknown>, payload: In, options: Waiting = {}): Promise<void> {
    return this.#toMember(to, () => super.send(to, type, payload, options))
  }

  override connect(to: PeerName, protocol: string, options: Dialing = {}): Promise<DirectConnection> {
    return this.#toMember(to, () => super.connect(to, protocol, options))
  }

  on<Event extends keyof GroupEvents>(
    event: Event,
    listener: (detail: GroupEvents[Event]) => void | Promise<void>,
    { signal }: Waiting = {},
  ): () => void {
    this.graph.requireOpen()
    return this.#events.on(event, listener, signal)
  }

  // What a group has

  async properties(): Promise<GroupProperties> {
    this.graph.requireOpen()
    return this.#properties()
  }

  async setProperties(changes: GroupPropertyChanges): Promise<GroupProperties> {
    this.graph.requireOpen()
    requireChangeable(changes)
    if (!this.engine.hasGroupKey) throw new PeerageError('group-key-not-here', { group: this.peerName })
    await written<EngineProperties>((done) => this.engine.setProperties(changes, done))
    return this.#properties()
  }

  async invite(options: InviteOptions = {}): Promise<Invitation> {
    this.graph.requireOpen()
    return inviteTo(this.#inviting(), options)
  }

  async cancelInvitation(invitation: string): Promise<void> {
    this.graph.requireOpen()
    const link = linkIn(this.#inviting(), this.peerName, invitation)
    await written<void>((done) => this.engine.cancelLink(link, KEEPING_ALL, undefined, done))
  }

  async removePassword(): Promise<void> {
    this.graph.requireOpen()
    await written<void>((done) => this.engine.removePassword(done))
  }

  async members({ connected }: { readonly connected?: boolean | undefined } = {}): Promise<readonly Member[]> {
    this.graph.requireOpen()
    const members = this.engine.members()
    return members.filter(({ isConnected }) => connected === undefined || isConnected === connected).map(publicMember)
  }

  async member(peer: PeerName): Promise<Member> {
    this.graph.requireOpen()
    return publicMember(this.engine.member(parsePeerName(peer)))
  }

  async setRole(peer: PeerName, role: Role, options: RevokeOptions = {}): Promise<void> {
    this.graph.requireOpen()
    checkedRole(role)
    const keeping = keepingOf(options)
    await written<void>((done) => this.engine.setRole(parsePeerName(peer), role, keeping, done))
  }

  async renew(
    peer: PeerName,
    options: { readonly expires?: Duration | Date | undefined; readonly byInvitation?: boolean | undefined } = {},
  ): Promise<Invitation | undefined> {
    this.graph.requireOpen()
    const { clock } = this.#ports
    const renewal = { peerName: parsePeerName(peer), notAfter: momentOf(options.expires, clock.utc()) }
    if (options.byInvitation === true) {
      const request = hintsIn(this.#inviting())
      return written<Invitation>((done) => this.engine.renewByInvitation(renewal, request, done))
    }
    await written<MemberChain>((done) => this.engine.renew(renewal, done))
    return undefined
  }

  async revoke(peer: PeerName, options: RevokeOptions = {}): Promise<void> {
    this.graph.requireOpen()
    const [name, keeping] = [parsePeerName(peer), keepingOf(options)]
    await written<void>((done) => this.engine.revoke(name, keeping, undefined, done))
  }

  async leave({ losesGroupKey }: { readonly losesGroupKey?: boolean | undefined } = {}): Promise<void> {
    this.graph.requireOpen()
    if (this.engine.hasGroupKey && losesGroupKey !== true) {
      throw new PeerageError('group-key-would-be-lost', { group: this.peerName })
    }
    await this.close()
    this.#owner.forget()
  }

  async exportConfiguration(password: string): Promise<string> {
    this.graph.requireOpen()
    return this.#carrying.exportConfiguration(password)
  }

  async hasKey(): Promise<boolean> {
    this.graph.requireOpen()
    return this.engine.hasGroupKey
  }

  async exportKey(password: string): Promise<string> {
    this.graph.requireOpen()
    return this.#carrying.exportKey(password)
  }

  async importKey(text: string, password: string): Promise<void> {
    this.graph.requireOpen()
    this.#carrying.importKey(text, password)
  }

  async removeKey(): Promise<void> {
    this.graph.requireOpen()
    this.#carrying.removeKey()
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #close(): Promise<void> {
    this.changes.wake()
    await this.reach.close()
    this.engine.close()
    await this.graph.close()
    this.#events.close()
  }

  /** Where a member was last is tried, too; if it is not there, what counts is that it is not online (P-104). */
  async #toMember<Result>(to: PeerName, reach: () => Promise<Result>): Promise<Result> {
    try {
      return await reach()
    } catch (error) {
      const isAbsent = PeerageError.is(error, 'connection-failed') && !this.#isConnected(to)
      throw isAbsent ? new PeerageError('node-not-found', { peer: to }, { cause: error }) : error
    }
  }

  #isConnected(peer: PeerName): boolean {
    const authority = authorityPart(peer)
    const listed = this.engine.members().find(({ peerName }) => authorityPart(peerName) === authority)
    return listed?.isConnected === true
  }

  #inviting(): InvitingParts {
    const { crypto, passwordHashing, clock } = this.#ports
    const { graphId, hints } = this.#stored
    return {
      ...{
        crypto,
        passwordHashing,
        graphId,
        node: this.engine,
        now: clock.utc(),
        formerHints: hints,
        engine: this.graph.engine,
      },
      cloudPort: this.reach.cloudPort,
      requireOpen: () => this.graph.requireOpen(),
    }
  }

  #properties(): GroupProperties {
    const { cloud } = this.#stored
    const unknown = { ...this.graph.engine.properties(), creator: this.peerName, cloud }
    return publicProperties(this.engine.properties(), unknown)
  }

  // What the parts tell

  #follower(): GraphFollower {
    return {
      statusChanged: (status) => {
        if (this.isClosed) return
        this.engine.statusChanged(status)
        this.reach.statusChanged(status)
      },
      recordChanged: (change) => {
        if (this.isClosed) return
        if (change.kind !== 'removed' && change.record.type === GROUP_PROPERTIES_TYPE) this.#propertiesChanged()
      },
      nodeChanged: (peer, change) => {
        if (!this.isClosed) this.engine.nodeChanged(peer, change)
      },
      synchronized: (type) => {
        if (type !== undefined || this.isClosed) return
        this.#setEnded(this.engine.standing() === 'revoked')
        this.engine.synchronized()
      },
      raised: graphEventsOf(this.#events),
      suspended: () => this.engine.suspend(),
      resumed: () => this.engine.resume(),
      attempted: (...attempt) => this.reach.attempted(...attempt),
      connectionRequired: () => this.reach.connectionRequired(),
      listening: (endpoints) => {
        this.reach.listening(endpoints)
        if (endpoints.length > 0 && !this.isClosed) this.engine.listens()
      },
    }
  }

  #keeping(): GroupKeeping {
    return {
      joined: (chain) => {
        this.#note({ chain, fetches: undefined })
        this.reach.setChain(this.engine.chain())
      },
      // It stands at the beginning of the chain, which is to come.
      rootLearned: () => undefined,
    }
  }

  #engineEvents(): GroupNodeEvents {
    return {
      memberChanged: (peer, change) => this.#events.raise('member', { peer, change }),
      standingChanged: (standing) => {
        this.reach.setChain(this.engine.chain())
        this.#events.raise('membership', { standing })
        this.changes.wake()
        // Nobody takes a link of it any more, and it is to take none (P-097).
        if (standing === 'revoked') this.graph.goOffline()
        this.#setEnded(standing === 'revoked')
      },
      expiring: (expires) => this.#events.raise('expiring', { expires: new Date(expires) }),
      keyCameBack: (peer) => this.#events.raise('revoked-returned', { peer }),
    }
  }

  #propertiesChanged(): void {
    const properties = this.#properties()
    this.#events.raise('properties', properties)
    const { friendlyName } = properties
    if (friendlyName !== this.#stored.friendlyName) this.#note({ friendlyName })
  }

  #setEnded(hasEnded: boolean): void {
    if (hasEnded !== this.#stored.hasEnded) this.#note({ hasEnded })
  }

  #searchFailed(failure: PeerageError): void {
    this.failure = failure
    if (failure.code === 'not-let-in') this.#setEnded(true)
    const { code, message, details } = failure
    const tried = 'tried' in details ? details.tried : []
    this.#events.raise('connection-failed', { code, message, tried })
    this.changes.wake()
  }
}
