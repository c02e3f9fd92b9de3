/**
 * What every contestant has to do: open the link again and again, then on one of them send messages to and fro, and then as much
 * as goes through.
 */
import type { Measure } from '../../measure.ts'
import { median } from '../../statistics.ts'

/** Milliseconds of each part. */
const WARMING_UP = 500
const ROUND_TRIPS = 1500
const THROUGHPUT = 1500

/** Two ends that can talk: everything is asked of the near one, except to answer. */
export interface Talk {
  /** Sends to the far end. @returns false: stop, and go on when `ready` is called */
  send(bytes: Uint8Array): boolean
  answer(bytes: Uint8Array): void
  ready: () => void
  /** So many bytes came at the far end, and at the near one. */
  cameFar: (length: number) => void
  cameNear: (length: number) => void
  close(): void
}

/** How often a link is opened, for a median. */
export const DIALS = 20

/** How a link is used. */
export interface LinkUse {
  readonly size: number
  /** What the metrics are of, as the beginning of their names. */
  readonly of: string
  /** How many bytes are handed over at once, for throughput. */
  readonly piece: number
  /** How often it is opened to see how long that takes. Without any, nothing is told of that. */
  readonly dials: number
  /** Opens a link. It resolves when both ends can send. */
  dial(): Promise<Talk>
}

/** The listeners of a talk, until it has some. */
export const NOBODY_LISTENS = { ready: () => undefined, cameFar: () => undefined, cameNear: () => undefined }

export async function measureLink({ size, of, piece, dials, dial }: LinkUse): Promise<readonly Measure[]> {
  const dialling: number[] = []
  for (let count = 0; count < dials; count++) {
    const started = performance.now()
    const talk = await dial()
    dialling.push(performance.now() - started)
    talk.close()
  }
  const talk = await dial()
  await measureRoundTrips(talk, size, WARMING_UP)
  const times = await measureRoundTrips(talk, size, ROUND_TRIPS)
  await measureThroughput(talk, new Uint8Array(piece), WARMING_UP)
  const throughput = await measureThroughput(talk, new Uint8Array(piece), THROUGHPUT)
  talk.close()
  return [
    ...(dialling.length > 0 ? [{ size, metric: `${of}dial p50`, unit: 'ms', value: median(dialling) }] : []),
    { size, metric: `${of}round trip p50`, unit: 'µs', value: median(times) * 1000 },
    { size, metric: `${of}throughput`, unit: 'MB/s', value: throughput.rate },
    { size, metric: `${of}processor time`, unit: 'µs/MB', value: throughput.cpuEach },
  ]
}

/** @returns milliseconds of each round trip */
async function measureRoundTrips(talk: Talk, size: number, milliseconds: number): Promise<readonly number[]> {
  const times: number[] = []
  const message = new Uint8Array(size)
  const ends = performance.now() + milliseconds
  let missingFar = size
  talk.cameFar = (length) => {
    missingFar -= length
    if (missingFar > 0) return
    missingFar = size
    talk.answer(message)
  }
  await new Promise<void>((resolve) => {
    let started = 0
    let missingNear = 0
    const send = (): void => {
      missingNear = size
      started = performance.now()
      talk.send(message)
    }
    talk.cameNear = (length) => {
      missingNear -= length
      if (missingNear > 0) return
      const now = performance.now()
      times.push(now - started)
      if (now < ends) send()
      else resolve()
    }
    send()
  })
  return times
}

/** Until the last byte has arrived. @returns megabytes a second, and microseconds of the processor for each, of both ends */
async function measureThroughput(
  talk: Talk,
  piece: Uint8Array,
  milliseconds: number,
): Promise<{ readonly rate: number; readonly cpuEach: number }> {
  const cpu = process.cpuUsage()
  const started = performance.now()
  let sent = 0
  await new Promise<void>((resolve) => {
    let came = 0
    let isEnding = false
    talk.cameFar = (length) => {
      came += length
      if (isEnding && came === sent) resolve()
    }
    talk.ready = () => {
      while (!isEnding) {
        isEnding = performance.now() > started + milliseconds
        sent += piece.length
        if (!talk.send(piece)) return
      }
    }
    talk.ready()
  })
  const { user, system } = process.cpuUsage(cpu)
  return { rate: sent / 1e3 / (performance.now() - started), cpuEach: ((user + system) / sent) * 1e6 }
}
