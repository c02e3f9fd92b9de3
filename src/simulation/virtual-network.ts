/**
 * The virtual network: carries datagrams from host to host, and decides for streams what reaches whom,
 * and when.
 *
 * Once the {@link Topology} knows the way, the conditions between the two hosts decide: a datagram
 * waits its turn for the bandwidth, is lost or not, and arrives after latency and jitter, perhaps
 * twice or late. A partition, a host without power or an address that was taken away stops it, also
 * if that happens while it is under way.
 *
 * What is drawn for the datagrams of a host is drawn from a stream of that host, in their order, so that a
 * run depends on the seed and on nothing else.
 */
import { type Endpoint, isIpv4 } from '../runtime/endpoint.ts'
import { randomFraction } from '../runtime/random.ts'
import { type Conditions, changedConditions, DEFAULT_CONDITIONS, type PathConditions } from './conditions.ts'
import type { Nat } from './gateways.ts'
import { HostAddress, MOST_HOSTS, type NetworkHost } from './network-host.ts'
import { Partitions } from './partitions.ts'
import type { Scheduled, Scheduler } from './scheduler.ts'
import type { Destination, Topology } from './topology.ts'
import type { Trace } from './trace.ts'

/** What became of a datagram. */
export type Fate =
  /** A socket got it. One that arrives twice counts twice. */
  | 'delivered'
  /** The conditions lost it. */
  | 'lost'
  /** A partition stopped it. */
  | 'partitioned'
  /** It did not fit into the queue in front of the bandwidth: refused. */
  | 'queue-full'
  /** The sending address has no way to the destination: refused. */
  | 'no-route'
  /** Nobody has the address. */
  | 'no-host'
  /** The host is without power. */
  | 'host-down'
  /** Nobody is bound to the port. */
  | 'no-socket'
  /** A NAT or a firewall did not let it in. */
  | 'filtered'

/** What waits for the bandwidth of a path, in bytes, at most. */
export const QUEUE_LIMIT = 64 * 1024
/** How long it takes from a host to itself, in milliseconds. */
export const LOOPBACK_DELAY = 2 ** -4
/** How long until a lost packet of a stream is sent again for the first time, in milliseconds. It doubles each time. */
const FIRST_RETRANSMISSION = 200
/** A packet of a stream that was lost this often in a row gets through, so that no delay is endless. */
const MOST_LOSSES_IN_A_ROW = 8
/** The payload of one packet of a stream, in bytes. */
const PACKET_PAYLOAD = 1400

/** Carries what hosts send. */
export class VirtualNetwork {
  /** How many datagrams met which fate. */
  readonly fates: Record<Fate, number> = {
    delivered: 0,
    lost: 0,
    partitioned: 0,
    'queue-full': 0,
    'no-route': 0,
    'no-host': 0,
    'host-down': 0,
    'no-socket': 0,
    filtered: 0,
  }
  readonly partitions = new Partitions()
  readonly scheduler: Scheduler
  readonly topology: Topology

  readonly #trace: Trace | undefined
  #conditions: PathConditions
  /** The conditions of single paths, by the numbers of both hosts. */
  readonly #ofPaths = new Map<number, PathConditions>()
  /** Until when the bandwidth of a path is taken, in milliseconds since the start. */
  readonly #takenUntil = new Map<number, number>()

  constructor(scheduler: Scheduler, topology: Topology, conditions: Conditions, trace: Trace | undefined) {
    this.scheduler = scheduler
    this.topology = topology
    this.#conditions = changedConditions(DEFAULT_CONDITIONS, conditions)
    this.#trace = trace
  }

  /** Changes the conditions of all paths that have none of their own. */
  setConditions(changes: Conditions): void {
    this.#conditions = changedConditions(this.#conditions, changes)
  }

  /** Gives the path from one host to another conditions of its own. What is not named stays as it is at present. */
  setPathConditions(from: NetworkHost, to: NetworkHost, changes: Conditions): void {
    this.#ofPaths.set(pathNumber(from, to), changedConditions(this.#conditionsOf(from, to), changes))
  }

  /**
   * Sends a datagram, which belongs to the network from now on.
   *
   * @param from Where it says it comes from, unless a NAT changes that.
   * @returns false if it was refused.
   */
  send(source: HostAddress, from: Endpoint, to: Endpoint, bytes: Uint8Array): boolean {
    const { host } = source
    const { now } = this.scheduler
    if (!source.attached || to.port === 0) return this.#refuse('no-route', host, from, to, bytes)
    let seenFrom = from
    let destination = this.topology.route(source, to.host)
    if (destination === undefined) {
      if (!canLeave(source, to)) return this.#refuse('no-route', host, from, to, bytes)
      const nat = natOf(source)
      if (nat !== undefined) {
        const outside = nat.passOut(now, source, from, to)
        if (outside === undefined) return this.#refuse('no-route', host, from, to, bytes)
        seenFrom = outside
        destination = this.topology.routed(to.host)
      }
      if (destination === undefined) {
        this.#count(host, bytes)
        this.#end('no-host', host, seenFrom, to, bytes)
        return true
      }
    }
    host.firewall?.passOut(now, from, to)
    return this.#launch(host, seenFrom, destination, to, bytes)
  }

