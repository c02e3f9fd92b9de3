import { expect, test } from 'vitest'
import type { Job } from '../../bench/job.ts'
import { areMeasures } from '../../bench/measure.ts'
import { runContestant } from '../../bench/run-contestant.ts'
import { resultsOf, turns } from '../../bench/run-jobs.ts'

const JOB: Pick<Job, 'contestants' | 'rounds'> = {
  rounds: 2,
  contestants: [
    { name: 'peerage', sizes: [20, 100] },
    { name: 'hyperdht', sizes: [100, 20] },
    { name: 'kad-dht', sizes: [100], rounds: 1 },
  ],
}

function turnsOf(round: number): readonly string[] {
  return turns(JOB, round).map(({ contestant, size }) => `${contestant} ${size}`)
}

test('contestants take turns at each size, another one first in each round, until they have no round left', () => {
  expect(turnsOf(0)).toEqual(['peerage 20', 'hyperdht 20', 'peerage 100', 'hyperdht 100', 'kad-dht 100'])
  expect(turnsOf(1)).toEqual(['hyperdht 20', 'peerage 20', 'hyperdht 100', 'peerage 100'])
})

test('the values of a metric become one result for each contestant and size', () => {
  const time = { metric: 'time', unit: 'ms' }
  const results = resultsOf({ name: 'copy' }, [
    { ...time, contestant: 'peerage', size: 1, value: 4 },
    { ...time, contestant: 'orbitdb', size: 1, value: 9 },
    { ...time, contestant: 'peerage', size: 1, value: 2 },
    { ...time, contestant: 'peerage', size: 2, value: 7 },
  ])
  const of = { job: 'copy', ...time }
  expect(results).toEqual([
    { ...of, contestant: 'peerage', size: 1, runs: [4, 2], median: 3 },
    { ...of, contestant: 'orbitdb', size: 1, runs: [9], median: 9 },
    { ...of, contestant: 'peerage', size: 2, runs: [7], median: 7 },
  ])
})

test('what a contestant tells is one value or more, and each is a number', () => {
  const measure = { size: 1, metric: 'time', unit: 'ms', value: 4 }
  expect(areMeasures([measure])).toBe(true)
  for (const wrong of [undefined, {}, [], [{ ...measure, value: Number.NaN }], [{ ...measure, unit: undefined }]]) {
    expect(areMeasures(wrong)).toBe(false)
  }
})

test('a program that fails has measured nothing', async () => {
  const outcome = await runContestant({ job: 'link', contestant: 'nobody', size: 1, flags: [], limit: 60 })
  expect(outcome).toEqual({ kind: 'failed', reason: 'ended with 1' })
})

test('a program that takes too long is ended', async () => {
  const program = { job: '../../test/bench/programs', contestant: 'endless', size: 1, flags: [] }
  const outcome = await runContestant({ ...program, limit: 0.1 })
  expect(outcome).toEqual({ kind: 'too slow', reason: 'did not end within 0.1 s' })
})

test('a program tells what it measured, and finds its size and an empty folder', async () => {
  const program = { job: '../../test/bench/programs', contestant: 'measuring', size: 7, flags: [] }
  const outcome = await runContestant({ ...program, limit: 60 })
  expect(outcome).toEqual({
    kind: 'measured',
    measures: [{ size: 7, metric: 'files', unit: '', value: 0 }],
  })
})
