/** A security provider that calls the graph that waits for it. */
import { expect, test } from 'vitest'
import type { GraphNode } from '../../src/graph/graph-node.ts'
import { DEFAULT_PROPERTIES } from '../../src/graph/graph-properties.ts'
import { noSecurity } from '../../src/graph/no-security.ts'
import type { SecurityProviderFactory } from '../../src/graph/security-provider.ts'
import { parseRecordId } from '../../src/records/record-id.ts'
import { codeOf, HOUR } from './lone-records.ts'
import { type Member, SimulatedGraph } from './simulated-graph.ts'

const id = parseRecordId('00'.repeat(16))
const content = { encoding: 'bytes', payload: new Uint8Array(0) } as const
const nothing = (): void => undefined

/** Everything that can be asked of a node, and would change it or read what it holds. */
const operations: Readonly<Record<string, (node: GraphNode, member: Member) => unknown>> = {
  goOnline: (node) => node.goOnline(),
  goOffline: (node) => node.goOffline(),
  suspend: (node) => node.suspend(nothing),
  resume: (node) => node.resume(),
  close: (node) => node.close(nothing),
  listen: (node) => node.listen([]),
  addAddresses: (node) => node.addAddresses([]),
  connect: (node, member) => node.connect(member.endpoint, nothing),
  add: (node) =>
    node.add({ type: 'test.note', expires: node.now() + HOUR, refresh: false, attributes: [], ...content }, nothing),
  update: (node) => {
    const update = { content, attributes: undefined, expires: undefined, refresh: undefined, ifVersion: undefined }
    node.update(id, update, nothing)
  },
  delete: (node) => node.delete(id, nothing),
  import: (node) => node.import(new Uint8Array(0), nothing),
  setProperties: (node) => node.setProperties(DEFAULT_PROPERTIES, nothing),
  setPresence: (node) => node.setPresence('never', undefined),
  connectDirectly: (node, member) => node.connectDirectly(member.identity.name, 'test', nothing),
  send: (node, member) => node.send(member.identity.name, 'test', new Uint8Array(0), nothing),
  store: (node) => node.store.list({ limit: 1 }),
  nodes: (node) => [...node.nodes()],
}

test('G-130: a provider that calls back gets an error from each operation of the graph, and the graph goes on', () => {
  const graph = new SimulatedGraph({ seed: 'calls back' })
  const codes = new Map<string, Set<string>>()
  let caller: Member | undefined
  const call = (from: string): void => {
    if (caller?.isOpen !== true) return
    for (const [name, operation] of Object.entries(operations)) {
      const key = `${name} from ${from}`
      const found = codes.get(key) ?? new Set()
      codes.set(key, found.add(codeOf(() => caller !== undefined && operation(caller.node, caller))))
    }
  }
  const provider: SecurityProviderFactory = () => ({
    ...noSecurity(),
    admit: () => {
      call('admit')
      return { verdict: 'admitted', received: () => 'admitted' }
    },
    secure: () => {
      call('secure')
      return new Uint8Array(0)
    },
    validate: () => {
      call('validate')
      return 'valid' as const
    },
    rightEnds: () => {
      call('rightEnds')
      return undefined
    },
  })
  const first = graph.add()
  const second = graph.add({ node: { provider } })
  caller = second
  graph.world.runUntil(() => second.node.status().state === 'synchronized', 60_000)
  const record = second.write('its own')
  const other = first.write('of another')
  first.node.delete(other.id, nothing)
  second.node.delete(record.id, nothing)
  graph.world.runFor(60_000)
  expect(second.node.status()).toMatchObject({ state: 'synchronized', neighbors: 1 })
  expect(graph.differences()).toEqual([])
  for (const from of ['admit', 'secure', 'validate', 'rightEnds']) {
    for (const name of Object.keys(operations)) {
      expect([name, from, ...(codes.get(`${name} from ${from}`) ?? [])]).toEqual([name, from, 'called-by-provider'])
    }
  }
})
