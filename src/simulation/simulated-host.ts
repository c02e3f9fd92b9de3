/**
 * A host of a simulated world: its ports while it runs, its disk, its clock, and what can happen to it.
 */
import type { IpAddress } from '../runtime/endpoint.ts'
import { DEFAULT_GATEWAY_TIMEOUT, Firewall } from './gateways.ts'
import { HostPorts, type Surroundings } from './host-ports.ts'
import type { NetworkHost } from './network-host.ts'
import type { InterfaceOptions, Topology } from './topology.ts'
import type { ClockError } from './virtual-clock.ts'
import { VirtualDisk } from './virtual-disk.ts'

/** What a host is like where that is not the usual. */
export interface HostOptions {
  /** By default one interface `eth0`, alone on its link, with one routed IPv4 and one routed IPv6 address. */
  readonly interfaces?: readonly InterfaceOptions[]
  /** Whether a firewall lets in only what answers. By default there is none. */
  readonly firewall?: boolean
  /** How much too fast its clock runs, in millionths; negative if too slow. By default 0. */
  readonly clockDrift?: number
}

/**
 * How a host crashes. Without `power` nobody hears of it, until it runs again and resets the streams of which it
 * then knows nothing. Where only its `process` is gone, its system resets them at once.
 */
export type CrashKind = 'power' | 'process'

/** What becomes of the disk of a host that crashed. */
export type DiskAfterCrash = 'kept' | 'lost'

/** The drift of a clock, at most, in millionths: no crystal is that bad. */
const LARGEST_DRIFT = 100_000

/** A host, running or crashed. */
export class SimulatedHost {
  readonly name: string
  /** What the network knows of it: addresses and traffic. */
  readonly attachment: NetworkHost
  readonly #surroundings: Surroundings
  readonly #topology: Topology
  readonly #clockError: ClockError
  #disk: VirtualDisk | undefined
  #ports: HostPorts | undefined
  #starts = 0

  /** Made by {@link SimulatedWorld.addHost}. The host runs at once. */
  constructor(surroundings: Surroundings, topology: Topology, name: string, options: HostOptions) {
    const drift = options.clockDrift ?? 0
    if (!(Math.abs(drift) <= LARGEST_DRIFT)) {
      throw new RangeError(`the drift of a clock is at most ${LARGEST_DRIFT} millionths, not ${drift}`)
    }
    this.name = name
    this.#surroundings = surroundings
    this.#topology = topology
    this.attachment = topology.addHost(name, options.interfaces)
    if (options.firewall === true) this.attachment.firewall = new Firewall(DEFAULT_GATEWAY_TIMEOUT)
    this.#clockError = { skew: 0, rate: 1 + drift / 1_000_000 }
    this.#start()
  }

  /** The ports of the host since its latest start. Of a host that does not run that is a programming error. */
  get ports(): HostPorts {
    if (this.#ports === undefined) throw new RangeError(`${this.name} has crashed and was not restarted`)
    return this.#ports
  }

  /** Its files, which survive a crash. */
  get disk(): VirtualDisk {
    this.#disk ??= new VirtualDisk(this.name)
    return this.#disk
  }

  get isRunning(): boolean {
    return this.#ports !== undefined
  }

  /** The first IPv4 address that it has at present. Asking one that has none is a programming error. */
  get ipv4(): IpAddress {
    return this.#firstAddress(true)
  }

  /** The first IPv6 address that it has at present. Asking one that has none is a programming error. */
  get ipv6(): IpAddress {
    return this.#firstAddress(false)
  }

  /** Ends everything on the host at this instant. A host that has crashed already stays as it is. */
  crash(kind: CrashKind = 'power'): void {
    const ports = this.#ports
    if (ports === undefined) return
    this.#fault(`crash ${kind}`)
    this.#ports = undefined
    this.attachment.forgetSleep()
    ports.crash(kind === 'process')
    if (kind === 'power') {
      this.attachment.powered = false
      this.attachment.powerLosses++
    }
  }

  /** Starts the host again, crashing it first if it runs. It has new ports. */
  restart(disk: DiskAfterCrash = 'kept'): void {
    this.crash()
    this.#fault(`restart disk ${disk}`)
    if (disk === 'lost') this.#disk?.erase()
    this.#start()
  }

  /** Sets the clock forward by milliseconds, or back if negative: UTC jumps, timers and monotonic time do not. */
  skewClock(by: number): void {
    if (!Number.isFinite(by)) throw new RangeError(`a clock is set by a number of milliseconds, not ${by}`)
    this.#fault(`clock skew ${by}`)
    this.#clockError.skew += by
  }

  /**
   * The machine is suspended, without notice to what runs on it: no timer fires, nothing is received, and its streams stay as
   * they are. One that sleeps already stays as it is.
   *
   * @param monotonic Whether its monotonic clock stands still meanwhile, as on Linux and macOS, or runs on, as on Windows.
   */
  sleep(monotonic: 'stands' | 'runs' = 'stands'): void {
    if (this.attachment.isAsleep) return
    this.#fault(`sleep monotonic ${monotonic}`)
    this.ports.fallAsleep(monotonic === 'stands')
    this.attachment.fallAsleep()
  }

  /** The machine goes on where it was. UTC shows the time that has passed, and timers that were due meanwhile come late. */
  wake(): void {
    if (!this.attachment.isAsleep) return
    this.#fault('wake')
    this.ports.wake()
    this.attachment.wake()
  }

  /** Gives the host one more address, such as `10.0.0.5/24`. */
  addAddress(address: string, interfaceName = 'eth0'): void {
    this.#topology.addAddress(this.attachment, interfaceName, address)
    this.#addressesChanged(`address ${address} added`)
  }

  /** Takes an address from the host. What is bound to it hears nothing until it comes back. */
  removeAddress(address: string): void {
    this.#topology.removeAddress(this.attachment, address)
    this.#addressesChanged(`address ${address} removed`)
  }

  #addressesChanged(what: string): void {
    this.#fault(what)
    const { scheduler } = this.#surroundings.network
    scheduler.schedule(scheduler.now, { fire: () => this.#ports?.tellInterfacesChanged() })
  }

  #start(): void {
    this.attachment.powered = true
    this.#starts++
    this.#ports = new HostPorts(this.#surroundings, this, this.#clockError, this.#starts)
  }

  #firstAddress(ipv4: boolean): IpAddress {
    const found = this.attachment.addresses.find((one) => one.attached && one.ipv4 === ipv4)
    if (found === undefined) throw new RangeError(`${this.name} has no IPv${ipv4 ? 4 : 6} address`)
    return found.address
  }

  #fault(what: string): void {
    const { trace, network } = this.#surroundings
    trace?.event(network.scheduler.now, this.name, `fault ${what}`)
  }
}
