/**
 * A node in one cloud: takes datagrams and calls, and puts the parts of the protocol together. It is a
 * synchronous state machine; sockets, timers, files and multicast are behind its ports. A reply goes to whoever
 * waits for it (exchange.ts), a request to what answers it (request-handler.ts).
 */
import { authorityOf } from '../identity/authority.ts'
import { makePeerName } from '../identity/peer-name.ts'
import type { Clock } from '../runtime/clock.ts'
import { type Crypto, SEED_LENGTH } from '../runtime/crypto.ts'
import { Deadlines } from '../runtime/deadlines.ts'
import { type Endpoint, formatEndpoint, type IpAddress } from '../runtime/endpoint.ts'
import { networkPrefix } from '../runtime/network-prefix.ts'
import { PeerageError } from '../runtime/peerage-error.ts'
import { type Random, randomBytes, randomChoice, randomFraction } from '../runtime/random.ts'
import { type Rate, TokenBuckets } from '../runtime/token-buckets.ts'
import { BackOff } from './back-off.ts'
import { CacheMaintenance } from './cache-maintenance.ts'
import type { Cloud } from './cloud.ts'
import type { CloudParts, OwnAddresses } from './cloud-parts.ts'
import { Conversations } from './conversations.ts'
import { CookieJar, CookieMint } from './cookies.ts'
import { Counters } from './counters.ts'
import type { ChainValidator } from './cpa-validation.ts'
import { DatagramTransport, type RequestSource } from './datagram-transport.ts'
import { Discovery, type DiscoveryPorts, MOST_REMEMBERED_NODES, SeedTurns } from './discovery.ts'
import { EntryProof } from './entry-proof.ts'
import { Exchange } from './exchange.ts'
import { Flooding } from './flooding.ts'
import { FormerNodes } from './former-nodes.ts'
import { LeafSetRepair } from './leaf-set-repair.ts'
import type { Message, Solicit } from './message.ts'
import { FIELD_HEADER_LENGTH } from './message-field.ts'
import { CloudAddresses } from './own-addresses.ts'
import { Participation } from './participation.ts'
import { PNRP_ID_LENGTH, type PnrpId, pnrpIdFromBytes } from './pnrp-id.ts'
import { ProbeCharges } from './probe-charges.ts'
import { drawRegistration, Publishing, type RegistrationRequest } from './publishing.ts'
import { Reachability, type UnreachableReason } from './reachability.ts'
import { type Registration, type RegistrationContent, Registrations } from './registration.ts'
import { type AnyRequest, RequestHandler } from './request-handler.ts'
import { Resolve, type ResolveOutcome, type ResolveRequest } from './resolve.ts'
import { RoundTrips } from './round-trips.ts'
import { type CachedEntry, RouteCache } from './route-cache.ts'
import { estimateIds } from './size-estimate.ts'
import { SplitDetection } from './split-detection.ts'

/** What a node in a cloud works on. */
export interface CloudNodePorts extends DiscoveryPorts {
  readonly clock: Clock
  readonly random: Random
  readonly crypto: Crypto
  readonly chains: ChainValidator
  /** Sends a datagram; `from` is the own address that the other side knows, where it matters. */
  send(bytes: Uint8Array, to: Endpoint, from: IpAddress | undefined): void
  /** Keeps the nodes to begin with next time. */
  remember(nodes: readonly Endpoint[]): void
  /** Something of {@link CloudNode.status} has changed. */
  changed(): void
}

/** How a node is in its cloud. */
export interface CloudStatus {
  /** `alone`: nobody else is known. `no-network`: the machine has no address that this cloud may use. */
  readonly state: 'synchronizing' | 'active' | 'alone' | 'no-network' | 'suspended'
  /** Why the node only resolves; undefined for a full participant. */
  readonly resolveOnly: UnreachableReason | undefined
  readonly addresses: readonly IpAddress[]
  readonly port: number
  /** Where others see this node, once enough of them agree. */
  readonly observed: Endpoint | undefined
  readonly estimatedNodes: number
  readonly cachedEntries: number
}

/** Milliseconds (3.1.2, appendix A note 1). */
export const MAINTENANCE_INTERVAL = 15_000
export const SMALL_CACHE_MAINTENANCE_INTERVAL = 10_000
const SMALL_CACHE_SIZE = 2
/** Requests that are taken from one network prefix. */
export const REQUESTS_OF_PREFIX: Rate = { perSecond: 500, burst: 1000 }
const MOST_PREFIXES = 4096
/** A SOLICIT is padded to this length, so that an ADVERTISE of five IDs fits three times into it. */
export const PADDED_SOLICIT_LENGTH = 136
/** How long after the first entries the own IDs are announced, in milliseconds: time for some more to be proven. */
export const ANNOUNCEMENT_DELAY = 200
/** A timer that comes later than this, or a clock that jumps further, in milliseconds, means that the machine has slept. */
export const SLEEP_NOTICED = 60_000

