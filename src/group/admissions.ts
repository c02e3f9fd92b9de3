/**
 * Who of those is let in who came by links. A GMC that the holder of a link made for itself counts only by a membership record
 * of another member in force (P-049), who in turn is let in by nobody or by a third one. So it is worked out from
 * those who need nobody: two who admit each other, and whom nobody else admits, are not in.
 */
import type { Chain } from '../identity/certificate/chain-encoding.ts'
import { authorityPart } from '../identity/peer-name.ts'
import { PeerageError } from '../runtime/peerage-error.ts'
import { type AuthorChain, isWithin } from './author-chain.ts'
import type { ChainDigest } from './digests.ts'
import { type LinkEntry, whyNotAdmitted } from './link-admission.ts'
import type { AdmissionByLink, Memberships } from './memberships.ts'
import type { Standings } from './standing.ts'

/** Who is let in, by the membership records that are there and by what the revocations say that count. */
export class Admissions {
  readonly #memberships: Memberships
  readonly #standings: Standings
  /** Chains that end right under a link. */
  readonly #admitted = new Set<ChainDigest>()
  #waiting: AdmissionByLink[]

  constructor(memberships: Memberships, standings: Standings) {
    this.#memberships = memberships
    this.#standings = standings
    this.#waiting = [...memberships.byLink()]
    this.grow()
  }

  /** Whether a chain has come in by links only where it was let in. */
  isIn(chain: AuthorChain): boolean {
    return this.#memberships.entriesOf(chain).every((entry) => this.#admitted.has(entry))
  }

  /** Whether a chain that ends right under a link is let in. */
  hasAdmitted(chain: ChainDigest): boolean {
    return this.#admitted.has(chain)
  }

  /** The chains that end right under a link, and are let in. */
  admitted(): Iterable<ChainDigest> {
    return this.#admitted
  }

  /** A membership record has come. */
  add(admission: AdmissionByLink): void {
    this.#waiting.push(admission)
  }

  /**
   * Lets in who can be let in. Each round lets in those whose admitters the last one did, until there are no more.
   *
   * @returns Whom it let in
   */
  grow(): readonly ChainDigest[] {
    const grown: ChainDigest[] = []
    for (;;) {
      const left: AdmissionByLink[] = []
      for (const admission of this.#waiting) {
        const { digest } = admission.membership.chain
        if (this.#admitted.has(digest)) continue
        if (this.#letsIn(admission)) {
          this.#admitted.add(digest)
          grown.push(digest)
        } else left.push(admission)
      }
      const isDone = left.length === this.#waiting.length
      this.#waiting = left
      if (isDone) return grown
    }
  }

  #letsIn({ membership, entry }: AdmissionByLink): boolean {
    const author = this.#memberships.author(membership.author)
    if (author === undefined || !this.isIn(author) || !isWithin(author, membership.created)) return false
    if (this.#standings.record(membership, { creator: author, author }) === 'falls') return false
    return isAdmittedBy(entry, author.chain, membership.created)
  }
}

/** A link whose terms cannot be read lets nobody in. */
function isAdmittedBy(entry: LinkEntry, admitter: Chain, made: number): boolean {
  const name = admitter.at(-1)?.peerName ?? admitter[0].peerName
  try {
    return whyNotAdmitted(entry, authorityPart(name), made) === undefined
  } catch (error) {
    if (PeerageError.is(error, 'invalid-certificate')) return false
    throw error
  }
}
