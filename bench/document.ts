/**
 * What a run of the benchmarks gives to programs: the machine, the versions, and a result for each metric of each
 * contestant. Medians are of the single values in `runs`, and each of these comes from a process of its own.
 */
import { type ContestantName, isContestantName } from './job.ts'

export interface Machine {
  readonly processor: string
  readonly cores: number
  readonly memory: number
  readonly system: string
  /** Signature checks a second just before each run: how much of the processor there was to be had. */
  readonly signatureChecks: { readonly least: number; readonly median: number; readonly most: number }
}

export interface Result {
  readonly job: string
  readonly contestant: ContestantName
  /** What it counts depends on the job: nodes, records, bytes. */
  readonly size: number
  readonly metric: string
  readonly unit: string
  readonly runs: readonly number[]
  readonly median: number
}

/** A contestant that has no result of that size, and why. */
export interface Absence {
  readonly job: string
  readonly contestant: ContestantName
  readonly size: number
  readonly reason: string
}

export interface BenchDocument {
  readonly machine: Machine
  readonly versions: Readonly<Record<string, string>>
  readonly results: readonly Result[]
  readonly absent: readonly Absence[]
}

/** Reads what `--json` printed. @throws TypeError if it is something else */
export function readDocument(text: string): BenchDocument {
  const document: unknown = JSON.parse(text)
  if (isDocument(document)) return document
  throw new TypeError('This is no document of the benchmarks: give it what `npm run --silent bench -- --json` printed.')
}

function isDocument(value: unknown): value is BenchDocument {
  if (!isObject(value)) return false
  const { machine, versions, results, absent } = value
  return (
    isMachine(machine) &&
    isObject(versions) &&
    Object.values(versions).every(isText) &&
    Array.isArray(results) &&
    results.every(isResult) &&
    Array.isArray(absent) &&
    absent.every(isAbsence)
  )
}

function isMachine(value: unknown): value is Machine {
  if (!isObject(value)) return false
  const { processor, cores, memory, system, signatureChecks } = value
  return (
    [processor, system].every(isText) &&
    [cores, memory].every(isNumber) &&
    isObject(signatureChecks) &&
    [signatureChecks['least'], signatureChecks['median'], signatureChecks['most']].every(isNumber)
  )
}

function isResult(value: unknown): value is Result {
  if (!isObject(value)) return false
  const { runs, median, metric, unit } = value
  return (
    isOfCase(value) && [metric, unit].every(isText) && isNumber(median) && Array.isArray(runs) && runs.every(isNumber)
  )
}

function isAbsence(value: unknown): value is Absence {
  return isObject(value) && isOfCase(value) && isText(value['reason'])
}

function isOfCase({ job, contestant, size }: Record<string, unknown>): boolean {
  return isText(job) && isText(contestant) && isContestantName(contestant) && isNumber(size)
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

function isText(value: unknown): value is string {
  return typeof value === 'string'
}

function isNumber(value: unknown): value is number {
  return Number.isFinite(value)
}