  /**
   * The way of a stream to be: from where it seems to come, and the address that answers, if any does.
   * Undefined if there is no route at all.
   */
  findStream(
    source: HostAddress,
    from: Endpoint,
    to: Endpoint,
  ): { readonly seenFrom: Endpoint; readonly far: HostAddress | undefined } | undefined {
    let seenFrom = from
    let destination = this.topology.route(source, to.host)
    if (destination === undefined) {
      if (!canLeave(source, to)) return undefined
      const outside = natOf(source)?.passOut(this.scheduler.now, source, from, to)
      if (outside !== undefined) {
        seenFrom = outside
        destination = this.topology.routed(to.host)
      }
    }
    // Neither a NAT nor a firewall lets in a stream that nobody inside opened.
    if (!(destination instanceof HostAddress)) return { seenFrom, far: undefined }
    const isClosed = destination.host.firewall !== undefined && destination.host !== source.host
    return { seenFrom, far: isClosed ? undefined : destination }
  }

  /** Whether anything that leaves one address now reaches the other. */
  connects(from: HostAddress, to: HostAddress): boolean {
    return (
      from.attached &&
      to.attached &&
      from.host.powered &&
      to.host.powered &&
      !this.partitions.stops(from.host.id, to.host.id) &&
      (from.host === to.host || this.#conditionsOf(from.host, to.host).loss < 1)
    )
  }

  /** How long this many bytes of a stream take from one host to the other, lost packets included, in milliseconds. */
  streamDelay(from: NetworkHost, to: NetworkHost, length: number): number {
    if (from === to) return LOOPBACK_DELAY
    const conditions = this.#conditionsOf(from, to)
    let delay = this.#drawDelay(from, conditions)
    if (conditions.bandwidth !== Number.POSITIVE_INFINITY) {
      delay += this.#queue(from, to, conditions.bandwidth, length)
    }
    if (conditions.loss > 0) {
      // Packets of one write are repaired side by side: the one that is lost most often decides.
      let mostLosses = 0
      for (let packets = Math.ceil(length / PACKET_PAYLOAD) || 1; packets > 0; packets--) {
        let losses = 0
        while (losses < MOST_LOSSES_IN_A_ROW && randomFraction(from.random) < conditions.loss) losses++
        if (losses > mostLosses) mostLosses = losses
      }
      for (let loss = 0; loss < mostLosses; loss++) delay += FIRST_RETRANSMISSION * 2 ** loss
    }
    return delay
  }

  /** How long a sign without payload takes on a stream, in milliseconds. */
  signDelay(from: NetworkHost, to: NetworkHost): number {
    return from === to ? LOOPBACK_DELAY : this.#drawDelay(from, this.#conditionsOf(from, to))
  }

  /** Records what happened to a stream. */
  recordStream(host: NetworkHost, what: string, from: Endpoint, to: Endpoint, bytes: Uint8Array): void {
    this.#trace?.packet(this.scheduler.now, host.name, 'stream', what, from, to, bytes)
  }

  #launch(host: NetworkHost, from: Endpoint, destination: Destination, to: Endpoint, bytes: Uint8Array): boolean {
    const { now } = this.scheduler
    // Behind a NAT it shows on arrival who gets it; until then whoever has the port now stands for that host.
    const far = destination instanceof HostAddress ? destination.host : destination.behind(to.port)?.host
    if (far === host) {
      this.#count(host, bytes)
      this.#schedule(now + LOOPBACK_DELAY, host, from, destination, to, bytes)
      return true
    }
    const conditions = far === undefined ? this.#conditions : this.#conditionsOf(host, far)
    let departure = now
    if (far !== undefined && conditions.bandwidth !== Number.POSITIVE_INFINITY) {
      const backlog = Math.max(0, (this.#takenUntil.get(pathNumber(host, far)) ?? 0) - now)
      if ((backlog * conditions.bandwidth) / 1000 + bytes.length > QUEUE_LIMIT) {
        return this.#refuse('queue-full', host, from, to, bytes)
      }
      departure = now + this.#queue(host, far, conditions.bandwidth, bytes.length)
    }
    this.#count(host, bytes)
    const { random } = host
    if (far !== undefined && this.partitions.stops(host.id, far.id)) {
      this.#end('partitioned', host, from, to, bytes)
    } else if (conditions.loss > 0 && randomFraction(random) < conditions.loss) {
      this.#end('lost', host, from, to, bytes)
    } else {
      if (conditions.duplicate > 0 && randomFraction(random) < conditions.duplicate) {
        const arrival = departure + this.#drawDelay(host, conditions)
        this.#schedule(arrival, host, from, destination, to, bytes.slice())
      }
      let arrival = departure + this.#drawDelay(host, conditions)
      if (conditions.reorder > 0 && randomFraction(random) < conditions.reorder) {
        // Later than anything that is sent within the next latency: one to two times as long again.
        arrival += (1 + randomFraction(random)) * (conditions.latency + conditions.jitter + 1)
      }
      this.#schedule(arrival, host, from, destination, to, bytes)
    }
    return true
  }

  /** Called by a flight at its end. */
  arrive(flight: Flight): void {
    const { sender, from, destination, to, bytes } = flight
    if (destination instanceof HostAddress) {
      this.#deliver(sender, from, destination, to.port, to, bytes)
      return
    }
    const inside = destination.passIn(this.scheduler.now, from, to.port)
    if (inside === undefined) this.#end('filtered', sender, from, to, bytes)
    else this.#deliver(sender, from, inside.address, inside.port, to, bytes)
  }

  #deliver(
    sender: NetworkHost,
    from: Endpoint,
    address: HostAddress,
    port: number,
    to: Endpoint,
    bytes: Uint8Array,
  ): void {
    const { host } = address
    const obstacle = this.#obstacle(sender, from, address, port)
    const sink = host.datagramSinkAt(address, port)
    if (obstacle !== undefined || sink === undefined) {
      this.#end(obstacle ?? 'no-socket', sender, from, to, bytes)
      return
    }
    this.#end('delivered', sender, from, to, bytes)
    host.datagramsReceived++
    host.bytesReceived += bytes.length
    sink.deliver(bytes, from)
  }

  /** What stops a datagram at its destination. */
  #obstacle(
    sender: NetworkHost,
    from: Endpoint,
    { host, attached, address }: HostAddress,
    port: number,
  ): Fate | undefined {
    if (this.partitions.stops(sender.id, host.id)) return 'partitioned'
    if (!attached) return 'no-host'
    if (!host.powered) return 'host-down'
    if (host.firewall === undefined || host === sender) return undefined
    return host.firewall.admits(this.scheduler.now, from, { host: address, port }) ? undefined : 'filtered'
  }

