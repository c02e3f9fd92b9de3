/**
 * The part of the diagnosis about the clock: whether it is behind a time that was here already, and how far it is from those of other
 * nodes. Peer time corrects five minutes at most; what is further off is told here (G-113).
 */
import { FEWEST_SAMPLES, LARGEST_CORRECTION } from '../graph/peer-time.ts'
import { formatUtc } from '../runtime/calendar.ts'
import type { DiagnosisParts } from './diagnosis-parts.ts'
import { type Finding, failed, ok, warning } from './finding.ts'

/** Clocks that differ by less are taken for right, in milliseconds: a record further ahead has to wait (G-056). */
const LARGEST_TOLERATED_OFFSET = 60_000
/** What others sign is of no use to a node whose clock is wrong. */
const OUT_OF_TIME = ['pnrp-dropped-cpa-expired', 'pnrp-dropped-cpa-too-far-ahead']
const SET_THE_CLOCK = 'Set the date, the time and the time zone of this machine, and let it keep them by NTP.'

export function* checkClock({ ports, clouds, host }: DiagnosisParts): Generator<Finding, void, undefined> {
  const now = ports.clock.utc()
  const findings: Finding[] = []
  const last = ports.dataDirectory.lastChange()
  if (last !== undefined && last - now > LARGEST_TOLERATED_OFFSET) {
    const found = `the clock says ${formatUtc(now)}, but something in the data directory was changed at ${formatUtc(last)}`
    findings.push(warning('clock', found, `${SET_THE_CLOCK} If it is right now, it was wrong then.`))
  }
  let compared = 0
  for (const { engine } of host.open.values()) {
    const offsets = [...engine.parts.peerTime.offsets].sort((one, other) => one - other)
    compared += offsets.length
    const finding = offsetFinding(offsets)
    if (finding !== undefined) findings.push(finding)
  }
  const counters = clouds.counters()
  const refused = OUT_OF_TIME.reduce((sum, name) => sum + (counters[name] ?? 0), 0)
  if (refused > 0) {
    const proofs = refused === 1 ? 'a proof of another node was' : `${refused} proofs of other nodes were`
    const found = `${proofs} not valid at the time of this clock, which says ${formatUtc(now)}`
    findings.push(warning('clock', found, `If that goes on, or names are not found: ${SET_THE_CLOCK}`))
  }
  if (findings.length > 0) {
    yield* findings
    return
  }
  const others = `agrees with those of ${compared} other ${compared === 1 ? 'node' : 'nodes'}`
  const nobody = 'there is nobody yet to compare it with'
  yield ok('clock', `the clock says ${formatUtc(now)}; ${compared > 0 ? `it ${others}` : nobody}`)
}

/** @param offsets How far others are ahead, in order, in milliseconds */
function offsetFinding(offsets: readonly number[]): Finding | undefined {
  const middle = offsets[offsets.length >> 1]
  if (middle === undefined || Math.abs(middle) <= LARGEST_TOLERATED_OFFSET) return undefined
  const count = offsets.length
  const of = `${count} other ${count === 1 ? 'node' : 'nodes'}`
  const found = `the clock is ${spanOf(middle)} ${middle > 0 ? 'behind' : 'ahead of'} ${count === 1 ? 'that' : 'those'} of ${of}`
  if (count < FEWEST_SAMPLES) {
    return warning('clock', found, `One of the clocks is wrong. If it is this one: ${SET_THE_CLOCK}`)
  }
  if (Math.abs(middle) <= LARGEST_CORRECTION) {
    return warning('clock', `${found}, which peer time corrects`, SET_THE_CLOCK)
  }
  const limit = `${found}, and peer time corrects ${spanOf(LARGEST_CORRECTION)} at most`
  return failed(
    'clock',
    limit,
    `${SET_THE_CLOCK} Until then what it writes has wrong times, and others may hold it back.`,
  )
}

/** A length of time in words, by its two greatest units. */
function spanOf(milliseconds: number): string {
  const seconds = Math.round(Math.abs(milliseconds) / 1000)
  const units = [
    ['d', Math.floor(seconds / 86_400)],
    ['h', Math.floor(seconds / 3600) % 24],
    ['min', Math.floor(seconds / 60) % 60],
    ['s', seconds % 60],
  ] as const
  const first = units.findIndex(([, amount]) => amount > 0)
  const told = units.slice(Math.max(first, 0)).slice(0, 2)
  return told
    .filter(([, amount]) => amount > 0)
    .map(([unit, amount]) => `${amount} ${unit}`)
    .join(' ')
}
