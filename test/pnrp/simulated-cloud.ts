/**
 * A cloud of simulated nodes, for tests: each member is a {@link CloudNode} on a host of a {@link SimulatedWorld}, with
 * a socket for each of its addresses and a list of remembered nodes that survives crashes. Public addresses come
 * from a prefix of its own each, so that `Global_` can be simulated too.
 *
 * The cloud knows every member, so it can say what should be true: who is whose neighbour, and who has registered
 * what. All of it is replayed by the seed.
 */

import { authorityOf } from '../../src/identity/authority.ts'
import { makePeerName, type PeerName } from '../../src/identity/peer-name.ts'
import { platformCrypto } from '../../src/nodejs/crypto/crypto.ts'
import { type Cloud, makeCloud, mayUse } from '../../src/pnrp/cloud.ts'
import { CloudNode, type CloudNodePorts } from '../../src/pnrp/cloud-node.ts'
import type { Criterion } from '../../src/pnrp/message.ts'
import { NameResolution, type NameResult } from '../../src/pnrp/name-resolution.ts'
import type { PnrpId } from '../../src/pnrp/pnrp-id.ts'
import type { RegistrationRequest } from '../../src/pnrp/publishing.ts'
import type { Registration } from '../../src/pnrp/registration.ts'
import { LEAF_SET_SIDE, type LeafSet, MOST_PLACES_OF_PREFIX_ON_LEAF_SIDE } from '../../src/pnrp/route-cache.ts'
import { SERVICE_LOCATION_PREFIX_LENGTH } from '../../src/pnrp/service-location.ts'
import type { Crypto, SigningKeyPair } from '../../src/runtime/crypto.ts'
import type { DatagramSocket } from '../../src/runtime/datagrams.ts'
import { type Endpoint, type IpAddress, isIpv4 } from '../../src/runtime/endpoint.ts'
import { networkPrefixes } from '../../src/runtime/network-prefix.ts'
import { randomBytes } from '../../src/runtime/random.ts'
import type { Conditions } from '../../src/simulation/conditions.ts'
import { fakeCrypto } from '../../src/simulation/fake-crypto.ts'
import type { DiskAfterCrash, HostOptions, SimulatedHost } from '../../src/simulation/simulated-host.ts'
import { SimulatedWorld } from '../../src/simulation/simulated-world.ts'

/** What a simulated cloud is like where that is not the usual. */
export interface SimulatedCloudOptions {
  readonly seed: string
  /** By default a private cloud `test` that takes any address. */
  readonly cloud?: Cloud
  /** By default the fast fake. */
  readonly crypto?: Crypto
  /** By default 10 ms one way, up to 5 ms more, and no loss. */
  readonly conditions?: Conditions
  /** Which addresses of the hosts are used. By default IPv4. */
  readonly families?: 'ipv4' | 'ipv6' | 'both'
  /** Whether members find each other on the local link, as by multicast. By default they do not. */
  readonly localLink?: boolean
  /** Whether misuse of ports is looked for, which costs time. By default it is. */
  readonly checks?: boolean
  /** Whether a digest of everything that happens is kept. By default it is not. */
  readonly trace?: 'digest'
}

/** What a member is like where that is not the usual. */
export interface MemberOptions {
  /** By default the first member of the cloud. */
  readonly seeds?: readonly Endpoint[]
  readonly resolveOnly?: boolean
  readonly host?: HostOptions
  /** Stands in the place of some of its ports. */
  readonly ports?: Partial<CloudNodePorts>
  /** Changes what it sends: so a member lies. */
  readonly tampering?: Tampering
}

/** What stands between a member and its sockets. */
export interface Tampering {
  received(bytes: Uint8Array, from: Endpoint): void
  /** @returns the datagram to send in the place of the one that the member made */
  sending(bytes: Uint8Array, to: Endpoint): Uint8Array
}

/** What is to be resolved, where it is not the usual. */
export interface ResolveOptions {
  readonly criterion?: Extract<Criterion, 'any' | 'nearest' | 'nearest-64'>
  readonly limit?: number
  readonly prefix?: Uint8Array
  readonly includesOwn?: boolean
}

