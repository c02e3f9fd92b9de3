/** Records that are flooded and whose proof does not come, seen from the other ends of the links. */
import { expect, test } from 'vitest'
import type { GraphMessage } from '../../src/graph/graph-message.ts'
import { LONGEST_PROOF_WAIT } from '../../src/graph/missing-proofs.ts'
import { GRAFT_ANSWER_WAIT, LONGEST_GRAFT_JITTER, LONGEST_GRAFT_WAIT } from '../../src/graph/wanted-records.ts'
import type { GraphRecord } from '../../src/records/record.ts'
import { isReserved } from '../../src/records/record-type.ts'
import { toUtf8 } from '../../src/runtime/bytes.ts'
import { providerWith } from './lone-records.ts'
import { type ScriptedLink, ScriptedNode } from './scripted-node.ts'
import { SimulatedGraph } from './simulated-graph.ts'

const REQUEST = toUtf8('the chain of its author')
/** How long an announced record may take to be asked for. */
const LONGEST_ASKING = LONGEST_GRAFT_WAIT + LONGEST_GRAFT_JITTER

/** A node that takes no record of an application without a proof, and three neighbors. */
function makeDoubting(seed: string) {
  const graph = new SimulatedGraph({ seed, properties: { maxPresenceRecords: 0 } })
  let isProven = false
  const provider = providerWith({
    validate: ({ type }) => (isReserved(type) || isProven ? 'valid' : { missingProof: REQUEST }),
    proofArrived: () => {
      isProven = true
      return true
    },
  })
  const member = graph.add({ node: { provider } })
  graph.world.runFor(1000)
  const ask = (name: string): ScriptedLink => new ScriptedNode(graph, name).ask(member)
  const links = { mute: ask('mute'), slow: ask('slow'), good: ask('good') }
  graph.world.runFor(500)
  const has = ({ id }: GraphRecord): boolean => member.node.store.find(id) !== undefined
  return { graph, links, has }
}

/** A record that is new there. */
function makeRecord(seed: string): GraphRecord {
  const author = new SimulatedGraph({ seed, properties: { maxPresenceRecords: 0 } }).add()
  author.graph.world.runFor(1000)
  return author.write('text')
}

function flood({ bytes }: GraphRecord): GraphMessage {
  return { kind: 'FLOOD', record: bytes }
}

function advertise({ id, digest }: GraphRecord): GraphMessage {
  return { kind: 'ADVERTISE', records: [{ id, digest }] }
}

test('G-076, G-129: a copy that waits for its proof does not end the search for one that can be proven', () => {
  const { graph, links, has } = makeDoubting('copies')
  const { mute, slow, good } = links
  const record = makeRecord('of copies')
  mute.send(flood(record))
  mute.wait(() => mute.all('PROOF_REQUEST').length > 0)
  slow.send(advertise(record))
  slow.wait(() => slow.all('GRAFT').length > 0, LONGEST_ASKING)
  good.send(advertise(record))
  slow.send(flood(record))
  slow.wait(() => slow.all('PROOF_REQUEST').length > 0)
  // The link through which it was asked for does not prove it, and so the other announcer is asked for it.
  good.wait(() => good.all('GRAFT').length > 0, GRAFT_ANSWER_WAIT + 1000)
  good.send(flood(record))
  good.wait(() => good.all('PROOF_REQUEST').length > 0)
  good.send({ kind: 'PROOF', request: REQUEST, proof: toUtf8('it') })
  graph.world.runFor(1000)
  expect(has(record)).toBe(true)
})

test('G-076, G-129: what one neighbor could not prove is asked for when another one announces it', () => {
  const { graph, links, has } = makeDoubting('later')
  const { mute, good } = links
  const record = makeRecord('of later')
  mute.send(flood(record))
  mute.wait(() => mute.all('PROOF_REQUEST').length > 0)
  graph.world.runFor(LONGEST_PROOF_WAIT + 1000)
  // Nor does it end anything for others that it is sent again.
  mute.send(flood(record))
  graph.world.runFor(1000)
  good.send(advertise(record))
  good.wait(() => good.all('GRAFT').length > 0, LONGEST_ASKING)
  good.send(flood(record))
  good.wait(() => good.all('PROOF_REQUEST').length > 0)
  good.send({ kind: 'PROOF', request: REQUEST, proof: toUtf8('it') })
  graph.world.runFor(1000)
  expect(has(record)).toBe(true)
  expect(mute.all('PROOF_REQUEST')).toHaveLength(1)
})
