/**
 * The clock port: time and timers. Code below the platform layers knows no other time, so that a
 * simulation can run years of it in seconds and replay a failure from its seed.
 *
 * There are two times because they answer different questions. {@link Clock.utc} says what a
 * certificate or a record means by "now" and can jump when somebody sets the machine's clock;
 * {@link Clock.monotonic} measures how long something took and never jumps.
 */
export interface Clock {
  /** Milliseconds since 1970-01-01T00:00Z. Can jump in either direction. */
  utc(): number
  /** Milliseconds since an arbitrary start. Never runs backwards; has a finer grain than a millisecond. */
  monotonic(): number
  /**
   * Calls `expired` once, after at least `delay` milliseconds of {@link Clock.monotonic}, and never
   * before this call has returned. Timers of equal expiry fire in the order in which they were set.
   *
   * @param delay 0 to 2,147,483,647 milliseconds; anything else is a programming error.
   */
  setTimer(delay: number, expired: () => void): Timer
}

/** A timer that was set. */
export interface Timer {
  /** The timer never fires after this. Cancelling twice, or after it fired, does nothing. */
  cancel(): void
}

/** The longest delay of one timer, in milliseconds (24.8 days: what every platform's timers can hold). */
export const LONGEST_TIMER = 2 ** 31 - 1
