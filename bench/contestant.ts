/**
 * The process of a contestant: it does one job once, at one size, tells what it measured, and ends, whatever is still open.
 * run-contestant.ts starts it.
 */
import type { Measure } from './measure.ts'

export interface Case {
  readonly size: number
  /** An empty folder of this run alone. It is removed afterwards. */
  readonly folder: string
}

export async function contestant(run: (one: Case) => Promise<readonly Measure[]>): Promise<never> {
  const [size, folder] = process.argv.slice(2)
  const tell = process.send?.bind(process)
  if (tell === undefined || size === undefined || folder === undefined) {
    console.error('A contestant is started by the benchmarks: npm run bench -- NAME')
    process.exit(2)
  }
  // Nobody is left who would want to know.
  process.on('disconnect', () => process.exit(1))
  const measures = await run({ size: Number(size), folder })
  await new Promise<void>((resolve, reject) => {
    tell(measures, (error: Error | null) => (error === null ? resolve() : reject(error)))
  })
  process.exit(0)
}
