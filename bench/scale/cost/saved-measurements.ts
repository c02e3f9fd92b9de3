/**
 * Measurements that are kept, each in a file of its own as soon as it is there: so a run that was broken off goes on where it
 * was, and what was measured is drawn again without being simulated again.
 */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Measurement } from './figures.ts'

/** The files of one folder. */
export class SavedMeasurements {
  readonly #folder: string

  constructor(folder: string) {
    this.#folder = folder
    mkdirSync(folder, { recursive: true })
  }

  /** All that are kept, by size and seed. @throws TypeError if a file is none */
  all(): readonly Measurement[] {
    return readdirSync(this.#folder)
      .filter((file) => file.endsWith('.json'))
      .map((file) => readMeasurement(join(this.#folder, file)))
      .sort((one, other) => one.size - other.size || (one.seed < other.seed ? -1 : 1))
  }

  has({ job, size, seed }: Omit<Measurement, 'figures'>): boolean {
    return this.all().some((saved) => saved.job === job && saved.size === size && saved.seed === seed)
  }

  save(measurement: Measurement): void {
    const { job, size, seed } = measurement
    writeFileSync(join(this.#folder, `${job}-${size}-${seed}.json`), `${JSON.stringify(measurement, undefined, 2)}\n`)
  }
}

function readMeasurement(file: string): Measurement {
  const read: unknown = JSON.parse(readFileSync(file, 'utf8'))
  if (!isMeasurement(read)) throw new TypeError(`${file} is no measurement: delete it and measure again`)
  return read
}

function isMeasurement(value: unknown): value is Measurement {
  return (
    isObject(value) &&
    typeof value['job'] === 'string' &&
    typeof value['size'] === 'number' &&
    typeof value['seed'] === 'string' &&
    isObject(value['figures']) &&
    Object.values(value['figures']).every((figure) => typeof figure === 'number')
  )
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}
