/**
 * Which leaves of a trie expire first: a binary heap of their slots by minute. Each leaf knows its place in it, so that it
 * can be taken out when its record changes.
 */
import type { LeafSlots } from './trie-slots.ts'

const FIRST_CAPACITY = 8
const GROWTH = 1.25

/** The leaves of one trie, by expiration. */
export class TrieExpirations {
  readonly #leaves: LeafSlots
  #heap = new Uint32Array(0)
  #size = 0

  constructor(leaves: LeafSlots) {
    this.#leaves = leaves
  }

  /** A leaf that expires by this minute or before; undefined if there is none. */
  due(minute: number): number | undefined {
    const first = this.#heap[0]
    return this.#size > 0 && first !== undefined && this.#minute(first) <= minute ? first : undefined
  }

  add(slot: number, minute: number): void {
    if (this.#size === this.#heap.length) {
      const heap = new Uint32Array(Math.max(FIRST_CAPACITY, Math.ceil(this.#size * GROWTH)))
      heap.set(this.#heap)
      this.#heap = heap
    }
    this.#leaves.minutes[slot] = minute
    this.#rise(this.#size++, slot)
  }

  remove(slot: number): void {
    const place = this.#leaves.places[slot] ?? 0
    const last = this.#heap[--this.#size] ?? 0
    if (last === slot) return
    this.#settle(place, last)
  }

  /** A leaf expires at another minute. */
  change(slot: number, minute: number): void {
    if (this.#minute(slot) === minute) return
    this.#leaves.minutes[slot] = minute
    this.#settle(this.#leaves.places[slot] ?? 0, slot)
  }

  /** How many bytes of memory are taken. */
  get memory(): number {
    return this.#heap.byteLength
  }

  #minute(slot: number): number {
    return this.#leaves.minutes[slot] ?? 0
  }

  #settle(place: number, slot: number): void {
    const above = this.#heap[(place - 1) >> 1]
    if (place > 0 && above !== undefined && this.#minute(above) > this.#minute(slot)) this.#rise(place, slot)
    else this.#sink(place, slot)
  }

  #rise(place: number, slot: number): void {
    let index = place
    while (index > 0) {
      const parent = (index - 1) >> 1
      const above = this.#heap[parent] ?? 0
      if (this.#minute(above) <= this.#minute(slot)) break
      this.#put(index, above)
      index = parent
    }
    this.#put(index, slot)
  }

  #sink(place: number, slot: number): void {
    let index = place
    for (;;) {
      let child = index * 2 + 1
      if (child >= this.#size) break
      const right = child + 1
      if (right < this.#size && this.#minute(this.#heap[right] ?? 0) < this.#minute(this.#heap[child] ?? 0))
        child = right
      const least = this.#heap[child] ?? 0
      if (this.#minute(slot) <= this.#minute(least)) break
      this.#put(index, least)
      index = child
    }
    this.#put(index, slot)
  }

  #put(index: number, slot: number): void {
    this.#heap[index] = slot
    this.#leaves.places[slot] = index
  }
}
