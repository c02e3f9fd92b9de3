/** The longer cuts of partitions.test.ts: presence has run out, and each part has neighbors enough of its own. */
import { describe, test } from 'vitest'
import { cutAndCheck } from './healing.ts'
import { SimulatedGraph } from './simulated-graph.ts'

const LENGTH = 20 * 60_000

describe('a graph that was cut for long is one again, and all of it floods', () => {
  test.each([[[1]], [[4]], [[10]], [[4, 6]]])(
    'G-109, G-175, G-176: 20 nodes, parts of %j and the rest, for 20 minutes',
    (sizes) => {
      const graph = new SimulatedGraph({ seed: `long ${sizes.join()}`, checks: false })
      graph.grow(20)
      cutAndCheck(graph, { sizes, length: LENGTH })
    },
  )
})
