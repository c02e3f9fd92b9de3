/**
 * Random histories of a group as signed records, for property tests: what members issue, renew, admit, revoke, write, change and
 * delete, and among it what nobody may: of each record it is known whether it was made by right.
 */
import fc from 'fast-check'
import { DEFAULT_RECORD_LIFE } from '../../src/graph/graph-properties.ts'
import { GROUP_PROPERTIES_TYPE } from '../../src/group/group-properties.ts'
import { issueMembershipUnder } from '../../src/group/issuer.ts'
import { verifiedMemberChain } from '../../src/group/member-chain.ts'
import { encodeMembership, MEMBERSHIP_TYPE } from '../../src/group/membership-record.ts'
import { PASSWORD_TYPE } from '../../src/group/password-record.ts'
import { revocationExpires } from '../../src/group/revocation.ts'
import { pageDigest, REVOCATION_PAGE_TYPE, readPage } from '../../src/group/revocation-page.ts'
import { encodeRevocation, REVOCATION_TYPE, readRevocation } from '../../src/group/revocation-record.ts'
import type { VersionChains } from '../../src/group/standing.ts'
import { type Chain, encodeChain } from '../../src/identity/certificate/chain-encoding.ts'
import type { Role } from '../../src/identity/role.ts'
import type { GraphRecord } from '../../src/records/record.ts'
import { recordIdFromBytes } from '../../src/records/record-id.ts'
import { equalBytes, toUtf8 } from '../../src/runtime/bytes.ts'
import { crypto, random } from '../identity/platform.ts'
import type { Fact } from './any-history.ts'
import {
  type Author,
  changed,
  groupKey,
  groupName,
  keyPairOf,
  link,
  type MemberHolder,
  member,
  NOW,
  written,
  YEAR,
} from './member-samples.ts'

/** A record, and what is known of it from outside. */
export interface MadeRecord {
  readonly what: string
  readonly record: GraphRecord
  /** Whether its author had the right to it, as far as nothing is revoked. */
  readonly isByRight: boolean
  readonly chains: VersionChains
  /** What it says of the group, where it says something of it. */
  readonly fact: Fact | undefined
}

const INDEX = fc.nat({ max: 1000 })
const anyRole = fc.constantFrom<Role>('administrator', 'administrator', 'inviting-member', 'member')
/** What nobody may. */
const WRONGS = [
  ...[
    'usurped',
    'changed under another chain',
    'named another chain',
    'before its membership',
    'after its membership',
    'outlives its membership',
  ],
  ...['tombstone that ends early', 'revocation without right', 'revocation changed', 'revocation deleted'],
  ...['membership changed', 'membership by a stranger', 'membership under a plain member', 'properties', 'password'],
] as const
const anyAction = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('issue' as const), by: INDEX, role: anyRole, self: fc.boolean() }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('renew' as const), by: INDEX, whom: INDEX, role: anyRole }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('link' as const),
      by: INDEX,
      role: anyRole,
      admitters: fc.array(INDEX, { maxLength: 2 }),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('write' as const), by: INDEX }) },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('change' as const), by: INDEX, over: INDEX, deleted: fc.boolean() }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('revoke' as const),
      by: fc.option(INDEX, { freq: 8 }),
      whom: INDEX,
      /** What of all that is there stays: bits. */
      keep: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
      isInPages: fc.boolean(),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('wrong' as const),
      what: fc.constantFrom(...WRONGS),
      by: INDEX,
      over: INDEX,
      deleted: fc.boolean(),
    }),
  },
)

/** Something that is done. */
export type Action = typeof anyAction extends fc.Arbitrary<infer Value> ? Value : never
type Wrong = Extract<Action, { do: 'wrong' }>

/** A random history of up to 36 actions. */
export const anyActions: fc.Arbitrary<readonly Action[]> = fc.array(anyAction, {
  minLength: 8,
  maxLength: 36,
  size: 'max',
})

