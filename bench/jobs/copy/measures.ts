/**
 * What every contestant tells of a copy.
 */
import type { Measure } from '../../measure.ts'
import type { WireBytes } from '../../wire-bytes.ts'

export interface Transfer {
  readonly milliseconds: number
  /** What all threads of this process have used of the processor meanwhile, in microseconds. */
  readonly processorTime: number
  readonly bytes: WireBytes
}

/** Does something, and tells how long it took and what passed meanwhile. */
export async function transfer<Result>(
  wireBytes: () => WireBytes,
  work: () => Promise<Result>,
): Promise<Transfer & { readonly result: Result }> {
  const before = wireBytes()
  const used = process.cpuUsage()
  const started = performance.now()
  const result = await work()
  const milliseconds = performance.now() - started
  const { user, system } = process.cpuUsage(used)
  const after = wireBytes()
  const bytes = { sent: after.sent - before.sent, received: after.received - before.received }
  return { milliseconds, processorTime: user + system, bytes, result }
}

/** @throws Error if that is not all: then what was measured is no copy */
export function requireCopied(count: number, all: number): void {
  if (count !== all) throw new Error(`${count} of ${all} records are here`)
}

/**
 * @param size how many records were copied
 * @param memory the most that this process has had in memory by the end of the first copy, in KiB
 */
export function measuresOf(size: number, first: Transfer, memory: number, later: Transfer): readonly Measure[] {
  const both = ({ bytes }: Transfer): number => bytes.sent + bytes.received
  return [
    { size, metric: 'first copy', unit: 'records/s', value: (size * 1000) / first.milliseconds },
    {
      ...{ size, metric: 'first copy, processor time of the receiving process', unit: 'µs/record' },
      value: first.processorTime / size,
    },
    { size, metric: 'first copy, bytes on the wire', unit: 'bytes/record', value: both(first) / size },
    { size, metric: 'first copy, peak memory of the receiving process', unit: 'MiB', value: memory / 1024 },
    { size, metric: 'catching up', unit: 'ms', value: later.milliseconds },
    { size, metric: 'catching up, bytes on the wire', unit: 'bytes', value: both(later) },
  ]
}
