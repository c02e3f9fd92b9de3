/**
 * Whom this node lets in, and how it gets in itself: what the exchange of admission (admission.ts) asks of a group.
 */
import type { LinkToJudge, ProviderContext } from '../graph/security-provider.ts'
import type { GroupRootCertificate } from '../identity/certificate/certificate.ts'
import { CLOCK_TOLERANCE } from '../identity/certificate/certificate-verification.ts'
import { authorityPart } from '../identity/peer-name.ts'
import { mayGiveRole } from '../identity/role.ts'
import { toHex } from '../runtime/bytes.ts'
import { PeerageError } from '../runtime/peerage-error.ts'
import { RecentMap } from '../runtime/recent-map.ts'
import { type Rate, TokenBuckets } from '../runtime/token-buckets.ts'
import type { AdmissionByPassword, AdmissionMember, AdmissionStart } from './admission.ts'
import type { AdmissionRefusal } from './admission-refusal.ts'
import type { ChainDigest } from './digests.ts'
import { openPassword, passwordState } from './group-password.ts'
import { type GroupRecords, issuingState } from './group-records.ts'
import type { GroupSecurityOptions } from './group-security.ts'
import { linkEntries, whyNotAdmitting } from './link-admission.ts'
import { type MemberChain, readMemberChain } from './member-chain.ts'
import { issueMembership } from './membership-issuing.ts'
import type { OwnChains } from './own-chains.ts'
import { PasswordAdmission, type PasswordLink, PasswordProof } from './password-proof.ts'

/** What it needs of the provider. */
export interface LettingInOwner {
  records(): GroupRecords | undefined
  /** The GRC is known now. */
  open(root: GroupRootCertificate): GroupRecords
  counted(event: string): void
}

/** How many can be let in whose membership records are not stored here yet. */
export const MOST_PROVISIONAL = 1024
/** For how long they are taken for members meanwhile, in milliseconds. */
export const LONGEST_PROVISIONAL = 10 * 60_000

/** Attempts to get in by password, of one identity, and from one network prefix: so many at once, and one more each minute. */
export const PASSWORD_ATTEMPTS_OF_IDENTITY: Rate = { perSecond: 1 / 60, burst: 5 }
export const PASSWORD_ATTEMPTS_OF_SOURCE: Rate = { perSecond: 1 / 60, burst: 20 }
/** Identities and prefixes whose attempts are counted. */
export const MOST_ATTEMPTING = 4096

/** Lets in at one node. */
export class LettingIn implements AdmissionMember {
  readonly #context: ProviderContext
  readonly #options: GroupSecurityOptions
  readonly #own: OwnChains
  readonly #owner: LettingInOwner
  readonly #ofIdentity: TokenBuckets
  readonly #ofSource: TokenBuckets
  /** By key: members whose admission is known here before its record is. */
  readonly #provisional = new RecentMap<{ readonly chain: MemberChain; readonly until: number }>(MOST_PROVISIONAL)

  constructor(context: ProviderContext, options: GroupSecurityOptions, own: OwnChains, owner: LettingInOwner) {
    this.#context = context
    this.#options = options
    this.#own = own
    this.#owner = owner
    this.#ofIdentity = new TokenBuckets(context.clock, PASSWORD_ATTEMPTS_OF_IDENTITY, MOST_ATTEMPTING)
    this.#ofSource = new TokenBuckets(context.clock, PASSWORD_ATTEMPTS_OF_SOURCE, MOST_ATTEMPTING)
  }

  /** Whether the holder of a key may hold a link. */
  isIn(key: string): boolean {
    const now = this.#context.clock.utc()
    const state = this.#owner.records()?.state
    if (state === undefined) return false
    if (state.chainsInForce(key, now).length > 0) return true
    const provisional = this.#provisional.get(key)
    if (provisional === undefined || provisional.until < now) return false
    return state.standingOfChain(provisional.chain) === 'not-admitted'
  }