/** How long a node that leaves waits for its neighbours to confirm that, in milliseconds. */
export const LONGEST_LEAVING = 2000

/** One node in one cloud. */
export class CloudNode {
  readonly #ports: CloudNodePorts
  readonly #parts: CloudParts
  readonly #own: CloudAddresses
  readonly #transport: DatagramTransport
  readonly #handler: RequestHandler
  readonly #mint: CookieMint
  readonly #rates: TokenBuckets
  readonly #roundTrips = new RoundTrips()
  readonly #formerNodes: FormerNodes
  readonly #proof: EntryProof
  readonly #flooding: Flooding
  readonly #conversations: Conversations
  readonly #publishing: Publishing
  readonly #maintenance: CacheMaintenance
  readonly #repair: LeafSetRepair
  readonly #splits: SplitDetection
  readonly #reachability: Reachability
  readonly #discovery: Discovery
  readonly #splitSeeds: SeedTurns
  readonly #resolves = new Set<Resolve>()
  readonly #participation: Participation
  readonly #firstRegistration: Registration | undefined
  #announcementIsDue = false
  #elsewhereTurn = 0
  #isSuspended = false
  /** Set while the node leaves. */
  #left: (() => void) | undefined
  #lastTick: number
  /** How far the time of day was ahead of the monotonic clock at the last tick. */
  #clockOffset: number

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
    this.#own = new CloudAddresses(cloud, options.port)
    this.#own.replace(options.addresses)
    if (this.#own.pathEndpoint === undefined) throw new PeerageError('no-network', { cloud: cloud.name })
    const drawOwn = (): Registration | undefined => drawOwnRegistration(ports, this.#own)
    this.#firstRegistration = options.resolveOnly ? undefined : drawOwn()
    this.#mint = new CookieMint(ports)
    this.#rates = new TokenBuckets(clock, REQUESTS_OF_PREFIX, MOST_PREFIXES)
    this.#formerNodes = new FormerNodes(clock)
    this.#lastTick = clock.monotonic()
    this.#clockOffset = clock.utc() - clock.monotonic()
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
      own: this.#own,
      forget: (id) => this.#forget(id),
    }
    const resolve = (request: ResolveRequest, ended: (outcome: ResolveOutcome) => void) => this.resolve(request, ended)
    this.#flooding = new Flooding(this.#parts)
    this.#proof = new EntryProof(this.#parts, new ProbeCharges(clock), (entry, addition, origin) => {
      this.#flooding.entryAdded(entry, addition, origin)
      if (addition.leafSetsOf.length > 0) this.#repair.changed()
      this.#entryAdded()
    })
    this.#conversations = new Conversations(this.#parts)
    this.#handler = new RequestHandler({
      ...{ parts: this.#parts, transport: this.#transport, mint: this.#mint },
      ...{ proof: this.#proof, flooding: this.#flooding, conversations: this.#conversations },
    })
    this.#publishing = new Publishing(this.#parts, this.#flooding, resolve)
    this.#maintenance = new CacheMaintenance(this.#parts, this.#proof, resolve)
    this.#repair = new LeafSetRepair(this.#parts, this.#proof)
    this.#splits = new SplitDetection(this.#parts, { next: () => this.#elsewhere() }, resolve)
    this.#splitSeeds = new SeedTurns(ports)
    this.#reachability = new Reachability(clock, isGlobal ? WITNESSES_IN_GLOBAL : WITNESSES_ELSEWHERE)
    this.#participation = new Participation({
      ...{ parts: this.#parts, publishing: this.#publishing, reachability: this.#reachability, drawOwn },
      ...{ isResolveOnly: options.resolveOnly, changed: () => ports.changed() },
    })
    this.#discovery = new Discovery(this.#parts, ports, this.#conversations, () => ports.changed())
  }

  /** Begins: looks for the cloud. Once. */
  start(): void {
    this.#participation.start(this.#firstRegistration)
    this.#discovery.start()
    this.#scheduleMaintenance()
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
        if (this.#left !== undefined) this.#leaveIfConfirmed()
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

  /** Starts a resolve. @param ended Called once, later, unless the resolve is cancelled or the node closes. */
  resolve(request: ResolveRequest, ended: (outcome: ResolveOutcome) => void): Resolve {
    const resolve = new Resolve(this.#parts, this.#proof, request, {
      ended,
      isOver: () => this.#resolves.delete(resolve),
    })
    this.#resolves.add(resolve)
    return resolve
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
      estimatedNodes: Math.round(this.#estimatedNodes()),
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
    this.#announceAll()
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
    this.#scheduleMaintenance()
    this.#ports.changed()
  }

  /**
   * Leaves the cloud: revokes what is registered, and ends when the neighbours have confirmed that, at
   * {@link LONGEST_LEAVING} at the latest. Once.
   *
   * @param left Called once, maybe before this returns: nothing is sent any more.
   */
  close(left: () => void = () => {}): void {
    this.#rememberNodes()
    this.#stopAll()
    this.#left = left
    if (!this.#isSuspended)
      for (const registration of this.#parts.registrations.all()) this.#publishing.unregister(registration)
    this.#parts.deadlines.set(LONGEST_LEAVING, () => this.#leave())
    this.#leaveIfConfirmed()
  }

  #receivedRequest(request: AnyRequest, source: Pick<RequestSource, 'from' | 'local' | 'length'>): void {
    const { from } = source
    if (!this.#rates.take(networkPrefix(from.host))) {
      this.#parts.counters.dropped('rate-of-prefix')
      return
    }
    this.#reachability.questioned(from)
    const isProven = request.cookie !== undefined && this.#mint.isValid(request.cookie, from)
    if (isProven) this.#heard(from)
    const known = this.#left === undefined ? request : remainder(request)
    if (known === undefined) return
    this.#handler.received(known, { ...source, isProven, sent: 0 }, this.#participation.resolveOnly !== undefined)
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
    this.#transport.send(message.type === 'SOLICIT' ? this.#padded(message) : message, to)
  }

  /** A SOLICIT makes room for an ADVERTISE of all the IDs that are offered. */
  #padded(solicit: Solicit): Solicit {
    const missing = PADDED_SOLICIT_LENGTH - this.#transport.lengthOf(solicit) - FIELD_HEADER_LENGTH
    return missing <= 0 ? solicit : { ...solicit, padding: missing }
  }

  #leaveIfConfirmed(): void {
    if (this.#parts.exchange.size === 0) this.#leave()
  }

  #leave(): void {
    const left = this.#left
    this.#left = undefined
    this.#stopAll()
    this.#isSuspended = true
    left?.()
  }

  // What happens by itself

  #scheduleMaintenance(): void {
    const isSmall = this.#parts.cache.size <= SMALL_CACHE_SIZE
    const interval = isSmall ? SMALL_CACHE_MAINTENANCE_INTERVAL : MAINTENANCE_INTERVAL
    // Jitter, so that nodes that were started together do not stay in step.
    const delay = interval * (1 + (randomFraction(this.#parts.random) - 0.5) * MAINTENANCE_JITTER)
    this.#lastTick = this.#parts.clock.monotonic() + delay
    this.#parts.deadlines.set(delay, () => this.#tick())
  }

  #tick(): void {
    const { cache, clock } = this.#parts
    // A machine that slept shows it in one of two ways: this comes late, or only the time of day has moved on.
    const lateness = clock.monotonic() - this.#lastTick
    const jump = Math.abs(clock.utc() - clock.monotonic() - this.#clockOffset)
    if (lateness > SLEEP_NOTICED || jump > SLEEP_NOTICED) this.#wake(this.#own.addresses)
    this.#clockOffset = clock.utc() - clock.monotonic()
    if (cache.size === 0) this.#discovery.start()
    this.#maintenance.round(this.#estimatedIds())
    this.#repair.round()
    this.#splits.tick(this.#estimatedNodes())
    this.#participation.tick()
    this.#rememberNodes()
    this.#scheduleMaintenance()
  }

  /** The machine slept, or changed its network: what was measured, and the cookies, are of no use any more. */
  #wake(machineAddresses: readonly IpAddress[]): void {
    this.#own.replace(machineAddresses)
    this.#roundTrips.clear()
    this.#parts.cookies.clear()
    this.#parts.backOff.clear()
    this.#participation.reset()
    this.#announceAll()
    if (this.#parts.cache.size === 0) this.#discovery.start()
  }

  #entryAdded(): void {
    if (this.#parts.cache.size === 1) {
      this.#discovery.stop()
      // Whoever was alone has announced to nobody.
      this.#announcementIsDue = true
      this.#parts.deadlines.set(ANNOUNCEMENT_DELAY, () => {
        if (!this.#announcementIsDue) return
        this.#announceAll()
        this.#ports.changed()
      })
    }
  }

  #announceAll(): void {
    this.#announcementIsDue = false
    for (const registration of this.#parts.registrations.all()) this.#publishing.announce(registration)
  }

  #forget(id: PnrpId): void {
    const { cache } = this.#parts
    const cached = cache.get(id)
    if (cached === undefined) return
    const leafSetsOf = cache.remove(id) ?? []
    this.#maintenance.lost()
    if (leafSetsOf.length > 0) this.#repair.changed()
    const endpoint = this.#own.endpointFor(cached.entry)
    if (endpoint !== undefined) this.#formerNodes.add(endpoint)
    if (cache.size === 0) this.#ports.changed()
  }

  #rememberNodes(): void {
    const recent = [...this.#parts.cache.entries()].sort((one, other) => other.lastHeard - one.lastHeard)
    const endpoints = new Map<string, Endpoint>()
    for (const { entry } of recent) {
      const endpoint = this.#own.endpointFor(entry)
      if (endpoint !== undefined && endpoints.size < MOST_REMEMBERED_NODES)
        endpoints.set(formatEndpoint(endpoint), endpoint)
    }
    if (endpoints.size > 0) this.#ports.remember([...endpoints.values()])
  }

  /** Somebody who may be in another part of the cloud: each kind in turn (N-88). */
  #elsewhere(): Endpoint | undefined {
    const { cache, random } = this.#parts
    const isCached = (endpoint: Endpoint): boolean =>
      [...cache.entries()].some(({ entry }) => entry.port === endpoint.port && entry.addresses.includes(endpoint.host))
    const kinds = [
      () =>
        randomChoice(
          random,
          this.#ports.remembered().filter((node) => !isCached(node)),
        ),
      () =>
        randomChoice(
          random,
          this.#formerNodes.all().filter((node) => !isCached(node)),
        ),
      () => this.#splitSeeds.next(),
    ]
    for (const _ of kinds) {
      const kind = kinds[this.#elsewhereTurn++ % kinds.length]
      const endpoint = kind?.()
      if (endpoint !== undefined && !this.#own.has(endpoint)) return endpoint
    }
    return undefined
  }

  #stopAll(): void {
    for (const resolve of this.#resolves) resolve.cancel()
    this.#resolves.clear()
    this.#discovery.stop()
    this.#parts.exchange.clear()
    this.#proof.clear()
    this.#repair.clear()
    this.#parts.deadlines.clear()
  }

  #state(): CloudStatus['state'] {
    if (this.#isSuspended) return 'suspended'
    if (this.#own.pathEndpoint === undefined) return 'no-network'
    if (this.#parts.cache.size > 0) return 'active'
    return this.#discovery.isRunning ? 'synchronizing' : 'alone'
  }

  #estimatedIds(): number {
    const { cache, registrations } = this.#parts
    return estimateIds(
      registrations.all().map(({ id }) => cache.leafSet(id)),
      cache.size + registrations.size,
    )
  }

  #estimatedNodes(): number {
    return this.#estimatedIds() / Math.max(1, this.#parts.registrations.size)
  }
}

