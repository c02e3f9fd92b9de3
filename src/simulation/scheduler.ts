/**
 * Virtual time: everything that will happen, in the order in which it will.
 *
 * Events fire by time, and at equal times in the order in which they were scheduled, always: that is
 * what makes a simulation repeat itself. Time is counted in milliseconds and kept in multiples of
 * {@link TICK}, a power of two, so that sums and differences of times are exact and "at least 0.2 ms
 * later" never fails by a rounding.
 *
 * Far events lie in a timing wheel: four wheels of 4,096 slots, each slot a list without order that
 * spans a millisecond, 4 seconds, 4.7 hours, 2.2 years. When time reaches a millisecond, its list moves
 * into a small 4-ary heap, which puts it in order. So scheduling and cancelling cost the same whether
 * a hundred events are waiting or a million, and a long silence is skipped by a search in a bitmap.
 * Everything is kept in typed arrays: an event costs no object of its own.
 */

/** What can be scheduled. One object with a method instead of a closure an event, for speed. */
export interface Scheduled {
  /** Called when its time has come, with the number that was given to {@link Scheduler.schedule}. */
  fire(argument: number): void
}

/** An event that was scheduled: valid until it fires or is cancelled, and not after. */
export type EventId = number

/** The grain of virtual time in milliseconds: a little less than a microsecond. */
export const TICK = 2 ** -10

/** The latest time, in milliseconds since the start: 278 years. Up to it a double holds every {@link TICK}. */
export const LATEST_TIME = 2 ** 43

const WHEEL_BITS = 12
const WHEEL_SLOTS = 2 ** WHEEL_BITS
const WHEEL_MASK = WHEEL_SLOTS - 1
const WHEELS = 4
/** One bit for each slot of a wheel, in words of 32. */
const BITMAP_WORDS = WHEEL_SLOTS / 32
/** How many milliseconds a slot of each wheel spans. */
const SLOT_SPANS = [1, WHEEL_SLOTS, WHEEL_SLOTS ** 2, WHEEL_SLOTS ** 3] as const

const NONE = -1
/** Where an event is, if not in a list of the wheels. */
const IN_HEAP = -1
const FREE = -2
const FIRST_CAPACITY = 256

/** The next multiple of {@link TICK} that is not before `time`. */
export function roundUpToTick(time: number): number {
  return Math.ceil(time / TICK) * TICK
}

/** Keeps virtual time and fires events. */
export class Scheduler {
  #now = 0
  /** Every event up to the end of this millisecond is in the heap, every other one in the wheels. */
  #loaded = 0
  #sequence = 0
  #pending = 0

  // One entry for each event, by its id.
  #times = new Float64Array(FIRST_CAPACITY)
  #sequences = new Float64Array(FIRST_CAPACITY)
  #arguments = new Float64Array(FIRST_CAPACITY)
  #targets: (Scheduled | undefined)[] = new Array<Scheduled | undefined>(FIRST_CAPACITY).fill(undefined)
  /** The list (wheel × 4,096 + slot) that holds the event, or where it is otherwise. */
  #places = new Int32Array(FIRST_CAPACITY).fill(FREE)
  #nexts = new Int32Array(FIRST_CAPACITY)
  #previouses = new Int32Array(FIRST_CAPACITY)
  #firstFree = NONE
  #used = 0

  readonly #lists = new Int32Array(WHEELS * WHEEL_SLOTS).fill(NONE)
  readonly #bitmap = new Int32Array(WHEELS * BITMAP_WORDS)

  #heap = new Int32Array(FIRST_CAPACITY)
  #heapSize = 0

  /** Milliseconds since the start. */
  get now(): number {
    return this.#now
  }

  /** How many events are waiting. */
  get pending(): number {
    return this.#pending
  }

