/**
 * Waiting for something to happen, and iterating over what happens, in a way that a signal can end at any time
 * (API.md: every wait takes a signal; an abort rejects with the signal's own reason).
 */

/** How an application ends a wait. */
export interface Waiting {
  /** Ends the wait: it rejects with the reason of the signal. Nothing else is changed by that. */
  readonly signal?: AbortSignal | undefined
}

/** Wakes those who wait for a change. */
export class Wakeups {
  #waiting = new Set<() => void>()

  /** Something may have changed. */
  wake(): void {
    const waiting = this.#waiting
    this.#waiting = new Set()
    for (const goOn of waiting) goOn()
  }

  /** Resolves at the next {@link Wakeups.wake}. Rejects with the signal's reason. */
  wait(signal: AbortSignal | undefined): Promise<void> {
    return abortable<void>(signal, (resolve) => {
      this.#waiting.add(resolve)
      return () => this.#waiting.delete(resolve)
    })
  }

  /**
   * Waits as {@link Wakeups.wait} does, again and again: listening to the signal each time would cost more than all the rest.
   *
   * @param signal Of these waits alone: nobody stops listening to it
   */
  waits(signal: AbortSignal): () => Promise<void> {
    let giveUp = (): void => undefined
    signal.addEventListener('abort', () => giveUp(), { once: true })
    return () =>
      new Promise((resolve, reject) => {
        signal.throwIfAborted()
        this.#waiting.add(resolve)
        giveUp = () => {
          this.#waiting.delete(resolve)
          reject(signal.reason)
        }
      })
  }

  /** Waits until a condition holds that is looked at after each change. */
  async until(condition: () => boolean, signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted()
    while (!condition()) await this.wait(signal)
  }
}

/**
 * A promise that a signal can end.
 *
 * @param begin Starts what is waited for. @returns what gives it up
 */
export function abortable<Result>(
  signal: AbortSignal | undefined,
  begin: (resolve: (result: Result) => void, reject: (error: unknown) => void) => () => void,
): Promise<Result> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted()
    let giveUp = (): void => undefined
    const abort = (): void => {
      giveUp()
      reject(signal?.reason)
    }
    const settled =
      <Value>(settle: (value: Value) => void) =>
      (value: Value): void => {
        signal?.removeEventListener('abort', abort)
        settle(value)
      }
    giveUp = begin(settled(resolve), settled(reject))
    signal?.addEventListener('abort', abort, { once: true })
  })
}

/** Why a wait inside an iteration ends when its reader wants nothing more. */
const LEFT = Symbol('left')

/**
 * An iteration that its reader can leave at any time, also while it waits for the next item: that ends at once then.
 *
 * @param signal Ends it with an error: its reason.
 * @param body Gives the items. All of its waits take the signal that it is given.
 */
export function iteration<Item>(
  signal: AbortSignal | undefined,
  body: (ended: AbortSignal) => AsyncGenerator<Item, void, undefined>,
): AsyncIterableIterator<Item, void, undefined> {
  const controller = new AbortController()
  const abort = (): void => controller.abort(signal?.reason)
  if (signal?.aborted === true) abort()
  else signal?.addEventListener('abort', abort, { once: true })
  const items = body(controller.signal)
  const release = (): void => signal?.removeEventListener('abort', abort)
  return {
    async next() {
      try {
        controller.signal.throwIfAborted()
        const result = await items.next()
        if (result.done === true) release()
        return result
      } catch (error) {
        release()
        await items.return()
        if (error === LEFT) return { done: true, value: undefined }
        throw error
      }
    },
    async return() {
      release()
      controller.abort(LEFT)
      await items.return().catch(() => undefined)
      return { done: true, value: undefined }
    },
    [Symbol.asyncIterator]() {
      return this
    },
  }
}
