/**
 * Opens links to known nodes and asks for what they are wanted. It is careful with addresses, because they come from others
 * (G-178): those outside the scope and the node's own are never dialled, all together at a limited rate, and one that
 * failed again only after a pause that grows.
 */
import type { Deadline } from '../runtime/deadlines.ts'
import { type Endpoint, formatEndpoint, sameEndpoint } from '../runtime/endpoint.ts'
import { RecentMap } from '../runtime/recent-map.ts'
import { TokenBuckets } from '../runtime/token-buckets.ts'
import type { GraphParts } from './graph-parts.ts'
import type { KnownNode } from './known-node.ts'
import type { LinkOpener, OpeningFailure, OpeningLink } from './link-opener.ts'
import type { LinkPort } from './link-port.ts'
import type { LinkSession } from './link-session.ts'
import type { LinkPurpose, Referral, RefuseCode } from './overlay-message.ts'

/** How often one address is dialled at most, whoever named it. */
export const DIALS_OF_ADDRESS = { perSecond: 0.2, burst: 3 }
/** How often all ports of one host are: many nodes may share it, but whoever names a thousand of its ports names one victim. */
export const DIALS_OF_HOST = { perSecond: 1, burst: 20 }
/** How often all addresses together are. */
export const DIALS_IN_ALL = { perSecond: 20, burst: 40 }
const MOST_DIALLED_ADDRESSES = 1024
/**
 * The pause after a first failure, and the longest, in milliseconds. When a network comes back, the longest one, an opening
 * that began before, and the pause until membership tries again must all fit into the time that a repair has (G-109).
 */
export const FIRST_PAUSE = 2000
export const LONGEST_PAUSE = 16_000
/** Before an address is tried again at which this very node answered, in milliseconds. */
export const OWN_NODE_PAUSE = 120_000
const MOST_PAUSES = 1024
/** Of one node, so many addresses are tried. */
const MOST_TRIED_ADDRESSES = 4
/** How long opening a link to one address may take, in milliseconds. */
export const LONGEST_OPENING = 8000

/** What is asked for over a link. */
export interface LinkWish {
  readonly purpose: LinkPurpose
  /** Of a direct connection. */
  readonly protocol: string
}

/** What becomes of an attempt to connect. */
export type DialOutcome =
  | { readonly kind: 'connected'; readonly session: LinkSession }
  | {
      readonly kind: 'refused'
      readonly code: RefuseCode
      readonly endpoint: Endpoint
      /** Who refused: the public key in hexadecimal digits. */
      readonly key: string
      readonly referrals: readonly Referral[]
    }
  | { readonly kind: 'failed'; readonly failures: readonly DialFailure[] }

/** Why one address did not lead anywhere. */
export interface DialFailure {
  readonly endpoint: Endpoint
  /** `referred`: the node there has no place, and named others. */
  readonly code: OpeningFailure['code'] | 'refused' | 'referred'
  readonly reason: string
  /** Set where a node of the graph was there, and there was no link because one of the two does not admit the other. */
  readonly isRefused?: true
}

/** An attempt that goes on. */
export interface Dial {
  readonly node: KnownNode
  readonly wish: LinkWish
  cancel(): void
}

interface Pause {
  readonly until: number
  readonly length: number
}

/** What the dialer needs of the node. */
export interface DialerOwner {
  /** Takes a new link over. */
  session(link: LinkPort): LinkSession
  /** Sends the CONNECT. */
  ask(session: LinkSession, wish: LinkWish): void
  /** Another identity was proven at an address than that of the node that was expected there. */
  otherIdentity(endpoint: Endpoint, expected: KnownNode): void
}

/** Opens the links of one node. */
export class Dialer {
  readonly #parts: GraphParts
  readonly #opener: LinkOpener
  readonly #owner: DialerOwner
  readonly #ofAddress: TokenBuckets
  readonly #ofHost: TokenBuckets
  readonly #inAll: TokenBuckets
  readonly #pauses = new RecentMap<Pause>(MOST_PAUSES)
  readonly #dials = new Set<ActiveDial>()
  readonly #waiting = new Map<LinkSession, ActiveDial>()
  #isRunning = false

