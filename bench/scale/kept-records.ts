/**
 * A member is revoked of whose records 100,000 stay (row P-102), with real signatures: whether it is out at once, and all others, and one
 * who comes later, have all of them in the end (test/group/revoked-with-records.ts).
 *
 *     node --max-old-space-size=8192 bench/scale/kept-records.ts [records] [seed]
 */
import { revokeWithRecords } from '../../test/group/revoked-with-records.ts'

const [records = '100000', seed = 'kept'] = process.argv.slice(2)
const count = Number(records)
const started = performance.now()

function say(what: string): void {
  const passed = ((performance.now() - started) / 1000).toFixed(0).padStart(5)
  process.stdout.write(`${passed} s  ${what}\n`)
}

const outcome = revokeWithRecords(seed, count, say)
say(JSON.stringify(outcome))
const hasAll = Object.values(outcome.notes).every((notes) => notes === count)
process.exitCode = hasAll && outcome.differ === 0 && outcome.listing.length === 0 ? 0 : 1
