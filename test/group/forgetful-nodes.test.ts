/**
 * Nodes that keep only what is valid, as a graph does: what falls is dropped, although it may be valid again later. What
 * each of them ends with depends on the order in which things came; after they have told each other what they have, it does not.
 */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { SecurityState } from '../../src/group/security-state.ts'
import { toHex } from '../../src/runtime/bytes.ts'
import { crypto } from '../identity/platform.ts'
import { anyHistory, type Fact, type History, learn, versionIn, type Writing } from './any-history.ts'
import { groupKey } from './member-samples.ts'

/** More rounds of telling than are ever needed. */
const MOST_ROUNDS = 40

class ForgetfulNode {
  readonly #state = new SecurityState(crypto, groupKey.verified)
  readonly facts = new Set<Fact>()
  readonly writings = new Set<Writing>()

  /** Proofs are asked of whoever sent a record: here every chain is known from the beginning. */
  constructor({ members }: History) {
    for (const { verified } of members) this.#state.learn(verified)
  }

  arrive(what: Fact | Writing): boolean {
    if (!('kind' in what)) {
      if (this.writings.has(what) || !this.#stands(what)) return false
      this.writings.add(what)
      return true
    }
    if (this.facts.has(what)) return false
    if (!this.#stands(what)) return false
    learn(this.#state, what)
    this.facts.add(what)
    if (this.#state.takeChanges().size > 0) this.#judgeAgain()
    return true
  }

  holds(): readonly string[] {
    const writings = [...this.writings].map(({ version }) => toHex(version.digest))
    return [...[...this.facts].map((fact) => versionIn(fact).id), ...writings].sort()
  }

  /** Whatever falls is gone; and then again, since others may fall or rise by that. */
  #judgeAgain(): void {
    let isSettled = false
    while (!isSettled) {
      isSettled = true
      for (const fact of this.facts) {
        if (this.#stands(fact)) continue
        this.facts.delete(fact)
        this.#state.remove(versionIn(fact))
        isSettled = false
      }
    }
    for (const writing of this.writings) if (!this.#stands(writing)) this.writings.delete(writing)
    this.#state.takeChanges()
  }

  #stands(what: Fact | Writing): boolean {
    const standing = this.#standing(what)
    return standing === 'stands' || standing === 'undecided'
  }

  #standing(what: Fact | Writing): string {
    if (!('kind' in what)) return this.#state.standingOfRecord(what.version, what.chains)
    if (what.kind === 'revocation') return this.#state.standingOfRevocation(what.revocation)
    if (what.kind === 'page') return 'stands'
    const author = this.#state.author(what.membership.author)
    if (author === undefined) throw new Error('every chain is known')
    return this.#state.standingOfRecord(what.membership, { creator: author, author })
  }
}

test('P-096: all nodes end with the same, whatever came to whom in which order and was dropped meanwhile', () => {
  fc.assert(
    fc.property(anyHistory, fc.infiniteStream(fc.nat()), (history, order) => {
      const draw = (below: number): number => (order.next().value ?? 0) % below
      const nodes = Array.from({ length: 3 }, () => new ForgetfulNode(history))
      const everything: readonly (Fact | Writing)[] = [...history.facts, ...history.writings]
      // Each thing comes from outside to one or two of them.
      for (const what of inAnyOrder(everything, draw)) {
        for (let times = 1 + draw(2); times > 0; times--) nodes[draw(nodes.length)]?.arrive(what)
      }
      let rounds = 0
      let hasChanged = true
      while (hasChanged) {
        hasChanged = false
        for (const from of nodes) {
          for (const to of nodes) {
            const told = inAnyOrder([...from.facts, ...from.writings], draw)
            hasChanged = told.filter((what) => to.arrive(what)).length > 0 || hasChanged
          }
        }
        expect(++rounds).toBeLessThan(MOST_ROUNDS)
      }
      const [first, ...others] = nodes
      for (const other of others) expect(other.holds()).toEqual(first?.holds())
    }),
    { numRuns: 150 },
  )
})

function inAnyOrder<Item>(items: readonly Item[], draw: (below: number) => number): readonly Item[] {
  const left = [...items]
  const taken: Item[] = []
  while (left.length > 0) taken.push(...left.splice(draw(left.length), 1))
  return taken
}