  constructor(parts: GraphParts, opener: LinkOpener, owner: DialerOwner) {
    this.#parts = parts
    this.#opener = opener
    this.#owner = owner
    this.#ofAddress = new TokenBuckets(parts.clock, DIALS_OF_ADDRESS, MOST_DIALLED_ADDRESSES)
    this.#ofHost = new TokenBuckets(parts.clock, DIALS_OF_HOST, MOST_DIALLED_ADDRESSES)
    this.#inAll = new TokenBuckets(parts.clock, DIALS_IN_ALL, 1)
  }

  /** From now on links can be opened. */
  start(): void {
    this.#isRunning = true
  }

  /** The attempt over whose link an identity has been asked, and has not answered. */
  asking(key: string, purpose: LinkPurpose): Dial | undefined {
    for (const dial of this.#dials) {
      if (dial.wish.purpose === purpose && dial.session?.peer.key === key) return dial
    }
    return undefined
  }

  /** Whether an address is being tried, or comes next in an attempt. */
  isTrying(endpoint: Endpoint): boolean {
    const isIt = (one: Endpoint): boolean => sameEndpoint(one, endpoint)
    for (const dial of this.#dials) {
      if (dial.addresses.some(isIt) || (dial.endpoint !== undefined && isIt(dial.endpoint))) return true
    }
    return false
  }

  /** Whether there is an address of this node that may be dialled now. */
  canDial(node: KnownNode): boolean {
    return node.addresses.some((endpoint) => this.#isOpen(endpoint))
  }

  /**
   * Connects to a node.
   *
   * @param insists An application asked for it: pauses do not count.
   * @param done Called once, later, unless it is cancelled.
   */
  connect(node: KnownNode, wish: LinkWish, insists: boolean, done: (outcome: DialOutcome) => void): Dial {
    const usable = node.addresses.filter((endpoint) => (insists ? this.#isLegal(endpoint) : this.#isOpen(endpoint)))
    const addresses = usable.slice(0, MOST_TRIED_ADDRESSES)
    const dial: ActiveDial = {
      ...{ node, wish, addresses: [...addresses], failures: [], opening: undefined, wait: undefined },
      ...{ session: undefined, endpoint: undefined, done, cancel: () => this.#end(dial) },
    }
    for (const endpoint of node.addresses) {
      if (this.#parts.own.has(endpoint)) {
        dial.failures.push({ endpoint, code: 'connect-self', reason: 'an address of this node' })
      }
    }
    this.#dials.add(dial)
    this.#parts.deadlines.set(0, () => this.#next(dial))
    return dial
  }

  /** A link that was opened here is connected, was refused, or closed before that. @returns whether it was one of these */
  answered(
    session: LinkSession,
    answer: 'welcome' | { code: RefuseCode; referrals: readonly Referral[] } | 'closed',
  ): boolean {
    const dial = this.#waiting.get(session)
    if (dial === undefined) return false
    this.#waiting.delete(session)
    const endpoint = session.link.remote
    if (answer === 'closed') {
      this.#failed(dial, endpoint, { code: 'connection-failed', reason: 'it closed before it answered' })
      return true
    }
    dial.session = undefined
    this.#end(dial)
    if (answer === 'welcome') {
      this.#pauses.delete(formatEndpoint(endpoint))
      session.addresses = dial.node.addresses
      this.#parts.events.attempted(endpoint, 'connected')
      dial.done({ kind: 'connected', session })
    } else {
      this.#pause(endpoint, answer.code === 'own-node' ? OWN_NODE_PAUSE : undefined)
      this.#parts.events.attempted(endpoint, refusalOutcome(answer.code, answer.referrals))
      dial.done({ kind: 'refused', ...answer, endpoint, key: session.peer.key })
    }
    return true
  }

  /** Who is asked has come in by itself, over this link: whoever asks is connected, and needs no link of its own. */
  overtaken(session: LinkSession): void {
    for (const dial of [...this.#dials]) {
      const { endpoint } = dial
      if (dial.wish.purpose !== 'neighbor' || dial.session?.peer.key !== session.peer.key) continue
      this.#end(dial)
      if (endpoint !== undefined) this.#parts.events.attempted(endpoint, 'connected')
      dial.done({ kind: 'connected', session })
    }
  }

  /** Gives all attempts up, which nobody is told, and begins no other one: from now on all fail. */
  stop(): void {
    this.#isRunning = false
    for (const dial of this.#dials) this.#end(dial)
    this.#pauses.clear()
  }

  /** The network is another one: what failed may work now. */
  forgetPauses(): void {
    this.#pauses.clear()
  }

  #next(dial: ActiveDial): void {
    if (!this.#dials.has(dial)) return
    const endpoint = dial.addresses.shift()
    if (endpoint === undefined) {
      this.#end(dial)
      dial.done({ kind: 'failed', failures: dial.failures })
      return
    }
    if (!this.#isRunning) {
      dial.failures.push({ endpoint, code: 'connection-failed', reason: 'the graph is offline here' })
      this.#next(dial)
      return
    }
    if (!this.#mayDial(endpoint)) {
      dial.failures.push({ endpoint, code: 'connection-failed', reason: 'dialled too often' })
      this.#pause(endpoint, FIRST_PAUSE)
      this.#next(dial)
      return
    }
    dial.endpoint = endpoint
    dial.wait = this.#parts.deadlines.set(LONGEST_OPENING, () => {
      dial.opening?.cancel()
      this.#failed(dial, endpoint, { code: 'connection-failed', reason: 'no answer in time' })
    })
    dial.opening = this.#opener.open(endpoint, dial.node.publicKey, (outcome) => {
      this.#stopWaiting(dial)
      if ('link' in outcome) this.#opened(dial, outcome.link)
      else this.#failed(dial, endpoint, outcome)
    })
  }

  #opened(dial: ActiveDial, link: LinkPort): void {
    dial.opening = undefined
    const session = this.#owner.session(link)
    dial.session = session
    this.#waiting.set(session, dial)
    this.#owner.ask(session, dial.wish)
  }

  #failed(dial: ActiveDial, endpoint: Endpoint, failure: OpeningFailure): void {
    if (!this.#dials.has(dial)) return
    this.#stopWaiting(dial)
    dial.session = undefined
    const { code, reason, isRefused } = failure
    dial.failures.push({ endpoint, code, reason, ...(isRefused && { isRefused }) })
    this.#pause(endpoint, undefined)
    if (failure.otherIdentity === true) this.#owner.otherIdentity(endpoint, dial.node)
    this.#parts.events.attempted(endpoint, code, failure)
    this.#next(dial)
  }

  #end(dial: ActiveDial): void {
    this.#dials.delete(dial)
    this.#stopWaiting(dial)
    dial.opening?.cancel()
    dial.opening = undefined
    const { session } = dial
    if (session === undefined) return
    this.#waiting.delete(session)
    session.link.destroy('closed')
  }

