/**
 * Runs a contestant once, in a process of its own on this same Node.js, with an empty folder to work in.
 */
import { fork } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { areMeasures, type Measure } from './measure.ts'

export interface Program {
  readonly job: string
  readonly contestant: string
  readonly size: number
  readonly flags: readonly string[]
  /** Seconds. */
  readonly limit: number
}

/** What came of it. What is too slow is a result of its own; what failed is a defect, here or there. */
export type Outcome =
  | { readonly kind: 'measured'; readonly measures: readonly Measure[] }
  | { readonly kind: 'too slow' | 'failed'; readonly reason: string }

export function runContestant({ job, contestant, size, flags, limit }: Program): Promise<Outcome> {
  const folder = mkdtempSync(join(tmpdir(), `peerage-bench-${job}-`))
  // Its own words go to standard error: standard output belongs to the document.
  const child = fork(fileURLToPath(new URL(`jobs/${job}/${contestant}.ts`, import.meta.url)), [String(size), folder], {
    execPath: process.execPath,
    execArgv: [...flags],
    stdio: ['ignore', 2, 2, 'ipc'],
  })
  return new Promise((resolve, reject) => {
    let measures: readonly Measure[] | undefined
    let late = false
    const timer = setTimeout(() => {
      late = true
      child.kill('SIGKILL')
    }, limit * 1000)
    child.on('message', (message) => {
      if (areMeasures(message)) measures = message
    })
    child.on('error', reject)
    child.on('exit', (code, signal) => {
      clearTimeout(timer)
      rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
      if (late) resolve({ kind: 'too slow', reason: `did not end within ${limit} s` })
      else if (code === 0 && measures !== undefined) resolve({ kind: 'measured', measures })
      else resolve({ kind: 'failed', reason: `ended with ${signal ?? code}` })
    })
  })
}
