/**
 * All checks, in the order of what they cost, so that a cheap one fails first. `npm test` runs this
 * after the installation.
 */
import { run } from './run.ts'

const STEPS = [
  ['lint', 'style, layers, unfinished tests'],
  ['types', 'sources, tests and scripts'],
  ['conformance', 'rows and the tests that show them'],
  ['reference', 'error codes and limits in docs/'],
  ['build', 'dist/'],
  ['api', 'reports of the public API'],
  ['check:package', 'the packed tarball in an empty folder'],
  ['tests', 'all of test/'],
] as const

const started = performance.now()
for (const [script, what] of STEPS) {
  const begun = performance.now()
  console.log(`\n# npm run ${script}: ${what}`)
  // The last line of the last step is the count of the tests: see count-line-reporter.ts.
  if (script === 'tests') console.log(`# everything before the tests took ${seconds(started)}`)
  run('npm', ['run', '--silent', script])
  if (script !== 'tests') console.log(`# ${script}: ${seconds(begun)}`)
}

function seconds(since: number): string {
  return `${((performance.now() - since) / 1000).toFixed(1)} s`
}