/** A datagram as it was sent. */
export interface SentDatagram {
  readonly member: Member
  readonly bytes: Uint8Array
  readonly to: Endpoint
}

export const PORT = 3540
/** How long one resolve may take, in virtual milliseconds. */
const LONGEST_RESOLVE = 60_000

/** A cloud, and all that is known of it from outside. */
export class SimulatedCloud {
  readonly world: SimulatedWorld
  readonly cloud: Cloud
  readonly crypto: Crypto
  readonly members: Member[] = []
  /** Called with each datagram as it is sent; its bytes may be kept. */
  onSent: ((sent: SentDatagram) => void) | undefined
  readonly #families: 'ipv4' | 'ipv6' | 'both'
  readonly #hasLocalLink: boolean

  constructor(options: SimulatedCloudOptions) {
    const { seed, conditions = { latency: 10, jitter: 5 }, checks = true, trace } = options
    this.world = new SimulatedWorld({ seed, conditions, checks, ...(trace === undefined ? {} : { trace }) })
    this.cloud = options.cloud ?? makeCloud('test')
    this.crypto = options.crypto ?? fakeCrypto(platformCrypto())
    this.#families = options.families ?? 'ipv4'
    this.#hasLocalLink = options.localLink ?? false
  }

  /** Adds a member, which starts at once. */
  add(options: MemberOptions = {}): Member {
    const host = this.world.addHost(`node${this.members.length}`, options.host)
    const member = new Member(this, host, options)
    this.members.push(member)
    member.start()
    return member
  }

  /** Adds members one after the other, then lets them find their places. */
  grow(count: number, options: MemberOptions = {}, pause = 300): readonly Member[] {
    const added: Member[] = []
    for (let index = 0; index < count; index++) {
      added.push(this.add(options))
      this.world.runFor(pause)
    }
    this.world.runFor(SETTLING_TIME)
    return added
  }

  get running(): Member[] {
    return this.members.filter((member) => member.isRunning)
  }

  /** The addresses of a host that this cloud uses. */
  addressesOf(host: SimulatedHost): IpAddress[] {
    return this.machineAddressesOf(host).filter((address) => mayUse(this.cloud, address))
  }

  machineAddressesOf(host: SimulatedHost): IpAddress[] {
    return host.attachment.addresses
      .filter(({ attached }) => attached)
      .filter(({ ipv4 }) => this.#families === 'both' || ipv4 === (this.#families === 'ipv4'))
      .map(({ address }) => address)
  }

  /** Whom a member finds on its local link. */
  neighboursOnLink(member: Member): Endpoint[] {
    if (!this.#hasLocalLink) return []
    return this.running.flatMap((other) => (other === member ? [] : [other.endpoint]))
  }

  /** Every ID that is registered, with where: what all leaf sets together should show. */
  registered(): Map<PnrpId, Member> {
    const registered = new Map<PnrpId, Member>()
    for (const member of this.running) for (const id of member.ids) registered.set(id, member)
    return registered
  }

  /** Where leaf sets differ from what they should be, in words; none if all are right. */
  wrongLeafSets(members: readonly Member[] = this.running): string[] {
    const registered = this.registered()
    const sorted = [...registered.keys()].sort()
    const wrong: string[] = []
    for (const member of members) {
      for (const id of member.ids) {
        const place = sorted.indexOf(id)
        const others = [...sorted.slice(place + 1), ...sorted.slice(0, place)].filter(
          (other) => registered.get(other) !== member,
        )
        const right: LeafSet = {
          above: this.#leafSide(member, registered, others),
          below: this.#leafSide(member, registered, others.toReversed()),
        }
        const found = member.node.parts.cache.leafSet(id)
        for (const side of ['below', 'above'] as const) {
          const missing = right[side].filter((other) => !found[side].includes(other)).length
          const odd = found[side].filter((other) => !right[side].includes(other)).length
          if (missing + odd > 0) wrong.push(`${member.name} ${side}: ${missing} missing, ${odd} not next to it`)
        }
      }
    }
    return wrong
  }

  /** Resolves a name from a member and lets time pass until that has ended. */
  resolve(member: Member, name: PeerName, options: ResolveOptions = {}): NameResult[] {
    const results: NameResult[] = []
    let isOver = false
    member.resolveName(name, options, { found: (result) => results.push(result), ended: () => (isOver = true) })
    this.world.runUntil(() => isOver, LONGEST_RESOLVE)
    return results
  }

  /** A counter, added up over all running members. */
  sum(counter: string): number {
    return this.running.reduce((sum, { node }) => sum + (node.counters()[counter] ?? 0), 0)
  }

  /** The first five of a walk, as far as prefixes permit (N-115). */
  #leafSide(member: Member, registered: ReadonlyMap<PnrpId, Member>, walk: readonly PnrpId[]): PnrpId[] {
    const own = networkPrefixes(member.addresses)
    const taken = new Map<string, number>()
    const side: PnrpId[] = []
    for (const id of walk) {
      const addresses = this.cloud.scope === 'global' ? (registered.get(id)?.addresses ?? []) : []
      const prefixes = networkPrefixes(addresses).filter((prefix) => !own.includes(prefix))
      if (prefixes.some((prefix) => (taken.get(prefix) ?? 0) >= MOST_PLACES_OF_PREFIX_ON_LEAF_SIDE)) continue
      for (const prefix of prefixes) taken.set(prefix, (taken.get(prefix) ?? 0) + 1)
      side.push(id)
      if (side.length === LEAF_SET_SIDE) break
    }
    return side
  }
}

/** A node of a simulated cloud, through all its starts. */
export class Member {
  readonly cloud: SimulatedCloud
  readonly host: SimulatedHost
  readonly name: string
  /** What it would find on its disk. */
  remembered: readonly Endpoint[] = []
  /** How often its node said that something of its status has changed. */
  changes = 0
  readonly #options: MemberOptions
  #node: CloudNode | undefined
  /** The node while it leaves. */
  #leaving: CloudNode | undefined
  #sockets: DatagramSocket[] = []

