/**
 * Opens and closes clouds with a count, shares the sockets among them, and follows the addresses of the machine.
 */

import {
  type Cloud,
  type CloudScope,
  DEFAULT_ZONE,
  GLOBAL_CLOUD,
  LINK_LOCAL_PREFIX,
  makeCloud,
  rangesOf,
  SITE_LOCAL_PREFIX,
} from '../pnrp/cloud.ts'
import { pnrpIdBytes } from '../pnrp/pnrp-id.ts'
import { formatAddressRange } from '../runtime/address-range.ts'
import { equalBytes, toHex } from '../runtime/bytes.ts'
import type { Datagrams } from '../runtime/datagrams.ts'
import { type Endpoint, formatEndpoint } from '../runtime/endpoint.ts'
import type { InterfaceAddress, NetworkInterfaces } from '../runtime/network-interfaces.ts'
import { PeerageError } from '../runtime/peerage-error.ts'
import type { Closing } from './closing.ts'
import type { CloudChange, CloudInfo, CloudInspection, OpenCloudOptions } from './cloud-info.ts'
import { type CloudPorts, JoinedCloud } from './joined-cloud.ts'
import { NodeSockets } from './node-sockets.ts'
import { parseSeed, type Seed } from './seeds.ts'

/** What the clouds of a node stand on. */
export interface OpenCloudsPorts extends CloudPorts {
  readonly datagrams: Datagrams
  readonly networkInterfaces: NetworkInterfaces
}

/** How long a cloud that nobody has open any more stays, in milliseconds (MS-PNRP 3.1.2). */
export const CLEANUP_DELAY = 15 * 60_000

/** The clouds that a node has joined. */
export class OpenClouds {
  /** The UDP port that was asked for; undefined if any will do. */
  readonly askedPort: number | undefined
  /** Whether the clouds of the links are among the usual ones. */
  readonly usesLinks: boolean
  readonly #ports: OpenCloudsPorts
  readonly #configuredSeeds: readonly Seed[]
  readonly #sockets: NodeSockets
  readonly #joined = new Map<string, JoinedCloud>()
  readonly #listeners = new Set<{ readonly changed: () => void }>()
  #endWatching: (() => void) | undefined
  /** What is done one after the other, because sockets are opened meanwhile. */
  #last: Promise<unknown> = Promise.resolve()
  #isClosed = false
  #isSuspended = false

