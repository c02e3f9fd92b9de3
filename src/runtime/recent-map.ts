/**
 * A table with room for so many: what was set longest ago makes room. Tables that strangers fill are made of it.
 */

/** A bounded map, in the order in which its entries were last set. */
export class RecentMap<Value> {
  readonly #most: number
  readonly #entries = new Map<string, Value>()

  /** @param most How many entries there is room for. */
  constructor(most: number) {
    this.#most = most
  }

  get size(): number {
    return this.#entries.size
  }

  get(key: string): Value | undefined {
    return this.#entries.get(key)
  }

  /** Makes this entry the latest. */
  set(key: string, value: Value): void {
    this.#entries.delete(key)
    this.#entries.set(key, value)
    if (this.#entries.size <= this.#most) return
    for (const oldest of this.#entries.keys()) {
      this.#entries.delete(oldest)
      break
    }
  }

  delete(key: string): void {
    this.#entries.delete(key)
  }

  /** Drops entries from the oldest on, as long as they are too old. */
  dropWhile(isTooOld: (value: Value) => boolean): void {
    for (const [key, value] of this.#entries) {
      if (!isTooOld(value)) return
      this.#entries.delete(key)
    }
  }

  clear(): void {
    this.#entries.clear()
  }

  /** The oldest first. */
  values(): IterableIterator<Value> {
    return this.#entries.values()
  }
}
