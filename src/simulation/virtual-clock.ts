/**
 * The clock port on virtual time. Each host has a clock of its own, which can be wrong: **skew** is how
 * far its UTC is ahead, **drift** how much too fast it runs. Monotonic time and timers drift as well, since they
 * come from the same crystal, and begin at another value after each start of the host, so that nobody
 * can rely on comparing them between hosts.
 */
import { type Clock, LONGEST_TIMER, type Timer } from '../runtime/clock.ts'
import { type EventId, roundUpToTick, type Scheduled, type Scheduler, TICK } from './scheduler.ts'
import type { Trace } from './trace.ts'

/** What a virtual clock shows in UTC at the start of a simulation: 2030-01-01T00:00Z. */
export const VIRTUAL_EPOCH = 1_893_456_000_000

/** How wrong the clock of a host is. */
export interface ClockError {
  /** Milliseconds ahead of the true time. */
  skew: number
  /** Seconds that it counts in a true second: 1.0001 is 100 ppm too fast. */
  readonly rate: number
}

/** What the clocks of all hosts share. */
interface ClockSurroundings {
  readonly network: { readonly scheduler: Scheduler }
  readonly trace: Trace | undefined
}

/** The clock of a host from one start to the next crash. */
export class VirtualClock implements Clock {
  readonly #surroundings: ClockSurroundings
  readonly #host: string
  readonly #error: ClockError
  /** When the host started, and what its monotonic clock showed then. */
  readonly #started: number
  #firstReading: number
  #stopped = false
  /** Since when the host sleeps, and whether this clock stands still meanwhile. */
  #sleep: { readonly since: number; readonly stands: boolean } | undefined
  /** The timers that are set, linked through themselves. */
  #firstTimer: VirtualTimer | undefined

  /** @param firstReading What {@link monotonic} begins with: a whole number of milliseconds. */
  constructor(surroundings: ClockSurroundings, host: string, error: ClockError, firstReading: number) {
    this.#surroundings = surroundings
    this.#host = host
    this.#error = error
    this.#firstReading = firstReading
    this.#started = this.#scheduler.now
  }

  utc(): number {
    return Math.floor(VIRTUAL_EPOCH + this.#error.skew + this.#scheduler.now * this.#error.rate)
  }

  monotonic(): number {
    return this.#reading(this.#sleep?.stands === true ? this.#sleep.since : this.#scheduler.now)
  }

  setTimer(delay: number, expired: () => void): Timer {
    if (!(delay >= 0 && delay <= LONGEST_TIMER)) {
      throw new RangeError(`the delay of a timer is 0 to ${LONGEST_TIMER} ms, not ${delay}`)
    }
    const timer = new VirtualTimer(this, this.monotonic() + delay, expired)
    if (this.#stopped) return timer
    timer.isSet = true
    if (this.#sleep === undefined) this.#schedule(timer)
    timer.next = this.#firstTimer
    if (timer.next !== undefined) timer.next.previous = timer
    this.#firstTimer = timer
    return timer
  }

  /** Called by a timer when its time has come. */
  expire(timer: VirtualTimer): void {
    this.#unlink(timer)
    this.#surroundings.trace?.event(this.#scheduler.now, this.#host, 'timer')
  }

  /** Called by a timer that is cancelled. */
  cancel(timer: VirtualTimer): void {
    if (timer.event !== undefined) this.#scheduler.cancel(timer.event)
    this.#unlink(timer)
  }

  /** The host is suspended: no timer fires until it wakes. @param stands Whether this clock stands still meanwhile */
  fallAsleep(stands: boolean): void {
    this.#sleep = { since: this.#scheduler.now, stands }
    for (let timer = this.#firstTimer; timer !== undefined; timer = timer.next) {
      if (timer.event !== undefined) this.#scheduler.cancel(timer.event)
      timer.event = undefined
    }
  }

  /** Timers that were due meanwhile fire now, in their order. */
  wake(): void {
    if (this.#sleep?.stands === true) this.#firstReading -= (this.#scheduler.now - this.#sleep.since) * this.#error.rate
    this.#sleep = undefined
    const timers: VirtualTimer[] = []
    for (let timer = this.#firstTimer; timer !== undefined; timer = timer.next) timers.push(timer)
    timers.sort((one, other) => one.deadline - other.deadline)
    for (const timer of timers) this.#schedule(timer)
  }

  /** The host has crashed: no timer fires any more. */
  stop(): void {
    this.#stopped = true
    while (this.#firstTimer !== undefined) this.#firstTimer.cancel()
  }

  #schedule(timer: VirtualTimer): void {
    const { now } = this.#scheduler
    const left = Math.max(0, timer.deadline - this.#reading(now))
    let due = roundUpToTick(now + left / this.#error.rate)
    // Drift does not divide evenly: never fire before this clock shows the deadline.
    while (this.#reading(due) < timer.deadline) due += TICK
    timer.event = this.#scheduler.schedule(due, timer)
  }

  #unlink(timer: VirtualTimer): void {
    timer.isSet = false
    timer.event = undefined
    if (timer.previous === undefined) this.#firstTimer = timer.next
    else timer.previous.next = timer.next
    if (timer.next !== undefined) timer.next.previous = timer.previous
    timer.previous = undefined
    timer.next = undefined
  }

  get #scheduler(): Scheduler {
    return this.#surroundings.network.scheduler
  }

  #reading(time: number): number {
    return this.#firstReading + (time - this.#started) * this.#error.rate
  }
}

class VirtualTimer implements Timer, Scheduled {
  isSet = false
  /** While it is set and the host is awake. */
  event: EventId | undefined
  previous: VirtualTimer | undefined
  next: VirtualTimer | undefined
  /** By the monotonic clock. */
  readonly deadline: number
  readonly #clock: VirtualClock
  readonly #expired: () => void

  constructor(clock: VirtualClock, deadline: number, expired: () => void) {
    this.deadline = deadline
    this.#clock = clock
    this.#expired = expired
  }

  cancel(): void {
    if (this.isSet) this.#clock.cancel(this)
  }

  fire(): void {
    this.#clock.expire(this)
    this.#expired()
  }
}