  /**
   * @param options.seeds Those of the node, for every cloud
   * @param options.lan Whether the clouds of the links are among the usual ones
   * @throws PeerageError `invalid-argument`
   */
  constructor(
    ports: OpenCloudsPorts,
    options: { readonly seeds: readonly string[]; readonly port: number | undefined; readonly lan: boolean },
  ) {
    this.askedPort = options.port
    this.#ports = ports
    this.#configuredSeeds = options.seeds.map(parseSeed)
    this.usesLinks = options.lan
    this.#sockets = new NodeSockets({
      ...{ datagrams: ports.datagrams, clock: ports.clock, log: ports.log, port: options.port },
      receive: (bytes, from, at) => this.#received(bytes, from, at),
      retry: () => this.#addressesChanged(),
    })
  }

  /** Those that are opened where no cloud is chosen: of the links, and the whole world where somebody is known to begin with. */
  usualNames(): readonly string[] {
    const links = this.usesLinks ? this.linkLocalNames() : []
    return [...links, ...(this.#configuredSeeds.length > 0 ? [GLOBAL_CLOUD] : [])]
  }

  /** The UDP port of this node in all of its clouds, as long as one is open. */
  get port(): number | undefined {
    return this.#sockets.port
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  /** Those that are open now. */
  open(): readonly JoinedCloud[] {
    return [...this.#joined.values()].filter(({ openCount }) => openCount > 0)
  }

  /** Joins a cloud or opens it once more. @throws PeerageError as {@link Clouds.open} */
  async join(name: string, options: OpenCloudOptions): Promise<Closing> {
    const made = makeCloud(name, options)
    const seeds = options.seeds?.map(parseSeed) ?? []
    return this.#inTurn(async () => {
      const known = this.#joined.get(name)
      if (known !== undefined) {
        requireSame(known.cloud, made)
        if (seeds.length > 0) await known.useSeeds([...seeds, ...this.#configuredSeeds])
      }
      const joined = known ?? (await this.#start(made, seeds, options.resolveOnly === true))
      joined.openCount++
      joined.cleanup?.cancel()
      joined.cleanup = undefined
      this.#tell()
      return this.#handle(joined)
    })
  }

  list(scope: CloudScope | undefined): readonly CloudInfo[] {
    const standard = [GLOBAL_CLOUD, SITE_LOCAL_PREFIX + DEFAULT_ZONE, ...this.linkLocalNames()]
    const joined = [...this.#joined.values()]
    const others = standard.filter((name) => !this.#joined.has(name)).map((name) => infoOfOther(makeCloud(name)))
    const all = [...joined.map(infoOf), ...others].sort((one, other) => (one.name < other.name ? -1 : 1))
    return scope === undefined ? all : all.filter((one) => one.scope === scope)
  }

  /** The link-local clouds that this machine could be in: one an interface. */
  linkLocalNames(): readonly string[] {
    const interfaces = this.#ports.networkInterfaces.list().filter(({ loopback }) => !loopback)
    return [...new Set(interfaces.map(({ interface: name }) => LINK_LOCAL_PREFIX + name))]
  }

  inspect(name: string): CloudInspection {
    const joined = this.#joined.get(name)
    if (joined === undefined) throw new PeerageError('cloud-not-found', { name, open: [...this.#joined.keys()] })
    const entries = [...joined.node.entries()].map(({ entry: { id, addresses, port } }) => ({
      id: toHex(pnrpIdBytes(id)),
      endpoints: addresses.map((host) => formatEndpoint({ host, port })),
    }))
    return { cloud: infoOf(joined), entries, counters: joined.node.counters() }
  }

  /** The counters of all clouds together, and what failed at their sockets. */
  counters(): Readonly<Record<string, number>> {
    const sums: Record<string, number> = {}
    for (const [name, count] of Object.entries(this.#sockets.failures)) sums[`udp-${name}`] = count
    for (const { node } of this.#joined.values()) {
      for (const [name, count] of Object.entries(node.counters()))
        sums[`pnrp-${name}`] = (sums[`pnrp-${name}`] ?? 0) + count
    }
    return sums
  }

  /** Calls `changed` after anything may have changed, also once the node is closed. Returns what ends that. */
  listen(changed: () => void): () => void {
    const listener = { changed }
    this.#listeners.add(listener)
    this.#watchMachine()
    return () => {
      this.#listeners.delete(listener)
      this.#watchMachine()
    }
  }

  /**
   * Waits until a condition holds that is looked at after each change, or until the node is closed. Rejects with the signal's reason
   * if it aborts.
   */
  async until(condition: () => boolean, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted()
    while (!this.#isClosed && !condition()) await this.nextChange(signal)
  }

  /** Waits until something may have changed. Rejects with the signal's reason if it aborts. */
  async nextChange(signal: AbortSignal | undefined): Promise<void> {
    let wake = (): void => undefined
    const endListening = this.listen(() => wake())
    const changed = new Promise<void>((resolve) => {
      wake = resolve
    })
    const abort = (): void => wake()
    signal?.addEventListener('abort', abort)
    await changed
    signal?.removeEventListener('abort', abort)
    endListening()
    signal?.throwIfAborted()
  }

  /** Something happened that somebody may wait for. */
  noteChange(): void {
    this.#tell()
  }

  suspend(): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#isSuspended) return
      this.#isSuspended = true
      for (const joined of this.#joined.values()) joined.suspend()
      this.#watchMachine()
    })
  }

  resume(): Promise<void> {
    return this.#inTurn(async () => {
      if (!this.#isSuspended) return
      this.#isSuspended = false
      this.#watchMachine()
      await this.#followMachine()
      for (const joined of this.#joined.values()) joined.resume()
    })
  }

  /** Leaves every cloud. What is registered is revoked. */
  close(): Promise<void> {
    this.#isClosed = true
    return this.#inTurn(async () => {
      await Promise.all([...this.#joined.values()].map((joined) => joined.close()))
      this.#joined.clear()
      this.#sockets.close()
      this.#tell()
      this.#listeners.clear()
      this.#watchMachine()
    })
  }

  async #start(made: Cloud, seeds: readonly Seed[], resolveOnly: boolean): Promise<JoinedCloud> {
    if (this.#isClosed) throw new PeerageError('node-closed', { operation: 'clouds.open' })
    const joined: JoinedCloud = new JoinedCloud(made, this.#ports, this.#sockets, {
      changed: () => this.#tell(),
      slept: () => this.#slept(joined),
    })
    joined.takeMachine(this.#ports.networkInterfaces.list())
    if (joined.addresses.length === 0) throw new PeerageError('no-network', { cloud: made.name })
    try {
      await this.#sockets.use(this.#addressesOf([...this.#joined.values(), joined]))
      const { port } = this.#sockets
      if (port === undefined) throw new PeerageError('no-network', { cloud: made.name })
      await joined.useSeeds([...seeds, ...this.#configuredSeeds])
      joined.start(port, resolveOnly)
    } catch (error) {
      await this.#useSockets()
      throw error
    }
    this.#joined.set(made.name, joined)
    this.#watchMachine()
    return joined
  }

  #handle(joined: JoinedCloud): Closing {
    let isOpen = true
    const close = async (): Promise<void> => {
      if (!isOpen || this.#isClosed) return
      isOpen = false
      joined.openCount--
      if (joined.openCount === 0) {
        joined.cleanup = this.#ports.clock.setTimer(CLEANUP_DELAY, () => void this.#inTurn(() => this.#leave(joined)))
      }
      this.#tell()
    }
    return { close, [Symbol.asyncDispose]: close }
  }

  async #leave(joined: JoinedCloud): Promise<void> {
    if (joined.openCount > 0 || this.#joined.get(joined.cloud.name) !== joined) return
    await joined.close()
    this.#joined.delete(joined.cloud.name)
    await this.#useSockets()
    this.#tell()
    this.#watchMachine()
  }

  async #useSockets(): Promise<void> {
    if (this.#joined.size === 0) this.#sockets.close()
    else await this.#sockets.use(this.#addressesOf([...this.#joined.values()]))
  }

  #addressesOf(clouds: readonly JoinedCloud[]): readonly InterfaceAddress[] {
    const wanted = clouds.flatMap(({ addresses }) => addresses)
    return [...new Map(wanted.map((one) => [`${one.interface} ${one.address}`, one])).values()]
  }

  #received(bytes: Uint8Array, from: Endpoint, at: InterfaceAddress): void {
    let listener: JoinedCloud | undefined
    for (const joined of this.#joined.values()) {
      if (joined.isFor(bytes, at)) {
        joined.node.received(bytes, from, at.address)
        return
      }
      if (joined.listensAt(at)) listener ??= joined
    }
    // Nobody's: one of those that listen there counts it, by its reason.
    listener?.node.received(bytes, from, at.address)
  }

  /** Somebody wants to know when the addresses of the machine change, or nobody does. */
  #watchMachine(): void {
    const isWanted = !this.#isClosed && !this.#isSuspended && this.#joined.size + this.#listeners.size > 0
    if (isWanted) {
      this.#endWatching ??= this.#ports.networkInterfaces.watch(() => this.#addressesChanged())
    } else {
      this.#endWatching?.()
      this.#endWatching = undefined
    }
  }

  #addressesChanged(): void {
    void this.#inTurn(async () => {
      if (this.#isSuspended) return
      await this.#followMachine()
      for (const joined of this.#joined.values()) joined.readdress()
      this.#tell()
    })
  }

  /** A cloud's clock shows that the machine has slept: its addresses may be others, even if nobody reports that. */
  #slept(joined: JoinedCloud): void {
    void this.#inTurn(async () => {
      if (this.#isClosed || this.#isSuspended || this.#joined.get(joined.cloud.name) !== joined) return
      await this.#followMachine()
      for (const other of this.#joined.values()) if (other !== joined) other.readdress()
      joined.wake()
    })
  }

  async #followMachine(): Promise<void> {
    if (this.#isClosed) return
    try {
      const machine = this.#ports.networkInterfaces.list()
      for (const joined of this.#joined.values()) joined.takeMachine(machine)
      await this.#useSockets()
    } catch (error) {
      // The sockets have written it to the log, and ask to be tried again.
      if (!(error instanceof PeerageError)) throw error
    }
  }

  #inTurn<Result>(action: () => Promise<Result>): Promise<Result> {
    const result = this.#last.then(action)
    // Whoever asked is told of a failure; the next one goes on all the same.
    this.#last = result.catch(() => undefined)
    return result
  }

  #tell(): void {
    for (const { changed } of [...this.#listeners]) changed()
  }
}

/** What changed between two lists: first what is gone, then the rest in order. */
export function changesBetween(before: readonly CloudInfo[], after: readonly CloudInfo[]): readonly CloudChange[] {
  const former = new Map(before.map((cloud) => [cloud.name, cloud]))
  const names = new Set(after.map(({ name }) => name))
  return [
    ...before.filter(({ name }) => !names.has(name)).map((cloud) => ({ kind: 'deleted', cloud }) as const),
    ...after.flatMap((cloud): CloudChange[] => {
      const known = former.get(cloud.name)
      if (known === undefined) return [{ kind: 'added', cloud }]
      return JSON.stringify(known) === JSON.stringify(cloud) ? [] : [{ kind: 'changed', cloud }]
    }),
  ]
}

function requireSame(open: Cloud, asked: Cloud): void {
  const [secret, otherSecret] = [open.secret, asked.secret]
  const isOtherSecret =
    secret === undefined || otherSecret === undefined ? secret !== otherSecret : !equalBytes(secret, otherSecret)
  if (isOtherSecret) {
    throw new PeerageError('invalid-cloud', {
      name: open.name,
      problem: 'it is open with another secret, or with none',
    })
  }
  const texts = [open, asked].map(({ ranges }) => JSON.stringify(ranges?.map(formatAddressRange)))
  if (texts[0] !== texts[1]) {
    throw new PeerageError('invalid-cloud', { name: open.name, problem: 'it is open with other address ranges' })
  }
}

function descriptionOf(
  cloud: Cloud,
): Pick<CloudInfo, 'name' | 'scope' | 'zone' | 'interface' | 'ranges' | 'hasSecret'> {
  const { name, scope, zone, interface: onInterface, secret } = cloud
  const ranges = rangesOf(cloud)?.map(formatAddressRange)
  return {
    ...{ name, scope, hasSecret: secret !== undefined },
    ...(zone !== undefined && { zone }),
    ...(onInterface !== undefined && { interface: onInterface }),
    ...(ranges !== undefined && { ranges }),
  }
}

function infoOf({ cloud, node, openCount }: JoinedCloud): CloudInfo {
  const { state, resolveOnly, port, addresses, observed, estimatedNodes } = node.status()
  return {
    ...descriptionOf(cloud),
    ...{ state: state === 'suspended' ? 'disabled' : state, openCount, port, addresses, estimatedNodes },
    ...(resolveOnly !== undefined && { resolveOnly }),
    ...(observed !== undefined && { observed: formatEndpoint(observed) }),
  }
}

function infoOfOther(cloud: Cloud): CloudInfo {
  return { ...descriptionOf(cloud), state: 'not-started', openCount: 0, addresses: [], estimatedNodes: 0 }
}
