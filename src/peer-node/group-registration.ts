/**
 * A member's registration in PNRP (MS-PPSEC 3.1.4.4; P-056 to P-059): as long as the graph listens and the member has a chain in
 * force, the name of the group with the classifier `participant` is registered in each cloud of the group, signed with the
 * member's own key and delegated by its chain. Clouds may open and close meanwhile, addresses and the chain may change.
 */
import type { MemberChain } from '../group/member-chain.ts'
import { classifierPart, type PeerName } from '../identity/peer-name.ts'
import { LONGEST_COMMENT } from '../pnrp/certified-peer-address.ts'
import { type Clock, LONGEST_TIMER, type Timer } from '../runtime/clock.ts'
import { type Endpoint, formatEndpoint, type IpAddress } from '../runtime/endpoint.ts'
import type { Log } from '../runtime/log.ts'
import { type ErrorCode, PeerageError } from '../runtime/peerage-error.ts'
import { type Random, shuffled } from '../runtime/random.ts'
import type { RegisteredName } from './names.ts'

/** Addresses of one member that are registered. */
export const MOST_REGISTERED_ADDRESSES = 4
/** After a failure that nothing here has brought about a change of, in milliseconds. */
export const REGISTRATION_RETRY = 60_000

/** A cloud that is open here: the same object as long as it is. */
export interface RegistrationCloud {
  readonly name: string
  /** Whether an address means anything there. */
  mayUse(address: IpAddress): boolean
  /** Why this node only resolves there; undefined if it does not. */
  resolveOnly(): string | undefined
}

/** What is registered in a cloud. */
export interface MemberRegistration {
  readonly chain: MemberChain
  readonly endpoints: readonly Endpoint[]
  readonly comment: string
}

/** What the registration of a member stands on. */
export interface GroupRegistrationPorts {
  readonly clock: Pick<Clock, 'utc' | 'setTimer'>
  readonly random: Random
  readonly log: Log
  /** The clouds of the group that are open now. */
  clouds(): readonly RegistrationCloud[]
  /** Registers in one cloud. Rejects with a PeerageError, or with the signal's reason if that aborts: nothing is registered then. */
  register(cloud: RegistrationCloud, registration: MemberRegistration, signal: AbortSignal): Promise<RegisteredName>
  /** It could not be registered in any cloud, for a reason that does not pass by itself. Called once for what is wanted. */
  failed(failure: PeerageError): void
}

/** How it stands in one cloud. */
export interface CloudRegistration {
  readonly cloud: string
  /** `resolve-only`: others cannot reach this node there, so it is not registered, and only finds. */
  readonly state: 'registering' | 'registered' | 'resolve-only' | 'failed'
  /** Of `resolve-only` and `failed`. */
  readonly reason?: string
}

/** The registrations of one member. */
export class GroupRegistration {
  readonly #ports: GroupRegistrationPorts
  readonly #comment: string
  readonly #inClouds = new Map<RegistrationCloud, InOneCloud>()
  /** Those that are not wanted any more, and that their clouds are still told of. */
  readonly #ending = new Set<InOneCloud>()
  #endpoints: readonly Endpoint[] = []
  #chain: MemberChain | undefined
  #expiry: Timer | undefined

  constructor(group: PeerName, ports: GroupRegistrationPorts) {
    this.#ports = ports
    this.#comment = commentOf(group)
  }

  /** The graph listens at these addresses now; at none, if it does not listen. */
  listens(endpoints: readonly Endpoint[]): void {
    this.#endpoints = endpoints
    this.follow()
  }

  /** The chain that the member shows to others; undefined if it has none in force. */
  setChain(chain: MemberChain | undefined): void {
    this.#chain = chain
    this.follow()
  }

