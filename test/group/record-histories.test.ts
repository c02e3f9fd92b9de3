/**
 * Random histories of a group, as signed records that reach real databases in random order, by floods, comparisons and imports, and
 * over restarts: no node ever has what was not made by right, and all end with the same: exactly what the plain judgement says.
 */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { chainDigestFromBytes } from '../../src/group/digests.ts'
import { GroupSecurity } from '../../src/group/group-security.ts'
import { graphKeys, parseGraphId } from '../../src/records/graph-id.ts'
import type { GraphRecord } from '../../src/records/record.ts'
import { compareBytes, equalBytes, toHex } from '../../src/runtime/bytes.ts'
import { LoneRecords } from '../graph/lone-records.ts'
import { crypto } from '../identity/platform.ts'
import { anyActions, type MadeRecord, madeBy } from './any-group-records.ts'
import { groupKey, groupName, NOW } from './member-samples.ts'
import { PlainJudgement } from './plain-judgement.ts'

const [root] = groupKey.chain
const keys = graphKeys(crypto, parseGraphId('a group for tests'))
/** The time in the simulation is another one than that of the samples. */
const clockSkew = NOW + 60_000 - new LoneRecords().now
/** Enough for all that a node puts off to a later turn, in milliseconds. */
const TURN = 500
/** More rounds of telling than are ever needed. */
const MOST_ROUNDS = 20

/** A node of the group whose own identity plays no part. */
function openNode(): LoneRecords {
  return new LoneRecords({
    ...{ crypto, keys, clockSkew },
    provider: (context) =>
      new GroupSecurity(
        { ...context, crypto },
        {
          ...{ group: groupName, root },
          entry: { kind: 'fetched', digest: chainDigestFromBytes(new Uint8Array(32)) },
          owner: {
            ...{ precedes: () => undefined, changed: () => undefined },
            ...{ letIn: () => undefined, joined: () => undefined, rootLearned: () => undefined },
          },
        },
      ),
  })
}

function recordsOf({ records: { store } }: LoneRecords): readonly GraphRecord[] {
  return [...store.database.leaves()].flatMap(({ id }) => store.find(id) ?? [])
}

/** A record for whoever reads a failure. */
function nameOf(made: readonly MadeRecord[], digest: Uint8Array): string {
  const at = made.findIndex(({ record }) => equalBytes(record.digest, digest))
  const { what, chains } = made[at] ?? { what: 'unknown', chains: undefined }
  const [creator, author] = [chains?.creator, chains?.author].map(
    (chain) => `${chain?.key.slice(0, 4)}/${chain?.depth}`,
  )
  return `${at} ${what} by ${creator}, ${author}`
}

/** The plain judgement of all that was made: which records a node has in the end. */
function expected(made: readonly MadeRecord[]): readonly GraphRecord[] {
  const facts = made.flatMap(({ fact }) => fact ?? [])
  const plain = new PlainJudgement(facts)
  const named = new Set(
    facts.flatMap((fact) => (fact.kind === 'revocation' && plain.counts(fact.revocation) ? fact.revocation.pages : [])),
  )
  const isValid = ({ record, isByRight, chains: { creator, author }, fact }: MadeRecord): boolean => {
    if (!isByRight) return false
    if (fact?.kind === 'revocation') return plain.counts(fact.revocation)
    if (fact?.kind === 'page' && named.has(fact.page.page)) return true
    return plain.record(record, creator, author) !== 'falls' && plain.isIn(creator) && plain.isIn(author)
  }
  const best = new Map<string, MadeRecord>()
  for (const one of made.filter(isValid)) {
    const other = best.get(one.record.id)
    if (other === undefined || isGreater(one, other)) best.set(one.record.id, one)
  }
  return [...best.values()].map(({ record }) => record)
}

/** Deleted by an administrator, deleted, version, digest (P-138). */
function isGreater(one: MadeRecord, other: MadeRecord): boolean {
  const rank = ({ record, chains }: MadeRecord): number =>
    record.deleted ? (chains.author.roles.includes('administrator') ? 2 : 1) : 0
  const difference = rank(one) - rank(other) || one.record.version - other.record.version
  return (difference || compareBytes(one.record.digest, other.record.digest)) > 0
}

