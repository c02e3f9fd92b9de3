/** Random histories of issuing, renewing, admitting, revoking and writing, which reach nodes in random order. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { SecurityState } from '../../src/group/security-state.ts'
import { crypto } from '../identity/platform.ts'
import { anyHistory, type Fact, type History, learn, versionIn } from './any-history.ts'
import { groupKey, member, NOW } from './member-samples.ts'
import { PlainJudgement } from './plain-judgement.ts'

const anyOrder = fc.infiniteStream(fc.nat())

/** The facts in another order. */
function shuffled(facts: readonly Fact[], order: Iterator<number>): readonly Fact[] {
  const left = [...facts]
  const taken: Fact[] = []
  while (left.length > 0) taken.push(...left.splice((order.next().value ?? 0) % left.length, 1))
  return taken
}

/** Everything that a state says. */
function view(
  state: SecurityState,
  { members, facts, writings }: History,
  isThere: (fact: Fact) => boolean = () => false,
): Readonly<Record<string, string>> {
  const said: Record<string, string> = {}
  for (const [at, { verified }] of members.entries()) said[`chain ${at}`] = state.standingOfChain(verified)
  for (const [at, { version, chains }] of writings.entries())
    said[`record ${at}`] = state.standingOfRecord(version, chains)
  for (const [at, fact] of facts.entries()) {
    if (fact.kind !== 'revocation') continue
    const standing = state.standingOfRevocation(fact.revocation)
    const wouldCount = standing === 'stands' || standing === 'undecided'
    said[`revocation ${at}`] = String(wouldCount)
    // What was added counts, or not, as it would if it were new.
    if (isThere(fact)) expect(state.counts(fact.revocation.id)).toBe(wouldCount)
  }
  return said
}

/** The same by the plain judgement. */
function plainView(judgement: PlainJudgement, { members, facts, writings }: History): Readonly<Record<string, string>> {
  const said: Record<string, string> = {}
  for (const [at, { verified }] of members.entries()) {
    const verdict = judgement.chain(verified)
    said[`chain ${at}`] = verdict === 'stands' && !judgement.isIn(verified) ? 'not-admitted' : verdict
  }
  for (const [at, { version, chains }] of writings.entries()) {
    const verdict = judgement.record(version, chains.creator, chains.author)
    const isIn = judgement.isIn(chains.creator) && judgement.isIn(chains.author)
    said[`record ${at}`] = verdict === 'falls' || isIn ? verdict : 'not-admitted'
  }
  for (const [at, fact] of facts.entries()) {
    if (fact.kind === 'revocation') said[`revocation ${at}`] = String(judgement.counts(fact.revocation))
  }
  return said
}

function emptyState({ members }: History): SecurityState {
  const state = new SecurityState(crypto, groupKey.verified)
  for (const { verified } of members) state.learn(verified)
  return state
}

test('P-100: all nodes agree on what stands, in whatever order things come, and asked in between or not', () => {
  const seen = { falls: 0, undecided: 0, 'not-admitted': 0, idle: 0 }
  fc.assert(
    fc.property(anyHistory, anyOrder, (history, order) => {
      const expected = plainView(new PlainJudgement(history.facts), history)
      for (const isAsked of [false, true]) {
        const state = emptyState(history)
        for (const fact of shuffled(history.facts, order)) {
          learn(state, fact)
          if (isAsked)
            for (const said of Object.values(view(state, history))) if (said === 'undecided') seen.undecided++
        }
        expect(view(state, history, () => true)).toEqual(expected)
      }
      for (const said of Object.values(expected)) {
        if (said === 'falls' || said === 'not-admitted') seen[said]++
        if (said === 'false') seen.idle++
      }
    }),
    { numRuns: 100 },
  )
  // The histories are such that there is something to agree on.
  expect(Math.min(...Object.values(seen))).toBeGreaterThan(5)
})

test('a node that has only some of it says what follows from that', () => {
  fc.assert(
    fc.property(anyHistory, anyOrder, fc.nat(), (history, order, count) => {
      const facts = shuffled(history.facts, order).slice(0, count % (history.facts.length + 1))
      // The plain judgement knows the chains of members by their records alone.
      const known = new Set(facts.flatMap((fact) => (fact.kind === 'membership' ? [fact.membership.chain.digest] : [])))
      const state = new SecurityState(crypto, groupKey.verified)
      for (const fact of facts) learn(state, fact)
      const partial = {
        ...history,
        facts,
        members: history.members.filter(({ verified }) => known.has(verified.digest)),
      }
      expect(view(state, partial, () => true)).toEqual(plainView(new PlainJudgement(facts), partial))
    }),
    { numRuns: 100 },
  )
})

