/**
 * The members of a group, as applications see them (P-109), and what changes among them. A member is whoever holds a chain in force;
 * whether it is online is said by its presence.
 */
import { CLOCK_TOLERANCE } from '../identity/certificate/certificate-verification.ts'
import type { PeerName } from '../identity/peer-name.ts'
import { ROLES, type Role } from '../identity/role.ts'
import type { Endpoint } from '../runtime/endpoint.ts'
import { PeerageError } from '../runtime/peerage-error.ts'
import type { MemberChange } from './group-node-options.ts'
import type { GroupParts } from './group-parts.ts'
import type { GroupRecords } from './group-records.ts'
import type { MemberChain } from './member-chain.ts'
import type { Membership } from './membership-record.ts'

/** A member. */
export interface GroupMemberInfo {
  readonly peerName: PeerName
  readonly publicKey: Uint8Array
  /** undefined where no record shows it. */
  readonly friendlyName: string | undefined
  /** Of all its certificates in force, in the order of a certificate. */
  readonly roles: readonly Role[]
  /** Who issued the certificate that ends last. */
  readonly issuer: PeerName
  /** Since when and until when, by the chain that ends last; in milliseconds since 1970. */
  readonly validFrom: number
  readonly validUntil: number
  /** Whether it is online, by its presence; this node itself as long as it is online. */
  readonly isConnected: boolean
  /** Where it is, if it is online and says so. */
  readonly addresses: readonly Endpoint[]
}

/** What is remembered of a member, to see what changes. */
interface Listed {
  readonly peer: PeerName
  /** What an update changes. */
  readonly summary: string
}

/** The members as one node sees them. */
export class MemberList {
  readonly #parts: GroupParts
  readonly #changed: (peer: PeerName, change: MemberChange) => void
  readonly #listed = new Map<string, Listed>()
  #nextChange = Number.POSITIVE_INFINITY

  /** @param changed Told of everybody but this node itself; of that only `updated` */
  constructor(parts: GroupParts, changed: (peer: PeerName, change: MemberChange) => void) {
    this.#parts = parts
    this.#changed = changed
  }

  /** All members. */
  all(): readonly GroupMemberInfo[] {
    const { records } = this.#parts
    if (records === undefined) return []
    return [...records.state.keys()].flatMap((key) => this.#member(records, key) ?? [])
  }

  /** The member whose name has this authority. @throws PeerageError `member-not-found` */
  get(peer: PeerName): GroupMemberInfo {
    const key = this.#parts.keyOf(peer)
    const { records } = this.#parts
    const member = key !== undefined && records !== undefined ? this.#member(records, key) : undefined
    if (member === undefined) throw new PeerageError('member-not-found', { peer })
    return member
  }

  /** The membership record that shows most of a key: one with a friendly name, its own one, the newest. */
  static shownBy({ state }: GroupRecords, key: string): Membership | undefined {
    const records = state.chainsOf(key).flatMap(({ digest }) => state.membershipsOf(digest))
    return records.reduce<Membership | undefined>(
      (best, record) => (isShownRather(record, best) ? record : best),
      undefined,
    )
  }

  /** Who is a member now is no news. */
  begin(): void {
    this.#look(undefined)
  }

  /** Tells what has changed with these keys, or with any. */
  look(keys: Iterable<string> | 'any'): void {
    if (keys === 'any') this.#look(this.#changed)
    else for (const key of keys) this.#lookAt(key, this.#changed)
  }

  /** When somebody begins or ceases to be a member by the time of a certificate, in milliseconds since 1970. */
  get nextChange(): number {
    return this.#nextChange
  }

  #look(tell: ((peer: PeerName, change: MemberChange) => void) | undefined): void {
    this.#nextChange = Number.POSITIVE_INFINITY
    for (const key of new Set([...this.#listed.keys(), ...(this.#parts.records?.state.keys() ?? [])])) {
      this.#lookAt(key, tell)
    }
  }

  #lookAt(key: string, tell: ((peer: PeerName, change: MemberChange) => void) | undefined): void {
    const { records, ownKey } = this.#parts
    const former = this.#listed.get(key)
    const member = records && this.#member(records, key)
    this.#noteTimes(key)
    if (member === undefined) {
      this.#listed.delete(key)
      if (former !== undefined && key !== ownKey) tell?.(former.peer, this.#isRevoked(key) ? 'revoked' : 'updated')
      return
    }
    const { peerName, friendlyName = '', roles, issuer, validUntil } = member
    const summary = [peerName, issuer, validUntil, roles.join(), friendlyName].join('\n')
    this.#listed.set(key, { peer: peerName, summary })
    if (former === undefined) {
      if (key !== ownKey) tell?.(peerName, 'joined')
    } else if (former.summary !== summary) tell?.(peerName, 'updated')
  }

  #noteTimes(key: string): void {
    const { now } = this.#parts
    for (const { notBefore, notAfter } of this.#parts.records?.state.chainsOf(key) ?? []) {
      for (const moment of [notBefore - CLOCK_TOLERANCE, notAfter + CLOCK_TOLERANCE + 1]) {
        if (moment > now) this.#nextChange = Math.min(this.#nextChange, moment)
      }
    }
  }

  #isRevoked(key: string): boolean {
    const state = this.#parts.records?.state
    return state?.chainsOf(key).some((chain) => state.standingOfChain(chain) === 'falls') ?? false
  }

  #member(records: GroupRecords, key: string): GroupMemberInfo | undefined {
    const chains = records.state.chainsInForce(key, this.#parts.now)
    const last = chains.reduce<MemberChain | undefined>(
      (best, chain) => (isLonger(chain, best) ? chain : best),
      undefined,
    )
    if (last === undefined) return undefined
    const { graph, ownKey } = this.#parts
    const node = graph.overlay.nodes.get(key)
    const present = node !== undefined && !graph.store.isHidden(node.record) ? node : undefined
    const shown = MemberList.shownBy(records, key)
    const isOnline = key === ownKey && graph.status().state !== 'offline'
    return {
      peerName: shown?.peerName ?? present?.peer ?? last.leaf.peerName,
      publicKey: last.leaf.publicKey,
      friendlyName: shown?.friendlyName,
      roles: ROLES.filter((role) => chains.some(({ roles }) => roles.includes(role))),
      issuer: last.leaf.issuerPeerName,
      ...{ validFrom: last.notBefore, validUntil: last.notAfter },
      isConnected: isOnline || present !== undefined,
      addresses: present?.addresses ?? [],
    }
  }
}

function isLonger(chain: MemberChain, best: MemberChain | undefined): boolean {
  if (best === undefined || chain.notAfter > best.notAfter) return true
  return chain.notAfter === best.notAfter && chain.digest > best.digest
}

function isShownRather(record: Membership, best: Membership | undefined): boolean {
  if (best === undefined) return true
  if ((record.friendlyName === undefined) !== (best.friendlyName === undefined)) return best.friendlyName === undefined
  const [isOwn, wasOwn] = [record.author === record.chain.digest, best.author === best.chain.digest]
  if (isOwn !== wasOwn) return isOwn
  return record.created === best.created ? record.id > best.id : record.created > best.created
}