  constructor(cloud: SimulatedCloud, host: SimulatedHost, options: MemberOptions) {
    this.cloud = cloud
    this.host = host
    this.name = host.name
    this.#options = options
  }

  /** The node; of a member that does not run that is a mistake of the test. */
  get node(): CloudNode {
    if (this.#node === undefined) throw new RangeError(`${this.name} does not run`)
    return this.#node
  }

  get isRunning(): boolean {
    return this.#node !== undefined
  }

  get addresses(): readonly IpAddress[] {
    return this.cloud.addressesOf(this.host)
  }

  /** All addresses of its host, of the families that the cloud uses. */
  get machineAddresses(): readonly IpAddress[] {
    return this.cloud.machineAddressesOf(this.host)
  }

  /** Its first address. */
  get endpoint(): Endpoint {
    const [host] = this.addresses
    if (host === undefined) throw new RangeError(`${this.name} has no address`)
    return { host, port: PORT }
  }

  /** What it has registered, its own ID first. */
  get ids(): readonly PnrpId[] {
    return this.node.parts.registrations.all().map(({ id }) => id)
  }

  /** The ID that makes it a member; of a resolve-only node that is a mistake of the test. */
  get ownId(): PnrpId {
    const [id] = this.ids
    if (id === undefined) throw new RangeError(`${this.name} has registered nothing`)
    return id
  }

  start(): void {
    const { ports } = this.host
    const { seeds, resolveOnly = false } = this.#options
    this.#openSockets()
    const node = new CloudNode(
      { cloud: this.cloud.cloud, addresses: this.machineAddresses, port: PORT, resolveOnly },
      {
        clock: ports.clock,
        random: ports.random,
        crypto: this.cloud.crypto,
        chains: { problem: () => 'there are no chains in this simulation' },
        send: (bytes, to, from) => this.#send(bytes, to, from),
        remembered: () => this.remembered,
        remember: (nodes) => {
          this.remembered = nodes
        },
        browse: (found) => {
          const timer = ports.clock.setTimer(0, () => this.cloud.neighboursOnLink(this).forEach(found))
          return () => timer.cancel()
        },
        seeds: () => seeds ?? this.#firstMember(),
        changed: () => {
          this.changes++
        },
        slept: () => this.#woke(),
        ...this.#options.ports,
      },
    )
    this.#node = node
    node.start()
  }

  /** Ends it at this instant: nobody is told. */
  crash(): void {
    this.#node = undefined
    this.#leaving = undefined
    this.#sockets = []
    this.host.crash()
  }

  /** Starts it again, as another node at the same addresses. */
  restart(disk: DiskAfterCrash = 'kept'): void {
    this.#node = undefined
    if (disk === 'lost') this.remembered = []
    this.host.restart(disk)
    this.start()
  }

  /** Leaves the cloud in good order. @param left Called when that is done. */
  close(left: () => void = () => {}): void {
    const { node } = this
    const sockets = this.#sockets
    this.#leaving = node
    this.#node = undefined
    node.close(() => {
      this.#leaving = undefined
      for (const socket of sockets) socket.close()
      left()
    })
  }

  /** The host's addresses have changed: sockets follow, and the node is told. */
  addressesChanged(): void {
    this.#reopenSockets()
    this.node.addressesChanged(this.machineAddresses)
  }

  /** Registers an unsecured name, or a secured one under a key pair, at one endpoint. */
  register(name: PeerName, more: Partial<RegistrationRequest> = {}): Registration {
    const keyPair = more.keyPair ?? this.drawKeyPair()
    const endpoints = more.endpoints ?? [{ ...this.endpoint, port: APPLICATION_PORT, protocol: TCP }]
    return this.node.register({ name, keyPair, endpoints, comment: '', payload: undefined, ...more })
  }

  /** Registers a secured name of a new key. */
  registerSecured(classifier: string, more: Partial<RegistrationRequest> = {}): Registration {
    const keyPair = this.drawKeyPair()
    const name = makePeerName(authorityOf(this.cloud.crypto, keyPair.publicKey), classifier)
    return this.register(name, { keyPair, ...more })
  }

  drawKeyPair(): SigningKeyPair {
    return this.cloud.crypto.signingKeyPair(randomBytes(this.host.ports.random, SEED_LENGTH))
  }

  /** Begins to resolve a name. */
  resolveName(
    name: PeerName,
    { criterion = 'any', limit = 1, prefix = NO_PREFIX, includesOwn = true }: ResolveOptions,
    listener: { found(result: NameResult): void; ended(): void },
  ): NameResolution {
    const leftOut = includesOwn ? [] : this.node.parts.registrations.all()
    return new NameResolution(this.node, { name, criterion, limit, prefix, leftOut }, listener)
  }

  #firstMember(): Endpoint[] {
    const [first] = this.cloud.members
    return first === undefined || first === this ? [] : [first.endpoint]
  }

