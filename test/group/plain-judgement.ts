/**
 * What stands in a group, worked out anew for each question and straight from the rules: no memory, no order, no shortcuts. The
 * judge of the real thing in property tests.
 */
import { type AuthorChain, isWithin } from '../../src/group/author-chain.ts'
import { digestBytes } from '../../src/group/digests.ts'
import type { Membership } from '../../src/group/membership-record.ts'
import type { Revocation } from '../../src/group/revocation.ts'
import type { PageRecord } from '../../src/group/revocations.ts'
import type { RecordVersion } from '../../src/group/standing.ts'
import { encodeChain } from '../../src/identity/certificate/chain-encoding.ts'
import { recordIdBytes } from '../../src/records/record-id.ts'
import { concatBytes, equalBytes } from '../../src/runtime/bytes.ts'
import type { Fact } from './any-history.ts'
import { groupKey } from './member-samples.ts'

type Verdict = 'stands' | 'undecided' | 'falls'

export class PlainJudgement {
  readonly #memberships: readonly Membership[]
  readonly #revocations: readonly Revocation[]
  readonly #pages: readonly PageRecord[]

  constructor(facts: readonly Fact[]) {
    this.#memberships = facts.flatMap((fact) => (fact.kind === 'membership' ? [fact.membership] : []))
    this.#revocations = facts.flatMap((fact) => (fact.kind === 'revocation' ? [fact.revocation] : []))
    this.#pages = facts.flatMap((fact) => (fact.kind === 'page' ? [fact.page] : []))
  }

  /** Whether a revocation counts: before those of shallower authors it was let in, and stands. */
  counts(revocation: Revocation): boolean {
    const { author } = revocation
    return this.#isIn(author, author.depth, []) && this.record(revocation, author, author, author.depth) !== 'falls'
  }

  isIn(chain: AuthorChain): boolean {
    return this.#isIn(chain, 99, [])
  }

  /** @param limit Only revocations of authors less deep than this */
  record(version: RecordVersion, creator: AuthorChain, author: AuthorChain, limit = 99): Verdict {
    const id = recordIdBytes(version.id)
    const verdicts = this.#touching(author, limit).map((revocation) =>
      this.#verdict(revocation, (list) => list.keepsRecord(concatBytes(id, version.digest))),
    )
    if (creator.digest !== author.digest) {
      for (const revocation of this.#touching(creator, limit)) {
        verdicts.push(this.#verdict(revocation, (list) => list.keepsRecord(id)))
      }
    }
    if (verdicts.includes('falls')) return 'falls'
    return verdicts.includes('undecided') ? 'undecided' : 'stands'
  }

  /** What is done from now on under a chain. */
  chain(chain: AuthorChain): Verdict {
    const touching = this.#touching(chain, 99)
    const last = chain.certificateDigests.at(-1)
    const falls = touching.some((one) => this.#isComplete(one) || one.revoked.some(({ digest }) => digest === last))
    if (falls) return 'falls'
    return touching.length > 0 ? 'undecided' : 'stands'
  }

  /** The revocations that count and revoke a certificate of a chain without keeping the next one. */
  #touching(chain: AuthorChain, limit: number): readonly Revocation[] {
    const path = chain.certificateDigests
    return this.#revocations.filter((revocation) => {
      const { author, revoked } = revocation
      if (author.depth >= limit) return false
      return path.some((certificate, index) => {
        if (!revoked.some(({ digest }) => digest === certificate)) return false
        const isAdministrator = author.depth === 0 || author.roles.includes('administrator')
        const isIssuer = path[author.depth] === author.certificateDigests[author.depth]
        if (index <= author.depth || !(isAdministrator || (isIssuer && author.roles.includes('inviting-member'))))
          return false
        const next = path[index + 1]
        if (next !== undefined && this.#lists(revocation).some((list) => list.keepsChild(digestBytes(next))))
          return false
        return this.counts(revocation)
      })
    })
  }

  #verdict(revocation: Revocation, keeps: (list: Revocation['kept']) => boolean): Verdict {
    if (this.#lists(revocation).some(keeps)) return 'stands'
    return this.#isComplete(revocation) ? 'falls' : 'undecided'
  }

  #lists(revocation: Revocation): readonly Revocation['kept'][] {
    const pages = this.#pages.filter(({ page }) => revocation.pages.includes(page))
    return [revocation.kept, ...pages.map(({ kept }) => kept)]
  }

  #isComplete({ pages }: Revocation): boolean {
    return pages.every((digest) => this.#pages.some(({ page }) => page === digest))
  }

  /** @param asked For whom this is being asked: who needs themselves to be let in is not */
  #isIn(chain: AuthorChain, limit: number, asked: readonly string[]): boolean {
    return chain.chain.every((certificate, index) => {
      const [root, ...others] = chain.chain
      if (certificate.kind !== 'link' || index + 1 === chain.chain.length) return true
      const entry = encodeChain([root, ...others.slice(0, index + 1)])
      if (asked.includes(entry.join())) return false
      return this.#memberships.some(({ chain: { bytes, key }, created, id, digest, author: authorDigest }) => {
        if (!equalBytes(bytes, entry)) return false
        const author = this.#author(authorDigest)
        if (author === undefined || author.key === key || created > certificate.admitsUntil) return false
        if (!isWithin(author, created)) return false
        if (this.record({ id, digest }, author, author, limit) === 'falls') return false
        return this.#isIn(author, limit, [...asked, entry.join()])
      })
    })
  }

  #author(digest: string): AuthorChain | undefined {
    if (digest === groupKey.verified.digest) return groupKey.verified
    return this.#memberships.find(({ chain }) => chain.digest === digest)?.chain
  }
}
