/**
 * Conditions of the network: how the path from one host to another treats what is sent over it.
 *
 * Each condition holds for each direction of each pair of hosts by itself. What a host sends to
 * itself, and over the loopback interface, is never touched by any of them.
 */
import { type Duration, parseDuration } from '../runtime/duration.ts'

/** What is named changes; what is not stays as it was. */
export interface Conditions {
  /** How long everything takes from one host to the other. Not negative. By default 10 ms. */
  readonly latency?: Duration
  /** Up to how much longer it takes, drawn anew each time: datagrams overtake each other. By default 0. */
  readonly jitter?: Duration
  /**
   * The share of datagrams that is lost, 0 to 1. On streams the same share of packets is lost and sent again,
   * which shows as delay; at 1 nothing passes. By default 0.
   */
  readonly loss?: number
  /** The share of datagrams that arrives twice, 0 to 1. By default 0. */
  readonly duplicate?: number
  /** The share of datagrams that is held back so long that later ones overtake it, 0 to 1. By default 0. */
  readonly reorder?: number
  /** Bytes a second, above 0. A queue in front holds 64 KiB; what does not fit is refused. By default unlimited. */
  readonly bandwidth?: number
}

/** Conditions with a value for each: times in milliseconds. */
export interface PathConditions {
  readonly latency: number
  readonly jitter: number
  readonly loss: number
  readonly duplicate: number
  readonly reorder: number
  readonly bandwidth: number
}

/** How the network is before anybody changes it. */
export const DEFAULT_CONDITIONS: PathConditions = {
  latency: 10,
  jitter: 0,
  loss: 0,
  duplicate: 0,
  reorder: 0,
  bandwidth: Number.POSITIVE_INFINITY,
}

/**
 * The former conditions with the changes applied.
 *
 * @throws RangeError for a value outside the limits of {@link Conditions}
 * @throws PeerageError `invalid-argument` for a text that is no duration
 */
export function changedConditions(former: PathConditions, changes: Conditions): PathConditions {
  const { latency, jitter, loss, duplicate, reorder, bandwidth } = changes
  return {
    latency: latency === undefined ? former.latency : time('latency', parseDuration(latency)),
    jitter: jitter === undefined ? former.jitter : time('jitter', parseDuration(jitter)),
    loss: loss === undefined ? former.loss : share('loss', loss),
    duplicate: duplicate === undefined ? former.duplicate : share('duplicate', duplicate),
    reorder: reorder === undefined ? former.reorder : share('reorder', reorder),
    bandwidth: bandwidth === undefined ? former.bandwidth : rate(bandwidth),
  }
}

/** The longest latency or jitter, in milliseconds: an hour is further than the Moon. */
const LONGEST_DELAY = 3_600_000

function time(name: string, value: number): number {
  if (!(value >= 0 && value <= LONGEST_DELAY)) throw new RangeError(`${name} is 0 to ${LONGEST_DELAY} ms, not ${value}`)
  return value
}

function share(name: string, value: number): number {
  if (!(value >= 0 && value <= 1)) throw new RangeError(`${name} is a share from 0 to 1, not ${value}`)
  return value
}

function rate(value: number): number {
  if (!(value > 0)) throw new RangeError(`bandwidth is a number of bytes a second above 0, not ${value}`)
  return value
}
