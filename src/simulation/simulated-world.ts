/**
 * A simulated world: hosts on virtual time and a virtual network, run step by step in one process.
 *
 * Protocol engines are tested on it. They are synchronous and get the ports of a host, so that a world
 * runs as fast as they compute, and the same seed gives the same run, byte for byte:
 *
 *     const world = new SimulatedWorld({ seed: 'a', conditions: { latency: 20, loss: 0.05 } })
 *     const ann = world.addHost('ann')
 *     const socket = ann.ports.datagrams.open({ host: ann.ipv4, port: 3540 }, receiver)
 *     world.runFor(60_000)
 *
 * Code with promises belongs into {@link simulate}: nothing here waits for any.
 */
import type { Conditions } from './conditions.ts'
import { HostCrashed } from './host-crashed.ts'
import type { Surroundings } from './host-ports.ts'
import { NetworkControl } from './network-control.ts'
import { Scheduler } from './scheduler.ts'
import { SeededRandom } from './seeded-random.ts'
import { type HostOptions, SimulatedHost } from './simulated-host.ts'
import { SimulationFailure } from './simulation-failure.ts'
import { Slab } from './slab.ts'
import { Topology } from './topology.ts'
import { Trace, type TraceWriter } from './trace.ts'
import { LogBook, type LogEntry } from './virtual-log.ts'
import { VirtualNetwork } from './virtual-network.ts'

/** How a world is to be. */
export interface WorldOptions {
  /** Everything random in the world comes from this text. */
  readonly seed: string
  /** The conditions of the network at the beginning. */
  readonly conditions?: Conditions
  /**
   * Whether ports overwrite bytes that belong to them and cut what streams deliver, so that code which relies on
   * more than the ports promise fails. By default they do; without, large worlds run faster.
   */
  readonly checks?: boolean
  /** Keeps a trace: its digest alone, or its text as well. By default there is none. */
  readonly trace?: 'digest' | TraceWriter
}

/** How often {@link SimulatedWorld.runUntil} looks at its condition, in milliseconds of virtual time. */
const LOOKING_INTERVAL = 1

/** The world. */
export class SimulatedWorld {
  readonly seed: string
  readonly network: NetworkControl
  readonly #scheduler = new Scheduler()
  readonly #topology: Topology
  readonly #surroundings: Surroundings
  readonly #hosts = new Map<string, SimulatedHost>()
  readonly #checksAfterEach: (() => void)[] = []

  constructor({ seed, conditions = {}, checks = true, trace: wanted }: WorldOptions) {
    const trace = wanted === undefined ? undefined : new Trace(wanted === 'digest' ? undefined : wanted)
    this.seed = seed
    this.#topology = new Topology(seed)
    const network = new VirtualNetwork(this.#scheduler, this.#topology, conditions, trace)
    this.#surroundings = { seed, network, trace, logBook: new LogBook(), checks: checks ? new Slab() : undefined }
    this.network = new NetworkControl(network, this.#topology, trace, (name) => this.host(name).attachment)
  }

  /** Milliseconds of virtual time since the start. */
  get now(): number {
    return this.#scheduler.now
  }

  /** The digest of the trace until now. Without a trace asking for it is a programming error. */
  get digest(): string {
    const { trace } = this.#surroundings
    if (trace === undefined) throw new RangeError('this world keeps no trace')
    return trace.digest
  }

  /** What hosts logged: the latest entries, in order. */
  get log(): readonly LogEntry[] {
    return this.#surroundings.logBook.entries
  }

  /** Adds a host, which runs at once. */
  addHost(name: string, options: HostOptions = {}): SimulatedHost {
    if (this.#hosts.has(name)) throw new RangeError(`there is a host ${name} already`)
    const host = new SimulatedHost(this.#surroundings, this.#topology, name, options)
    this.#hosts.set(name, host)
    return host
  }

  /** The host with this name. An unknown one is a programming error. */
  host(name: string): SimulatedHost {
    const host = this.#hosts.get(name)
    if (host === undefined) throw new RangeError(`there is no host ${name}`)
    return host
  }

  /** Random numbers for the test itself, such as its workload: a stream of its own for each name. */
  random(name: string): SeededRandom {
    return new SeededRandom(`${this.seed}/test/${name}`)
  }

  /** Does something after a time, in milliseconds: a fault, or a step of a workload. */
  after(delay: number, action: () => void): void {
    this.#scheduler.schedule(this.now + delay, { fire: action })
  }

  /**
   * Checks something for the rest of the run. What it throws ends the run.
   *
   * @param every Milliseconds between two checks; without, after each event.
   */
  addInvariant(check: () => void, every?: number): void {
    if (every === undefined) {
      this.#checksAfterEach.push(check)
      return
    }
    if (!(every > 0)) throw new RangeError(`the interval of an invariant is above 0 ms, not ${every}`)
    const repeat = (): void => {
      check()
      this.after(every, repeat)
    }
    this.after(every, repeat)
  }

  /**
   * Lets the next event happen.
   *
   * @param until The time up to which time may move, in milliseconds since the start.
   * @returns false if nothing is left that could happen until then.
   * @throws SimulationFailure if anything in it throws
   */
  step(until: number = Number.POSITIVE_INFINITY): boolean {
    return this.#guarded(() => this.#fireNext(until))
  }

  /**
   * Lets everything happen that is due at the next instant at which anything is.
   *
   * @returns false if nothing is left that could happen.
   * @throws SimulationFailure if anything in it throws
   */
  stepInstant(): boolean {
    return this.#guarded(() => {
      const moved = this.#fireNext(Number.POSITIVE_INFINITY)
      while (moved && this.#fireNext(this.now)) {}
      return moved
    })
  }

  /** Lets this many milliseconds pass. @throws SimulationFailure if anything in them throws */
  runFor(duration: number): void {
    const end = this.now + duration
    this.#guarded(() => this.#runTo(end))
  }

  /**
   * Lets time pass until the condition holds. It is looked at each {@link LOOKING_INTERVAL}.
   *
   * @param within How many milliseconds may pass.
   * @throws SimulationFailure if it does not hold within that time, or anything throws
   */
  runUntil(condition: () => boolean, within: number): void {
    const end = this.now + within
    this.#guarded(() => {
      while (!condition()) {
        if (this.now >= end) throw new Error(`the condition does not hold after ${within} ms`)
        this.#runTo(Math.min(end, this.now + LOOKING_INTERVAL))
      }
    })
  }

  #runTo(end: number): void {
    while (this.#fireNext(end)) {}
    this.#scheduler.moveTo(end)
  }

  #fireNext(until: number): boolean {
    let fired: boolean
    try {
      fired = this.#scheduler.fireNext(until)
    } catch (error) {
      // A host crashed in the middle of its own code, which had to be left.
      if (!(error instanceof HostCrashed)) throw error
      fired = true
    }
    if (fired) for (const check of this.#checksAfterEach) check()
    return fired
  }

  #guarded<Result>(run: () => Result): Result {
    try {
      return run()
    } catch (error) {
      throw error instanceof SimulationFailure ? error : new SimulationFailure(this.seed, this.now, error)
    }
  }
}