/** Records come from a neighbor, which has the proofs that it is asked for. */
function tell(
  node: LoneRecords,
  records: readonly GraphRecord[],
  from: string,
  proofOf: (request: Uint8Array) => Uint8Array | undefined,
): void {
  for (const record of records) node.arrive(record, from, 'bulk')
  const { sent } = node.link(from)
  for (let message = sent.shift(); message !== undefined; message = sent.shift()) {
    if (message.kind !== 'PROOF_REQUEST') continue
    const proof = proofOf(message.request)
    if (proof !== undefined) node.records.missing.proofCame(message.request, proof)
  }
  node.run(TURN)
}

test('P-090, P-095, P-096, P-100, P-138: whatever was done, all nodes end with what was done by right and stays, and never have anything else', () => {
  const seen = { wrong: 0, lost: 0, stays: 0 }
  fc.assert(
    fc.property(anyActions, fc.infiniteStream(fc.nat()), (actions, drawn) => {
      const made = madeBy(actions)
      const draw = (below: number): number => (drawn.next().value ?? 0) % below
      const nodes = Array.from({ length: 3 }, openNode)
      const chains = new Map(
        made.flatMap(({ chains }) => [chains.creator, chains.author].map((chain) => [chain.digest, chain.bytes])),
      )
      const anyProof = (request: Uint8Array) => chains.get(chainDigestFromBytes(request))
      const isByRight = new Map(made.map((one) => [toHex(one.record.digest), one]))
      const expectOnlyRight = (): void => {
        for (const node of nodes) {
          for (const { digest } of recordsOf(node)) {
            const one = isByRight.get(toHex(digest))
            expect(one?.isByRight === true ? 'by right' : `stored: ${one?.what}`).toBe('by right')
          }
        }
      }
      // Each record comes from outside to one or two of them, in any order; they restart, import, and tell each other.
      const everything = made.map(({ record }) => record)
      for (const record of inAnyOrder(everything, draw)) {
        for (let times = 1 + draw(2); times > 0; times--) {
          const [node, other] = [at(nodes, draw(3)), at(nodes, draw(3))]
          if (draw(4) === 0)
            node.records.arrival.take(record.bytes, { session: undefined, how: 'bulk' }, () => undefined)
          else tell(node, [record], `neighbor ${draw(2)}`, anyProof)
          if (draw(8) === 0) node.restart()
          if (draw(8) === 0)
            tell(other, inAnyOrder(recordsOf(node), draw), 'another', (request) => proofOf(node, request))
        }
      }
      expectOnlyRight()
      // Then all of it comes once more, to one of them each, until nothing changes any more.
      for (let round = 0, before = ''; ; round++) {
        for (const record of inAnyOrder(everything, draw))
          tell(at(nodes, draw(3)), [record], `round ${round}`, anyProof)
        for (const from of nodes) {
          for (const to of nodes) tell(to, recordsOf(from), `round ${round}`, (request) => proofOf(from, request))
        }
        const after = nodes.map(({ root }) => root).join()
        if (after === before) break
        before = after
        expect(round).toBeLessThan(MOST_ROUNDS)
      }
      expectOnlyRight()
      const right = expected(made)
      const named = (records: Iterable<GraphRecord>): readonly string[] => {
        return [...records].map(({ digest }) => nameOf(made, digest)).sort()
      }
      for (const node of nodes) expect(named(recordsOf(node))).toEqual(named(right))
      // A node that begins with nothing, and one that reads its database again, have the same.
      const newcomer = openNode()
      for (const _ of [1, 2]) {
        tell(newcomer, inAnyOrder(right, draw), 'first', (request) => proofOf(at(nodes, 0), request))
      }
      newcomer.restart()
      expect(named(recordsOf(newcomer))).toEqual(named(right))
      for (const { isByRight, record } of made) {
        seen[right.includes(record) ? 'stays' : isByRight ? 'lost' : 'wrong']++
      }
    }),
    { numRuns: 25, endOnFailure: true },
  )
  // The histories are such that there is something to agree on.
  expect(Math.min(seen.wrong, seen.lost, seen.stays)).toBeGreaterThan(10)
})

function proofOf({ parts }: LoneRecords, request: Uint8Array): Uint8Array | undefined {
  return parts.provider.proof(request)
}

function inAnyOrder<Item>(items: readonly Item[], draw: (below: number) => number): readonly Item[] {
  const left = [...items]
  const taken: Item[] = []
  while (left.length > 0) taken.push(...left.splice(draw(left.length), 1))
  return taken
}

function at<Item>(items: readonly Item[], index: number): Item {
  const item = items[index]
  if (item === undefined) throw new RangeError(`there is no item ${index}`)
  return item
}
