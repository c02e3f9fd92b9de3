/** What is made of measurements of cost against size (bench/scale/cost/): saved, put together, shown. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Measurement } from '../../bench/scale/cost/figures.ts'
import { plotsOf, tablesOf } from '../../bench/scale/cost/presentation.ts'
import { SavedMeasurements } from '../../bench/scale/cost/saved-measurements.ts'
import { drawPlot } from '../../bench/scale/cost/svg-plot.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'peerage-cost-'))
})
afterEach(() => {
  rmSync(folder, { recursive: true })
})

function split(size: number, seed: string, healed: number): Measurement {
  return { job: 'split', size, seed, figures: { healed, mostlyHealed: healed / 2 } }
}

function routing(size: number, found: number): Measurement {
  return {
    job: 'routing',
    size,
    seed: 'a',
    figures: { hops: 3.456, mostHops: 6, cachedEntries: 90, found, lookups: 5000 },
  }
}

test('measurements are kept one a file, come back by size and seed, and one that is damaged is named', () => {
  const saved = new SavedMeasurements(folder)
  for (const [size, seed] of [
    [300, 'b'],
    [1000, 'a'],
    [300, 'a'],
  ] as const) {
    saved.save(split(size, seed, 5000))
  }
  expect(saved.all().map(({ size, seed }) => `${size} ${seed}`)).toEqual(['300 a', '300 b', '1000 a'])
  expect(new SavedMeasurements(folder).has({ job: 'split', size: 300, seed: 'b' })).toBe(true)
  expect(saved.has({ job: 'cloud', size: 300, seed: 'b' })).toBe(false)
  saved.save(split(300, 'b', 7000))
  expect(saved.all()).toHaveLength(3)
  writeFileSync(join(folder, 'split-1-a.json'), '{"job": "split"}')
  expect(() => saved.all()).toThrow('split-1-a.json')
})

test('a table shows from the least to the most of several seeds, and no share is rounded up to all', () => {
  const measurements = [split(100, 'a', 5000), split(100, 'b', 17_000), routing(100, 1), routing(1000, 0.9998)]
  const tables = tablesOf(measurements)
  expect(tables).toContain('5 to 17 s')
  expect(tables).toContain('| 100 | all of 5,000 | 3.46 | 6 | 90.0 |')
  expect(tables).toContain('| 1,000 | 4,999 of 5,000 |')
})

test('a plot has the mean and the range of several seeds, and what was not measured has no plot', () => {
  const plots = plotsOf([split(100, 'a', 5000), split(100, 'b', 17_000)])
  expect([...plots.keys()]).toEqual(['cloud-healing'])
  expect(plots.get('cloud-healing')?.lines[0]?.points).toEqual([{ size: 100, value: 11, least: 5, most: 17 }])
  for (const plot of plots.values()) expect(drawPlot(plot)).toContain('</svg>')
})
