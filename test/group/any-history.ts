/** Random histories of a group for property tests: who is issued, renewed, admitted and revoked by whom, and who writes what. */
import fc from 'fast-check'
import { verifiedMemberChain } from '../../src/group/member-chain.ts'
import type { Membership } from '../../src/group/membership-record.ts'
import { type Revocation, revocationExpires } from '../../src/group/revocation.ts'
import { pageDigest, readPage } from '../../src/group/revocation-page.ts'
import { encodeRevocation, readRevocation } from '../../src/group/revocation-record.ts'
import type { PageRecord } from '../../src/group/revocations.ts'
import { mayRevoke } from '../../src/group/rights.ts'
import type { SecurityState } from '../../src/group/security-state.ts'
import type { RecordVersion, VersionChains } from '../../src/group/standing.ts'
import type { Chain } from '../../src/identity/certificate/chain-encoding.ts'
import type { Role } from '../../src/identity/role.ts'
import { recordIdFromBytes } from '../../src/records/record-id.ts'
import { equalBytes } from '../../src/runtime/bytes.ts'
import { crypto } from '../identity/platform.ts'
import { type Author, groupKey, groupName, LIFE, link, type MemberHolder, member, NOW } from './member-samples.ts'

/** Something that reaches every node, in any order. */
export type Fact =
  | { readonly kind: 'membership'; readonly membership: Membership }
  | { readonly kind: 'revocation'; readonly revocation: Revocation }
  | { readonly kind: 'page'; readonly page: PageRecord }

/** A version of a record of a member. */
export interface Writing {
  readonly version: RecordVersion
  readonly chains: VersionChains
}

/** All that ever happened in a group. */
export interface History {
  readonly members: readonly MemberHolder[]
  readonly facts: readonly Fact[]
  readonly writings: readonly Writing[]
}

const INDEX = fc.nat({ max: 1000 })
/** How deep those are at most who issue. */
const DEEPEST = 6

/** Many administrators, so that there is something to fight about. */
const anyRole = fc.constantFrom<Role>('administrator', 'administrator', 'inviting-member', 'member')
const anyAction = fc.oneof(
  { weight: 3, arbitrary: fc.record({ do: fc.constant('issue' as const), by: INDEX, role: anyRole }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('renew' as const), by: INDEX, whom: INDEX, role: anyRole }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('link' as const),
      by: INDEX,
      role: anyRole,
      admitters: fc.array(INDEX, { maxLength: 3 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('place' as const), by: INDEX, whom: INDEX }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('write' as const), by: INDEX, over: fc.option(INDEX) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('revoke' as const),
      by: fc.option(INDEX, { freq: 8 }),
      whom: INDEX,
      /** What of all that is there stays: bits. */
      keep: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
      inPages: fc.boolean(),
    }),
  },
)

/** A random history of up to 36 actions. */
export const anyHistory: fc.Arbitrary<History> = fc
  .array(anyAction, { minLength: 8, maxLength: 36, size: 'max' })
  .map((actions) => new Making().history(actions))

type Action = typeof anyAction extends fc.Arbitrary<infer Value> ? Value : never

/** Makes a history, one action after the other. What cannot be done is left out. */
class Making {
  readonly #members: MemberHolder[] = []
  readonly #facts: Fact[] = []
  readonly #writings: Writing[] = []
  #nextKey = 1
  #nextId = 1

  history(actions: readonly Action[]): History {
    this.#add(member(groupKey, this.#key(), ['administrator']), groupKey)
    this.#add(member(groupKey, this.#key(), ['administrator']), groupKey)
    for (const action of actions) this.#perform(action)
    return { members: this.#members, facts: this.#facts, writings: this.#writings }
  }

  #perform(action: Action): void {
    switch (action.do) {
      case 'issue':
      case 'renew':
      case 'link': {
        const { role } = action
        const by = pick(
          this.#members.filter((holder) => mayGive(holder, role) && holder.verified.depth < DEEPEST),
          action.by,
        )
        if (action.do === 'issue') this.#add(member(by, this.#key(), [role]), by)
        else if (action.do === 'renew') this.#renew(by, pick(this.#members, action.whom), role)
        else this.#letIn(member(link(by, this.#key(), role), this.#key(), [role]), action.admitters)
        return
      }
      case 'place':
        this.#place(pick(this.#members, action.by), pick(this.#members, action.whom))
        return
      case 'write': {
        const by = pick(this.#members, action.by)
        const former = action.over === null ? undefined : this.#writings[action.over % (this.#writings.length || 1)]
        const id = former?.version.id ?? this.#id()
        const creator = former?.chains.creator ?? by.verified
        this.#writings.push({ version: { id, digest: this.#digest() }, chains: { creator, author: by.verified } })
        return
      }
      case 'revoke': {
        const author: Author = action.by === null ? groupKey : pick(this.#members, action.by)
        const revocable = this.#members.flatMap(({ chain: [root, ...others], verified }) =>
          others.flatMap((_, at): readonly Chain[] =>
            mayRevoke(author.verified, verified.certificateDigests, at + 1) ? [[root, ...others.slice(0, at + 1)]] : [],
          ),
        )
        if (revocable.length > 0) this.#revoke(author, pick(revocable, action.whom), action.keep, action.inPages)
      }
    }
  }

  #renew(by: MemberHolder, whom: MemberHolder, role: Role): void {
    if (by.chain.some(({ publicKey }) => equalBytes(publicKey, whom.keyPair.publicKey))) return
    this.#add(member(by, whom.seed, [role]), by)
  }

