/**
 * An attempt to open a stream on the virtual network.
 *
 * It takes what it takes TLS 1.3 on TCP: the dialling end has its stream after two round trips, and the
 * dialled one gets it half a round trip later. A closed port answers at once that it is closed. Where
 * nothing answers (nobody has the address, a partition, a host without power, a NAT or a firewall that lets
 * nothing in) the attempt is repeated at growing intervals until {@link DIAL_LIMIT}.
 *
 * The channel binding of each stream is drawn from the seed, and both ends have it.
 */
import { type Endpoint, formatEndpoint, type ZonedEndpoint } from '../runtime/endpoint.ts'
import { PeerageError } from '../runtime/peerage-error.ts'
import type { ByteStream } from '../runtime/streams.ts'
import type { HostAddress, NetworkHost, StreamSink } from './network-host.ts'
import type { EventId, Scheduled } from './scheduler.ts'
import { type StreamOwner, VirtualStream } from './virtual-stream.ts'

/** How long an attempt goes on without an answer, in milliseconds. */
export const DIAL_LIMIT = 20_000
/** The pause before the first repetition, in milliseconds (RFC 6298 section 2). It doubles each time. */
const FIRST_REPETITION = 1000
/** How many times something travels until the dialling end has its stream: two round trips. */
const LEGS = 4

/** What becomes of an attempt: one of the two is called, once. */
export interface DialOutcome {
  opened(stream: ByteStream): void
  failed(error: PeerageError): void
}

/** The way from the dialling end to the one that answers. */
interface Way {
  readonly near: HostAddress
  readonly far: HostAddress
  readonly local: Endpoint
  /** What the other end takes for the dialling one: behind a NAT that is not `local`. */
  readonly seenFrom: Endpoint
}

/** An attempt that goes on until it opens, fails or is ended. */
export class StreamDial {
  readonly #owner: StreamOwner
  readonly #to: Endpoint
  readonly #outcome: DialOutcome
  readonly #over: () => void
  /** Undefined once it has come. */
  #limit: EventId | undefined
  readonly #host: NetworkHost
  /** The departure or arrival that comes next, while one is scheduled. */
  #step: EventId | undefined
  #isOver = false
  #legsTravelled = 0
  #listener: StreamSink | undefined
  #pause = FIRST_REPETITION

  /** @param over Called when the attempt is over, whatever the reason. */
  constructor(owner: StreamOwner, host: NetworkHost, to: ZonedEndpoint, outcome: DialOutcome, over: () => void) {
    this.#owner = owner
    this.#host = host
    this.#to = { host: to.host, port: to.port }
    this.#outcome = outcome
    this.#over = over
    const { scheduler } = owner.network
    const way = findWay(owner, host, to)
    const [limit, reason] = way === 'no route' ? [0, way] : [DIAL_LIMIT, 'no answer']
    this.#limit = scheduler.schedule(scheduler.now + limit, { fire: () => this.#expire(reason) })
    if (typeof way !== 'string') this.#depart(way)
  }

  /** Gives up: nothing of the outcome is called. Once the attempt is over this does nothing. */
  end(): void {
    if (this.#isOver) return
    this.#isOver = true
    const { scheduler } = this.#owner.network
    if (this.#limit !== undefined) scheduler.cancel(this.#limit)
    if (this.#step !== undefined) scheduler.cancel(this.#step)
    this.#over()
  }

  #depart(way: Way): void {
    const [from, to] = this.#direction(way)
    const { network } = this.#owner
    if (network.connects(from, to)) this.#next(network.streamDelay(from.host, to.host, 0), () => this.#arrive(way))
    else this.#repeatLater(way)
  }

  #arrive(way: Way): void {
    const [from, to] = this.#direction(way)
    if (!this.#owner.network.connects(from, to)) {
      this.#repeatLater(way)
      return
    }
    this.#legsTravelled++
    const isThere = this.#legsTravelled % 2 === 1
    // It has to be the listener that was there at first: a system that was started again knows of nothing.
    const found = isThere ? way.far.host.streamSinkAt(way.far, this.#to.port) : this.#listener
    this.#listener = this.#legsTravelled === 1 || found === this.#listener ? found : undefined
    if (isThere || (this.#listener !== undefined && this.#legsTravelled < LEGS)) {
      this.#depart(way)
      return
    }
    this.end()
    if (this.#listener === undefined) this.#report('refused: nothing listens there')
    else this.#open(way, this.#listener)
  }

  #repeatLater(way: Way): void {
    this.#next(this.#pause, () => this.#depart(way))
    this.#pause *= 2
  }

  #next(delay: number, action: () => void): void {
    const { scheduler } = this.#owner.network
    const step: Scheduled = {
      fire: () => {
        this.#step = undefined
        action()
      },
    }
    this.#step = scheduler.schedule(scheduler.now + delay, step)
  }

  #open({ near, far, local, seenFrom }: Way, listener: StreamSink): void {
    const binding = this.#owner.drawBinding()
    const dialling = new VirtualStream(this.#owner, { near, far, local, remote: this.#to }, binding, () => false)
    const ends = { near: far, far: near, local: this.#to, remote: seenFrom }
    const dialled = new VirtualStream(listener.owner, ends, binding.slice(), (stream) => listener.accept(stream))
    VirtualStream.join(dialling, dialled)
    this.#outcome.opened(dialling)
  }

  /** The limit has come. */
  #expire(reason: string): void {
    this.#limit = undefined
    if (this.#isOver) return
    if (this.#host.isAsleep) {
      this.#host.atWaking(() => this.#expire(reason))
      return
    }
    this.#isOver = true
    if (this.#step !== undefined) this.#owner.network.scheduler.cancel(this.#step)
    this.#over()
    this.#report(reason)
  }

  #report(reason: string): void {
    this.#outcome.failed(new PeerageError('connection-failed', { endpoint: formatEndpoint(this.#to), reason }))
  }

  #direction({ near, far }: Way): readonly [from: HostAddress, to: HostAddress] {
    return this.#legsTravelled % 2 === 0 ? [near, far] : [far, near]
  }
}

function findWay(owner: StreamOwner, host: NetworkHost, to: ZonedEndpoint): Way | 'no route' | 'no answer' {
  const near = to.port === 0 ? undefined : host.sourceFor(to.host, to.zone)
  if (near === undefined) return 'no route'
  const { at, port } = host.claim({ host: near.address, port: 0, zone: near.on.name }, ({ streamSinks }) => streamSinks)
  const local = { host: at.address, port }
  const found = owner.network.findStream(near, local, to)
  if (found === undefined) return 'no route'
  return found.far === undefined ? 'no answer' : { near, far: found.far, local, seenFrom: found.seenFrom }
}
