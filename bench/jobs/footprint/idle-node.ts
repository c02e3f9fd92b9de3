/**
 * The part of the job that is the same for everybody.
 */
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { contestant } from '../../contestant.ts'
import type { Measure } from '../../measure.ts'
import { install } from './install.ts'

/** Milliseconds, until what only happens at the beginning is over. */
const SETTLING = 3_000

/**
 * @param start ends when the node can be reached; it is given an empty folder
 * @param packages what npm is to install for it, if anything; it is given a folder that is thrown away
 */
export function idleNode(
  start: (folder: string) => Promise<unknown>,
  packages: (folder: string) => readonly string[],
): Promise<never> {
  return contestant(async ({ size, folder }) => {
    // It stays referenced until the end, or it could be collected.
    const node = await start(join(folder, 'node'))
    const startUp = performance.now()
    await pause(SETTLING)
    collectGarbage()
    const memory = process.memoryUsage.rss()
    if (node === undefined) throw new Error('there is no node')
    const measures: Measure[] = [
      { size, metric: 'start-up', unit: 'ms', value: startUp },
      { size, metric: 'memory', unit: 'MiB', value: memory / 2 ** 20 },
    ]
    const wanted = packages(folder)
    // Node.js itself is there already.
    if (wanted.length === 0) return measures
    const { bytes, count } = install(wanted, join(folder, 'installed'))
    return [
      ...measures,
      { size, metric: 'install size', unit: 'MB', value: bytes / 1e6 },
      { size, metric: 'installed packages', unit: 'packages', value: count },
    ]
  })
}

function collectGarbage(): void {
  if (globalThis.gc === undefined) throw new Error('run it with --expose-gc')
  globalThis.gc()
  globalThis.gc()
}