  /** Puts the certificate of somebody under another chain of whoever issued it. */
  #place(whom: MemberHolder, elsewhere: MemberHolder): void {
    const { leaf } = whom.verified
    const others = this.#members.filter(({ verified }) => verified.leaf.peerName === leaf.issuerPeerName)
    const parent = others.length === 0 ? elsewhere : pick(others, elsewhere.seed)
    if (parent.verified.leaf.peerName !== leaf.issuerPeerName || !leaf.roles.every((role) => mayGive(parent, role)))
      return
    if (parent.chain.some(({ publicKey }) => equalBytes(publicKey, leaf.publicKey))) return
    const [root, ...above] = parent.chain
    const chain: Chain = [root, ...above, leaf]
    if (chain.length > DEEPEST) return
    this.#add({ ...whom, chain, verified: verifiedMemberChain(crypto, groupName, chain) }, parent)
  }

  #letIn(holder: MemberHolder, admitters: readonly number[]): void {
    this.#members.push(holder)
    for (const index of admitters) this.#facts.push(this.#membership(holder, pick(this.#members, index)))
  }

  #revoke(author: Author, revoked: Chain, keep: bigint, inPages: boolean): void {
    const isKept = (index: number): boolean => ((keep >> BigInt(index % 64)) & 1n) === 1n
    const versions = [
      ...this.#writings.map(({ version }) => version),
      ...this.#facts.flatMap((fact): readonly RecordVersion[] => {
        if (fact.kind === 'membership') return [fact.membership]
        return fact.kind === 'revocation' ? [fact.revocation] : []
      }),
    ]
    const kept = {
      children: this.#members
        .flatMap(({ verified }) => verified.certificateDigests.slice(1))
        .filter((_, at) => isKept(at)),
      records: versions.filter((_, at) => isKept(at + 7)).map(({ id, digest }) => ({ id, digest })),
    }
    // Filled up beyond what fits, so that there are pages.
    const filling = Array.from({ length: inPages ? 1400 : 0 }, () => ({ id: this.#id(), digest: new Uint8Array(32) }))
    const encoded = encodeRevocation(crypto, author.chain, [revoked], {
      ...kept,
      records: [...kept.records, ...filling],
    })
    const content = readRevocation(crypto, groupName, encoded.revocation)
    const expires = revocationExpires(content.revoked, LIFE)
    this.#facts.push({
      kind: 'revocation',
      revocation: { ...content, id: this.#id(), digest: this.#digest(), expires },
    })
    for (const page of encoded.pages) {
      const content = { page: pageDigest(crypto, page), kept: readPage(page), expires }
      this.#facts.push({ kind: 'page', page: { id: this.#id(), digest: this.#digest(), ...content } })
    }
  }

  #add(holder: MemberHolder, issuer: Author): void {
    this.#members.push(holder)
    this.#facts.push(this.#membership(holder, issuer))
  }

  #membership(holder: MemberHolder, author: Author): Fact {
    const names = { peerName: holder.verified.leaf.peerName, friendlyName: undefined }
    const version = { id: this.#id(), digest: this.#digest(), created: NOW }
    return {
      kind: 'membership',
      membership: { ...version, ...names, chain: holder.verified, author: author.verified.digest },
    }
  }

  #key(): number {
    return this.#nextKey++
  }

  #id(): RecordVersion['id'] {
    const bytes = new Uint8Array(16)
    new DataView(bytes.buffer).setUint32(12, this.#nextId++)
    return recordIdFromBytes(bytes)
  }

  #digest(): Uint8Array {
    return crypto.sha256(Uint8Array.of(this.#nextId >> 8, this.#nextId++))
  }
}

function pick<Item>(items: readonly Item[], index: number): Item {
  const picked = items[index % items.length]
  if (picked === undefined) throw new Error('there is none')
  return picked
}

/** Puts a fact into a state. */
export function learn(state: SecurityState, fact: Fact): void {
  if (fact.kind === 'membership') state.addMembership(fact.membership)
  else if (fact.kind === 'revocation') state.addRevocation(fact.revocation)
  else state.addPage(fact.page)
}

export function versionIn(fact: Fact): RecordVersion {
  if (fact.kind === 'membership') return fact.membership
  return fact.kind === 'revocation' ? fact.revocation : fact.page
}

function mayGive(issuer: MemberHolder, role: Role): boolean {
  const { roles } = issuer.verified
  return roles.includes('administrator') || (roles.includes('inviting-member') && role !== 'administrator')
}
