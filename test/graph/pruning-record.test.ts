/** Which record may prune links: the same one for everybody, whenever it comes. */
import { describe, expect, test } from 'vitest'
import { PRUNE_DELAY, PRUNING_CANDIDACY, PRUNING_PERIOD, PruningRecord } from '../../src/graph/pruning-record.ts'
import type { GraphRecord } from '../../src/records/record.ts'
import { compareBytes } from '../../src/runtime/bytes.ts'
import { SimulatedGraph } from './simulated-graph.ts'

const BEGIN = 1_000_000 * PRUNING_PERIOD
const [writer] = new SimulatedGraph({ seed: 'pruning record', properties: { maxPresenceRecords: 0 } }).grow(1)
const written = ['one', 'two', 'three'].flatMap((text) => writer?.write(text) ?? [])
const [low, middle, high] = written.sort((one, other) => compareBytes(one.digest, other.digest))
if (low === undefined || middle === undefined || high === undefined) throw new RangeError('three were written')

/** The records that came, with when they were written and when they came, after the beginning of a period. */
function knowing(...came: readonly (readonly [GraphRecord, number, number])[]): PruningRecord {
  const pruning = new PruningRecord()
  for (const [record, modified, now] of came)
    pruning.came({ ...record, modified: BEGIN + modified }, 'here', BEGIN + now)
  return pruning
}

describe('the record that may prune links', () => {
  test('G-043: is the one of lowest digest of those that were written early in a period, in whatever order they come', () => {
    const early = PRUNING_CANDIDACY - 1
    expect(knowing([middle, 0, 10], [low, early, early + 10], [high, 1, 900]).is(low.digest)).toBe(true)
    expect(knowing([high, 1, 10], [low, early, 1900], [middle, 0, 1901]).is(low.digest)).toBe(true)
  })

  test('G-043: is none that was written later in the period, and none of an earlier period', () => {
    const pruning = knowing(
      [middle, PRUNING_PERIOD, PRUNING_PERIOD],
      [low, PRUNING_PERIOD + PRUNING_CANDIDACY, PRUNING_PERIOD + 600],
      [high, 0, PRUNING_PERIOD],
    )
    expect([low, middle, high].map(({ digest }) => pruning.is(digest))).toEqual([false, true, false])
    expect(knowing([low, PRUNING_CANDIDACY, PRUNING_CANDIDACY]).is(low.digest)).toBe(false)
    expect(knowing([low, 0, 0], [high, PRUNING_PERIOD, PRUNING_PERIOD]).is(high.digest)).toBe(true)
  })

  test('G-043: is none of somebody whose clock is wrong', () => {
    expect(knowing([low, 2 * PRUNING_PERIOD, 0]).is(low.digest)).toBe(false)
    expect(knowing([low, 0, PRUNING_PERIOD + 1]).is(low.digest)).toBe(false)
    expect(knowing([low, 2 * PRUNING_PERIOD, 0], [high, 0, 10]).is(high.digest)).toBe(true)
  })

  test('G-043: waits for others of its time, but never longer than they may be written', () => {
    const pruning = knowing([low, 10, 10])
    expect(pruning.delay(BEGIN + 100)).toBe(PRUNING_CANDIDACY - 100 + PRUNE_DELAY)
    expect(pruning.delay(BEGIN + PRUNING_CANDIDACY + 1)).toBe(PRUNE_DELAY)
    // By a clock that is behind.
    expect(pruning.delay(BEGIN - 10 * PRUNING_PERIOD)).toBe(PRUNING_CANDIDACY + PRUNE_DELAY)
  })
})
