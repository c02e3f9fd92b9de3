/**
 * What every contestant has to do once its nodes are there: register names one at a time, then resolve them one at a time,
 * then with many under way. Each part lasts a given time rather than a number of names, because contestants differ by factors of
 * a hundred.
 */
import type { Measure } from '../../measure.ts'
import { median, quantile } from '../../statistics.ts'

/** Milliseconds of each part. */
const REGISTERING = 2000
const WARMING_UP = 1000
const RESOLVING = 2000
const FEWEST_NAMES = 10
const IN_FLIGHT = 32

export interface Resolving {
  readonly size: number
  /** Registers the name of a node. It resolves when the contestant says that this is done. */
  register(publisher: number): Promise<void>
  /** Resolves the name of another node from a node. @returns whether it was found, with a right signature */
  resolve(from: number, publisher: number): Promise<boolean>
}

export async function measureResolving({ size, register, resolve }: Resolving): Promise<readonly Measure[]> {
  const registering: number[] = []
  const registeringEnds = performance.now() + REGISTERING
  for (let publisher = 0; publisher < size; publisher++) {
    if (publisher >= FEWEST_NAMES && performance.now() > registeringEnds) break
    registering.push(await timed(() => register(publisher)))
  }
  const names = registering.length

  let found = 0
  let missed = 0
  /** Resolves a random name. @returns how long it took, or undefined if it was not found */
  async function resolveOnce(): Promise<number | undefined> {
    const publisher = Math.floor(Math.random() * names)
    const from = (publisher + 1 + Math.floor(Math.random() * (size - 1))) % size
    let isThere = false
    const time = await timed(async () => {
      isThere = await resolve(from, publisher)
    })
    if (isThere) found++
    else missed++
    return isThere ? time : undefined
  }

  /** Goes on for a time with so many under way. */
  async function resolveFor(milliseconds: number, inFlight: number): Promise<Resolved> {
    const times: number[] = []
    const cpu = process.cpuUsage()
    const started = performance.now()
    async function goOn(): Promise<void> {
      while (performance.now() < started + milliseconds) {
        const time = await resolveOnce()
        if (time !== undefined) times.push(time)
      }
    }
    await Promise.all(Array.from({ length: inFlight }, goOn))
    const { user, system } = process.cpuUsage(cpu)
    return {
      times,
      rate: (times.length / (performance.now() - started)) * 1000,
      cpuEach: (user + system) / times.length,
    }
  }

  await resolveFor(WARMING_UP, 1)
  const alone = await resolveFor(RESOLVING, 1)
  const together = await resolveFor(RESOLVING, IN_FLIGHT)
  if (alone.times.length === 0 || together.times.length === 0) throw new Error(`${missed} resolves found nothing`)
  return [
    { size, metric: 'register p50', unit: 'ms', value: median(registering) },
    { size, metric: 'resolve p50', unit: 'ms', value: median(alone.times) },
    { size, metric: 'resolve p90', unit: 'ms', value: quantile(alone.times, 0.9) },
    { size, metric: `throughput with ${IN_FLIGHT} in flight`, unit: 'resolves/s', value: together.rate },
    { size, metric: `processor time with ${IN_FLIGHT} in flight`, unit: 'µs/resolve', value: together.cpuEach },
    { size, metric: 'found', unit: '%', value: (found / (found + missed)) * 100 },
  ]
}

/** What was found: how long each took in milliseconds, how many a second, and microseconds of the processor for each. */
interface Resolved {
  readonly times: readonly number[]
  readonly rate: number
  readonly cpuEach: number
}

async function timed(work: () => Promise<void>): Promise<number> {
  const started = performance.now()
  await work()
  return performance.now() - started
}
