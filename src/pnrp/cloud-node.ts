/**
 * A node in one cloud: takes datagrams and calls, and puts the parts of the protocol together. It is a
 * synchronous state machine; sockets, timers, files and multicast are behind its ports. A reply goes to whoever
 * waits for it (exchange.ts), a request to what answers it (request-handler.ts).
 */
import type { Clock } from '../runtime/clock.ts'
import type { Crypto } from '../runtime/crypto.ts'
import { Deadlines } from '../runtime/deadlines.ts'
import { type Endpoint, formatEndpoint, type IpAddress } from '../runtime/endpoint.ts'
import { PeerageError } from '../runtime/peerage-error.ts'
import { type Random, randomBytes } from '../runtime/random.ts'
import { BackOff } from './back-off.ts'
import type { Cloud } from './cloud.ts'
import type { CloudParts } from './cloud-parts.ts'
import type { CloudStatus } from './cloud-status.ts'
import { Conversations, padded } from './conversations.ts'
import { CookieJar, CookieMint } from './cookies.ts'
import { Counters } from './counters.ts'
import type { ChainValidator } from './cpa-validation.ts'
import { DatagramTransport, type RequestSource } from './datagram-transport.ts'
import { DeadEnds } from './dead-ends.ts'
import { EntryProof } from './entry-proof.ts'
import { Exchange } from './exchange.ts'
import { Flooding } from './flooding.ts'
import { answeredWhileLeaving, Leaving } from './leaving.ts'
import type { Message } from './message.ts'
import { CloudAddresses } from './own-addresses.ts'
import { drawOwnRegistration } from './own-registration.ts'
import { Participation } from './participation.ts'
import { PNRP_ID_LENGTH, type PnrpId, pnrpIdFromBytes } from './pnrp-id.ts'
import { ProbeCharges } from './probe-charges.ts'
import { Publishing, type RegistrationRequest } from './publishing.ts'
import { Reachability } from './reachability.ts'
import { type Registration, type RegistrationContent, Registrations } from './registration.ts'
import { RequestAdmission } from './request-admission.ts'
import { type AnyRequest, RequestHandler } from './request-handler.ts'
import { Resolve } from './resolve.ts'
import type { ResolveOutcome } from './resolve-outcome.ts'
import type { ResolveRequest } from './resolve-request.ts'
import { ResolvedNames } from './resolved-names.ts'
import { RoundTrips } from './round-trips.ts'
import { type CachedEntry, RouteCache } from './route-cache.ts'
import { Upkeep, type UpkeepPorts } from './upkeep.ts'

/** What a node in a cloud works on. */
export interface CloudNodePorts extends UpkeepPorts {
  readonly clock: Clock
  readonly random: Random
  readonly crypto: Crypto
  readonly chains: ChainValidator
  /** Sends a datagram; `from` is the own address that the other side knows, where it matters. */
  send(bytes: Uint8Array, to: Endpoint, from: IpAddress | undefined): void
  /** The machine has slept and nobody announced it: its addresses are to be read again, for {@link CloudNode.woke}. */
  slept(): void
}

/** One node in one cloud. */
export class CloudNode {
  readonly #ports: CloudNodePorts
  readonly #parts: CloudParts
  readonly #own: CloudAddresses
  readonly #transport: DatagramTransport
  readonly #handler: RequestHandler
  readonly #admission: RequestAdmission
  readonly #roundTrips = new RoundTrips()
  readonly #proof: EntryProof
  readonly #publishing: Publishing
  readonly #reachability: Reachability
  /** Those that are under way, if any are. */
  #resolves: Set<Resolve> | undefined
  readonly #resolvedNames: ResolvedNames
  readonly #participation: Participation
  readonly #upkeep: Upkeep
  readonly #firstRegistration: Registration | undefined
  #isSuspended = false
  /** Set while the node leaves. */
  #leaving: Leaving | undefined