  #stopWaiting(dial: ActiveDial): void {
    if (dial.wait !== undefined) this.#parts.deadlines.cancel(dial.wait)
    dial.wait = undefined
  }

  #mayDial(endpoint: Endpoint): boolean {
    return this.#ofAddress.take(formatEndpoint(endpoint)) && this.#ofHost.take(endpoint.host) && this.#inAll.take('')
  }

  /** After each failure the pause doubles. */
  #pause(endpoint: Endpoint, length: number | undefined): void {
    const key = formatEndpoint(endpoint)
    const former = this.#pauses.get(key)
    const next = length ?? Math.min(LONGEST_PAUSE, former === undefined ? FIRST_PAUSE : former.length * 2)
    this.#pauses.set(key, { until: this.#parts.clock.monotonic() + next, length: next })
  }

  #isLegal(endpoint: Endpoint): boolean {
    const { own } = this.#parts
    return own.isInScope(endpoint) && !own.has(endpoint)
  }

  /** Whether it may be dialled now: what has been dialled too often is good, and is left for later. */
  #isOpen(endpoint: Endpoint): boolean {
    if (!this.#isLegal(endpoint)) return false
    const name = formatEndpoint(endpoint)
    const pause = this.#pauses.get(name)
    if (pause !== undefined && pause.until > this.#parts.clock.monotonic()) return false
    return this.#ofAddress.has(name) && this.#ofHost.has(endpoint.host) && this.#inAll.has('')
  }
}

/** What a refusal is for who made the attempt: one that names other nodes leads on (G-034). */
export function refusalOutcome(
  code: RefuseCode,
  referrals: readonly Referral[],
): 'connect-self' | 'referred' | 'refused' {
  if (code === 'own-node') return 'connect-self'
  return referrals.length > 0 ? 'referred' : 'refused'
}

interface ActiveDial extends Dial {
  /** Still to be tried. */
  readonly addresses: Endpoint[]
  readonly failures: DialFailure[]
  readonly done: (outcome: DialOutcome) => void
  endpoint: Endpoint | undefined
  opening: OpeningLink | undefined
  wait: Deadline | undefined
  session: LinkSession | undefined
}
