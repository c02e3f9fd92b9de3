/**
 * The acceptance suite of the clock port.
 */
import { type Clock, LONGEST_TIMER, type Timer } from '../clock.ts'
import { type AcceptanceCheck, expectRangeError, expectSame, expectThat } from './acceptance.ts'
import type { Settling } from './settling.ts'

/** A clock, and time for it. */
export interface ClockSubject extends Settling {
  readonly clock: Clock
}

export const clockAcceptance: readonly AcceptanceCheck<ClockSubject>[] = [
  {
    name: 'utc is a number of milliseconds since 1970',
    run({ clock }) {
      expectThat(Number.isFinite(clock.utc()) && clock.utc() >= 0, 'utc is a number from 0')
    },
  },
  {
    name: 'monotonic never runs backwards, and its grain is finer than a millisecond',
    async run(subject) {
      const { clock } = subject
      let last = clock.monotonic()
      let fractions = Number.isInteger(last) ? 0 : 1
      for (let timers = 0; timers < 5; timers++) {
        await passed(subject, 0.3)
        for (let readings = 0; readings < 2000; readings++) {
          const now = clock.monotonic()
          expectThat(now >= last, 'a later reading is not smaller')
          if (!Number.isInteger(now)) fractions++
          last = now
        }
      }
      expectThat(fractions > 0, 'some readings lie between two milliseconds')
    },
  },
  {
    name: 'a timer fires once, after at least its delay and never inside setTimer',
    async run(subject) {
      const { clock } = subject
      const delays = [0, 0.25, 1, 1.5, 4.75, 16, 33.3]
      const fired = delays.map(() => 0)
      const problems: string[] = []
      for (const [index, delay] of delays.entries()) {
        const due = clock.monotonic() + delay
        let returned = false
        clock.setTimer(delay, () => {
          if (!returned) problems.push(`a timer of ${delay} ms fired inside setTimer`)
          if (clock.monotonic() < due) problems.push(`a timer of ${delay} ms fired early`)
          fired[index] = (fired[index] ?? 0) + 1
        })
        returned = true
      }
      await subject.settle(() => fired.every((times) => times > 0))
      await passed(subject, 5)
      for (const [index, delay] of delays.entries()) expectSame(fired[index], 1, `firings of the timer of ${delay} ms`)
      expectSame(problems.join(), '', 'problems')
    },
  },
  {
    name: 'timers fire in the order of their expiry',
    async run(subject) {
      const { clock } = subject
      const delays = [20, 3, 10.5, 0, 10, 2.5, 20.25, 0.5]
      // A real clock goes on between two calls, so each expiry is only known to lie in an interval.
      const intervals: { readonly from: number; readonly to: number }[] = []
      const order: number[] = []
      for (const [index, delay] of delays.entries()) {
        const before = clock.monotonic()
        clock.setTimer(delay, () => order.push(index))
        intervals.push({ from: before + delay, to: clock.monotonic() + delay })
      }
      await subject.settle(() => order.length === delays.length)
      for (const [place, earlier] of order.entries()) {
        for (const later of order.slice(place + 1)) {
          const certain = (intervals[later]?.to ?? 0) < (intervals[earlier]?.from ?? 0)
          expectThat(!certain, `the timer of ${delays[later]} ms does not fire after that of ${delays[earlier]} ms`)
        }
      }
    },
  },
  {
    name: 'timers of equal expiry fire in the order in which they were set, those set meanwhile last',
    async run(subject) {
      const { clock } = subject
      const order: string[] = []
      for (let index = 0; index < 50; index++) {
        clock.setTimer(4, () => {
          order.push(`first ${index}`)
          clock.setTimer(0, () => order.push(`second ${index}`))
        })
      }
      await subject.settle(() => order.length === 100)
      const firsts = order.filter((entry) => entry.startsWith('first'))
      const seconds = order.filter((entry) => entry.startsWith('second'))
      for (let index = 0; index < 50; index++) {
        expectSame(firsts[index], `first ${index}`, 'order of the timers')
        expectSame(seconds[index], `second ${index}`, 'order of the timers that they set')
      }
      expectSame(order[0], 'first 0', 'what fires first')
    },
  },
  {
    name: 'a cancelled timer never fires, and cancelling too often or too late does nothing',
    async run(subject) {
      const { clock } = subject
      let fired = 0
      const cancelled = clock.setTimer(2, () => fired++)
      cancelled.cancel()
      cancelled.cancel()
      const late = clock.setTimer(0, () => late.cancel())
      await passed(subject, 8)
      late.cancel()
      expectSame(fired, 0, 'firings of a cancelled timer')
    },
  },
  {
    name: 'a timer can cancel one that would fire next to it',
    async run(subject) {
      const { clock } = subject
      const fired: string[] = []
      const timers: Timer[] = []
      const names = ['a', 'b', 'c']
      for (const name of names) {
        timers.push(
          clock.setTimer(3, () => {
            fired.push(name)
            for (const other of timers) other.cancel()
          }),
        )
      }
      await passed(subject, 8)
      expectSame(fired.join(), 'a', 'what fired')
    },
  },
  {
    name: 'of a thousand timers exactly those fire that were not cancelled, once each',
    async run(subject) {
      const { clock } = subject
      const fired = new Array<number>(1000).fill(0)
      const timers = fired.map((_, index) =>
        clock.setTimer((index * 7919) % 40, () => {
          fired[index] = (fired[index] ?? 0) + 1
        }),
      )
      for (const [index, timer] of timers.entries()) if (index % 3 !== 0) timer.cancel()
      await passed(subject, 45)
      for (const [index, times] of fired.entries()) expectSame(times, index % 3 === 0 ? 1 : 0, `firings of ${index}`)
    },
  },
  {
    name: 'the longest delay does not overflow, and any other delay is a programming error',
    async run(subject) {
      const { clock } = subject
      let fired = 0
      const longest = clock.setTimer(LONGEST_TIMER, () => fired++)
      await passed(subject, 5)
      longest.cancel()
      expectSame(fired, 0, 'firings of the longest timer')
      for (const delay of [-1, -0.001, LONGEST_TIMER + 1, Number.POSITIVE_INFINITY, Number.NaN]) {
        expectRangeError(() => clock.setTimer(delay, () => fired++), `a delay of ${delay} ms`)
      }
    },
  },
]

/** Lets at least this many milliseconds pass. */
async function passed(subject: ClockSubject, milliseconds: number): Promise<void> {
  let over = false
  subject.clock.setTimer(milliseconds, () => {
    over = true
  })
  await subject.settle(() => over)
}
