/** The properties of a graph and the record that states them. */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import {
  countingInfo,
  DEFAULT_PROPERTIES,
  encodeProperties,
  GRAPH_INFO_TYPE,
  type GraphProperties,
  propertiesOf,
  requireProperties,
} from '../../src/graph/graph-properties.ts'
import { toHex } from '../../src/runtime/bytes.ts'
import { PeerageError } from '../../src/runtime/peerage-error.ts'
import { hex } from '../records/record-vectors.ts'
import { codeOf, HOUR, madeRecord } from './lone-records.ts'
import { type Member, SimulatedGraph } from './simulated-graph.ts'

interface InfoVectors {
  readonly payloads: readonly {
    readonly what: string
    readonly payload: string
    readonly properties: GraphProperties & { readonly creator: string }
  }[]
  readonly usual: { readonly payload: string }
  readonly unknown: { readonly payload: string }
  readonly refused: readonly { readonly what: string; readonly payload: string }[]
}

const vectors: InfoVectors = JSON.parse(readFileSync('docs/protocol/vectors/graph-info.json', 'utf8'))
const creator = hex(vectors.payloads[0]?.properties.creator ?? '')

function read(payload: string): GraphProperties | undefined {
  const record = madeRecord(0, { type: GRAPH_INFO_TYPE })
  return propertiesOf({ ...record, creator: { publicKey: creator, classifier: '' }, payload: hex(payload) })
}

describe('the payload of the info record', () => {
  for (const { what, payload, properties } of vectors.payloads) {
    test(`G-005: states ${what}`, () => {
      const { creator: key, ...stated } = properties
      expect(toHex(encodeProperties(stated, hex(key)))).toBe(payload)
      expect(read(payload)).toEqual(stated)
    })
  }

  for (const { what, payload } of vectors.refused) {
    test(`G-003, G-005: is refused where it is ${what}`, () => {
      expect(read(payload)).toBe(undefined)
    })
  }

  test('G-003: a presence lifetime of 0 stands for 300 s, and fields that are not known are passed over', () => {
    expect(read(vectors.usual.payload)).toEqual(DEFAULT_PROPERTIES)
    expect(read(vectors.unknown.payload)).toEqual(DEFAULT_PROPERTIES)
  })
})

describe('properties', () => {
  const invalid: readonly (readonly [keyof GraphProperties, Partial<GraphProperties>])[] = [
    ['friendlyName', { friendlyName: 'x'.repeat(256) }],
    ['friendlyName', { friendlyName: '\ud800' }],
    ['comment', { comment: 'x'.repeat(512) }],
    ['comment', { comment: '\0' }],
    ['presenceLifetime', { presenceLifetime: 299_999 }],
    ['presenceLifetime', { presenceLifetime: 300_000.5 }],
    ['presenceLifetime', { presenceLifetime: Number.NaN }],
    ['maxPresenceRecords', { maxPresenceRecords: -2 }],
    ['longestRecordLife', { longestRecordLife: 0 }],
  ]
  for (const [name, given] of invalid) {
    test(`G-001, G-003: an invalid ${name} fails with an error that names it: ${JSON.stringify(given).slice(0, 40)}`, () => {
      expect(codeOf(() => requireProperties(given))).toBe('invalid-graph-property')
      try {
        requireProperties(given)
      } catch (error) {
        expect(error instanceof PeerageError && error.details).toMatchObject({ name })
      }
    })
  }

  test('G-001, G-003: are all optional, and their limits are allowed', () => {
    expect(requireProperties({})).toEqual(DEFAULT_PROPERTIES)
    expect(requireProperties({ presenceLifetime: 0 }).presenceLifetime).toBe(300_000)
    const longest = { friendlyName: 'x'.repeat(255), comment: '🐎'.repeat(255), presenceLifetime: 300_000 }
    expect(requireProperties(longest)).toEqual({ ...DEFAULT_PROPERTIES, ...longest })
  })

  test('G-005: of several info records the one that was created first counts, of those the one of lowest ID', () => {
    const made = (created: number, nonce: string) => madeRecord(HOUR, { created, nonce, type: GRAPH_INFO_TYPE })
    const [late, one, other] = [made(9, 'a'), made(5, 'b'), made(5, 'c')]
    const lower = one.id < other.id ? one : other
    for (const records of [
      [late, one, other],
      [other, one, late],
      [one, late, other],
    ]) {
      expect(countingInfo(records)).toBe(lower)
    }
    expect(countingInfo([])).toBe(undefined)
  })
})

