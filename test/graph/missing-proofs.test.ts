/** Records of which the security provider lacks a proof. */
import { expect, test } from 'vitest'
import {
  JUNK_REMEMBERED,
  LARGEST_ASIDE,
  LONGEST_PROOF_WAIT,
  MOST_ASIDE,
  MOST_ASIDE_OF_SENDER,
  MOST_JUNK_OF_SENDER,
} from '../../src/graph/missing-proofs.ts'
import type { GraphSecurityProvider } from '../../src/graph/security-provider.ts'
import type { GraphRecord } from '../../src/records/record.ts'
import { fromUtf8, toUtf8 } from '../../src/runtime/bytes.ts'
import { LoneRecords, MINUTE, providerWith } from './lone-records.ts'

/** A record is valid once a proof is here that has the name of what its proofs field says. */
class Proofs {
  readonly known = new Set<string>()
  isAsked = 0

  get provider(): Partial<GraphSecurityProvider> {
    return {
      validate: ({ proofs }) => {
        this.isAsked++
        const name = fromUtf8(proofs) ?? ''
        return name === '' || this.known.has(name) ? 'valid' : { missingProof: proofs }
      },
      proofArrived: (request, proof) => {
        if (fromUtf8(proof) !== 'good') return false
        this.known.add(fromUtf8(request) ?? '')
        return true
      },
    }
  }
}

function nodeWith(proofs: Proofs): LoneRecords {
  return new LoneRecords({ provider: providerWith(proofs.provider) })
}

/** The proofs that a neighbor was asked for. */
function asked(node: LoneRecords, name: string): string[] {
  return node
    .link(name)
    .sent.flatMap((message) => (message.kind === 'PROOF_REQUEST' ? [fromUtf8(message.request) ?? ''] : []))
}

function answer(node: LoneRecords, request: string, proof = 'good'): void {
  node.records.missing.proofCame(toUtf8(request), toUtf8(proof))
}

test('G-129, P-084: a record without a proof is put aside, its sender is asked once, and the proof lets all that wait for it in', () => {
  const proofs = new Proofs()
  const node = nodeWith(proofs)
  const records = ['one', 'two'].map((text) => node.made({ text, proofs: 'chain' }))
  const outcomes = records.map((record) => node.arrive(record))
  node.run(5000)
  expect([node.texts(), node.arrived, outcomes]).toEqual([[], [], [[], []]])
  expect(asked(node, 'neighbor')).toEqual(['chain'])
  answer(node, 'chain', 'bad')
  answer(node, 'another')
  expect(node.records.missing.size).toBe(2)
  answer(node, 'chain')
  expect(outcomes).toEqual([['new'], ['new']])
  expect([node.texts(), node.arrived.length, node.records.missing.size]).toEqual([['one', 'two'], 2, 0])
  node.run(LONGEST_PROOF_WAIT)
  expect(node.texts()).toEqual(['one', 'two'])
})

test('G-129, P-084, P-089: where the proof does not come in time the record is dropped, counted, and not taken from that neighbor for a while', () => {
  const node = nodeWith(new Proofs())
  const record = node.made({ proofs: 'chain' })
  const first = node.arrive(record, 'liar')
  node.run(LONGEST_PROOF_WAIT - 1)
  expect(first).toEqual([])
  node.run(1)
  expect([first, node.records.missing.size]).toEqual([['unproven'], 0])
  expect(node.arrive(record, 'liar')).toEqual(['unproven'])
  expect(asked(node, 'liar')).toEqual(['chain'])
  expect(node.counters['dropped-proof-missing']).toBe(2)
  // Another neighbor has not failed yet.
  const second = node.arrive(record, 'honest')
  expect(asked(node, 'honest')).toEqual(['chain'])
  answer(node, 'chain')
  expect(second).toEqual(['new'])
  node.run(JUNK_REMEMBERED)
  const other = node.made({ proofs: 'other chain', text: 'other' })
  expect(node.arrive(other, 'liar')).toEqual([])
})

test('G-129, P-084: each neighbor that sends the record is asked, so that one without the proof keeps nothing out', () => {
  const node = nodeWith(new Proofs())
  const record = node.made({ proofs: 'chain' })
  const first = node.arrive(record, 'liar')
  node.run(LONGEST_PROOF_WAIT - 1)
  expect(node.arrive(record, 'honest')).toEqual(['unproven'])
  expect(asked(node, 'honest')).toEqual(['chain'])
  node.run(1000)
  answer(node, 'chain')
  expect(first).toEqual(['new'])
  expect(node.texts()).toEqual(['text'])
})

