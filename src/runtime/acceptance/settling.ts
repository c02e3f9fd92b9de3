/**
 * How an acceptance suite lets time pass. On a platform time passes by itself and the suite waits;
 * in a simulation it passes only when the world is advanced. So a subject brings the way itself, and
 * a suite never waits for a promise that needs time in any other way than by {@link settled}.
 */

/** A subject that can let time pass. */
export interface Settling {
  /**
   * Lets time pass until the condition holds, and rejects if it does not in a time that is generous
   * for something that takes milliseconds. Promises go on between two looks at the condition.
   */
  settle(condition: () => boolean): Promise<void>
}

/** What becomes of the promise, with as much time as that takes. */
export async function settled<Value>(subject: Settling, promise: Promise<Value>): Promise<Value> {
  let over = false
  const end = (): void => {
    over = true
  }
  promise.then(end, end)
  await subject.settle(() => over)
  return promise
}
