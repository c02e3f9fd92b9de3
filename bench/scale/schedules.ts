/**
 * Random schedules of joins, leaves, crashes, partitions and clocks that are set: whether the graph is one again, with the same
 * records on all nodes, within the time of a repair (test/graph/random-schedule.ts). The seeds are `first` and those that follow.
 *
 *     node bench/scale/schedules.ts [nodes] [steps] [seeds] [first]
 */
import { runSchedule } from '../../test/graph/random-schedule.ts'

const [nodes = 20, steps = 100, seeds = 50, first = 1] = process.argv.slice(2).map(Number)
const started = performance.now()
let failed = 0
const slowest = { databases: 0, overlay: 0, nodeLists: 0 }

for (let seed = first; seed < first + seeds; seed++) {
  const name = `schedule ${nodes} ${steps} ${seed}`
  try {
    const { running, records, differed, ...healing } = runSchedule(name, { nodes, steps })
    for (const what of ['databases', 'overlay', 'nodeLists'] as const) {
      slowest[what] = Math.max(slowest[what], healing[what])
    }
    const { databases, overlay, nodeLists } = healing
    say(`${name}: ${JSON.stringify({ running, records, differed, databases, overlay, nodeLists })}`)
  } catch (error) {
    failed++
    say(`${name}: ${String(error)}`)
  }
}
say(`${seeds - failed} of ${seeds} were one again in time; the slowest, ms: ${JSON.stringify(slowest)}`)
process.exitCode = failed === 0 ? 0 : 1

function say(line: string): void {
  process.stdout.write(`${((performance.now() - started) / 1000).toFixed(0).padStart(5)} s  ${line}\n`)
}
