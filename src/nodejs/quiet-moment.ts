/**
 * Finds the moments in which the process has nothing else to do. Work that costs less for more at once, and for which nobody waits
 * in the middle of other work, is put off until then: with one record under way that is at once, and with many it comes
 * together for many.
 *
 * A turn of the event loop in which nothing was read is such a moment. Where none comes, the work is done when
 * it has waited for {@link LONGEST_WAIT_FOR_QUIET}.
 */

/** How long work is put off while the process is busy, in milliseconds. */
export const LONGEST_WAIT_FOR_QUIET = 8

interface Work {
  readonly latest: number
  readonly act: () => void
}

let activity = 0
let seen = 0
let isLooking = false
let waiting: Work[] = []

/** Something was read from a stream, or came from another thread: more may come in the same moment. */
export function noteActivity(): void {
  activity++
}

/** Does something in the next quiet moment, not before this returns. */
export function atQuietMoment(act: () => void): void {
  waiting.push({ latest: performance.now() + LONGEST_WAIT_FOR_QUIET, act })
  if (isLooking) return
  isLooking = true
  seen = activity
  setImmediate(look)
}

function look(): void {
  const isQuiet = activity === seen
  seen = activity
  const now = performance.now()
  const due = isQuiet ? waiting : waiting.filter(({ latest }) => latest <= now)
  waiting = isQuiet ? [] : waiting.filter(({ latest }) => latest > now)
  isLooking = waiting.length > 0
  if (isLooking) setImmediate(look)
  for (const { act } of due) act()
}
