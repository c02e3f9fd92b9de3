/**
 * A group of 200 simulated members with 1,000 records, all of it with real signatures, in which members come and go, are renewed and revoked,
 * while the network is cut and whole again (test/group/random-life.ts): whether all have the same in the end, and how soon.
 *
 *     node bench/scale/group.ts [members] [records] [seed]
 */
import { runLife } from '../../test/group/random-life.ts'

const [members = '200', records = '1000', seed = 'scale'] = process.argv.slice(2)
const started = performance.now()

function say(what: string, found: unknown): void {
  const shown = found instanceof Map ? Object.fromEntries(found) : found
  const passed = ((performance.now() - started) / 1000).toFixed(0).padStart(5)
  process.stdout.write(`${passed} s  ${what}: ${JSON.stringify(shown)}\n`)
}

const outcome = runLife(seed, { members: Number(members), records: Number(records) }, say)
for (const [what, found] of Object.entries(outcome)) say(what, found)
process.exitCode = outcome.equalAfter !== undefined && outcome.views === 1 && outcome.strangers === 0 ? 0 : 1
