/** Random lives of small groups: all members that are in force end with one view. */
import { expect, test } from 'vitest'
import { runLife } from './random-life.ts'

test.each(['one', 'two', 'three'])(
  'P-090, P-096, P-100: whatever happens, all who are members end with one view (seed %s)',
  (seed) => {
    const outcome = runLife(`life ${seed}`, { members: 10, records: 60 })
    expect(outcome).toMatchObject({ equalAfter: expect.any(Number), views: 1, strangers: 0 })
    expect(outcome.notes).toBeGreaterThan(20)
  },
)
