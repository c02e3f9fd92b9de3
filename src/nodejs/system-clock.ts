/**
 * The clock port on Node.js: the system's time of day, its monotonic clock, and one queue of timers.
 *
 * Node's own timers are counted in whole milliseconds of the event loop's idea of the time. They can
 * fire up to a millisecond before the monotonic clock says so, and timers of different lengths in
 * another order than they expire. So the timers wait in a heap of their own, ordered by expiry, and one
 * timer of Node wakes up for the first of them. What is due by then runs in one turn; a timer that is
 * set meanwhile, even for no time at all, waits for the next turn, so that sockets get theirs.
 *
 * A waiting timer keeps the process alive, as in Node: what was asked for will happen. Who closes
 * cancels, and then nothing is left.
 */
import { type Clock, LONGEST_TIMER, type Timer } from '../runtime/clock.ts'

/** The clock of this process. */
export const systemClock: Clock = {
  utc: () => Date.now(),
  monotonic: () => performance.now(),
  setTimer(delay, expired) {
    if (!(delay >= 0 && delay <= LONGEST_TIMER)) {
      throw new RangeError(`a timer runs 0 to ${LONGEST_TIMER} ms, not ${delay}`)
    }
    return timers.add(delay, expired)
  },
}

class SystemTimer implements Timer {
  readonly due: number
  /** How many timers were set before this one: the order among timers of equal expiry. */
  readonly place: number
  /** Undefined once it fired or was cancelled. */
  expired: (() => void) | undefined

  constructor(due: number, place: number, expired: () => void) {
    this.due = due
    this.place = place
    this.expired = expired
  }

  cancel(): void {
    if (this.expired === undefined) return
    this.expired = undefined
    timers.cancelled()
  }

  isBefore(other: SystemTimer): boolean {
    return this.due < other.due || (this.due === other.due && this.place < other.place)
  }
}

/** How many cancelled timers stay in the heap at least before it is built anew without them. */
const MOST_CANCELLED = 64

class TimerQueue {
  /** A binary heap: no timer is before the one at (its index - 1) / 2. Cancelled ones stay for a while. */
  #heap: SystemTimer[] = []
  #cancelled = 0
  #set = 0
  /** What wakes up for the first timer, and the time that it is for. */
  #stopWaiting: (() => void) | undefined
  #wakesAt = Number.POSITIVE_INFINITY
  /** Node's timer wakes up, which can be a millisecond later than that time, and not an immediate. */
  #waitsForTimeout = false
  #running = false

  add(delay: number, expired: () => void): Timer {
    const now = performance.now()
    const timer = new SystemTimer(now + delay, this.#set++, expired)
    this.#heap.push(timer)
    this.#siftUp(this.#heap.length - 1)
    // What is set for no time at all is not to wait for a timer of Node that is late for another one.
    const isLate = this.#waitsForTimeout && this.#wakesAt <= now
    if (!this.#running && (timer.due < this.#wakesAt || isLate)) this.#waitForFirst()
    return timer
  }

  cancelled(): void {
    this.#cancelled++
    const waiting = this.#heap.length - this.#cancelled
    if (waiting > 0 && (this.#cancelled < MOST_CANCELLED || this.#cancelled < waiting)) return
    this.#heap = this.#heap.filter((timer) => timer.expired !== undefined)
    this.#cancelled = 0
    for (let index = (this.#heap.length >> 1) - 1; index >= 0; index--) this.#siftDown(index)
    if (waiting === 0 && !this.#running) this.#waitForFirst()
  }

  /** Arranges the next wake-up, or none if no timer waits. */
  #waitForFirst(): void {
    this.#stopWaiting?.()
    this.#stopWaiting = undefined
    const first = this.#first()
    this.#wakesAt = first?.due ?? Number.POSITIVE_INFINITY
    this.#waitsForTimeout = false
    if (first === undefined) return
    const remaining = first.due - performance.now()
    if (remaining <= 0) {
      // setTimeout waits for at least a millisecond; an immediate runs in the next turn.
      const immediate = setImmediate(this.#wake)
      this.#stopWaiting = () => clearImmediate(immediate)
    } else {
      this.#waitsForTimeout = true
      const timeout = setTimeout(this.#wake, Math.min(Math.ceil(remaining), LONGEST_TIMER))
      this.#stopWaiting = () => clearTimeout(timeout)
    }
  }

  readonly #wake = (): void => {
    this.#stopWaiting = undefined
    const now = performance.now()
    const setBefore = this.#set
    this.#running = true
    try {
      for (let first = this.#first(); first !== undefined; first = this.#first()) {
        if (first.due > now || first.place >= setBefore) break
        this.#removeFirst()
        const { expired } = first
        first.expired = undefined
        expired?.()
      }
    } finally {
      // Also when a callback has thrown, which is the process's affair: the other timers go on.
      this.#running = false
      this.#waitForFirst()
    }
  }

  /** The first timer that is not cancelled. */
  #first(): SystemTimer | undefined {
    while (this.#heap[0]?.expired === undefined && this.#heap.length > 0) {
      this.#removeFirst()
      this.#cancelled--
    }
    return this.#heap[0]
  }

  #removeFirst(): void {
    const last = this.#heap.pop()
    if (last === undefined || this.#heap.length === 0) return
    this.#heap[0] = last
    this.#siftDown(0)
  }

  #siftUp(from: number): void {
    let index = from
    while (index > 0) {
      const parent = (index - 1) >> 1
      if (!this.#swapIfBefore(index, parent)) return
      index = parent
    }
  }

  #siftDown(from: number): void {
    let index = from
    while (true) {
      const left = 2 * index + 1
      const right = left + 1
      const smaller = this.#isBefore(right, left) ? right : left
      if (!this.#swapIfBefore(smaller, index)) return
      index = smaller
    }
  }

  #isBefore(one: number, other: number): boolean {
    const timer = this.#heap[one]
    const against = this.#heap[other]
    return timer !== undefined && against !== undefined && timer.isBefore(against)
  }

  #swapIfBefore(one: number, other: number): boolean {
    const timer = this.#heap[one]
    const against = this.#heap[other]
    if (timer === undefined || against === undefined || !timer.isBefore(against)) return false
    this.#heap[one] = against
    this.#heap[other] = timer
    return true
  }
}

const timers = new TimerQueue()
