/**
 * A Vitest reporter that ends a run with one plain line, `12 passed, 0 failed, 1 skipped`, for readers
 * that do not know the words and colours of Vitest. A file that could not be loaded and an error
 * outside of every test count as one failure each.
 */
import type { Reporter, SerializedError, TestModule } from 'vitest/node'

export default class CountLineReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly SerializedError[]): void {
    const count = { passed: 0, failed: unhandledErrors.length, skipped: 0 }
    for (const module of modules) {
      count.failed += module.errors().length
      for (const suite of module.children.allSuites()) count.failed += suite.errors().length
      for (const test of module.children.allTests()) {
        const { state } = test.result()
        // A test that was still waiting when the run ended did not pass.
        count[state === 'pending' ? 'failed' : state] += 1
      }
    }
    console.log(`${count.passed} passed, ${count.failed} failed, ${count.skipped} skipped`)
  }
}
