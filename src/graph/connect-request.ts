/**
 * An application wants a neighbor link to the node at an address (G-034, G-035). If that node has no place, the nodes to which
 * it refers are tried in its stead, one after the other, and those to which they refer; the outcome is told once.
 */
import type { Deadline } from '../runtime/deadlines.ts'
import { type Endpoint, formatEndpoint } from '../runtime/endpoint.ts'
import { randomBelow } from '../runtime/random.ts'
import { type Dial, type Dialer, type DialFailure, type DialOutcome, refusalOutcome } from './dialer.ts'
import type { GraphParts } from './graph-parts.ts'
import { type KnownNode, knownNode } from './known-node.ts'
import type { Membership } from './membership.ts'

/** Nodes that one request tries at most. */
export const MOST_TRIED_IN_REQUEST = 16
/** A node that refuses because there is another link has so long until that one is there, in milliseconds (G-027). */
export const LONGEST_OTHER_LINK = 5000

/** One request, under way as soon as it is made. */
export class ConnectRequest {
  readonly #parts: GraphParts
  readonly #dialer: Dialer
  readonly #membership: Membership
  readonly #done: (outcome: DialOutcome) => void
  readonly #failures: DialFailure[] = []
  /** Nodes that were named and not tried yet. */
  readonly #left: KnownNode[] = []
  /** Their names, and the addresses of all that were named. */
  readonly #known = new Set<string>()
  #tried = 0
  #dial: Dial | undefined
  /** Of the wait for a link that the other node has dialled. */
  #otherLink: Deadline | undefined
  #isOver = false

  /** @param done Called once, later, unless it is cancelled: `connected`, or `failed` with the reason of each attempt */
  constructor(
    parts: GraphParts,
    tools: { readonly dialer: Dialer; readonly membership: Membership },
    endpoint: Endpoint,
    done: (outcome: DialOutcome) => void,
  ) {
    this.#parts = parts
    this.#dialer = tools.dialer
    this.#membership = tools.membership
    this.#done = done
    const present = parts.neighbors.at([endpoint])
    if (present !== undefined) {
      parts.deadlines.set(0, () => this.#end({ kind: 'connected', session: present.session }))
      return
    }
    this.#add(knownNode({ publicKey: undefined, addresses: [endpoint] }))
    this.#next()
  }

  /** Gives up; nobody is told. */
  cancel(): void {
    this.#isOver = true
    this.#dial?.cancel()
    if (this.#otherLink !== undefined) this.#parts.deadlines.cancel(this.#otherLink)
  }

  #add(node: KnownNode): void {
    const names = [node.name, ...node.addresses.map(formatEndpoint)]
    if (names.some((name) => this.#known.has(name))) return
    for (const name of names) this.#known.add(name)
    this.#left.push(node)
  }

  #next(): void {
    const [node] = this.#left.splice(randomBelow(this.#parts.random, Math.max(1, this.#left.length)), 1)
    if (node === undefined || this.#tried++ >= MOST_TRIED_IN_REQUEST) {
      this.#end({ kind: 'failed', failures: this.#failures })
      return
    }
    // Only the address that the application gave is insisted on: the others come from strangers.
    const insists = this.#tried === 1
    this.#dial = this.#dialer.connect(node, { purpose: 'neighbor', protocol: '' }, insists, (outcome) => {
      this.#dial = undefined
      this.#dialled(outcome)
    })
  }

  #dialled(outcome: DialOutcome): void {
    switch (outcome.kind) {
      case 'connected':
        this.#end(outcome)
        return
      case 'refused': {
        const { code, endpoint, key, referrals } = outcome
        if (code === 'duplicate-connection') {
          this.#waitForOther(outcome)
          return
        }
        this.#failures.push({ endpoint, code: refusalOutcome(code, referrals), reason: code })
        for (const node of this.#membership.learn(referrals, key)) this.#add(node)
        break
      }
      case 'failed':
        this.#failures.push(...outcome.failures)
    }
    this.#next()
  }

  /** Both have dialled each other at the same time, and the other's link is the one that lives. */
  #waitForOther({ code, endpoint, key }: Extract<DialOutcome, { kind: 'refused' }>): void {
    const { neighbors, deadlines } = this.#parts
    const present = neighbors.withKey(key)
    if (present !== undefined) {
      this.#end({ kind: 'connected', session: present.session })
      return
    }
    this.#otherLink = deadlines.set(LONGEST_OTHER_LINK, () => {
      this.#otherLink = undefined
      const late = neighbors.withKey(key)
      if (late !== undefined) {
        this.#end({ kind: 'connected', session: late.session })
        return
      }
      this.#failures.push({ endpoint, code: 'refused', reason: code })
      this.#next()
    })
  }

  #end(outcome: DialOutcome): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#done(outcome)
  }
}