test('G-129: what was put aside goes on as if it had just arrived: expired, old or present it brings nothing', () => {
  const node = nodeWith(new Proofs())
  node.run(MINUTE - 5000)
  const soon = node.made({ proofs: 'chain', expires: node.now + 1, text: 'soon' })
  const old = node.made({ proofs: 'chain', text: 'old' })
  const outcomes = [node.arrive(soon), node.arrive(old)]
  expect(node.arrive(node.made({ after: old, text: 'newer' }))).toEqual(['new'])
  node.run(6000)
  answer(node, 'chain')
  expect(outcomes).toEqual([['dropped'], ['old']])
  expect(node.texts()).toEqual(['newer'])
})

test('G-129: a second missing proof is asked for after the first', () => {
  const known = new Set<string>()
  const node = new LoneRecords({
    provider: providerWith({
      validate: () => {
        const missing = ['a', 'b'].find((name) => !known.has(name))
        return missing === undefined ? 'valid' : { missingProof: toUtf8(missing) }
      },
      proofArrived: (request) => {
        known.add(fromUtf8(request) ?? '')
        return true
      },
    }),
  })
  const outcome = node.arrive(node.made())
  answer(node, 'a')
  expect([asked(node, 'neighbor'), outcome]).toEqual([['a', 'b'], []])
  answer(node, 'b')
  expect(outcome).toEqual(['new'])
})

test('G-129: nobody can be asked for the proofs of an imported record: it is dropped', () => {
  const node = nodeWith(new Proofs())
  const outcomes: string[] = []
  const { bytes } = node.made({ proofs: 'chain' })
  node.records.arrival.take(bytes, { session: undefined, how: 'bulk' }, (outcome) => outcomes.push(outcome))
  expect(outcomes).toEqual(['unproven'])
})

test('G-129, P-089: records put aside have limits for each sender and for all, in number and bytes, and so has what is junk', () => {
  const node = nodeWith(new Proofs())
  const put = (sender: string, count: number, size = 1): GraphRecord[] =>
    Array.from({ length: count }, (_, index) => {
      const record = node.made({ proofs: 'chain', nonce: `${sender} ${index}`, text: 'x'.repeat(size) })
      node.arrive(record, sender, 'bulk')
      return record
    })
  const greedy = put('greedy', MOST_ASIDE_OF_SENDER + 10)
  expect([node.records.missing.size, node.counters['dropped-proof-limit']]).toEqual([MOST_ASIDE_OF_SENDER, 10])
  for (let sender = 0; node.records.missing.size < MOST_ASIDE && sender < 20; sender++) put(`s${sender}`, 200)
  put('last', 10)
  expect(node.records.missing.size).toBe(MOST_ASIDE)
  node.run(LONGEST_PROOF_WAIT)
  expect(node.records.missing.size).toBe(0)
  for (let sender = 0; sender < 20; sender++) put(`big${sender}`, 20, 60_000)
  expect(node.records.missing.size).toBeLessThanOrEqual(LARGEST_ASIDE / 60_000)
  expect(node.records.missing.size).toBeGreaterThan(LARGEST_ASIDE / 60_000 / 2)
  const junk = greedy.filter((record) => node.records.missing.isJunk(record, node.link('greedy').session.peer.key))
  expect(junk.length).toBeLessThanOrEqual(MOST_JUNK_OF_SENDER)
})

test('G-190: when the security state changes, what a neighbor could not prove is taken from it again', () => {
  const proofs = new Proofs()
  let change: (() => void) | undefined
  const node = new LoneRecords({
    provider: (graph) => {
      change = graph.changed
      return providerWith(proofs.provider)(graph)
    },
  })
  const record = node.made({ proofs: 'chain' })
  node.arrive(record)
  node.run(LONGEST_PROOF_WAIT)
  expect(node.arrive(record)).toEqual(['unproven'])
  proofs.known.add('chain')
  change?.()
  expect(node.arrive(record)).toEqual(['new'])
})

test('a stored record whose proof is missing later stays over a restart, and goes when the security state changes', () => {
  const proofs = new Proofs()
  let change: (() => void) | undefined
  const node = new LoneRecords({
    provider: (graph) => {
      change = graph.changed
      return providerWith(proofs.provider)(graph)
    },
  })
  proofs.known.add('chain')
  node.arrive(node.made({ proofs: 'chain', text: 'proven' }))
  node.run()
  proofs.known.clear()
  node.restart()
  expect(node.texts()).toEqual(['proven'])
  change?.()
  node.run()
  expect(node.texts()).toEqual([])
})

test('G-190: when the security state changes, what is put aside is tried again', () => {
  const proofs = new Proofs()
  let change: (() => void) | undefined
  const node = new LoneRecords({
    provider: (graph) => {
      change = graph.changed
      return providerWith(proofs.provider)(graph)
    },
  })
  const outcome = node.arrive(node.made({ proofs: 'chain' }))
  proofs.known.add('chain')
  change?.()
  expect(outcome).toEqual(['new'])
})
