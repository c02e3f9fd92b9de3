/**
 * Many deadlines on one timer. A node waits for hundreds of answers at a time, and ten thousand nodes are
 * simulated in one process, so a timer of the clock for each would cost more than the messages.
 */
import type { Clock, Timer } from './clock.ts'

/** Something that is due at a time, unless it is cancelled. */
export interface Deadline {
  readonly due: number
  /** undefined once it is over. */
  expired: (() => void) | undefined
}

/** The deadlines of one node: a binary heap by time. */
export class Deadlines {
  readonly #clock: Clock
  readonly #heap: Deadline[] = []
  /** Those in the heap that are not cancelled. */
  #left = 0
  #timer: Timer | undefined
  #timerDue = Number.POSITIVE_INFINITY

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Calls `expired` after `delay` milliseconds. */
  set(delay: number, expired: () => void): Deadline {
    const deadline: Deadline = { due: this.#clock.monotonic() + delay, expired }
    this.#left++
    this.#push(deadline)
    this.#arm()
    return deadline
  }

  /** The deadline never expires. Twice does nothing. */
  cancel(deadline: Deadline): void {
    if (deadline.expired === undefined) return
    deadline.expired = undefined
    this.#left--
    // What was cancelled leaves the heap when it comes to the top, or with the last one that was not.
    while (this.#heap[0] !== undefined && this.#heap[0].expired === undefined) this.#pop()
    if (this.#left === 0) this.clear()
  }

  /** Drops all deadlines. */
  clear(): void {
    for (const deadline of this.#heap) deadline.expired = undefined
    this.#heap.length = 0
    this.#left = 0
    this.#disarm()
  }

  #fire(): void {
    this.#timer = undefined
    this.#timerDue = Number.POSITIVE_INFINITY
    const now = this.#clock.monotonic()
    for (let first = this.#heap[0]; first !== undefined && first.due <= now; first = this.#heap[0]) {
      this.#pop()
      const { expired } = first
      if (expired === undefined) continue
      first.expired = undefined
      this.#left--
      expired()
    }
    if (this.#left === 0) this.clear()
    else this.#arm()
  }

  #arm(): void {
    const first = this.#heap[0]
    if (first === undefined || first.due >= this.#timerDue) return
    this.#timer?.cancel()
    this.#timerDue = first.due
    this.#timer = this.#clock.setTimer(Math.max(0, first.due - this.#clock.monotonic()), () => this.#fire())
  }

  #disarm(): void {
    this.#timer?.cancel()
    this.#timer = undefined
    this.#timerDue = Number.POSITIVE_INFINITY
  }

  #push(deadline: Deadline): void {
    const heap = this.#heap
    let index = heap.length
    heap.push(deadline)
    while (index > 0) {
      const parent = (index - 1) >> 1
      const above = heap[parent]
      if (above === undefined || above.due <= deadline.due) break
      heap[index] = above
      index = parent
    }
    heap[index] = deadline
  }

  #pop(): void {
    const heap = this.#heap
    const last = heap.pop()
    if (last === undefined || heap.length === 0) return
    let index = 0
    for (;;) {
      const left = index * 2 + 1
      const right = left + 1
      const leftDeadline = heap[left]
      if (leftDeadline === undefined) break
      const rightDeadline = heap[right]
      const takesRight = rightDeadline !== undefined && rightDeadline.due < leftDeadline.due
      const least = takesRight ? rightDeadline : leftDeadline
      if (last.due <= least.due) break
      heap[index] = least
      index = takesRight ? right : left
    }
    heap[index] = last
  }
}
