/**
 * The membership of this node's own identity: how it stands, the record that proves it to others (MS-PPSEC 3.1.4.4; P-032,
 * P-056, P-074), the chain that is to survive a restart (P-094), and that its end comes near.
 */
import type { PrecedingRecord } from '../graph/security-provider.ts'
import { CLOCK_TOLERANCE } from '../identity/certificate/certificate-verification.ts'
import type { RecordDraft } from '../records/record-draft.ts'
import { equalBytes } from '../runtime/bytes.ts'
import { PeerageError } from '../runtime/peerage-error.ts'
import type { ChainDigest } from './digests.ts'
import type { GroupParts } from './group-parts.ts'
import type { GroupWriting } from './group-writing.ts'
import type { MemberChain } from './member-chain.ts'
import { MEMBERSHIP_TYPE } from './membership-record.ts'

/**
 * How the own membership stands. `not-let-in`: there is no chain yet, or one by a link that nobody has admitted, or nobody can
 * tell, because pages of a revocation are missing.
 */
export type OwnStanding = 'not-let-in' | 'not-yet-valid' | 'in-force' | 'expired' | 'revoked'

/** How long before the end of the own membership its application is told, in milliseconds, at most; of a short one, a sixth of it. */
export const EXPIRING_AHEAD: number = 7 * 86_400_000
const EXPIRING_PART = 6

/** What it tells; never from inside a call of the graph. */
export interface OwnMembershipOwner {
  standingChanged(standing: OwnStanding): void
  expiring(expires: number): void
  /** From now on this chain is the own one. */
  joined(chain: MemberChain): void
}

/** The membership of one node. */
export class OwnMembership {
  readonly #parts: GroupParts
  readonly #writing: GroupWriting
  readonly #owner: OwnMembershipOwner
  #standing: OwnStanding = 'not-let-in'
  /** The chain that is kept for the next time. */
  #kept: ChainDigest | undefined
  /** Of whose end the application was told. */
  #told: ChainDigest | undefined
  #isListening = false
  /** The chain whose record this identity has published: if that goes, other records may need it. */
  #proven: ChainDigest | undefined

  /** @param kept The chain that the node was opened with */
  constructor(parts: GroupParts, writing: GroupWriting, kept: MemberChain | undefined, owner: OwnMembershipOwner) {
    this.#parts = parts
    this.#writing = writing
    this.#kept = kept?.digest
    this.#owner = owner
  }

  /** How it stands now. */
  standing(): OwnStanding {
    const { now, security } = this.#parts
    const chains = security.own.all()
    if (chains.length === 0) return 'not-let-in'
    const left = chains.filter((chain) => security.records?.state.standingOfChain(chain) !== 'falls')
    if (left.length === 0) return 'revoked'
    const inTime = left.filter(({ notBefore, notAfter }) => now >= notBefore - CLOCK_TOLERANCE && now <= notAfter)
    if (inTime.some((chain) => security.own.standing(chain) === 'stands')) return 'in-force'
    if (inTime.length > 0) return 'not-let-in'
    return left.every(({ notAfter }) => notAfter < now) ? 'expired' : 'not-yet-valid'
  }

  /** The chain that is shown to others, if there is one. */
  chain(): MemberChain | undefined {
    return this.#parts.security.own.toShow()
  }

  /** The membership record that has to be here before a draft is signed (P-032, P-074). */
  precedes({ type, payload }: RecordDraft): PrecedingRecord | undefined {
    const due = this.#due()
    const isThis = due !== undefined && type === MEMBERSHIP_TYPE && equalBytes(payload, due.payload)
    return isThis ? undefined : due
  }

  /** How it stands is no news from now on. */
  begin(): void {
    this.#standing = this.standing()
  }

  /** The node listens: without flag M the record is due now (P-056). */
  listens(): void {
    this.#isListening = true
    this.#publishDue()
  }

  /** Something may have changed, or time has passed. */
  look(): void {
    const standing = this.standing()
    const hasChanged = standing !== this.#standing
    this.#standing = standing
    this.#keep()
    this.#publishDue()
    if (hasChanged) this.#owner.standingChanged(standing)
    this.#tellEnd()
  }

  /** Publishes the own membership record, if it is not here yet. @throws PeerageError what the provider throws */
  publish(written: (error: PeerageError | undefined) => void): void {
    const due = this.#due()
    if (due === undefined) this.#parts.graph.store.afterCommit(written)
    else this.#writing.add(due, written)
  }

  #publishDue(): void {
    const { properties } = this.#parts.records ?? {}
    const isWanted = this.#isListening && properties !== undefined && !properties.memberDataOptional
    if (!isWanted && !this.#hasLostProof()) return
    try {
      this.publish(() => undefined)
    } catch (error) {
      if (!(error instanceof PeerageError)) throw error
      this.#parts.log.warn('the own membership record could not be published', { problem: error.message })
    }
  }

  /** Whether the own record has gone, as one does that turned out to have a wrong end when the properties came. */
  #hasLostProof(): boolean {
    const { security, records } = this.#parts
    const chain = security.own.toWrite(this.#parts.now, 'publish')
    if (chain === undefined || records === undefined) return false
    const present = records.state.membershipsOf(chain.digest)
    if (present.some(({ author }) => author === chain.digest)) this.#proven = chain.digest
    return this.#proven === chain.digest && present.length === 0
  }

  /** The record of the chain under which this node writes: unless there is one that shows the friendly name, or is its own. */
  #due(): PrecedingRecord | undefined {
    const { security, identity, friendlyName, records } = this.#parts
    const chain = security.own.toWrite(this.#parts.now, 'publish')
    if (records === undefined || chain === undefined) return undefined
    const present = records.state.membershipsOf(chain.digest)
    const isEnough = present.some((record) => record.author === chain.digest || record.friendlyName !== undefined)
    if (isEnough || (present.length > 0 && friendlyName === undefined)) return undefined
    return this.#writing.membershipRecord(chain, identity.name, friendlyName)
  }

  #keep(): void {
    const { security } = this.#parts
    const shown = security.own.toShow()
    if (shown === undefined || shown.digest === this.#kept || security.own.standing(shown) !== 'stands') return
    this.#kept = shown.digest
    this.#owner.joined(shown)
  }

  #tellEnd(): void {
    const { now, security } = this.#parts
    const chain = security.own.toWrite(now, 'publish')
    if (chain === undefined || chain.digest === this.#told) return
    const { notBefore, notAfter } = chain
    if (now < notAfter - Math.min(EXPIRING_AHEAD, (notAfter - notBefore) / EXPIRING_PART)) return
    this.#told = chain.digest
    this.#owner.expiring(notAfter)
  }
}
