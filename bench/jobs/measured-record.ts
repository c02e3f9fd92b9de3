/**
 * The records of Peerage in all jobs about databases.
 */
import { type Graph, recordType } from '../../dist/index.js'

export const MEASURED = recordType('measured.record', { expires: '7d' })

/** Adds one with two attributes, by which it can be searched. */
export async function addMeasured({ records }: Graph, index: number, length: number): Promise<void> {
  const payload = new Uint8Array(length).fill(index)
  await records.add(MEASURED, payload, { attributes: { place: `place ${index % 1000}`, number: index } })
}

export async function countMeasured({ records }: Graph): Promise<number> {
  let count = 0
  for await (const _ of records.list(MEASURED)) count++
  return count
}
