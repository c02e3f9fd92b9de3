/**
 * Issuing and renewing GMCs at one node, with what it holds (P-038, P-093). Which of its chains issues is decided here; what may be
 * issued, membership-issuing.ts checks.
 */
import { type PeerName, parsePeerName } from '../identity/peer-name.ts'
import { isRole, mayGiveRole, type Role } from '../identity/role.ts'
import { toHex } from '../runtime/bytes.ts'
import type { GroupDone } from './group-node-options.ts'
import type { GroupParts } from './group-parts.ts'
import { issuingState } from './group-records.ts'
import type { GroupWriting } from './group-writing.ts'
import type { MemberChain } from './member-chain.ts'
import { MemberList } from './member-list.ts'
import { issueMembership, type Renewal, renewMembership } from './membership-issuing.ts'

/** Who is to become a member: what is in its IDC. */
export interface IssueRequest {
  readonly peerName: PeerName
  readonly friendlyName: string | undefined
  readonly publicKey: Uint8Array
  /** By default member. */
  readonly role?: Role | undefined
  /** Until when the membership lasts, in milliseconds since 1970; by default as long as the own one. */
  readonly validUntil?: number | undefined
}

/** A renewal, of which what is omitted is taken from what is on record. */
export type MemberRenewal = Omit<Renewal, 'group'>

/** Issues at one node. */
export class GroupIssuing {
  readonly #parts: GroupParts
  readonly #writing: GroupWriting

  constructor(parts: GroupParts, writing: GroupWriting) {
    this.#parts = parts
    this.#writing = writing
  }

  /** Issues a GMC. @throws PeerageError as GroupNode.issue */
  issued({ peerName, friendlyName, publicKey, role = 'member', validUntil }: IssueRequest): MemberChain {
    const { crypto, random, group, now } = this.#parts
    const own = this.#own([role], publicKey)
    const request = { group, peerName, friendlyName, publicKey, roles: [role], notAfter: validUntil }
    const onRecord = this.#parts.newestChain(toHex(publicKey))
    const state = issuingState(this.#parts.requireRecords(), now, onRecord)
    return issueMembership(crypto, random, this.#parts.issuer(own), request, state)
  }

  /** Issues a GMC anew for a member. @throws PeerageError as GroupNode.renew */
  renewed(renewal: MemberRenewal): MemberChain {
    const { crypto, random, group, now } = this.#parts
    const records = this.#parts.requireRecords()
    const key = this.#parts.keyOf(parsePeerName(renewal.peerName))
    const onRecord = key === undefined ? undefined : this.#parts.newestChain(key)
    const roles = renewal.roles ?? onRecord?.roles ?? []
    const own = this.#own(roles, onRecord?.leaf.publicKey)
    return renewMembership(
      crypto,
      random,
      this.#parts.issuer(own),
      { ...renewal, group },
      issuingState(records, now, onRecord),
    )
  }

  /** Publishes the membership record of a chain that was issued here. @throws PeerageError what the provider throws */
  publish(
    chain: MemberChain,
    peerName: PeerName,
    friendlyName: string | undefined,
    done: GroupDone<MemberChain>,
  ): void {
    this.#writing.add(this.#writing.membershipRecord(chain, peerName, friendlyName), (error) => done(error ?? chain))
  }

  /** What is on record of a key: the names that a renewed record shows again. */
  namesOf(key: string, chain: MemberChain): { readonly peerName: PeerName; readonly friendlyName: string | undefined } {
    const shown = MemberList.shownBy(this.#parts.requireRecords(), key)
    return { peerName: shown?.peerName ?? chain.leaf.peerName, friendlyName: shown?.friendlyName }
  }

  /** Of the own chains that may give these roles, one in which the key does not stand. */
  #own(roles: readonly string[], publicKey: Uint8Array | undefined): MemberChain {
    const operation = `issuing a certificate with the role ${roles.join(', ')}`
    const chains = this.#parts.requireOwn(operation, (chain) => roles.every((role) => mayGive(chain, role)))
    const key = publicKey === undefined ? undefined : toHex(publicKey)
    return chains.find(({ chain }) => !chain.some((above) => toHex(above.publicKey) === key)) ?? chains[0]
  }
}

/** A role that does not exist is refused later, with an error of its own. */
function mayGive({ roles }: MemberChain, role: string): boolean {
  return !isRole(role) || mayGiveRole(roles, role)
}
