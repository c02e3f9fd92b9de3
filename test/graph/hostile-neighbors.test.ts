/** A node that says anything at any time to a node of a graph costs it a link, and neither a crash nor a record. */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { decodeGraphMessage } from '../../src/graph/decode-graph-message.ts'
import type { GraphMessage, MessageKind } from '../../src/graph/graph-message.ts'
import { fromHex } from '../../src/runtime/bytes.ts'
import { WireReader } from '../../src/wire/wire-reader.ts'
import { ScriptedNode } from './scripted-node.ts'
import { SimulatedGraph } from './simulated-graph.ts'

interface Vector {
  readonly message: { readonly kind: MessageKind }
  readonly body: string
}

/** A message of each kind and form. */
const messages: readonly GraphMessage[] = ['graph-messages', 'graph-reconciliation'].flatMap((name) => {
  const file = new URL(`../../docs/protocol/vectors/${name}.json`, import.meta.url)
  const { messages: vectors }: { readonly messages: readonly Vector[] } = JSON.parse(readFileSync(file, 'utf8'))
  return vectors.map(({ message, body }) => {
    const bytes = fromHex(body)
    if (bytes === undefined) throw new TypeError(body)
    return decodeGraphMessage(message.kind, new WireReader(bytes, message.kind))
  })
})

test.each(['a', 'b', 'c'])('seed %s', (seed) => {
  const graph = new SimulatedGraph({ seed: `hostile ${seed}` })
  const [member] = graph.grow(4)
  if (member === undefined) throw new RangeError('there are four')
  graph.world.runFor(10_000)
  const record = member.write('precious')
  const hostile = new ScriptedNode(graph, 'hostile')
  const random = graph.world.random('what it says')
  const draw = <Item>(items: readonly Item[]): Item => {
    const item = items[random.uint32() % items.length]
    if (item === undefined) throw new RangeError('nothing to draw from')
    return item
  }
  let links = 0
  for (let said = 0; said < 600; ) {
    const purpose = draw(['neighbor', 'comparison', 'direct', 'none'] as const)
    const link =
      purpose === 'none' ? hostile.dial(member) : hostile.ask(member, { purpose, alone: draw([true, false]) })
    links++
    while (link.closing === undefined && said++ < 600) {
      link.send(draw(messages))
      if (random.uint32() % 4 === 0) graph.world.runFor(draw([1, 20, 300, 2000]))
    }
    graph.world.runFor(50)
  }
  expect(links).toBeGreaterThan(10)
  graph.world.runFor(90_000)
  expect(graph.differences()).toEqual([])
  expect(member.node.store.get(record.type, record.id)).toBeDefined()
  expect(graph.isConnected()).toBe(true)
  expect(member.node.status().state).toBe('synchronized')
})
