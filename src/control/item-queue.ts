/**
 * Items that are handed from where they happen to who iterates over them, one at a time: who adds one waits until it is taken.
 */

/** One way from a producer to a reader. */
export class ItemQueue<Item> {
  readonly #signal: AbortSignal
  readonly #waiting: { readonly item: Item; taken(): void }[] = []
  #goOn: () => void = () => undefined

  constructor(signal: AbortSignal) {
    this.#signal = signal
  }

  /** Resolves when the item is taken. */
  add(item: Item): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push({ item, taken: resolve })
      this.#goOn()
    })
  }

  /** The items, until the signal aborts. */
  async *items(): AsyncGenerator<Item, void, undefined> {
    while (!this.#signal.aborted) {
      const next = this.#waiting.shift()
      if (next === undefined) await this.#added()
      else {
        yield next.item
        next.taken()
      }
    }
    for (const { taken } of this.#waiting) taken()
  }

  #added(): Promise<void> {
    return new Promise((resolve) => {
      this.#goOn = resolve
      this.#signal.addEventListener('abort', () => resolve(), { once: true })
    })
  }
}