  #woke(): void {
    this.#reopenSockets()
    this.node.woke(this.machineAddresses)
  }

  #reopenSockets(): void {
    for (const socket of this.#sockets) socket.close()
    this.#openSockets()
  }

  #openSockets(): void {
    const { datagrams } = this.host.ports
    this.#sockets = this.machineAddresses.map((host) =>
      datagrams.open(
        { host, port: PORT },
        { received: (bytes: Uint8Array, from: Endpoint) => this.#received(bytes, from, host) },
      ),
    )
  }

  #received(bytes: Uint8Array, from: Endpoint, host: IpAddress): void {
    this.#options.tampering?.received(bytes, from)
    const node = this.#node ?? this.#leaving
    node?.received(bytes, from, host)
  }

  #send(made: Uint8Array, to: Endpoint, from: IpAddress | undefined): void {
    const socket =
      this.#sockets.find(({ local }) => local.host === from) ??
      this.#sockets.find(({ local }) => isIpv4(local.host) === isIpv4(to.host))
    if (socket === undefined) return
    const bytes = this.#options.tampering?.sending(made, to) ?? made
    // With checks on, the socket overwrites what it was given.
    this.cloud.onSent?.({ member: this, bytes: new Uint8Array(bytes), to })
    socket.send(bytes, to)
  }
}

/** How long nodes that joined get to find their places, in milliseconds: a few rounds of maintenance. */
const SETTLING_TIME = 90_000
const SEED_LENGTH = 32
const APPLICATION_PORT = 80
const TCP = 6
const NO_PREFIX = new Uint8Array(SERVICE_LOCATION_PREFIX_LENGTH)