/** Changes properties, as the application of a member does. */
function setProperties(member: Member, change: Partial<GraphProperties>): void {
  let outcome: unknown
  member.node.setProperties({ ...member.node.properties(), ...change }, (told) => {
    outcome = told
  })
  member.node.store.commit()
  if (outcome instanceof PeerageError) throw outcome
}

test('G-004: a new graph has a node ID that is drawn, one record, peer time without correction, and its creator is ready', () => {
  const graph = new SimulatedGraph({ seed: 'a new graph', properties: { friendlyName: 'new' } })
  const other = new SimulatedGraph({ seed: 'another new graph' }).add()
  const member = graph.add()
  const { node } = member
  expect(node.parts.nodeId).toMatch(/^[0-9a-f]{16}$/)
  expect(other.node.parts.nodeId).not.toBe(node.parts.nodeId)
  expect([...node.store.database.leaves()].map(({ type }) => type)).toEqual([GRAPH_INFO_TYPE])
  expect([node.parts.peerTime.correction, node.isReady]).toEqual([0, true])
  expect(node.store.database.setting('synchronized')).toBe(undefined)
  expect(node.properties()).toEqual({ ...DEFAULT_PROPERTIES, friendlyName: 'new' })
  const { id } = member.write('hello')
  expect(node.store.live(id)?.record.version).toBe(1)
})

test('G-007: each node applies a change of the creator and says so once; nobody else can change anything', () => {
  const graph = new SimulatedGraph({ seed: 'changed properties' })
  const [creatorNode, other] = graph.grow(2)
  if (creatorNode === undefined || other === undefined) throw new Error('no members')
  graph.world.runUntil(() => graph.differences().length === 0, 10_000)
  setProperties(creatorNode, { friendlyName: 'changed', longestRecordLife: 1, presenceLifetime: 600_000 })
  graph.world.runFor(2000)
  for (const member of [creatorNode, other]) {
    const { longestRecordLife } = DEFAULT_PROPERTIES
    const changed = { friendlyName: 'changed', presenceLifetime: 600_000, longestRecordLife }
    expect(member.node.properties()).toMatchObject(changed)
    expect(member.events.filter((event) => event === 'properties')).toHaveLength(1)
  }
  expect(codeOf(() => setProperties(other, { friendlyName: 'mine' }))).toBe('not-authorized')
  expect(codeOf(() => setProperties(creatorNode, { presenceLifetime: 5 }))).toBe('invalid-graph-property')
  graph.world.runFor(2000)
  expect(creatorNode.node.properties().friendlyName).toBe('changed')
  expect(graph.differences()).toEqual([])
})

test('G-005: where a graph was made twice, the properties of who made it first count on every node', () => {
  const graph = new SimulatedGraph({ seed: 'made twice', properties: { friendlyName: 'first' } })
  const first = graph.add()
  graph.world.runFor(5000)
  const creates = requireProperties({ friendlyName: 'second', maxPresenceRecords: 3 })
  const second = graph.add({ node: { creates }, at: [] })
  const third = graph.add({ at: [second.endpoint] })
  graph.world.runUntil(() => third.node.properties().friendlyName === 'second', 60_000)
  second.node.addAddresses([first.endpoint])
  graph.world.runUntil(() => graph.differences().length === 0, 60_000)
  graph.world.runFor(5000)
  for (const { node } of [first, second, third]) {
    expect(node.properties()).toEqual({ ...DEFAULT_PROPERTIES, friendlyName: 'first' })
    expect(node.store.list({ type: GRAPH_INFO_TYPE, limit: 5 })).toHaveLength(2)
  }
})

