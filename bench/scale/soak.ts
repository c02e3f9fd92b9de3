/**
 * A soak (test/nodejs/soak.ts): nodes of one group come and go, write, change and delete, with real sockets and files.
 *
 *     node --expose-gc bench/scale/soak.ts [nodes] [minutes] [seed]
 *
 * It prints a line a sample, and fails if the databases differ in the end, or if memory grows: the mean of the last quarter of
 * the samples is compared with that of the second one.
 */
import { soak } from '../../test/nodejs/soak.ts'

/** By how much memory may differ between two quarters of one run, as a share: collections fall when they like. */
const MOST_GROWTH = 0.15
const MEGABYTE = 1_000_000

const [nodes = 20, minutes = 60] = process.argv.slice(2, 4).map(Number)
const seed = process.argv[4] ?? 'soak'
console.log(`${nodes} nodes, ${minutes} minutes, seed ${seed}`)
console.log('| minute | open | records | heap and buffers | resident |\n| --- | --- | --- | --- | --- |')
const report = await soak({
  ...{ nodes, duration: minutes * 60_000, steps: 0, pause: 50, seed },
  sampled: ({ at, open, records, heap, resident }) =>
    console.log(`| ${(at / 60_000).toFixed(1)} | ${open} | ${records} | ${megabytes(heap)} | ${megabytes(resident)} |`),
})
const quarter = Math.floor(report.samples.length / 4)
const before = meanHeap(quarter, 2 * quarter)
const after = meanHeap(-quarter)
console.log(`${JSON.stringify(report.done)}, equal after ${report.equalAfter.toFixed(0)} ms, ${report.records} records`)
console.log(`heap and buffers: ${megabytes(before)} in the second quarter, ${megabytes(after)} in the last`)
if (after > before * (1 + MOST_GROWTH)) {
  console.error('memory has grown')
  process.exitCode = 1
}

function meanHeap(from: number, to?: number): number {
  const part = report.samples.slice(from, to)
  return part.reduce((sum, { heap }) => sum + heap, 0) / part.length
}

function megabytes(bytes: number): string {
  return `${(bytes / MEGABYTE).toFixed(1)} MB`
}
