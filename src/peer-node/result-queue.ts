/**
 * A queue between what delivers results when they come and one reader who takes them when it likes. Whoever delivers
 * bounds the number of results.
 */

/** Results on their way to one reader. */
export class ResultQueue<Result> {
  #results: Result[] = []
  #end: { readonly failure?: { readonly reason: unknown } } | undefined
  #wake: (() => void) | undefined

  push(result: Result): void {
    if (this.#end !== undefined) return
    this.#results.push(result)
    this.#wake?.()
  }

  /** No more results; those that were delivered are still taken. */
  end(): void {
    this.#end ??= {}
    this.#wake?.()
  }

  /** The reader is told at once, before any results that wait. */
  fail(reason: unknown): void {
    this.#results = []
    this.#end = { failure: { reason } }
    this.#wake?.()
  }

  /** The next result, or undefined at the end. Rejects with the reason of a failure. */
  async next(): Promise<Result | undefined> {
    while (this.#results.length === 0 && this.#end === undefined) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
    const failure = this.#end?.failure
    if (failure !== undefined) throw failure.reason
    return this.#results.shift()
  }
}
