/**
 * The chains of this node's own identity, and which of them it shows and writes under (P-025, P-076, P-087, P-094): those that
 * records have brought, and the one that it was opened with or was given when it joined.
 */
import type { ProviderContext } from '../graph/security-provider.ts'
import { CLOCK_TOLERANCE } from '../identity/certificate/certificate-verification.ts'
import type { PeerName } from '../identity/peer-name.ts'
import type { GraphRecord } from '../records/record.ts'
import type { RecordDraft } from '../records/record-draft.ts'
import { equalBytes, toHex } from '../runtime/bytes.ts'
import { PeerageError } from '../runtime/peerage-error.ts'
import { isWithin } from './author-chain.ts'
import type { ChainDigest } from './digests.ts'
import { GROUP_PROPERTIES_TYPE } from './group-properties.ts'
import type { GroupRecords } from './group-records.ts'
import type { MemberChain } from './member-chain.ts'
import { MEMBERSHIP_TYPE, readMembership } from './membership-record.ts'
import { PASSWORD_TYPE } from './password-record.ts'
import { encodeProofs, readProofs } from './record-proofs.ts'
import { REVOCATION_PAGE_TYPE } from './revocation-page.ts'
import { REVOCATION_TYPE, readRevocation } from './revocation-record.ts'
import { hasRight, type Right, requireRight } from './rights.ts'

/** The chains of one identity in one group. */
export class OwnChains {
  readonly #context: Pick<ProviderContext, 'crypto' | 'clock' | 'identity'>
  readonly #group: PeerName
  readonly #key: string
  readonly #records: () => GroupRecords | undefined
  /** Those that no record has brought. */
  readonly #given = new Map<ChainDigest, MemberChain>()
  #expected: ChainDigest | undefined

  constructor(
    context: Pick<ProviderContext, 'crypto' | 'clock' | 'identity'>,
    group: PeerName,
    records: () => GroupRecords | undefined,
  ) {
    this.#context = context
    this.#group = group
    this.#key = toHex(context.identity.keyPair.publicKey)
    this.#records = records
  }

