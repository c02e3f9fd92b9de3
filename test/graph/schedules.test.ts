/** Random schedules of joins, leaves, crashes, partitions and clocks: graphs of any size end as one, with the same records. */
import { describe, expect, test } from 'vitest'
import { LONGEST_HEALING } from './healing.ts'
import { runSchedule } from './random-schedule.ts'

describe('whatever happens on the way, all nodes end with the same records, over links that lead to all', () => {
  test.each([
    { nodes: 2, steps: 80, seeds: ['a', 'b', 'c'] },
    { nodes: 3, steps: 60, seeds: ['d', 'e'] },
    { nodes: 6, steps: 60, seeds: ['g', 'h'] },
    { nodes: 14, steps: 60, seeds: ['j'] },
    { nodes: 24, steps: 30, seeds: ['m'] },
  ])('G-079: $nodes nodes, $steps steps, seeds $seeds', ({ nodes, steps, seeds }) => {
    for (const seed of seeds) {
      const { databases, overlay, nodeLists } = runSchedule(`${nodes} nodes ${seed}`, { nodes, steps })
      expect(Math.max(databases, overlay, nodeLists)).toBeLessThanOrEqual(LONGEST_HEALING + 1000)
    }
  })
})
