/** Measurements of one job and size, put together: several seeds give a mean, the least and the most of each figure. */
import type { Measurement } from './figures.ts'
import type { Point } from './svg-plot.ts'

/** What several seeds gave for one size. */
export class Summary {
  readonly size: number
  readonly #runs: readonly Measurement[]

  constructor(size: number, runs: readonly Measurement[]) {
    this.size = size
    this.#runs = runs
  }

  get runs(): number {
    return this.#runs.length
  }

  mean(name: string): number {
    const values = this.#values(name)
    return values.reduce((sum, value) => sum + value, 0) / values.length
  }

  sum(name: string): number {
    return this.#values(name).reduce((sum, value) => sum + value, 0)
  }

  least(name: string): number {
    return Math.min(...this.#values(name))
  }

  most(name: string): number {
    return Math.max(...this.#values(name))
  }

  /** A point of a plot. @param unit The figure is divided by this. */
  point(name: string, unit = 1): Point {
    const [value, least, most] = [this.mean(name), this.least(name), this.most(name)]
    return { size: this.size, value: value / unit, least: least / unit, most: most / unit }
  }

  #values(name: string): readonly number[] {
    return this.#runs.map(({ job, size, seed, figures }) => {
      const value = figures[name]
      if (value === undefined)
        throw new RangeError(`${job}-${size}-${seed}.json has no ${name}: delete it and measure again`)
      return value
    })
  }
}

/** The summaries of one job, by size. */
export function summarize(measurements: readonly Measurement[], job: string): readonly Summary[] {
  const ofJob = measurements.filter((one) => one.job === job)
  const sizes = [...new Set(ofJob.map(({ size }) => size))].sort((one, other) => one - other)
  return sizes.map(
    (size) =>
      new Summary(
        size,
        ofJob.filter((one) => one.size === size),
      ),
  )
}
