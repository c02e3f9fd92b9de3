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
  const single = await perSecond(ONE_AT_A_TIME, () => oneAtATime(ONE_AT_A_TIME))
  await inBatches(WARM_UP / BATCH)
  const many = await perSecond(BATCHES * BATCH, () => inBatches(BATCHES))
  return [
    { size, metric: 'one at a time', unit: 'records/s', value: single },
    { size, metric: `in batches of ${BATCH}`, unit: 'records/s', value: many },
  ]
}

async function perSecond(count: number, work: () => Promise<void>): Promise<number> {
  const started = performance.now()
  await work()
  return (count * 1000) / (performance.now() - started)
}
