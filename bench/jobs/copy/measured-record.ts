/**
 * The records that Peerage copies and appends.
 */
import { type Graph, recordType } from '../../../dist/index.js'
import { PAYLOAD } from './job.ts'

export const MEASURED = recordType('measured.record', { expires: '7d' })

/** Adds one with two attributes, by which it can be searched. */
export async function addMeasured({ records }: Graph, index: number): Promise<void> {
  const payload = new Uint8Array(PAYLOAD).fill(index)
  await records.add(MEASURED, payload, { attributes: { place: `place ${index % 1000}`, number: index } })
}

/** Adds that many, as many at a time as the node takes well. */
export async function addMany(graph: Graph, count: number, atOnce: number): Promise<void> {
  let next = 0
  const writeOn = async (): Promise<void> => {
    while (next < count) await addMeasured(graph, next++)
  }
  await Promise.all(Array.from({ length: Math.min(atOnce, count) }, writeOn))
}

export async function countMeasured({ records }: Graph): Promise<number> {
  let count = 0
  for await (const _ of records.list(MEASURED)) count++
  return count
}
