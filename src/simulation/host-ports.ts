/**
 * The ports of one simulated host, from one start to the next crash. Each is made when it is first
 * asked for: an idle host costs little, and there can be a hundred thousand of them.
 *
 * After the crash they are dead for good: no timer fires, nothing is received, and what is called on them
 * has no effect or fails. The next start brings new ones.
 */
import type { Clock } from '../runtime/clock.ts'
import type { DataDirectory } from '../runtime/data-directory.ts'
import type { LocalLink } from '../runtime/local-link.ts'
import type { Log } from '../runtime/log.ts'
import type { NetworkInterfaces } from '../runtime/network-interfaces.ts'
import { type Random, randomBelow } from '../runtime/random.ts'
import type { Storage } from '../runtime/storage.ts'
import { HostCrashed } from './host-crashed.ts'
import type { NetworkHost } from './network-host.ts'
import { SeededRandom } from './seeded-random.ts'
import type { Slab } from './slab.ts'
import type { Trace } from './trace.ts'
import { type ClockError, VirtualClock } from './virtual-clock.ts'
import { VirtualDatagrams } from './virtual-datagrams.ts'
import type { DiskUser, VirtualDisk } from './virtual-disk.ts'
import { VirtualInterfaces } from './virtual-interfaces.ts'
import { VirtualLocalLink } from './virtual-local-link.ts'
import { type LogBook, virtualLog } from './virtual-log.ts'
import type { VirtualNetwork } from './virtual-network.ts'
import { VirtualStreams } from './virtual-streams.ts'

/** What all hosts of a world share. */
export interface Surroundings {
  readonly seed: string
  readonly network: VirtualNetwork
  readonly trace: Trace | undefined
  readonly logBook: LogBook
  /**
   * Where ports make use of every right that their contract gives them, so that misuse shows: where they copy what
   * they were given.
   */
  readonly checks: Slab | undefined
}

/** What belongs to a host through all its starts. */
export interface PortsOwner {
  readonly attachment: NetworkHost
  readonly disk: VirtualDisk
  crash(): void
}

/** A monotonic clock begins somewhere below this, in milliseconds: half an hour. */
const HIGHEST_FIRST_READING = 2 ** 21

/** The ports. */
export class HostPorts {
  readonly #surroundings: Surroundings
  readonly #owner: PortsOwner
  readonly #clockError: ClockError
  /** Which start of the host this is, counted from 1. */
  readonly #start: number
  #isAlive = true
  #clock: VirtualClock | undefined
  #random: SeededRandom | undefined
  #datagrams: VirtualDatagrams | undefined
  #streams: VirtualStreams | undefined
  #interfaces: VirtualInterfaces | undefined
  #localLink: VirtualLocalLink | undefined
  #log: Log | undefined

  /** Made by the host when it starts. */
  constructor(surroundings: Surroundings, owner: PortsOwner, clockError: ClockError, start: number) {
    this.#surroundings = surroundings
    this.#owner = owner
    this.#clockError = clockError
    this.#start = start
  }

  get clock(): Clock {
    return this.#runningClock()
  }

  get random(): Random {
    this.#random ??= this.#stream('host')
    return this.#random
  }

  get datagrams(): VirtualDatagrams {
    const { network, checks } = this.#surroundings
    this.#datagrams ??= this.#stopIfDead(new VirtualDatagrams(network, this.#owner.attachment, checks))
    return this.#datagrams
  }

  get streams(): VirtualStreams {
    if (this.#streams === undefined) {
      const { network, checks } = this.#surroundings
      const cuts = checks === undefined ? undefined : this.#stream('cuts')
      const streams = new VirtualStreams(network, this.#owner.attachment, this.#stream('bindings'), cuts)
      this.#streams = this.#stopIfDead(streams)
    }
    return this.#streams
  }

  get networkInterfaces(): NetworkInterfaces {
    this.#interfaces ??= new VirtualInterfaces(this.#owner.attachment)
    return this.#interfaces
  }

  get localLink(): LocalLink {
    this.#localLink ??= this.#stopIfDead(new VirtualLocalLink(this.#surroundings.network, this.#owner.attachment))
    return this.#localLink
  }

  get log(): Log {
    this.#log ??= virtualLog((level, message, details) => {
      if (!this.#isAlive) return
      const { logBook, network, trace } = this.#surroundings
      const time = network.scheduler.now
      const host = this.#name
      logBook.add({ time, host, level, message, details })
      trace?.event(time, host, `log ${level} ${JSON.stringify(message)} ${JSON.stringify(details)}`)
    })
    return this.#log
  }

  /** All folders of the disk. */
  get dataDirectory(): DataDirectory {
    return { path: `/${this.#name}`, lastChange: () => this.#owner.disk.lastChange }
  }

  /** A folder of the disk, which is made if it is not there. */
  storage(folder: string): Storage {
    const user: DiskUser = {
      requireAlive: () => {
        if (!this.#isAlive) throw new HostCrashed(this.#name)
      },
      die: () => {
        this.#owner.crash()
        throw new HostCrashed(this.#name)
      },
      utc: () => this.clock.utc(),
    }
    return this.#owner.disk.open(folder, user)
  }

  /** Tells those who watch the network interfaces that there is a change. */
  tellInterfacesChanged(): void {
    this.#interfaces?.tell()
  }

  /** The machine is suspended. @param stopsMonotonic Whether its monotonic clock stands still meanwhile */
  fallAsleep(stopsMonotonic: boolean): void {
    this.#runningClock().fallAsleep(stopsMonotonic)
  }

  wake(): void {
    this.#runningClock().wake()
  }

  /**
   * Ends everything at this instant.
   *
   * @param tellPeers Whether the other ends of streams are told at once, as a system does for a process that is gone.
   */
  crash(tellPeers: boolean): void {
    this.#isAlive = false
    this.#clock?.stop()
    this.#datagrams?.stop()
    this.#streams?.stop(tellPeers)
    this.#interfaces?.stop()
    this.#localLink?.stop()
  }

  #runningClock(): VirtualClock {
    if (this.#clock === undefined) {
      const firstReading = randomBelow(this.#stream('clock'), HIGHEST_FIRST_READING)
      const clock = new VirtualClock(this.#surroundings, this.#name, this.#clockError, firstReading)
      this.#clock = this.#stopIfDead(clock)
    }
    return this.#clock
  }

  /** A port that is asked for the first time after the crash is as dead as the others. */
  #stopIfDead<Port extends { stop(tellPeers: boolean): void }>(port: Port): Port {
    if (!this.#isAlive) port.stop(false)
    return port
  }

  get #name(): string {
    return this.#owner.attachment.name
  }

  /** A random stream of this host, such as `seed/host/ann`; after its second start `seed/host 2/ann`. */
  #stream(name: string): SeededRandom {
    const start = this.#start === 1 ? '' : ` ${this.#start}`
    return new SeededRandom(`${this.#surroundings.seed}/${name}${start}/${this.#name}`)
  }
}