/** In `Global_` no single liar, and no two neighbours, may tell a node where it is. */
const WITNESSES_IN_GLOBAL = 3
const WITNESSES_ELSEWHERE = 1
const MAINTENANCE_JITTER = 0.2
/**
 * The registration that makes a node a member of the cloud even if no application registers anything (N-21). Its
 * key is made for it alone, so that it points to no identity.
 */
function drawOwnRegistration(
  { crypto, random }: { readonly crypto: Crypto; readonly random: Random },
  { addresses, port }: OwnAddresses,
): Registration | undefined {
  const [address] = addresses
  if (address === undefined) return undefined
  const keyPair = crypto.signingKeyPair(randomBytes(random, SEED_LENGTH))
  const name = makePeerName(authorityOf(crypto, keyPair.publicKey), '')
  const endpoints = [{ host: address, port, protocol: UDP }]
  return drawRegistration({ crypto, random }, { name, keyPair, endpoints, comment: '', payload: undefined }, address)
}

/**
 * What a node that leaves still answers, so that others learn that it is gone and do not wait for it: INQUIREs, and
 * FLOODs without what they tell.
 */
function remainder(request: AnyRequest): AnyRequest | undefined {
  if (request.type === 'FLOOD') return { ...request, routeEntry: undefined }
  return request.type === 'INQUIRE' ? request : undefined
}

/** The IP protocol number of UDP. */
const UDP = 17
