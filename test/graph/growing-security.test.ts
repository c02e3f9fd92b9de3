/** A security state that only grows: what was valid is not judged again, what waits is. */
import { expect, test } from 'vitest'
import { noSecurity } from '../../src/graph/no-security.ts'
import type { ProviderContext } from '../../src/graph/security-provider.ts'
import { toHex } from '../../src/runtime/bytes.ts'
import { SimulatedGraph } from './simulated-graph.ts'

const COUNT = 20

/** Two nodes; at the second one, what the first has written waits until it is known. */
function makeTwo() {
  const graph = new SimulatedGraph({ seed: 'growing', properties: { maxPresenceRecords: 0 } })
  const first = graph.add()
  const known = new Set<string>()
  let context: ProviderContext | undefined
  let judged = 0
  const second = graph.add({
    node: {
      provider: (given) => {
        context = given
        known.add(toHex(given.identity.keyPair.publicKey))
        return {
          ...noSecurity(),
          validate: ({ type, creator }) => {
            if (type !== 'test.note') return 'valid' as const
            judged++
            return known.has(toHex(creator.publicKey)) ? ('valid' as const) : { missingProof: new Uint8Array(1) }
          },
        }
      },
    },
  })
  graph.world.runUntil(() => second.node.status().state === 'synchronized', 60_000)
  const texts = (): number => second.node.store.list({ type: 'test.note', limit: 100 }).length
  for (let index = 0; index < COUNT; index++) second.write(`own ${index}`)
  first.write('of another')
  graph.world.runFor(1000)
  const took = (act: (context: ProviderContext) => void): number => {
    const before = judged
    if (context === undefined) throw new Error('it is not open')
    act(context)
    graph.world.runFor(1000)
    return judged - before
  }
  return { first, known, texts, took }
}

test('only what waits is judged again where nothing else can have changed', () => {
  const { first, known, texts, took } = makeTwo()
  expect(texts()).toBe(COUNT)
  known.add(first.key)
  expect(took((context) => context.changed('more'))).toBeLessThan(COUNT)
  expect(texts()).toBe(COUNT + 1)
  known.delete(first.key)
  expect(took((context) => context.changed('more'))).toBe(0)
  expect(texts()).toBe(COUNT + 1)
  expect(took((context) => context.changed())).toBeGreaterThanOrEqual(COUNT + 1)
  expect(texts()).toBe(COUNT)
})
