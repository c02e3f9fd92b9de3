/**
 * Giving a member another role (P-026). What somebody holds counts as long as it is in force, so to lower a role is to revoke what
 * gives more, keeping what was done under it, and to issue the new one; to raise it is to issue alone.
 */
import type { PeerName } from '../identity/peer-name.ts'
import { ROLES, type Role } from '../identity/role.ts'
import { PeerageError } from '../runtime/peerage-error.ts'
import type { GroupIssuing } from './group-issuing.ts'
import type { GroupDone } from './group-node-options.ts'
import type { GroupParts } from './group-parts.ts'
import type { GroupWriting } from './group-writing.ts'
import type { Keeping } from './kept-by-revoking.ts'
import type { MemberChain } from './member-chain.ts'
import type { Revoking } from './revoking.ts'

/** What stays where nothing else is said. */
const EVERYTHING: Keeping = { records: 'all', members: true }

/** Changes roles at one node. */
export class RoleChanging {
  readonly #parts: GroupParts
  readonly #writing: GroupWriting
  readonly #issuing: GroupIssuing
  readonly #revoking: Revoking

  constructor(parts: GroupParts, writing: GroupWriting, issuing: GroupIssuing, revoking: Revoking) {
    this.#parts = parts
    this.#writing = writing
    this.#issuing = issuing
    this.#revoking = revoking
  }

  /** @throws PeerageError as GroupNode.setRole */
  setRole(peer: PeerName, role: Role, keeping: Keeping | undefined, done: GroupDone<void>): void {
    const { now, deadlines } = this.#parts
    const { state } = this.#parts.requireRecords()
    const key = this.#parts.keyOf(peer)
    const inForce = key === undefined ? [] : state.chainsInForce(key, now)
    if (key === undefined || inForce.length === 0) throw new PeerageError('member-not-found', { peer })
    const higher = state.chainsToRevoke(key, now).filter((chain) => givesMoreThan(chain, role))
    const hasIt = inForce.some((chain) => chain.roles.includes(role) && !higher.includes(chain))
    if (higher.length === 0 && hasIt) {
      deadlines.set(0, () => done(undefined))
      return
    }
    const plan = higher.length === 0 ? undefined : this.#plan(higher, keeping)
    const before = hasIt ? [] : [this.#membership(key, peer, role)]
    if (plan !== undefined) this.#revoking.write(plan, done, before)
    else this.#writing.addAll(before, done)
  }

  #plan(higher: readonly MemberChain[], keeping: Keeping = EVERYTHING) {
    return this.#revoking.plan(
      higher.map(({ chain }) => chain),
      keeping,
      undefined,
    )
  }

  #membership(key: string, peer: PeerName, role: Role) {
    const chain = this.#issuing.renewed({ peerName: peer, roles: [role] })
    const { peerName, friendlyName } = this.#issuing.namesOf(key, chain)
    return this.#writing.membershipRecord(chain, peerName, friendlyName)
  }
}

/** Whether a chain gives a role above this one. */
function givesMoreThan({ roles }: MemberChain, role: Role): boolean {
  return roles.some((held) => ROLES.indexOf(held) < ROLES.indexOf(role))
}
