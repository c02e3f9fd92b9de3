/**
 * Runs jobs: contestants by turns, so that what else the machine does hits all of them alike, and each one in a process of its
 * own, so that none finds what another one left behind.
 */
import { arch, availableParallelism, cpus, release, type as systemType, totalmem } from 'node:os'
import { signatureChecksPerSecond } from './calibration.ts'
import type { Absence, BenchDocument, Result } from './document.ts'
import type { ContestantName, Job } from './job.ts'
import type { Measure } from './measure.ts'
import { runContestant } from './run-contestant.ts'
import { median } from './statistics.ts'
import { number } from './table.ts'
import { versions } from './versions.ts'

export interface Run {
  readonly document: BenchDocument
  /** Whether a contestant failed: then the document lacks what nobody planned to leave out. */
  readonly failed: boolean
}

export async function runJobs(jobs: readonly Job[], say: (text: string) => void): Promise<Run> {
  const checks: number[] = []
  const results: Result[] = []
  const absent: Absence[] = []
  let failed = false
  for (const job of jobs) {
    const measured: (Measure & { readonly contestant: ContestantName })[] = []
    const gone: Absence[] = job.absent.map((absence) => ({ job: job.name, ...absence }))
    for (let round = 0; round < job.rounds; round++) {
      for (const { contestant, size } of turns(job, round)) {
        if (gone.some((absence) => absence.contestant === contestant && absence.size === size)) continue
        const speed = signatureChecksPerSecond()
        checks.push(speed)
        const started = performance.now()
        const { limit, flags } = job
        const outcome = await runContestant({ job: job.name, contestant, size, flags, limit })
        const seconds = ((performance.now() - started) / 1000).toFixed(1)
        const what = `${job.name} ${contestant}, ${number(size)} ${job.sizeOf}, round ${round + 1} of ${job.rounds}`
        const after = `after ${seconds} s; ${number(speed)} signature checks/s`
        if (outcome.kind === 'measured') {
          measured.push(...outcome.measures.map((measure) => ({ ...measure, contestant })))
          const values = outcome.measures.map(({ metric, value, unit }) => `${metric} ${number(value)} ${unit}`)
          say(`${what}: ${values.join(', ')}; ${after}`)
        } else {
          gone.push({ job: job.name, contestant, size, reason: outcome.reason })
          failed ||= outcome.kind === 'failed'
          say(`${what}: ${outcome.reason}; ${after}`)
        }
      }
    }
    results.push(...resultsOf(job, measured))
    absent.push(...gone)
  }
  return { document: { machine: machine(checks), versions: versions(), results, absent }, failed }
}

/** Everybody once at each size. Who is first changes from round to round. */
function turns({ contestants }: Job, round: number): readonly { contestant: ContestantName; size: number }[] {
  const first = round % contestants.length
  const order = [...contestants.slice(first), ...contestants.slice(0, first)]
  const sizes = [...new Set(order.flatMap((one) => one.sizes))].sort((one, other) => one - other)
  return sizes.flatMap((size) =>
    order.filter((one) => one.sizes.includes(size)).map(({ name }) => ({ contestant: name, size })),
  )
}

/** What belongs to one metric of one contestant at one size becomes one result. */
function resultsOf(
  job: Job,
  measured: readonly (Measure & { readonly contestant: ContestantName })[],
): readonly Result[] {
  const kinds = Map.groupBy(measured, ({ contestant, size, metric }) => JSON.stringify([size, metric, contestant]))
  return [...kinds.values()].flatMap((same) => {
    const [one] = same
    if (one === undefined) return []
    const { contestant, size, metric, unit } = one
    const runs = same.map(({ value }) => value)
    return [{ job: job.name, contestant, size, metric, unit, runs, median: median(runs) }]
  })
}

function machine(checks: readonly number[]): BenchDocument['machine'] {
  return {
    processor: cpus()[0]?.model ?? 'unknown',
    cores: availableParallelism(),
    memory: totalmem(),
    system: `${systemType()} ${release()} ${arch()}`,
    signatureChecks: { least: Math.min(...checks), median: median(checks), most: Math.max(...checks) },
  }
}