  #schedule(
    arrival: number,
    sender: NetworkHost,
    from: Endpoint,
    destination: Destination,
    to: Endpoint,
    bytes: Uint8Array,
  ): void {
    this.scheduler.schedule(arrival, new Flight(this, sender, from, destination, to, bytes))
  }

  #drawDelay(sender: NetworkHost, { latency, jitter }: PathConditions): number {
    return jitter > 0 ? latency + randomFraction(sender.random) * jitter : latency
  }

  /** Takes the bandwidth of a path for this many bytes. Returns how long until all of them have left. */
  #queue(from: NetworkHost, to: NetworkHost, bandwidth: number, length: number): number {
    const path = pathNumber(from, to)
    const { now } = this.scheduler
    const until = Math.max(now, this.#takenUntil.get(path) ?? 0) + (length * 1000) / bandwidth
    this.#takenUntil.set(path, until)
    return until - now
  }

  #conditionsOf(from: NetworkHost, to: NetworkHost): PathConditions {
    if (this.#ofPaths.size === 0) return this.#conditions
    return this.#ofPaths.get(pathNumber(from, to)) ?? this.#conditions
  }

  #count(sender: NetworkHost, bytes: Uint8Array): void {
    sender.datagramsSent++
    sender.bytesSent += bytes.length
  }

  #refuse(fate: Fate, host: NetworkHost, from: Endpoint, to: Endpoint, bytes: Uint8Array): false {
    this.#end(fate, host, from, to, bytes)
    return false
  }

  #end(fate: Fate, sender: NetworkHost, from: Endpoint, to: Endpoint, bytes: Uint8Array): void {
    this.fates[fate]++
    this.#trace?.packet(this.scheduler.now, sender.name, 'datagram', fate, from, to, bytes)
  }
}

/** A datagram under way. */
class Flight implements Scheduled {
  readonly sender: NetworkHost
  readonly from: Endpoint
  readonly destination: Destination
  readonly to: Endpoint
  readonly bytes: Uint8Array
  readonly #network: VirtualNetwork

  constructor(
    network: VirtualNetwork,
    sender: NetworkHost,
    from: Endpoint,
    destination: Destination,
    to: Endpoint,
    bytes: Uint8Array,
  ) {
    this.#network = network
    this.sender = sender
    this.from = from
    this.destination = destination
    this.to = to
    this.bytes = bytes
  }

  fire(): void {
    this.#network.arrive(this)
  }
}

function pathNumber(from: NetworkHost, to: NetworkHost): number {
  return from.id * MOST_HOSTS + to.id
}

/** Whether something can leave the segment of an address for another one. */
function canLeave(source: HostAddress, to: Endpoint): boolean {
  if (source.ipv4 !== isIpv4(to.host)) return false
  return source.scope === 'everywhere' || natOf(source) !== undefined
}

function natOf(source: HostAddress): Nat | undefined {
  return source.scope === 'private' && source.ipv4 ? source.on.segment?.nat : undefined
}
