/**
 * Peerage beside what people would otherwise use: the same job, in the same run, on the same machine.
 *
 *     npm run bench                            all jobs
 *     npm run bench -- resolve                 one of them
 *     npm run --silent bench -- --json         one JSON document (document.ts) on standard output, and nothing else there
 *
 * jobs/<job>/job.ts says what a job is, and each jobs/<job>/<contestant>.ts how the contestant was set up. docs/benchmarks.md
 * says what the figures do not show.
 */
import { readRequest } from './arguments.ts'
import { JOBS } from './jobs.ts'
import { prepare } from './prepare.ts'
import { runJobs } from './run-jobs.ts'
import { tables } from './table.ts'

const request = readRequest(
  process.argv.slice(2),
  JOBS.map(({ name }) => name),
)
if ('problem' in request) {
  console.error(request.problem)
  process.exit(2)
}
prepare()
const started = performance.now()
const jobs = JOBS.filter(({ name }) => request.name === undefined || name === request.name)
const { document, failed } = await runJobs(jobs, (text) => console.error(text))
console.log(request.json ? JSON.stringify(document, undefined, 2) : tables(document, jobs))
console.error(`All of it took ${((performance.now() - started) / 60_000).toFixed(1)} minutes.`)
if (failed) process.exitCode = 1