  /** Clouds may have been opened or closed, or this node may have become reachable in one. */
  follow(): void {
    this.#expiry?.cancel()
    const { clock } = this.#ports
    const left = (this.#chain?.notAfter ?? 0) - clock.utc()
    const chain = left > 0 ? this.#chain : undefined
    if (chain !== undefined) this.#expiry = clock.setTimer(Math.min(left, LONGEST_TIMER), () => this.follow())
    const open = chain === undefined || this.#endpoints.length === 0 ? [] : this.#ports.clouds()
    for (const [cloud, registration] of this.#inClouds) {
      if (open.includes(cloud)) continue
      this.#inClouds.delete(cloud)
      this.#end(registration)
    }
    if (chain === undefined) return
    for (const cloud of open) {
      let registration = this.#inClouds.get(cloud)
      if (registration === undefined) {
        registration = new InOneCloud(cloud, this.#ports, () => this.#noteFailure())
        this.#inClouds.set(cloud, registration)
      }
      registration.want({ chain, endpoints: this.#endpoints, comment: this.#comment })
    }
  }

  #noteFailure(): void {
    const failures = [...this.#inClouds.values()].map(({ failure }) => failure)
    const [first] = failures
    if (first !== undefined && failures.every((one) => one !== undefined && !PASSING.includes(one.code))) {
      this.#ports.failed(first)
    }
  }

  /** How it stands in each cloud of the group; empty while nothing is to be registered. */
  status(): readonly CloudRegistration[] {
    return [...this.#inClouds.values()].map((one) => one.status())
  }

  /** What is registered now: not to be found by this node itself. */
  handles(): readonly RegisteredName[] {
    return [...this.#inClouds.values()].flatMap(({ handle }) => (handle === undefined ? [] : [handle]))
  }

  /** Ends all registrations. It resolves when that is done; nothing is registered any more. */
  async close(): Promise<void> {
    this.setChain(undefined)
    await Promise.all([...this.#ending].map((one) => one.settled()))
  }

  #end(registration: InOneCloud): void {
    registration.want(undefined)
    this.#ending.add(registration)
    const ended = (): void => void this.#ending.delete(registration)
    registration.settled().then(ended, ended)
  }
}

/** The registration in one cloud. One thing is done after the other: what is wanted can change while the cloud is told. */
class InOneCloud {
  handle: RegisteredName | undefined
  failure: PeerageError | undefined
  readonly #cloud: RegistrationCloud
  readonly #ports: GroupRegistrationPorts
  readonly #failed: () => void
  /** What is wanted, with the addresses that were drawn for this cloud. */
  #wanted: MemberRegistration | undefined
  #listened = ''
  #registered: MemberRegistration | undefined
  #retry: Timer | undefined
  #working: Promise<void> | undefined
  /** Gives up registering, as long as that goes on. */
  #registering: AbortController | undefined

  constructor(cloud: RegistrationCloud, ports: GroupRegistrationPorts, failed: () => void) {
    this.#cloud = cloud
    this.#ports = ports
    this.#failed = failed
  }

  want(wanted: MemberRegistration | undefined): void {
    const listened = wanted?.endpoints.map(formatEndpoint).join() ?? ''
    const isSame = listened === this.#listened && wanted?.chain.digest === this.#wanted?.chain.digest
    if (isSame) {
      if (this.#isResolveOnly && this.#cloud.resolveOnly() === undefined) this.failure = undefined
    } else {
      // Drawn anew only when the addresses have changed: otherwise they stay as others know them.
      const endpoints = listened === this.#listened ? this.#wanted?.endpoints : this.#drawn(wanted?.endpoints ?? [])
      this.#listened = listened
      this.#wanted = wanted && { ...wanted, endpoints: endpoints ?? [] }
      this.failure = undefined
      this.#retry?.cancel()
    }
    if (wanted === undefined) this.#registering?.abort(GIVEN_UP)
    this.#work()
  }

  status(): CloudRegistration {
    const { name: cloud } = this.#cloud
    const reason = this.#cloud.resolveOnly()
    if (reason !== undefined) return { cloud, state: 'resolve-only', reason }
    if (this.failure !== undefined) return { cloud, state: 'failed', reason: this.failure.message }
    return { cloud, state: this.#registered === undefined ? 'registering' : 'registered' }
  }

  async settled(): Promise<void> {
    await this.#working
  }

  get #isResolveOnly(): boolean {
    return PeerageError.is(this.failure, 'resolve-only')
  }

  #drawn(endpoints: readonly Endpoint[]): readonly Endpoint[] {
    const usable = endpoints.filter(({ host }) => this.#cloud.mayUse(host))
    const drawn = shuffled(this.#ports.random, usable.length > 0 ? usable : endpoints)
    return drawn.slice(0, MOST_REGISTERED_ADDRESSES)
  }

  get #isDue(): boolean {
    return this.failure === undefined && this.#wanted !== this.#registered
  }

  #work(): void {
    if (this.#working === undefined && this.#isDue) this.#working = this.#doAll()
  }

  async #doAll(): Promise<void> {
    while (this.#isDue) {
      const wanted = this.#wanted
      try {
        await this.#become(wanted)
      } catch (error) {
        if (error === GIVEN_UP) continue
        if (!(error instanceof PeerageError)) throw error
        if (wanted === this.#wanted) this.#fail(error)
      }
    }
    this.#working = undefined
  }

  async #become(wanted: MemberRegistration | undefined): Promise<void> {
    const { handle } = this
    if (handle !== undefined && wanted?.chain.digest === this.#registered?.chain.digest) {
      await handle.update({ endpoints: wanted?.endpoints })
    } else {
      this.handle = undefined
      this.#registered = undefined
      await handle?.close()
      if (wanted !== undefined) this.handle = await this.#register(wanted)
    }
    this.#registered = wanted
  }

  async #register(wanted: MemberRegistration): Promise<RegisteredName> {
    const registering = new AbortController()
    this.#registering = registering
    try {
      return await this.#ports.register(this.#cloud, wanted, registering.signal)
    } finally {
      this.#registering = undefined
    }
  }

  #fail(error: PeerageError): void {
    this.failure = error
    const { clock, log } = this.#ports
    // Whoever resolves only is told when that changes.
    if (PASSED_OVER.includes(error.code)) return
    log.warn('a group cannot be registered', { cloud: this.#cloud.name, reason: error.message })
    this.#retry = clock.setTimer(REGISTRATION_RETRY, () => {
      this.failure = undefined
      this.#work()
    })
    this.#failed()
  }
}

/** Why registering was given up: it is not wanted any more. */
const GIVEN_UP = Symbol('given up')
/** The node is closed, or others cannot reach it. */
const PASSED_OVER: readonly ErrorCode[] = ['node-closed', 'resolve-only']
/** What goes away by itself: these, a network or a cloud that is not there now, and what the application has registered itself. */
const PASSING: readonly ErrorCode[] = [...PASSED_OVER, 'no-network', 'cloud-not-found', 'already-registered']

/** The classifier of the group's peer name, cut to what a comment holds (P-058). */
function commentOf(group: PeerName): string {
  const cut = classifierPart(group).slice(0, LONGEST_COMMENT)
  return cut.isWellFormed() ? cut : cut.slice(0, -1)
}
