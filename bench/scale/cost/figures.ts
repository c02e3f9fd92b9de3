/** What one measurement of one size says: numbers by name, as they stand in the saved results and are drawn. */
export type Figures = Readonly<Record<string, number>>

/** Something that is measured for several sizes. */
export interface Job {
  readonly name: string
  readonly sizes: readonly number[]
  /** How often a size is measured, each time with another seed: `a`, `b` and so on. */
  runs(size: number): number
  measure(size: number, seed: string): Figures
}

/** One measurement. */
export interface Measurement {
  readonly job: string
  readonly size: number
  readonly seed: string
  readonly figures: Figures
}