  /** A chain that this node has. */
  add(chain: MemberChain): void {
    if (chain.key !== this.#key) throw new RangeError('a chain of another identity')
    this.#given.set(chain.digest, chain)
    this.#records()?.state.learn(chain)
  }

  /** This node was told which chain it is to get: until that is here it uses none that others bring (P-130). */
  expect(chain: ChainDigest): void {
    this.#expected = chain
  }

  /** All that are known, whatever has become of them. */
  all(): readonly MemberChain[] {
    const all = new Map(this.#given)
    const isHere = this.#expected === undefined || this.#records()?.state.chain(this.#expected)?.key === this.#key
    if (!isHere) return [...all.values()]
    for (const chain of this.#records()?.state.chainsOf(this.#key) ?? []) all.set(chain.digest, chain)
    return [...all.values()]
  }

  /**
   * The one that is shown to others: in time, not revoked, and let in where one of them is. One by a link is shown before its holder
   * is let in: to show it is to ask for that (P-129).
   */
  toShow(): MemberChain | undefined {
    const now = this.#context.clock.utc()
    const usable = this.all().filter((chain) => {
      const isInTime = now >= chain.notBefore - CLOCK_TOLERANCE && now <= chain.notAfter
      return isInTime && this.standing(chain) !== 'falls'
    })
    const admitted = usable.filter((chain) => this.standing(chain) === 'stands')
    return longest(admitted.length > 0 ? admitted : usable)
  }

  /** The one that new records are written under at a moment of peer time, by somebody who needs a right. */
  toWrite(moment: number, right: Right): MemberChain | undefined {
    return longest(this.#inForce(moment).filter(({ roles }) => hasRight(roles, right)))
  }

  /** Those that are in force at a moment of peer time, the one that ends last first. */
  inForce(moment: number): readonly MemberChain[] {
    return [...this.#inForce(moment)].sort((one, other) => (longest([one, other]) === one ? -1 : 1))
  }

  /** How a chain stands by what is known here. */
  standing(chain: MemberChain): 'stands' | 'falls' | 'not-admitted' {
    const standing = this.#records()?.state.standingOfChain(chain) ?? 'not-admitted'
    return standing === 'undecided' ? 'falls' : standing
  }

  /** The proofs of a record that this node is about to sign. @throws PeerageError `not-authorized`, `membership-not-in-force` */
  secure(draft: RecordDraft, previous: GraphRecord | undefined): Uint8Array {
    const operation = operationOf(draft, previous)
    if (!equalBytes(draft.author.publicKey, this.#context.identity.keyPair.publicKey)) {
      throw new PeerageError('not-authorized', {
        operation,
        problem: 'it would be written in the name of another identity',
      })
    }
    const author = this.#authorOf(draft, operation).digest
    if (previous === undefined) return encodeProofs({ creator: author, author })
    const creator = readProofs(previous.proofs)?.creator
    if (creator === undefined)
      throw new PeerageError('not-authorized', { operation, problem: 'its creator is not known' })
    return encodeProofs({ creator, author })
  }

  #authorOf(draft: RecordDraft, operation: string): MemberChain {
    const { crypto } = this.#context
    switch (draft.type) {
      case GROUP_PROPERTIES_TYPE:
        return this.#require(draft.modified, 'change-properties', operation)
      case MEMBERSHIP_TYPE: {
        // An own chain proves its own record.
        const { chain } = readMembership(crypto, this.#group, draft.payload, () => undefined)
        return chain.key === this.#key ? chain : this.#require(draft.modified, 'admit-by-link', operation)
      }
      case REVOCATION_TYPE: {
        const { author } = readRevocation(crypto, this.#group, draft.payload)
        const own = this.#inForce(draft.modified).find(({ digest }) => digest === author.digest)
        if (own !== undefined) return own
        throw new PeerageError('not-authorized', { operation, problem: 'it names a chain that is not in force here' })
      }
      case REVOCATION_PAGE_TYPE:
        return this.#require(draft.modified, 'revoke-issued', operation)
      case PASSWORD_TYPE:
        return this.#require(draft.modified, 'set-password', operation)
      default: {
        const isOwn = equalBytes(draft.creator.publicKey, draft.author.publicKey)
        const right = draft.version === 1 ? 'publish' : isOwn ? 'change-own-records' : 'change-records-of-others'
        return this.#require(draft.modified, right, operation)
      }
    }
  }

  #require(moment: number, right: Right, operation: string): MemberChain {
    const chain = this.toWrite(moment, right)
    if (chain !== undefined) return chain
    const inForce = this.#inForce(moment)
    for (const { roles } of inForce) requireRight(roles, right, operation)
    throw new PeerageError('membership-not-in-force', { group: this.#group, problem: this.whyNone(moment) })
  }

  /** Why none is in force. */
  whyNone(moment: number): string {
    const all = this.all()
    if (all.length === 0) return 'there is none yet'
    const standing = all.filter((chain) => this.standing(chain) !== 'falls')
    if (standing.length === 0) return 'it has been revoked'
    if (standing.some((chain) => isWithin(chain, moment))) return 'nobody has let its holder in yet'
    return standing.every(({ notAfter }) => notAfter < moment) ? 'it has expired' : 'it has not begun'
  }

  #inForce(moment: number): readonly MemberChain[] {
    return this.all().filter((chain) => isWithin(chain, moment) && this.standing(chain) === 'stands')
  }
}

/** The one that ends last; of two the one of the greater digest. */
function longest(chains: readonly MemberChain[]): MemberChain | undefined {
  let best: MemberChain | undefined
  for (const chain of chains) {
    const isLonger = best === undefined || chain.notAfter > best.notAfter
    if (isLonger || (chain.notAfter === best?.notAfter && chain.digest > best.digest)) best = chain
  }
  return best
}

function operationOf({ deleted, type }: RecordDraft, previous: GraphRecord | undefined): string {
  if (deleted) return `deleting a record of type ${type}`
  return previous === undefined ? `adding a record of type ${type}` : `updating a record of type ${type}`
}