test('what is taken out again leaves nothing behind, and on the way each state is the one of what is there', () => {
  fc.assert(
    fc.property(anyHistory, anyOrder, (history, order) => {
      const state = emptyState(history)
      const present = new Set<Fact>()
      for (const fact of [...shuffled(history.facts, order), ...shuffled(history.facts, order)]) {
        if (present.delete(fact)) state.remove(versionIn(fact))
        else {
          present.add(fact)
          learn(state, fact)
        }
      }
      for (const fact of shuffled(history.facts, order).slice(0, 10)) {
        present.add(fact)
        learn(state, fact)
        // Chains stay known, so the plain judgement is told of them by those of all members.
        const known = new SecurityState(crypto, groupKey.verified)
        for (const { verified } of history.members) known.learn(verified)
        for (const one of present) learn(known, one)
        expect(view(state, history)).toEqual(view(known, history))
      }
    }),
    { numRuns: 40 },
  )
})

test('each change names a certificate above all that stands otherwise than before', () => {
  fc.assert(
    fc.property(anyHistory, anyOrder, (history, order) => {
      const state = emptyState(history)
      let before = view(state, history)
      state.takeChanges()
      const facts = shuffled(history.facts, order)
      const steps = [
        ...facts.map((fact) => () => learn(state, fact)),
        ...facts.map((fact) => () => state.remove(versionIn(fact))),
      ]
      for (const step of steps) {
        step()
        const changes = state.takeChanges()
        const after = view(state, history)
        for (const [at, { verified }] of history.members.entries()) {
          if (before[`chain ${at}`] === after[`chain ${at}`]) continue
          expect(verified.certificateDigests.some((digest) => changes.has(digest))).toBe(true)
        }
        for (const [at, { chains }] of history.writings.entries()) {
          if (before[`record ${at}`] === after[`record ${at}`]) continue
          const above = [...chains.creator.certificateDigests, ...chains.author.certificateDigests]
          expect(above.some((digest) => changes.has(digest))).toBe(true)
        }
        before = after
      }
    }),
    { numRuns: 60 },
  )
})

test('P-100: equals never revoke each other: who is revoked is revoked by somebody nearer to the root', () => {
  fc.assert(
    fc.property(anyHistory, (history) => {
      const all = emptyState(history)
      for (const fact of history.facts) learn(all, fact)
      for (const { verified } of history.members) {
        const shallower = emptyState(history)
        for (const fact of history.facts) {
          const isNearer = fact.kind !== 'revocation' || fact.revocation.author.depth < verified.depth
          if (isNearer) learn(shallower, fact)
        }
        const standing = all.standingOfChain(verified)
        // Whoever lets others in by a link may be anywhere.
        if (standing === 'not-admitted' || shallower.standingOfChain(verified) === 'not-admitted') continue
        expect(shallower.standingOfChain(verified)).toBe(standing)
      }
    }),
    { numRuns: 60 },
  )
})

test('P-096, P-098: nothing that a revoked key signs afterwards comes in, whatever the dates in it', () => {
  let tried = 0
  fc.assert(
    fc.property(anyHistory, fc.uint8Array({ minLength: 16, maxLength: 16 }), (history, digest) => {
      const state = emptyState(history)
      for (const fact of history.facts) learn(state, fact)
      for (const revoked of history.members) {
        if (state.standingOfChain(revoked.verified) !== 'falls') continue
        tried++
        // A new version of any record, and a new member, issued in the past; what it writes and whom it lets in.
        for (const { version, chains } of history.writings) {
          const forged = { id: version.id, digest: crypto.sha256(digest) }
          const verdict = state.standingOfRecord(forged, { ...chains, author: revoked.verified })
          expect(verdict === 'stands').toBe(false)
        }
        if (!revoked.verified.roles.includes('administrator')) continue
        const backdated = member(revoked, 200, ['administrator'], { notBefore: NOW - 1000 * 60 * 60 })
        state.learn(backdated.verified)
        expect(state.standingOfChain(backdated.verified) === 'stands').toBe(false)
      }
    }),
    { numRuns: 60 },
  )
  expect(tried).toBeGreaterThan(5)
})
