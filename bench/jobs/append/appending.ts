/**
 * The part of the job that is the same for everybody.
 */
import type { Measure } from '../../measure.ts'
import { BATCH, BATCHES, ONE_AT_A_TIME, WARM_UP } from './job.ts'

export interface Appending {
  /** Ends when the record is acknowledged. */
  one(index: number): Promise<unknown>
  /** Ends when all of the batch is. */
  batch(indexes: readonly number[]): Promise<unknown>
}

export async function measureAppending(size: number, { one, batch }: Appending): Promise<readonly Measure[]> {
  let next = 0
  const oneAtATime = async (count: number): Promise<void> => {
    for (let index = 0; index < count; index++) await one(next++)
  }
  const inBatches = async (count: number): Promise<void> => {
    for (let index = 0; index < count; index++) await batch(Array.from({ length: BATCH }, () => next++))
  }
  await oneAtATime(WARM_UP)
  const single = await cost(ONE_AT_A_TIME, () => oneAtATime(ONE_AT_A_TIME))
  await inBatches(WARM_UP / BATCH)
  const many = await cost(BATCHES * BATCH, () => inBatches(BATCHES))
  return [...measuresOf(size, 'one at a time', single), ...measuresOf(size, `in batches of ${BATCH}`, many)]
}

interface Cost {
  readonly perSecond: number
  /** Of all threads of this process, for each record, in microseconds. */
  readonly processorTime: number
}

async function cost(count: number, work: () => Promise<void>): Promise<Cost> {
  const used = process.cpuUsage()
  const started = performance.now()
  await work()
  const milliseconds = performance.now() - started
  const { user, system } = process.cpuUsage(used)
  return { perSecond: (count * 1000) / milliseconds, processorTime: (user + system) / count }
}

function measuresOf(size: number, metric: string, { perSecond, processorTime }: Cost): readonly Measure[] {
  return [
    { size, metric, unit: 'records/s', value: perSecond },
    { size, metric: `${metric}, processor time`, unit: 'µs/record', value: processorTime },
  ]
}