  begin(): AdmissionStart {
    const shown = this.#own.toShow()
    if (shown !== undefined) return shown
    const all = this.#own.all()
    if (all.some((chain) => this.#own.standing(chain) !== 'falls')) return 'hello-alone'
    if (all.length > 0) return 'no-membership'
    const { entry } = this.#options
    switch (entry.kind) {
      case 'fetched':
        return 'hello-alone'
      case 'link':
        return { wantsChain: entry.digest }
      case 'password':
        return 'password'
      default:
        return 'no-membership'
    }
  }

  ownChain(): MemberChain | undefined {
    return this.#own.toShow()
  }

  isMember({ peer }: LinkToJudge): boolean {
    const now = this.#context.clock.utc()
    return (this.#owner.records()?.state.chainsInForce(peer.key, now).length ?? 0) > 0
  }

  counted(event: string): void {
    this.#owner.counted(event.startsWith('told-') || event === 'passed-over' ? event : `refused-${event}`)
  }

  /** A chain that came from outside, verified, of this group. */
  read(bytes: Uint8Array): MemberChain | AdmissionRefusal {
    try {
      const records = this.#owner.records()
      if (records !== undefined) return records.readChain(bytes)
      return readMemberChain(this.#context.crypto, this.#options.group, bytes)
    } catch (error) {
      return refusalOf(error)
    }
  }

  judge(link: LinkToJudge, bytes: Uint8Array): MemberChain | AdmissionRefusal {
    const chain = this.read(bytes)
    if (typeof chain === 'string') return chain
    if (chain.key !== link.peer.key) return 'other-key'
    const untimely = this.#untimely(chain)
    if (untimely !== undefined) return untimely
    const records = this.#owner.records() ?? this.#owner.open(chain.chain[0])
    switch (records.state.standingOfChain(chain)) {
      case 'stands':
        records.learn(chain)
        return chain
      case 'not-admitted':
        // Whoever dials may not have got the record yet by which the other one was let in. It has to come.
        return link.isDialler ? this.#takeProvisionally(chain, records) : this.#letInByLink(link, chain, records)
      default:
        return this.#isLinkCancelled(chain, records) ? 'link-cancelled' : 'revoked'
    }
  }

  prove(link: LinkToJudge): PasswordProof {
    const { entry } = this.#options
    if (entry.kind !== 'password') throw new TypeError('this node does not join by password')
    const { crypto, random } = this.#context
    return new PasswordProof(crypto, random, this.#passwordLink(link), entry.verifier)
  }

  admitByPassword(link: LinkToJudge): AdmissionByPassword | AdmissionRefusal {
    const records = this.#owner.records()
    const own = this.#own.toShow()
    if (records === undefined || own === undefined || this.#own.standing(own) !== 'stands') return 'may-not-admit'
    const { password } = records.password
    if (password === undefined) return 'no-password'
    if (this.#isLocked(records)) return 'password-locked'
    if (!mayGiveRole(own.roles, password.role)) return 'may-not-admit'
    const { crypto, random, identity } = this.#context
    const certificates = this.#own.all().flatMap(({ certificateDigests }) => certificateDigests.slice(-1))
    const verifier = openPassword(crypto, this.#options.group, password, certificates, identity.keyPair)
    if (verifier === undefined) return 'may-not-admit'
    const { peer, source = '' } = link
    if (!this.#ofIdentity.take(peer.key) || !this.#ofSource.take(source)) return 'too-many-attempts'
    return {
      run: new PasswordAdmission(crypto, random, this.#passwordLink(link), verifier),
      issue: () => {
        // It may have been replaced meanwhile.
        if (records.password.password?.id !== password.id) return 'no-password'
        return this.#isLocked(records) ? 'password-locked' : this.#issue(link, own, password.role, records)
      },
    }
  }

  joined(bytes: Uint8Array): AdmissionRefusal | undefined {
    const chain = this.read(bytes)
    if (typeof chain === 'string') return chain
    const { keyPair } = this.#context.identity
    if (chain.key !== toHex(keyPair.publicKey)) return 'other-key'
    const untimely = this.#untimely(chain)
    if (untimely !== undefined) return untimely
    // Whoever let in may have come by a link, and the record that says so is not here yet.
    const standing = this.#owner.records()?.state.standingOfChain(chain)
    if (standing !== 'stands' && standing !== 'not-admitted') return 'revoked'
    this.#own.add(chain)
    this.#options.owner.joined(chain)
    return undefined
  }

  chainNamed(digest: ChainDigest): Uint8Array | undefined {
    return this.#owner.records()?.state.chain(digest)?.bytes
  }

  chainCame(above: Uint8Array): MemberChain | AdmissionRefusal {
    const { entry } = this.#options
    if (entry.kind !== 'link') throw new TypeError('this node asks for no chain')
    try {
      const chain = entry.join(above)
      if (this.#owner.records() === undefined) this.#owner.open(chain.chain[0])
      this.#own.add(chain)
      this.#options.owner.joined(chain)
      return chain
    } catch (error) {
      if (PeerageError.is(error, 'invalid-invitation')) return 'forged'
      if (PeerageError.is(error, 'circular-chain') || PeerageError.is(error, 'chain-too-long')) return 'forged'
      throw error
    }
  }

  #untimely({ notBefore, notAfter }: MemberChain): AdmissionRefusal | undefined {
    const now = this.#context.clock.utc()
    if (now > notAfter + CLOCK_TOLERANCE) return 'expired'
    return now < notBefore - CLOCK_TOLERANCE ? 'not-yet-valid' : undefined
  }

  #takeProvisionally(chain: MemberChain, records: GroupRecords): MemberChain {
    records.learn(chain)
    this.#provisional.set(chain.key, { chain, until: this.#context.clock.utc() + LONGEST_PROVISIONAL })
    return chain
  }

  /** The holder of a link asks to be let in (P-049, P-129). */
  #letInByLink(link: LinkToJudge, chain: MemberChain, records: GroupRecords): MemberChain | AdmissionRefusal {
    const entry = linkEntries(chain.chain).at(-1)
    if (entry === undefined || entry.holder !== chain.leaf) return 'not-let-in'
    if (!records.state.isLetInAbove(chain)) return 'not-let-in'
    const own = this.#own.toShow()
    if (own === undefined || this.#own.standing(own) !== 'stands') return 'may-not-admit'
    if (this.#provisional.get(chain.key)?.chain.digest === chain.digest) return chain
    try {
      const used = this.#usesOf(chain, records)
      const refusal = whyNotAdmitting(entry, authorityPart(own.leaf.peerName), this.#context.clock.utc(), used)
      if (refusal !== undefined) return refusal
    } catch (error) {
      return refusalOf(error)
    }
    this.#takeProvisionally(chain, records)
    this.#options.owner.letIn(chain, link.peer.name)
    return chain
  }

  /** How many others came in by the link that a chain came by, those included whose records are still to be stored. */
  #usesOf(chain: MemberChain, { state }: GroupRecords): number {
    const link = chain.certificateDigests.at(-2)
    const users = new Set<string>()
    for (const key of state.keys()) {
      if (key === chain.key) continue
      const isUser = state.chainsOf(key).some(({ digest, certificateDigests }) => {
        return certificateDigests.at(-2) === link && this.#isOrWillBeIn(key, digest, state.membershipsOf(digest).length)
      })
      if (isUser) users.add(key)
    }
    return users.size
  }

  #isOrWillBeIn(key: string, chain: ChainDigest, memberships: number): boolean {
    return memberships > 0 || this.#provisional.get(key)?.chain.digest === chain
  }

  #isLinkCancelled(chain: MemberChain, { state }: GroupRecords): boolean {
    const link = chain.chain.at(-2)
    if (link?.kind !== 'link' || state.membershipsOf(chain.digest).length > 0) return false
    return state.standingOfPath(chain.certificateDigests.slice(0, -1)) !== 'stands'
  }

  #isLocked(records: GroupRecords): boolean {
    const { password } = records.password
    if (password === undefined) return false
    return passwordState(password, (certificate) => records.state.isRevoked(certificate)) === 'locked'
  }

  #issue(
    { peer }: LinkToJudge,
    own: MemberChain,
    role: MemberChain['roles'][number],
    records: GroupRecords,
  ): MemberChain | AdmissionRefusal {
    const { crypto, random, clock, identity } = this.#context
    const issuer = { chain: own.chain, secretKey: identity.keyPair.secretKey }
    const request = { group: this.#options.group, peerName: peer.name, publicKey: peer.publicKey, roles: [role] }
    try {
      const state = issuingState(records, clock.utc())
      const chain = issueMembership(crypto, random, issuer, request, state)
      records.learn(chain)
      this.#options.owner.letIn(chain, peer.name)
      return chain
    } catch (error) {
      if (error instanceof PeerageError) return 'may-not-admit'
      throw error
    }
  }

  #passwordLink({ peer, isDialler, channelBinding }: LinkToJudge): PasswordLink {
    const { publicKey } = this.#context.identity.keyPair
    const [joinerKey, admitterKey] = isDialler ? [publicKey, peer.publicKey] : [peer.publicKey, publicKey]
    return { group: this.#options.group, joinerKey, admitterKey, channelBinding }
  }
}

function refusalOf(error: unknown): AdmissionRefusal {
  if (PeerageError.is(error, 'malformed')) return 'malformed'
  if (!PeerageError.is(error, 'invalid-certificate')) throw error
  return error.details.problem === 'chain-group' ? 'other-group' : 'forged'
}
