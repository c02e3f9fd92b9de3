/** A group for tests of what is issued in it: its key, its creator, and members under the creator. */

import { type GroupRoot, makeGroupRoot } from '../../src/group/group-root.ts'
import type { Issuer } from '../../src/group/issuer.ts'
import type { MemberChain } from '../../src/group/member-chain.ts'
import { type IssuingState, issueMembership, type MembershipRequest } from '../../src/group/membership-issuing.ts'
import { authorityOf } from '../../src/identity/authority.ts'
import type { Chain } from '../../src/identity/certificate/chain-encoding.ts'
import { makePeerName, type PeerName } from '../../src/identity/peer-name.ts'
import type { Role } from '../../src/identity/role.ts'
import type { SigningKeyPair } from '../../src/runtime/crypto.ts'
import type { Random } from '../../src/runtime/random.ts'
import { SeededRandom } from '../../src/simulation/seeded-random.ts'
import { NOW } from '../identity/certificate/certificate-samples.ts'
import { crypto } from '../identity/platform.ts'

/** An identity. */
export interface Person {
  readonly keyPair: SigningKeyPair
  readonly peerName: PeerName
  readonly friendlyName: string
}

/** A member. */
export interface Member extends Person {
  readonly chain: MemberChain
  readonly issuer: Issuer
}

export const DAY = 86_400_000

/** The identity whose seed repeats one byte. */
export function person(byte: number, friendlyName = `Person ${byte}`, classifier = 'at home'): Person {
  const keyPair = crypto.signingKeyPair(new Uint8Array(32).fill(byte))
  return { keyPair, peerName: makePeerName(authorityOf(crypto, keyPair.publicKey), classifier), friendlyName }
}

/** Nothing is revoked and nothing on record. */
export function stateAt(now: number): IssuingState {
  return { now, stands: () => true }
}

/** The request for somebody. */
export function requestFor(group: PeerName, { peerName, friendlyName, keyPair }: Person): MembershipRequest {
  return { group, peerName, friendlyName, publicKey: keyPair.publicKey }
}

/** A group with a creator, always the same. */
export class SampleGroup {
  readonly random: Random
  readonly made: GroupRoot
  readonly name: PeerName
  /** Issues with the group key. */
  readonly key: Issuer
  readonly creator: Member

  constructor(options: { friendlyName?: string; classifier?: string; now?: number } = {}) {
    const { friendlyName = 'Book club', classifier = 'book club', now = NOW } = options
    this.random = new SeededRandom('group')
    this.made = makeGroupRoot(crypto, this.random, { friendlyName, classifier }, now)
    const chain: Chain = [this.made.root]
    this.name = this.made.root.peerName
    this.key = { chain, secretKey: this.made.keyPair.secretKey }
    this.creator = this.admit(this.key, person(1, 'Ann'), 'administrator', { now })
  }

  /** Somebody who was issued a GMC with a role. */
  admit(
    by: Issuer,
    who: Person,
    role: Role = 'member',
    { now = NOW, ...times }: { now?: number; notAfter?: number } = {},
  ): Member {
    const request = { ...requestFor(this.name, who), roles: [role], ...times }
    const chain = issueMembership(crypto, this.random, by, request, stateAt(now))
    return { ...who, chain, issuer: { chain: chain.chain, secretKey: who.keyPair.secretKey } }
  }

  /** A line of administrators, each issued by the one before, the creator the first. */
  line(length: number): readonly Member[] {
    const members = [this.creator]
    while (members.length < length) {
      const above = members.at(-1) ?? this.creator
      members.push(this.admit(above.issuer, person(members.length + 1, 'Ann'), 'administrator'))
    }
    return members
  }
}