  /**
   * Schedules an event, which fires after this call and everything that was scheduled before for the same time.
   *
   * @param time Milliseconds since the start, rounded up to a {@link TICK}; {@link now} to {@link LATEST_TIME},
   *   anything else is a programming error.
   */
  schedule(time: number, target: Scheduled, argument = 0): EventId {
    const exact = roundUpToTick(time)
    if (!(exact >= this.#now && exact <= LATEST_TIME)) {
      throw new RangeError(`an event is scheduled for ${time} ms, and it is ${this.#now} ms now`)
    }
    const id = this.#takeId()
    this.#times[id] = exact
    this.#sequences[id] = this.#sequence++
    this.#arguments[id] = argument
    this.#targets[id] = target
    this.#pending++
    this.#place(id, exact)
    return id
  }

  /** The event never fires. Its id is invalid from now on. */
  cancel(id: EventId): void {
    const place = this.#places[id] ?? FREE
    if (place === FREE || this.#targets[id] === undefined) throw new RangeError(`there is no event ${id} to cancel`)
    this.#targets[id] = undefined
    this.#pending--
    // Taking it out of the middle of the heap would cost more than leaving it there for this millisecond.
    if (place === IN_HEAP) return
    const next = this.#nexts[id] ?? NONE
    const previous = this.#previouses[id] ?? NONE
    if (previous === NONE) this.#lists[place] = next
    else this.#nexts[previous] = next
    if (next !== NONE) this.#previouses[next] = previous
    this.#giveBackId(id)
  }

  /**
   * Moves to the next event and fires it.
   *
   * @param limit The time, in milliseconds since the start, up to which time may move.
   * @returns false if no event is waiting up to the limit; then nothing moves.
   */
  fireNext(limit: number = Number.POSITIVE_INFINITY): boolean {
    const id = this.#next(limit)
    if (id === NONE) return false
    const target = this.#targets[id]
    if (target === undefined) throw new Error('a cancelled event came up')
    const argument = this.#arguments[id] ?? 0
    this.#now = this.#times[id] ?? 0
    this.#removeFirst()
    this.#giveBackId(id)
    this.#pending--
    target.fire(argument)
    return true
  }

  /** Moves to a time, in milliseconds since the start, that no event precedes. */
  moveTo(time: number): void {
    const exact = roundUpToTick(time)
    const next = this.#next(exact)
    if (!(exact >= this.#now && exact <= LATEST_TIME) || (next !== NONE && (this.#times[next] ?? 0) < exact)) {
      throw new RangeError(`time cannot move from ${this.#now} to ${time} ms: it runs forwards, and events come first`)
    }
    this.#now = exact
  }

  /** The next event, if its time is not after `limit`: the top of the heap, filled from the wheels as far as needed. */
  #next(limit: number): EventId {
    for (;;) {
      while (this.#heapSize > 0) {
        const id = this.#heap[0] ?? 0
        if (this.#targets[id] !== undefined) return (this.#times[id] ?? 0) <= limit ? id : NONE
        this.#removeFirst()
        this.#giveBackId(id)
      }
      if (this.#pending === 0 || !this.#loadNextSlot(limit)) return NONE
    }
  }

  #place(id: EventId, time: number): void {
    const millisecond = Math.floor(time)
    const loaded = this.#loaded
    if (millisecond <= loaded) {
      this.#places[id] = IN_HEAP
      this.#insert(id)
      return
    }
    // The lowest wheel in whose present turn the event lies: there it is found by searching forward only.
    let wheel = 0
    let turn = WHEEL_SLOTS
    while (wheel < WHEELS - 1 && Math.floor(millisecond / turn) !== Math.floor(loaded / turn)) {
      wheel++
      turn *= WHEEL_SLOTS
    }
    const slot = Math.floor(millisecond / (SLOT_SPANS[wheel] ?? 1)) & WHEEL_MASK
    const list = wheel * WHEEL_SLOTS + slot
    const head = this.#lists[list] ?? NONE
    this.#places[id] = list
    this.#nexts[id] = head
    this.#previouses[id] = NONE
    if (head !== NONE) this.#previouses[head] = id
    this.#lists[list] = id
    const word = list >>> 5
    this.#bitmap[word] = (this.#bitmap[word] ?? 0) | (1 << (list & 31))
  }

  /**
   * Moves the next slot that holds something into the heap, or into the wheels below. It stops at the limit, so that
   * what is scheduled before a far event, once the limit is reached, still finds its place in the wheels.
   *
   * @returns false if no slot up to the limit holds anything.
   */
  #loadNextSlot(limit: number): boolean {
    for (let wheel = 0; wheel < WHEELS; wheel++) {
      const span = SLOT_SPANS[wheel] ?? 1
      const present = Math.floor(this.#loaded / span)
      const index = present & WHEEL_MASK
      const slot = this.#nextFilledSlot(wheel, index + 1)
      if (slot === NONE) continue
      const start = (present - index + slot) * span
      if (start > limit) return false
      this.#loaded = start
      this.#emptySlot(wheel * WHEEL_SLOTS + slot)
      return true
    }
    return false
  }

  #emptySlot(list: number): void {
    let id = this.#lists[list] ?? NONE
    this.#lists[list] = NONE
    const word = list >>> 5
    this.#bitmap[word] = (this.#bitmap[word] ?? 0) & ~(1 << (list & 31))
    while (id !== NONE) {
      const next = this.#nexts[id] ?? NONE
      this.#place(id, this.#times[id] ?? 0)
      id = next
    }
  }

  /** The first slot from `from` on with something in it. A slot emptied by cancelling counts until it is loaded. */
  #nextFilledSlot(wheel: number, from: number): number {
    if (from >= WHEEL_SLOTS) return NONE
    const first = wheel * BITMAP_WORDS
    let word = from >>> 5
    let bits = (this.#bitmap[first + word] ?? 0) & (-1 << (from & 31))
    while (bits === 0) {
      word++
      if (word === BITMAP_WORDS) return NONE
      bits = this.#bitmap[first + word] ?? 0
    }
    return word * 32 + (31 - Math.clz32(bits & -bits))
  }

  // The heap

  #insert(id: EventId): void {
    if (this.#heapSize === this.#heap.length) this.#heap = grown(this.#heap, new Int32Array(this.#heap.length * 2))
    const heap = this.#heap
    let index = this.#heapSize++
    while (index > 0) {
      const parent = (index - 1) >> 2
      const above = heap[parent] ?? 0
      if (!this.#before(id, above)) break
      heap[index] = above
      index = parent
    }
    heap[index] = id
  }

  #removeFirst(): void {
    const heap = this.#heap
    const size = --this.#heapSize
    const last = heap[size] ?? 0
    let index = 0
    for (;;) {
      const firstChild = index * 4 + 1
      if (firstChild >= size) break
      const end = Math.min(firstChild + 4, size)
      let least = firstChild
      for (let child = firstChild + 1; child < end; child++) {
        if (this.#before(heap[child] ?? 0, heap[least] ?? 0)) least = child
      }
      if (!this.#before(heap[least] ?? 0, last)) break
      heap[index] = heap[least] ?? 0
      index = least
    }
    heap[index] = last
  }

  #before(one: EventId, other: EventId): boolean {
    const oneTime = this.#times[one] ?? 0
    const otherTime = this.#times[other] ?? 0
    if (oneTime !== otherTime) return oneTime < otherTime
    return (this.#sequences[one] ?? 0) < (this.#sequences[other] ?? 0)
  }

  // The ids

  #takeId(): EventId {
    const free = this.#firstFree
    if (free !== NONE) {
      this.#firstFree = this.#nexts[free] ?? NONE
      return free
    }
    if (this.#used === this.#times.length) this.#grow()
    return this.#used++
  }

  #giveBackId(id: EventId): void {
    this.#targets[id] = undefined
    this.#places[id] = FREE
    this.#nexts[id] = this.#firstFree
    this.#firstFree = id
  }

  #grow(): void {
    const capacity = this.#times.length * 2
    this.#times = grown(this.#times, new Float64Array(capacity))
    this.#sequences = grown(this.#sequences, new Float64Array(capacity))
    this.#arguments = grown(this.#arguments, new Float64Array(capacity))
    this.#places = grown(this.#places, new Int32Array(capacity).fill(FREE))
    this.#nexts = grown(this.#nexts, new Int32Array(capacity))
    this.#previouses = grown(this.#previouses, new Int32Array(capacity))
    while (this.#targets.length < capacity) this.#targets.push(undefined)
  }
}

function grown<Numbers extends Int32Array | Float64Array>(from: Numbers, to: Numbers): Numbers {
  to.set(from)
  return to
}
