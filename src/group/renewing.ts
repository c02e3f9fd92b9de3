/**
 * Renewal by itself (P-094, P-124): members who may issue renew the certificates of others before these end, whether their holders
 * are online or not. Of several issuers that are online each waits a random time, and does nothing if another one was first.
 *
 * Only who holds a certificate in force is renewed, with the same roles; of several certificates of one member it is the one that ends
 * last. An issuer under whom it would stand deeper than before waits longer, so that nearer ones renew if there are any.
 */
import { mayGiveRole } from '../identity/role.ts'
import { toHex } from '../runtime/bytes.ts'
import type { Deadline } from '../runtime/deadlines.ts'
import { PeerageError } from '../runtime/peerage-error.ts'
import { randomFraction } from '../runtime/random.ts'
import type { GroupIssuing } from './group-issuing.ts'
import type { GroupParts } from './group-parts.ts'
import type { MemberChain } from './member-chain.ts'

/** How long before its end a certificate is renewed, in milliseconds, at most; of a short one, a third of it. */
export const RENEWED_AHEAD: number = 30 * 86_400_000
const RENEWED_PART = 3
/** How long an issuer waits at most before it renews, in milliseconds; where less is left, a quarter of that. */
export const LONGEST_RENEWAL_WAIT = 600_000
const WAITED_PART = 4

/** Renews at one node. */
export class Renewing {
  readonly #parts: GroupParts
  readonly #issuing: GroupIssuing
  /** By key. */
  readonly #waiting = new Map<string, Deadline>()
  #nextDue = Number.POSITIVE_INFINITY

  constructor(parts: GroupParts, issuing: GroupIssuing) {
    this.#parts = parts
    this.#issuing = issuing
  }

  /** Something may have changed with these keys, or with any; or time has passed. */
  look(keys: Iterable<string> | 'any'): void {
    const { records, ownKey } = this.#parts
    const own = this.#own()
    if (keys === 'any') this.#nextDue = Number.POSITIVE_INFINITY
    if (records === undefined || own.length === 0 || !this.#isCurrent()) return
    for (const key of keys === 'any' ? records.state.keys() : keys) {
      if (key !== ownKey && !this.#waiting.has(key)) this.#lookAt(key, own)
    }
  }

  /** When a certificate is due next that this node could renew, in milliseconds since 1970. */
  get nextDue(): number {
    return this.#nextDue
  }

  /** Nothing that waits happens. */
  clear(): void {
    for (const deadline of this.#waiting.values()) this.#parts.deadlines.cancel(deadline)
    this.#waiting.clear()
  }

  #lookAt(key: string, own: readonly MemberChain[]): void {
    const { random, deadlines, now } = this.#parts
    const last = this.#last(key)
    if (last !== undefined && dueAt(last) > now) this.#nextDue = Math.min(this.#nextDue, dueAt(last))
    const due = last && this.#due(key, last, own)
    if (due === undefined) return
    const longest = Math.min(LONGEST_RENEWAL_WAIT, (due.chain.notAfter - now) / WAITED_PART)
    const isDeeper = due.issuer.depth + 1 > due.chain.depth
    const wait = longest * (randomFraction(random) + (isDeeper ? 1 : 0))
    const renew = (): void => {
      this.#waiting.delete(key)
      this.#renew(key)
    }
    this.#waiting.set(key, deadlines.set(wait, renew))
  }

  #renew(key: string): void {
    if (!this.#isCurrent()) return
    const last = this.#last(key)
    const due = last && this.#due(key, last, this.#own())
    if (due === undefined) return
    const { log } = this.#parts
    try {
      const { peerName, friendlyName } = this.#issuing.namesOf(key, due.chain)
      const chain = this.#issuing.renewed({ peerName })
      if (chain.notAfter <= due.chain.notAfter) return
      this.#issuing.publish(chain, peerName, friendlyName, (outcome) => {
        if (outcome instanceof PeerageError) log.warn('a renewal could not be stored', { problem: outcome.message })
      })
    } catch (error) {
      if (!(error instanceof PeerageError)) throw error
      log.warn('a certificate could not be renewed', { problem: error.message })
    }
  }

  /** The chain of a key that has to be renewed, and an own one under which that brings a later end. */
  #due(
    key: string,
    chain: MemberChain,
    own: readonly MemberChain[],
  ): { chain: MemberChain; issuer: MemberChain } | undefined {
    const { now } = this.#parts
    if (now < dueAt(chain)) return undefined
    const end = now + chain.leaf.notAfter - chain.leaf.notBefore
    const issuer = own.find((one) => {
      const isAbove = one.chain.some(({ publicKey }) => toHex(publicKey) === key)
      const isLonger = Math.min(end, one.notAfter) > chain.notAfter
      return !isAbove && isLonger && chain.roles.every((role) => mayGiveRole(one.roles, role))
    })
    return issuer && { chain, issuer }
  }

  /** Of the chains of a key in force, the one that ends last. */
  #last(key: string): MemberChain | undefined {
    const { records, now } = this.#parts
    const chains = records?.state.chainsInForce(key, now).filter(({ notAfter }) => notAfter >= now)
    return chains?.reduce<MemberChain | undefined>(
      (best, chain) => (best === undefined || chain.notAfter > best.notAfter ? chain : best),
      undefined,
    )
  }

  #own(): readonly MemberChain[] {
    const { security, now } = this.#parts
    return security.own.inForce(now).filter(({ roles }) => mayGiveRole(roles, 'member'))
  }

  /** Whether what others have done would be known here, or nobody can be reached. */
  #isCurrent(): boolean {
    const { state } = this.#parts.graph.status()
    return state === 'synchronized' || state === 'alone'
  }
}

function dueAt({ notBefore, notAfter }: MemberChain): number {
  return notAfter - Math.min(RENEWED_AHEAD, (notAfter - notBefore) / RENEWED_PART)
}
