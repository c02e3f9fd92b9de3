/** Waits on real time for a condition, as the acceptance suites ask of their subjects. */
const LONGEST_WAIT = 10_000

// Tests that put timers of their own in the place of the real ones must still be able to wait.
const { setTimeout } = globalThis

export async function settle(condition: () => boolean): Promise<void> {
  const giveUp = performance.now() + LONGEST_WAIT
  while (!condition()) {
    if (performance.now() > giveUp) throw new Error(`not so within ${LONGEST_WAIT} ms: ${condition}`)
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
}
