/**
 * Moves virtual time for code with promises.
 *
 * Time stands still while anything can run. When every promise has gone on as far as it can, time moves
 * to the next instant in which something happens (a datagram arrives, a timer fires), everything of
 * that instant happens, and the promises have their turn again. That nothing else can run is known from
 * the event loop: its next turn begins only after the last promise that could go on. Promises go on in
 * an order that the language fixes, so the same seed gives the same run.
 *
 * What is not a promise is invisible to this: real timers, files, sockets, threads. Time moves on
 * while code waits for them, and the run no longer repeats itself.
 */
import { type Duration, parseDuration } from '../runtime/duration.ts'
import type { SimulatedWorld } from './simulated-world.ts'
import { SimulationFailure } from './simulation-failure.ts'

/** How often a condition is looked at, at most, in milliseconds of virtual time. */
const LOOKING_INTERVAL = 10
/** How much virtual time passes at most while the body asks nothing of the world, in milliseconds: a day. */
const LONGEST_SILENCE = 86_400_000
/** How many turns of the event loop are waited, when nothing is left that could happen, for something that is real. */
const MOST_IDLE_TURNS = 10_000

interface Waiter {
  /** Milliseconds since the start. */
  readonly time: number
  goOn(): void
}

/** One body that runs in a world. */
export class SimulationRun {
  readonly #world: SimulatedWorld
  #waiters: Waiter[] = []
  /** When the body asked for something the last time. */
  #lastAsked = 0

  constructor(world: SimulatedWorld) {
    this.#world = world
  }

  /** The body has asked something of the world: it is not waiting in vain. */
  noteAsked(): void {
    this.#lastAsked = this.#world.now
  }

  /** Lets time pass. */
  async advance(by: Duration): Promise<void> {
    const end = this.#endOf(by)
    this.#world.after(end - this.#world.now, () => undefined)
    await this.#instantFrom(end)
  }

  /** Lets time pass until the condition holds. Rejects if it does not within that time. */
  async until(condition: () => Promise<boolean> | boolean, within: Duration): Promise<void> {
    const end = this.#endOf(within)
    // So that there is an instant in which to give up.
    this.#world.after(end - this.#world.now, () => undefined)
    while (!(await condition())) {
      if (this.#world.now >= end) throw new Error(`the condition does not hold after ${textOf(within)}`)
      await this.#instantFrom(Math.min(end, this.#world.now + LOOKING_INTERVAL))
    }
  }

  /**
   * Runs the body until it is over.
   *
   * @throws SimulationFailure
   */
  async drive(body: () => Promise<void>): Promise<void> {
    try {
      let isOver = false
      const end = (): void => {
        isOver = true
      }
      const result = body()
      result.then(end, end)
      await nextTurn()
      for (let idleTurns = 0; !isOver; idleTurns++) {
        if (this.#moveOn()) idleTurns = 0
        else if (idleTurns === MOST_IDLE_TURNS) throw new Error('the body waits, and nothing is left that could happen')
        await nextTurn()
      }
      await result
    } catch (error) {
      throw error instanceof SimulationFailure ? error : new SimulationFailure(this.#world.seed, this.#world.now, error)
    }
  }

  /** Lets the next instant happen; false if there is none. */
  #moveOn(): boolean {
    if (!this.#world.stepInstant()) return false
    const { now } = this.#world
    const due = this.#waiters.filter(({ time }) => time <= now)
    this.#waiters = this.#waiters.filter(({ time }) => time > now)
    if (this.#waiters.length > 0 || due.length > 0) this.noteAsked()
    for (const { goOn } of due) goOn()
    if (now - this.#lastAsked > LONGEST_SILENCE) {
      throw new Error(`the body waits, and what it waits for did not happen in ${LONGEST_SILENCE} ms`)
    }
    return true
  }

  /** Resolves after the first instant that is not before this time. */
  #instantFrom(time: number): Promise<void> {
    return new Promise((resolve) => {
      this.#waiters.push({ time, goOn: resolve })
    })
  }

  #endOf(duration: Duration): number {
    const milliseconds = parseDuration(duration)
    if (milliseconds < 0) throw new RangeError(`time does not run backwards, by ${textOf(duration)}`)
    return this.#world.now + milliseconds
  }
}

function textOf(duration: Duration): string {
  return typeof duration === 'number' ? `${duration} ms` : duration
}

// Kept from the beginning, because a test may put timers of its own in the place of the real ones.
const inNextTurn = setImmediate

/** Resolves in the next turn of the event loop: after every promise that can go on, and all that follows from it. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    inNextTurn(resolve)
  })
}