test('G-006: who joins a year after the creator has left still gets the properties', () => {
  const graph = new SimulatedGraph({
    seed: 'left long ago',
    properties: { friendlyName: 'old', longestRecordLife: HOUR },
  })
  const [creatorNode, keeper] = graph.grow(2)
  graph.world.runUntil(() => graph.differences().length === 0, 10_000)
  creatorNode?.close()
  keeper?.host.skewClock(365 * 24 * HOUR)
  keeper?.restart()
  const newcomer = graph.add({ at: keeper === undefined ? [] : [keeper.endpoint] })
  newcomer.host.skewClock(365 * 24 * HOUR)
  newcomer.restart()
  newcomer.node.addAddresses(keeper === undefined ? [] : [keeper.endpoint])
  graph.world.runUntil(() => newcomer.node.properties().friendlyName === 'old', 60_000)
  expect(newcomer.node.properties().longestRecordLife).toBe(HOUR)
})

test('G-006: the creator extends the life of the properties while it is online', () => {
  const graph = new SimulatedGraph({ seed: 'extended properties' })
  const member = graph.add()
  const info = () => member.node.store.list({ type: GRAPH_INFO_TYPE, limit: 1 })[0]?.record
  const first = info()
  member.host.skewClock(8 * 365 * 24 * HOUR)
  member.restart()
  graph.world.runFor(120_000)
  const renewed = info()
  expect(renewed).toMatchObject({ id: first?.id, version: 2 })
  expect(renewed?.expires).toBeGreaterThan((first?.expires ?? 0) + 7 * 365 * 24 * HOUR)
  expect(member.node.properties()).toEqual(DEFAULT_PROPERTIES)
})

test('G-154: a node that learns of a shorter life of records drops what outlives it', () => {
  const graph = new SimulatedGraph({ seed: 'a short life', properties: { longestRecordLife: 2 * HOUR } })
  const [first] = graph.grow(1)
  const other = graph.add({ at: [] })
  // It does not know the properties yet, and takes them to be the usual ones.
  const { id } = other.write('too long', { life: 3 * HOUR })
  const kept = other.write('short', { life: HOUR })
  other.node.addAddresses(first === undefined ? [] : [first.endpoint])
  graph.world.runUntil(() => other.node.properties().longestRecordLife === 2 * HOUR, 60_000)
  graph.world.runFor(1000)
  expect(other.node.store.live(id)).toBe(undefined)
  expect(other.node.store.live(kept.id)).toBeDefined()
  expect(graph.differences()).toEqual([])
})

test('G-010: the database says that it is complete only after a first comparison has ended, with nothing lost', () => {
  const graph = new SimulatedGraph({ seed: 'a first copy cut short' })
  const first = graph.add()
  for (let index = 0; index < 300; index++) first.write(`record ${index} ${'x'.repeat(1000)}`)
  const newcomer = graph.add({ at: [], listens: false })
  newcomer.node.addAddresses([first.endpoint])
  const isComplete = (): boolean => newcomer.node.store.database.setting('synchronized') !== undefined
  // It is killed in the middle of the copy, again and again.
  let kills = 0
  while (newcomer.node.store.trie.size < 301 && kills < 50) {
    graph.world.runFor(40)
    if (newcomer.node.store.trie.size < 301) expect(isComplete()).toBe(false)
    if (newcomer.node.store.trie.size > 0 && newcomer.node.store.trie.size < 301) {
      newcomer.restart()
      kills++
      newcomer.node.addAddresses([first.endpoint])
      expect(isComplete()).toBe(false)
      graph.world.runFor(2000 * (kills % 3))
    }
  }
  expect(kills).toBeGreaterThan(0)
  graph.world.runUntil(isComplete, 60_000)
  expect(graph.differences()).toEqual([])
  newcomer.restart()
  expect([isComplete(), newcomer.node.isReady]).toEqual([true, true])
})

test('G-010: a copy of which the disk did not take a part is not complete', () => {
  const graph = new SimulatedGraph({ seed: 'a full disk' })
  const first = graph.add()
  for (let index = 0; index < 50; index++) first.write(`record ${index}`)
  const newcomer = graph.add({ at: [] })
  newcomer.databases.isFull = true
  newcomer.node.addAddresses([first.endpoint])
  graph.world.runFor(20_000)
  expect(newcomer.node.store.trie.size).toBe(0)
  expect([newcomer.node.isReady, newcomer.events.includes('synchronized all')]).toEqual([false, false])
  newcomer.databases.isFull = false
  graph.world.runUntil(() => newcomer.node.isReady, 60_000)
  expect([graph.differences(), newcomer.node.store.trie.size]).toEqual([[], 51])
})
