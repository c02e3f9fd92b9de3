/** What a group costs its members while nobody does anything. */
import { expect, test } from 'vitest'
import { MINUTE, NodeGroup } from './simulated-group-nodes.ts'

test('G-107: an idle member of a group of 20 sends at most 300 bytes a second, presence and comparisons included', () => {
  const group = new NodeGroup('idle')
  for (let index = 1; index < 20; index++) group.add(`Member ${index}`)
  group.untilEqual()
  group.runFor(10 * MINUTE)
  const before = group.graph.sum('bytes-sent')
  group.runFor(15 * MINUTE)
  const perSecond = (group.graph.sum('bytes-sent') - before) / 20 / (15 * 60)
  // A cloud of 1,000 costs an idle node another 180 (docs/benchmarks.md): together that is less than 1 KB.
  expect(perSecond).toBeLessThan(300)
  expect(perSecond).toBeGreaterThan(0)
})