/** The records of a history. What cannot be done is left out. */
export function madeBy(actions: readonly Action[]): readonly MadeRecord[] {
  return new Making().records(actions)
}

/** How deep those are at most who issue. */
const DEEPEST = 5

class Making {
  readonly #members: MemberHolder[] = []
  readonly #made: MadeRecord[] = []
  #nextKey = 1

  records(actions: readonly Action[]): readonly MadeRecord[] {
    for (const _ of [1, 2]) this.#join(member(groupKey, this.#key(), ['administrator']), groupKey)
    for (const action of actions) this.#perform(action)
    return this.#made
  }

  #perform(action: Action): void {
    switch (action.do) {
      case 'issue': {
        const by = this.#issuer(action.by, action.role)
        const one = member(by, this.#key(), [action.role])
        this.#join(one, action.self ? one : by)
        return
      }
      case 'renew': {
        const [by, whom] = [this.#issuer(action.by, action.role), pick(this.#members, action.whom)]
        if (by.chain.some(({ publicKey }) => equalBytes(publicKey, whom.keyPair.publicKey))) return
        this.#join(member(by, whom.seed, [action.role]), by)
        return
      }
      case 'link': {
        const held = link(this.#issuer(action.by, action.role), this.#key(), action.role)
        const holder = member(held, this.#key(), [action.role])
        this.#members.push(holder)
        for (const index of action.admitters) this.#publish(holder, pick(this.#members, index))
        return
      }
      case 'write': {
        const by = pick(this.#members, action.by)
        this.#add('note', written(by, { payload: this.#text() }), by.verified)
        return
      }
      case 'change': {
        const former = this.#note(action.over)
        if (former === undefined) return
        const mayChange = this.#members.filter(({ verified }) => {
          return verified.key === former.chains.creator.key || verified.roles.includes('administrator')
        })
        this.#change('changed note', former, pick(mayChange, action.by), action.deleted, true)
        return
      }
      case 'revoke': {
        const author: Author = action.by === null ? groupKey : pick(this.#members, action.by)
        const revocable = this.#places().filter((chain) => isRevocable(author, chain))
        if (revocable.length > 0)
          this.#revoke(author, pick(revocable, action.whom), action.keep, action.isInPages, true)
        return
      }
      case 'wrong':
        this.#doWrong(action)
    }
  }

  #doWrong({ what, by, over, deleted }: Wrong): void {
    const liar = pick(this.#members, by)
    const { verified } = liar
    const wrong = (record: GraphRecord): void => this.#add(what, record, verified, false)
    switch (what) {
      case 'usurped': {
        const former = this.#note(over)
        const isMine = former?.chains.creator.key === verified.key
        if (former === undefined || isMine || verified.roles.includes('administrator')) return
        this.#change(what, former, liar, deleted, false)
        return
      }
      case 'changed under another chain': {
        // Its own signature, and the chain of somebody who may.
        const former = this.#note(over)
        const mayChange = this.#members.filter(({ verified: { key, roles } }) => {
          return key !== verified.key && (key === former?.chains.creator.key || roles.includes('administrator'))
        })
        if (former === undefined || mayChange.length === 0) return
        wrong(changed(former.record, former.chains.creator, { ...liar, verified: pick(mayChange, by).verified }))
        return
      }
      case 'named another chain': {
        const other = pick(this.#members, over)
        if (other.verified.key !== verified.key) wrong(written({ ...liar, verified: other.verified }))
        return
      }
      case 'before its membership':
        wrong(written(liar, { created: verified.notBefore - 1 }))
        return
      case 'after its membership':
        wrong(
          written(liar, { created: verified.notAfter + 1, modified: verified.notAfter + 1, expires: NOW + 2 * YEAR }),
        )
        return
      case 'outlives its membership':
        wrong(written(liar, { expires: verified.notAfter + 1 }))
        return
      case 'tombstone that ends early': {
        const former = this.#made.find(({ what, chains }) => what === 'note' && chains.creator === verified)
        if (former === undefined) return
        wrong(changed(former.record, verified, liar, { deleted: true, payload: new Uint8Array() }))
        return
      }
      case 'revocation without right': {
        const others = this.#places().filter((chain) => !isRevocable(liar, chain))
        if (others.length > 0) this.#revoke(liar, pick(others, over), 0n, false, false)
        return
      }
      case 'revocation changed':
      case 'revocation deleted': {
        const former = this.#made.find(({ fact, chains }) => fact?.kind === 'revocation' && chains.author === verified)
        if (former === undefined) return
        const isDeleted = what === 'revocation deleted'
        const payload = isDeleted ? new Uint8Array() : former.record.payload
        wrong(changed(former.record, verified, liar, { deleted: isDeleted, payload }))
        return
      }
      case 'membership changed': {
        const former = this.#made.find(({ fact, chains }) => fact?.kind === 'membership' && chains.author === verified)
        if (former !== undefined) wrong(changed(former.record, verified, liar, { payload: former.record.payload }))
        return
      }
      case 'membership by a stranger': {
        const other = pick(this.#members, over)
        const isAbove = other.chain.some(({ publicKey }) => equalBytes(publicKey, liar.keyPair.publicKey))
        const isGuest = other.chain.at(-2)?.kind === 'link'
        if (!isAbove && !isGuest) wrong(membershipRecord(liar, other.verified.bytes, other.verified.leaf.peerName))
        return
      }
      case 'membership under a plain member': {
        if (!verified.roles.every((role) => role === 'member')) return
        const { publicKey } = keyPairOf(this.#key())
        const { notBefore, notAfter } = verified.leaf
        const issuer = { chain: liar.chain, secretKey: liar.keyPair.secretKey }
        const issuance = { publicKey, roles: ['member'] as const, period: { notBefore, notAfter } }
        const chain = issueMembershipUnder(crypto, random, issuer, issuance)
        wrong(membershipRecord(liar, encodeChain(chain), chain.at(-1)?.peerName ?? groupName))
        return
      }
      case 'properties':
        wrong(written(liar, { type: GROUP_PROPERTIES_TYPE }))
        return
      case 'password':
        if (!verified.roles.includes('administrator')) wrong(written(liar, { type: PASSWORD_TYPE }))
    }
  }

  #change(what: string, former: MadeRecord, by: MemberHolder, deleted: boolean, isByRight: boolean): void {
    const { creator } = former.chains
    const latest = Math.min(creator.notAfter, former.record.created + DEFAULT_RECORD_LIFE)
    const content = deleted
      ? { deleted, payload: new Uint8Array(), expires: latest }
      : { deleted, payload: this.#text(), encoding: 'text' as const }
    const record = changed(former.record, creator, by, content)
    this.#made.push({ what, record, isByRight, chains: { creator, author: by.verified }, fact: undefined })
  }

  #revoke(author: Author, revoked: Chain, keep: bigint, isInPages: boolean, isByRight: boolean): void {
    const isKept = (index: number): boolean => ((keep >> BigInt(index % 64)) & 1n) === 1n
    const children = this.#members.flatMap(({ verified }) => verified.certificateDigests.slice(1))
    const filling = Array.from({ length: isInPages ? 1400 : 0 }, (_, index) => ({
      id: recordIdFromBytes(crypto.sha256(Uint8Array.of(index >> 8, index & 0xff)).subarray(0, 16)),
      digest: new Uint8Array(32),
    }))
    const encoded = encodeRevocation(crypto, author.chain, [revoked], {
      children: children.filter((_, at) => isKept(at)),
      records: [...this.#made.filter((_, at) => isKept(at + 7)).map(({ record }) => record), ...filling],
    })
    const content = readRevocation(crypto, groupName, encoded.revocation)
    const expires = revocationExpires(content.revoked, DEFAULT_RECORD_LIFE)
    const record = written(author, { type: REVOCATION_TYPE, payload: encoded.revocation, expires })
    const revocation = { ...content, id: record.id, digest: record.digest, expires }
    const what = isByRight ? 'revocation' : 'revocation without right'
    this.#add(what, record, author.verified, isByRight, isByRight ? { kind: 'revocation', revocation } : undefined)
    if (!isByRight) return
    for (const payload of encoded.pages) {
      const { id, digest, ...page } = written(author, { type: REVOCATION_PAGE_TYPE, payload, expires })
      const said = { id, digest, expires, kept: readPage(payload), page: pageDigest(crypto, payload) }
      this.#add('page', { id, digest, ...page }, author.verified, true, { kind: 'page', page: said })
    }
  }

  #join(holder: MemberHolder, author: Author): void {
    this.#members.push(holder)
    this.#publish(holder, author)
  }

  #publish(holder: MemberHolder, author: Author): void {
    const { leaf, bytes, key, digest } = holder.verified
    // Nobody publishes the record of one own chain under another one.
    if (author.verified.key === key && author.verified.digest !== digest) return
    const record = membershipRecord(author, bytes, leaf.peerName, holder.verified.notAfter)
    const chain = verifiedMemberChain(crypto, groupName, holder.chain)
    const said = { chain, peerName: leaf.peerName, friendlyName: undefined, author: author.verified.digest }
    const membership = { ...said, id: record.id, digest: record.digest, created: record.created }
    this.#add('membership', record, author.verified, true, { kind: 'membership', membership })
  }

  #add(what: string, record: GraphRecord, chain: VersionChains['author'], isByRight = true, fact?: Fact): void {
    this.#made.push({ what, record, isByRight, chains: { creator: chain, author: chain }, fact })
  }

  #issuer(index: number, role: Role): MemberHolder {
    const issuers = this.#members.filter(({ verified: { roles, depth } }) => {
      const mayGive = roles.includes('administrator') || (roles.includes('inviting-member') && role !== 'administrator')
      return mayGive && depth < DEEPEST
    })
    return pick(issuers, index)
  }

  /** Every place in a chain at which a certificate stands that somebody can revoke. */
  #places(): readonly Chain[] {
    return this.#members.flatMap(({ chain: [root, ...others] }) =>
      others.map((_, at): Chain => [root, ...others.slice(0, at + 1)]),
    )
  }

  #note(index: number): MadeRecord | undefined {
    const notes = this.#made.filter(({ what, record }) => what.endsWith('note') && !record.deleted)
    return notes[index % Math.max(1, notes.length)]
  }

  #text(): Uint8Array {
    return toUtf8(`text ${this.#made.length}`)
  }

  #key(): number {
    return this.#nextKey++
  }
}

/** The rule of P-024 and P-116. @param chain Ends with the certificate in question */
function isRevocable({ chain: author, verified }: Author, chain: Chain): boolean {
  if (chain.length <= author.length) return false
  if (author.length === 1 || verified.roles.includes('administrator')) return true
  const last = author.at(-1)
  const isUnder = last !== undefined && equalBytes(chain[author.length - 1]?.der ?? new Uint8Array(), last.der)
  return isUnder && verified.roles.includes('inviting-member')
}

function membershipRecord(
  author: Author,
  chain: Uint8Array,
  name: MemberHolder['verified']['leaf']['peerName'],
  notAfter: number = author.verified.notAfter,
): GraphRecord {
  const payload = encodeMembership(chain, name, undefined)
  return written(author, { type: MEMBERSHIP_TYPE, payload, expires: notAfter + DEFAULT_RECORD_LIFE })
}

function pick<Item>(items: readonly Item[], index: number): Item {
  const picked = items[index % items.length]
  if (picked === undefined) throw new Error('there is none')
  return picked
}