  /**
   * @param options.addresses The machine's addresses; those that the cloud may not use are passed over.
   * @throws PeerageError `no-network` if none is left
   */
  constructor(
    options: {
      readonly cloud: Cloud
      readonly addresses: readonly IpAddress[]
      readonly port: number
      readonly resolveOnly: boolean
    },
    ports: CloudNodePorts,
  ) {
    const { cloud } = options
    const { clock, random, crypto } = ports
    const isGlobal = cloud.scope === 'global'
    this.#ports = ports
    this.#resolvedNames = new ResolvedNames(cloud.name)
    this.#own = new CloudAddresses(cloud, options.port)
    this.#own.replace(options.addresses)
    if (this.#own.pathEndpoint === undefined) throw new PeerageError('no-network', { cloud: cloud.name })
    const drawOwn = (): Registration | undefined => drawOwnRegistration(ports, this.#own)
    this.#firstRegistration = options.resolveOnly ? undefined : drawOwn()
    const mint = new CookieMint(ports)
    this.#admission = new RequestAdmission(clock, mint)
    const deadlines = new Deadlines(clock)
    const counters = new Counters()
    this.#transport = new DatagramTransport({
      cloud,
      crypto,
      counters,
      send: (bytes, to, from) => ports.send(bytes, to, from),
    })
    const cookies = new CookieJar(clock)
    const cache = new RouteCache(this.#firstRegistration?.id ?? pnrpIdFromBytes(randomBytes(random, PNRP_ID_LENGTH)), {
      limitsPrefixes: isGlobal,
      ownPrefixes: () => this.#own.prefixes,
    })
    const exchange = new Exchange({
      clock,
      random,
      deadlines,
      roundTrips: this.#roundTrips,
      cookies,
      counters,
      send: (message, to) => this.#sendRequest(message, to),
    })
    this.#parts = {
      ...{ cloud, clock, random, crypto, chains: ports.chains },
      ...{ deadlines, counters, cookies, exchange, cache },
      registrations: new Registrations(),
      backOff: new BackOff(clock),
      deadEnds: new DeadEnds(clock),
      own: this.#own,
      forget: (id) => this.#upkeep.forget(id),
    }
    const resolve = (request: ResolveRequest, ended: (outcome: ResolveOutcome) => void) => this.resolve(request, ended)
    const flooding = new Flooding(this.#parts)
    const conversations = new Conversations(this.#parts)
    this.#proof = new EntryProof(this.#parts, new ProbeCharges(clock), (entry, addition, origin) => {
      flooding.entryAdded(entry, addition, origin)
      this.#upkeep.entryAdded(addition)
    })
    this.#handler = new RequestHandler({
      ...{ parts: this.#parts, transport: this.#transport, mint },
      ...{ proof: this.#proof, flooding, conversations },
    })
    this.#publishing = new Publishing(this.#parts, flooding, resolve)
    this.#reachability = new Reachability(clock, isGlobal ? WITNESSES_IN_GLOBAL : WITNESSES_ELSEWHERE)
    this.#participation = new Participation({
      ...{ parts: this.#parts, publishing: this.#publishing, reachability: this.#reachability, drawOwn },
      ...{ isResolveOnly: options.resolveOnly, changed: () => ports.changed() },
    })
    this.#upkeep = new Upkeep({
      ...{ parts: this.#parts, ports, proof: this.#proof, conversations, publishing: this.#publishing },
      ...{ participation: this.#participation, resolve, slept: () => ports.slept() },
    })
  }

  /** Begins: looks for the cloud. Once. */
  start(): void {
    this.#participation.start(this.#firstRegistration)
    this.#upkeep.start()
  }

  /** There are other seeds: if nobody of the cloud is known, it is looked for at once. */
  seedsChanged(): void {
    if (!this.#isSuspended) this.#upkeep.search()
  }

  /** A datagram came. Its bytes are not kept. @param local The own address at which it came, where that is known. */
  received(datagram: Uint8Array, from: Endpoint, local: IpAddress | undefined): void {
    if (this.#isSuspended) return
    const message = this.#transport.receive(datagram, from)
    if (message === undefined) return
    switch (message.type) {
      case 'ADVERTISE':
      case 'ACK':
      case 'AUTHORITY':
        if (this.#parts.exchange.received(message, from)) {
          this.#heard(from)
          this.#reachability.observed(from, message.observed)
        }
        this.#leaving?.confirmed()
        break
      default:
        this.#receivedRequest(message, { from, local, length: datagram.length })
    }
  }

  /**
   * Registers a name.
   *
   * @param announced Called once, later, when the cloud has been told; not if the node closes before that.
   * @throws PeerageError as {@link Publishing.register}, and `resolve-only`
   */
  register(request: RegistrationRequest, announced: () => void = () => {}): Registration {
    return this.#participation.register(request, announced)
  }

  update(registration: Registration, content: RegistrationContent): void {
    this.#participation.update(registration, content)
  }

  unregister(registration: Registration): void {
    this.#participation.unregister(registration)
  }

  /** The ID of a registration: another one after others could not reach this node for a while. undefined once it has ended. */
  idOf(registration: Registration): PnrpId | undefined {
    return this.#participation.idOf(registration)
  }

  /** Starts a resolve. @param ended Called once, later, unless the resolve is cancelled or the node closes. */
  resolve(request: ResolveRequest, ended: (outcome: ResolveOutcome) => void): Resolve {
    const resolve = new Resolve(this.#parts, this.#proof, request, {
      ended,
      isOver: () => this.#resolveEnded(resolve),
    })
    this.#resolves ??= new Set()
    this.#resolves.add(resolve)
    return resolve
  }

  /**
   * Takes a place for a name that is resolved, however many resolves that takes.
   *
   * @returns what gives the place back; twice does nothing
   * @throws PeerageError `too-many-resolves`
   */
  admitName(): () => void {
    return this.#resolvedNames.admit()
  }

  /** Where to send a LOOKUP next for a result that is known: see name-resolution.ts. */
  get parts(): CloudParts {
    return this.#parts
  }

  status(): CloudStatus {
    const { cache } = this.#parts
    return {
      state: this.#state(),
      resolveOnly: this.#participation.resolveOnly,
      addresses: this.#own.addresses,
      port: this.#own.port,
      observed: this.#reachability.observedEndpoint(),
      estimatedNodes: Math.round(this.#upkeep.estimatedNodes()),
      cachedEntries: cache.size,
    }
  }

  /** For inspection. */
  entries(): Iterable<CachedEntry> {
    return this.#parts.cache.entries()
  }

  counters(): Readonly<Record<string, number>> {
    return this.#parts.counters.read()
  }

  /** The machine's addresses changed. */
  addressesChanged(machineAddresses: readonly IpAddress[]): void {
    if (!this.#own.replace(machineAddresses)) return
    this.#participation.reset()
    this.#upkeep.announceAll()
    this.#ports.changed()
  }

  /** Stops all sending and every timer, until {@link CloudNode.resume}. */
  suspend(): void {
    if (this.#isSuspended) return
    this.#isSuspended = true
    this.#stopAll()
    this.#ports.changed()
  }

  /** Goes on, with the addresses that the machine has now. */
  resume(machineAddresses: readonly IpAddress[]): void {
    if (!this.#isSuspended) return
    this.#isSuspended = false
    this.#wake(machineAddresses)
    this.#upkeep.start()
    this.#ports.changed()
  }

  /** The machine slept without a word, and has these addresses now. */
  woke(machineAddresses: readonly IpAddress[]): void {
    if (this.#isSuspended) return
    this.#wake(machineAddresses)
    this.#ports.changed()
  }

  /**
   * Leaves the cloud: revokes what is registered, and ends when the neighbours have confirmed that, at
   * {@link LONGEST_LEAVING} at the latest. Once.
   *
   * @param left Called once, maybe before this returns: nothing is sent any more.
   */
  close(left: () => void = () => {}): void {
    this.#upkeep.rememberNodes()
    this.#stopAll()
    if (!this.#isSuspended)
      for (const registration of this.#parts.registrations.all()) this.#publishing.unregister(registration)
    this.#leaving = new Leaving(this.#parts, () => {
      this.#stopAll()
      this.#isSuspended = true
      left()
    })
  }

  #receivedRequest(request: AnyRequest, source: Pick<RequestSource, 'from' | 'local' | 'length'>): void {
    const { from } = source
    const isProven = this.#admission.admit(request, from)
    if (isProven === undefined) {
      this.#parts.counters.dropped('rate-of-prefix')
      return
    }
    this.#reachability.questioned(from)
    if (isProven) this.#heard(from)
    const known = this.#leaving === undefined ? request : answeredWhileLeaving(request)
    if (known === undefined) return
    this.#handler.received(known, { ...source, isProven, sent: 0 }, this.#participation.resolveOnly !== undefined)
  }

  #resolveEnded(resolve: Resolve): void {
    this.#resolves?.delete(resolve)
    if (this.#resolves?.size === 0) this.#resolves = undefined
  }

  /** An answer to us, or an echoed cookie: nobody can have sent that from elsewhere. */
  #heard(from: Endpoint): void {
    const key = formatEndpoint(from)
    this.#parts.backOff.heard(key)
    this.#proof.heard(key)
  }

  #sendRequest(message: Message, to: Endpoint): void {
    if (this.#isSuspended) return
    this.#reachability.sent(to)
    this.#transport.send(message.type === 'SOLICIT' ? padded(message, this.#transport.lengthOf(message)) : message, to)
  }

  /** After a sleep, what was measured, and the cookies, are of no use any more. */
  #wake(machineAddresses: readonly IpAddress[]): void {
    this.#own.replace(machineAddresses)
    this.#roundTrips.clear()
    this.#parts.cookies.clear()
    this.#parts.backOff.clear()
    this.#parts.deadEnds.clear()
    this.#participation.reset()
    this.#upkeep.announceAll()
  }

  #stopAll(): void {
    for (const resolve of this.#resolves ?? []) resolve.cancel()
    this.#resolves = undefined
    this.#resolvedNames.clear()
    this.#upkeep.stop()
    this.#parts.exchange.clear()
    this.#proof.clear()
    this.#parts.deadlines.clear()
  }

  #state(): CloudStatus['state'] {
    if (this.#isSuspended) return 'suspended'
    if (this.#own.pathEndpoint === undefined) return 'no-network'
    if (this.#parts.cache.size > 0) return 'active'
    return this.#upkeep.isSearching ? 'synchronizing' : 'alone'
  }
}

/** In `Global_` no single liar, and no two neighbours, may tell a node where it is. */
const WITNESSES_IN_GLOBAL = 3
const WITNESSES_ELSEWHERE = 1
