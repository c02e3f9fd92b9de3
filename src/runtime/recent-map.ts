/**
 * A table with room for so many: what was set longest ago makes room. Tables that strangers fill are made of it.
 */

/** A bounded map, in the order in which its entries were last set. */
export class RecentMap<Value> {
  readonly #most: number
  /** Made when it is needed: most tables of a node stay empty, and an empty Map takes nearly 200 bytes. */
  #entries: Map<string, Value> | undefined

  /** @param most How many entries there is room for. */
  constructor(most: number) {
    this.#most = most
  }

  get size(): number {
    return this.#entries?.size ?? 0
  }

  get(key: string): Value | undefined {
    return this.#entries?.get(key)
  }

  /** Makes this entry the latest. */
  set(key: string, value: Value): void {
    this.#entries ??= new Map()
    const entries = this.#entries
    entries.delete(key)
    entries.set(key, value)
    if (entries.size <= this.#most) return
    for (const oldest of entries.keys()) {
      entries.delete(oldest)
      break
    }
  }

  delete(key: string): void {
    this.#entries?.delete(key)
  }

  /** Drops entries from the oldest on, as long as they are too old. */
  dropWhile(isTooOld: (value: Value) => boolean): void {
    const entries = this.#entries
    if (entries === undefined) return
    for (const [key, value] of entries) {
      if (!isTooOld(value)) return
      entries.delete(key)
    }
  }

  clear(): void {
    this.#entries = undefined
  }

  /** The oldest first. */
  values(): Iterable<Value> {
    return this.#entries?.values() ?? []
  }
}
