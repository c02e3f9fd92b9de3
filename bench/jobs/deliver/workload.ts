/**
 * What every contestant has to do once its nodes are connected: messages from random nodes one at a time, and then many under
 * way. Every message has to reach every other node.
 */
import { randomBytes } from 'node:crypto'
import type { Measure } from '../../measure.ts'
import { median, quantile } from '../../statistics.ts'
import { countWireBytes } from '../../wire-bytes.ts'

/** Milliseconds of each part. Until the code is compiled that a message runs through, one takes twice as long. */
const WARMING_UP = 4000
const ONE_AT_A_TIME = 2000
const MANY_AT_A_TIME = 3000
/** However long they take: one that waits for something should not be all that is measured. */
const FEWEST_MESSAGES = 10
const UNDER_WAY = 64
const MESSAGE_LENGTH = 256
/** What has not reached everybody after so many milliseconds counts as lost. */
const PATIENCE = 10_000

export class Delivering {
  readonly #bytes = countWireBytes()
  /** Messages under way, by their first bytes: how many nodes still lack them, and who waits for that. */
  readonly #underWay = new Map<string, { missing: number; readonly done: () => void }>()

  /** A message came at a node other than its sender. */
  arrived(message: Uint8Array): void {
    const one = this.#underWay.get(keyOf(message))
    if (one === undefined || --one.missing > 0) return
    this.#underWay.delete(keyOf(message))
    one.done()
  }

  async measure(size: number, send: (from: number, message: Uint8Array) => Promise<void>): Promise<readonly Measure[]> {
    let lost = 0
    let delivered = 0
    /** Sends a message. @returns how long it took to reach everybody, or undefined if it did not */
    const deliver = async (): Promise<number | undefined> => {
      const message = randomBytes(MESSAGE_LENGTH)
      const started = performance.now()
      const isEverywhere = new Promise<boolean>((resolve) => {
        const timer = setTimeout(() => resolve(false), PATIENCE)
        const done = (): void => {
          clearTimeout(timer)
          resolve(true)
        }
        this.#underWay.set(keyOf(message), { missing: size - 1, done })
      })
      await send(Math.floor(Math.random() * size), message)
      if (await isEverywhere) {
        delivered++
        return performance.now() - started
      }
      this.#underWay.delete(keyOf(message))
      lost++
      return undefined
    }

    await deliverFor(WARMING_UP, 1, deliver)
    const alone = await deliverFor(ONE_AT_A_TIME, 1, deliver)
    const sentBefore = this.#bytes().sent
    const together = await deliverFor(MANY_AT_A_TIME, UNDER_WAY, deliver)
    const sent = this.#bytes().sent - sentBefore
    if (alone.times.length === 0 || together.times.length === 0) throw new Error(`${lost} messages were lost`)
    const deliveries = together.times.length * (size - 1)
    return [
      { size, metric: 'latency to the last node p50', unit: 'ms', value: median(alone.times) },
      { size, metric: 'latency to the last node p90', unit: 'ms', value: quantile(alone.times, 0.9) },
      {
        ...{ size, metric: `throughput with ${UNDER_WAY} under way`, unit: 'deliveries/s' },
        value: (deliveries / together.elapsed) * 1000,
      },
      {
        ...{ size, metric: `processor time with ${UNDER_WAY} under way`, unit: 'µs/delivery' },
        value: together.cpu / deliveries,
      },
      { size, metric: 'reached everybody', unit: '%', value: (delivered / (delivered + lost)) * 100 },
      { size, metric: 'bytes sent for each delivered', unit: 'bytes', value: sent / (deliveries * MESSAGE_LENGTH) },
    ]
  }
}

/** Delivers for so long with so many under way. @returns how long each took that reached everybody, and how long all of them, with
 * microseconds of the processor */
async function deliverFor(
  milliseconds: number,
  underWay: number,
  deliver: () => Promise<number | undefined>,
): Promise<{ readonly times: readonly number[]; readonly elapsed: number; readonly cpu: number }> {
  const times: number[] = []
  const cpu = process.cpuUsage()
  const started = performance.now()
  let begun = 0
  async function goOn(): Promise<void> {
    while (performance.now() < started + milliseconds || begun < FEWEST_MESSAGES) {
      begun++
      const time = await deliver()
      if (time !== undefined) times.push(time)
    }
  }
  await Promise.all(Array.from({ length: underWay }, goOn))
  const { user, system } = process.cpuUsage(cpu)
  return { times, elapsed: performance.now() - started, cpu: user + system }
}

function keyOf(message: Uint8Array): string {
  return Buffer.from(message.buffer, message.byteOffset, 16).toString('latin1')
}
