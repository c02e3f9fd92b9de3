/**
 * What clouds and graphs cost, by their size, as tables in docs/benchmarks.md and plots beside it:
 *
 *     node bench/scale/cost.ts [sizes]
 *
 * Without sizes it measures what has not been measured yet, the small sizes first, and with sizes it measures these anew.
 * Each measurement is kept in bench/scale/measurements/ as soon as it is there, and everything that is known is drawn anew; so a
 * run that was broken off goes on where it was, and without that folder everything is measured. All of it is simulated, on
 * virtual time, and replayed by the seed: `a`, and `b` and so on where a size is measured more than once. `10 30` takes
 * some seconds, `100` a minute or two, everything some hours.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { measureCloud } from './cost/cloud.ts'
import type { Job } from './cost/figures.ts'
import { measureGraph, measurePresence } from './cost/graph.ts'
import { plotsOf, tablesOf } from './cost/presentation.ts'
import { measureRouting } from './cost/routing.ts'
import { SavedMeasurements } from './cost/saved-measurements.ts'
import { measureSplit } from './cost/split.ts'
import { drawPlot } from './cost/svg-plot.ts'

const jobs: readonly Job[] = [
  { name: 'graph', sizes: [10, 30, 100, 300, 1000], runs: (size) => (size > 300 ? 3 : 5), measure: measureGraph },
  // A record for each pair of nodes: 300 of them took 1.7 GB and minutes, 1,000 would take eleven times as much.
  { name: 'presence', sizes: [10, 30, 100, 300], runs: () => 1, measure: measurePresence },
  { name: 'routing', sizes: [100, 300, 1000, 3000, 10_000, 30_000, 100_000], runs: () => 3, measure: measureRouting },
  { name: 'cloud', sizes: [100, 300, 1000, 3000, 10_000], runs: (size) => (size > 300 ? 1 : 3), measure: measureCloud },
  {
    name: 'split',
    sizes: [100, 300, 1000, 3000, 10_000],
    runs: (size) => (size > 1000 ? 1 : 3),
    measure: measureSplit,
  },
]
const FIRST_SEED = 'a'.charCodeAt(0)
const BEGIN = '<!-- What follows is written by `npm run scale`. -->'
const END = '<!-- What `npm run scale` writes ends here. -->'

const root = join(import.meta.dirname, '..', '..')
const saved = new SavedMeasurements(join(import.meta.dirname, 'measurements'))
const sizesAnew = process.argv.slice(2).map(Number)
const known = [...new Set(jobs.flatMap(({ sizes }) => sizes))].sort((one, other) => one - other)
const unknown = sizesAnew.filter((size) => !known.includes(size))
if (unknown.length > 0) throw new RangeError(`the sizes are ${known.join(', ')}, and not ${unknown.join(', ')}`)

for (const size of sizesAnew.length > 0 ? sizesAnew : known) {
  for (const job of jobs.filter(({ sizes }) => sizes.includes(size))) measureAll(job, size)
}
draw()
console.log('All that is known is drawn in docs/benchmarks.md and docs/plots/.')

function measureAll({ name: job, runs, measure }: Job, size: number): void {
  for (let run = 0; run < runs(size); run++) {
    const seed = String.fromCharCode(FIRST_SEED + run)
    if (sizesAnew.length === 0 && saved.has({ job, size, seed })) continue
    const started = performance.now()
    const figures = measure(size, seed)
    saved.save({ job, size, seed, figures })
    draw()
    const passed = ((performance.now() - started) / 1000).toFixed(0)
    console.log(`${job} of ${size}, seed ${seed}, in ${passed} s: ${JSON.stringify(figures)}`)
  }
}

function draw(): void {
  const measurements = saved.all()
  const plots = join(root, 'docs', 'plots')
  mkdirSync(plots, { recursive: true })
  for (const [name, plot] of plotsOf(measurements)) writeFileSync(join(plots, `${name}.svg`), drawPlot(plot))
  const document = join(root, 'docs', 'benchmarks.md')
  const text = readFileSync(document, 'utf8')
  const [begin, end] = [text.indexOf(BEGIN), text.indexOf(END)]
  if (begin < 0 || end < begin) throw new RangeError(`${document} has lost the lines between which tables are written`)
  writeFileSync(document, `${text.slice(0, begin)}${BEGIN}\n\n${tablesOf(measurements)}\n\n${text.slice(end)}`)
}
