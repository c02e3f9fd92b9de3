/**
 * What other nodes send to the application of a graph: single messages and direct connections. Each is for one kind, a
 * message type or a protocol, and is taken only while somebody iterates over that kind; of several readers the first gets it.
 */
import { abortable } from './waiting.ts'

/** Items that wait for one reader. Messages beyond that are not acknowledged before there is room, so their senders wait. */
export const MOST_UNREAD = 64

/** An item that comes in. */
export interface Incoming<Item> {
  readonly item: Item
  /** It is in the queue of a reader. */
  taken(): void
  /** Its reader left before it came so far. */
  refused(): void
}

/** The readers of one sort of items, by kind. */
export class IncomingItems<Item> {
  readonly #readers = new Map<string, IncomingReader<Item>[]>()

  /** Whether anybody reads a kind. */
  isRead(kind: string): boolean {
    return this.#readers.has(kind)
  }

  /** Hands an item to a reader. @returns false: nobody reads this kind */
  add(kind: string, incoming: Incoming<Item>): boolean {
    const [reader] = this.#readers.get(kind) ?? []
    reader?.add(incoming)
    return reader !== undefined
  }

  /** Items of a kind, until the reader leaves. */
  async *read(
    kind: string,
    { ended, dropped }: { readonly ended: AbortSignal; readonly dropped: (item: Item) => void },
  ): AsyncGenerator<Item, void, undefined> {
    const reader = new IncomingReader<Item>()
    this.#readers.set(kind, [...(this.#readers.get(kind) ?? []), reader])
    try {
      for (let next = await reader.next(ended); next !== undefined; next = await reader.next(ended)) yield next.item
    } finally {
      const others = (this.#readers.get(kind) ?? []).filter((other) => other !== reader)
      if (others.length > 0) this.#readers.set(kind, others)
      else this.#readers.delete(kind)
      for (const item of reader.leave()) dropped(item)
    }
  }

  /** Ends all iterations. */
  close(): void {
    for (const readers of this.#readers.values()) for (const reader of readers) reader.end()
  }
}

class IncomingReader<Item> {
  #items: Incoming<Item>[] = []
  #goOn: (() => void) | undefined
  #hasEnded = false

  add(incoming: Incoming<Item>): void {
    this.#items.push(incoming)
    if (this.#items.length <= MOST_UNREAD) incoming.taken()
    this.#goOn?.()
  }

  end(): void {
    this.#hasEnded = true
    this.#goOn?.()
  }

  /** The next item; undefined at the end. */
  async next(ended: AbortSignal): Promise<Incoming<Item> | undefined> {
    while (this.#items.length === 0 && !this.#hasEnded) {
      await abortable<void>(ended, (resolve) => {
        this.#goOn = resolve
        return () => undefined
      })
    }
    const next = this.#items.shift()
    // Now there is room for the first of those that were not taken yet.
    this.#items[MOST_UNREAD - 1]?.taken()
    return next
  }

  /** @returns what was taken and not read */
  leave(): readonly Item[] {
    const items = this.#items
    this.#items = []
    for (const incoming of items.slice(MOST_UNREAD)) incoming.refused()
    return items.slice(0, MOST_UNREAD).map(({ item }) => item)
  }
}
