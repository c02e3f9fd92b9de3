/**
 * A cloud that this node has joined: the engine of name resolution, and what ties it to the node around it: its
 * sockets, the remembered nodes, the local link, the seeds. It lives from the first opening of the cloud until
 * the cloud is cleaned up.
 */

import { type Cloud, cloudTag } from '../pnrp/cloud.ts'
import { CloudNode } from '../pnrp/cloud-node.ts'
import { delegationValidator } from '../pnrp/delegation.ts'
import type { AddressRange } from '../runtime/address-range.ts'
import { equalBytes } from '../runtime/bytes.ts'
import type { Clock, Timer } from '../runtime/clock.ts'
import type { Crypto } from '../runtime/crypto.ts'
import { type Endpoint, formatEndpoint, type IpAddress } from '../runtime/endpoint.ts'
import type { HostLookup } from '../runtime/host-lookup.ts'
import type { LocalLink } from '../runtime/local-link.ts'
import type { Log } from '../runtime/log.ts'
import type { InterfaceAddress } from '../runtime/network-interfaces.ts'
import type { Random } from '../runtime/random.ts'
import { RecentMap } from '../runtime/recent-map.ts'
import type { Storage } from '../runtime/storage.ts'
import { addressesInCloud, subnetsOf } from './cloud-addresses.ts'
import { type NodeSocket, type NodeSockets, socketTowards } from './node-sockets.ts'
import { RememberedNodes } from './remembered-nodes.ts'
import { type LookedUpSeed, MOST_SEEDS, type Seed, SeedList } from './seeds.ts'

/** What clouds stand on. */
export interface CloudPorts {
  readonly clock: Clock
  readonly random: Random
  readonly crypto: Crypto
  readonly log: Log
  readonly localLink: LocalLink
  readonly hostLookup: HostLookup
  /** Where the nodes of each cloud are remembered, and nothing else. */
  readonly cloudStorage: Storage
}

/** What a cloud tells the node around it. */
export interface CloudSurroundings {
  /** Something of {@link CloudNode.status} has changed. Never called from inside the engine. */
  changed(): void
  /** The machine has slept: its addresses are to be read again, for {@link JoinedCloud.wake}. */
  slept(): void
}

/** The tag of a datagram's cloud follows the header's FieldID, length, identifier, version, type and message ID. */
const TAG_START = 12
const TAG_END = 20
/** Destinations for which the socket is remembered. */
const MOST_KNOWN_DESTINATIONS = 4096

/** How long names of seeds are waited for before a cloud is looked for without them, in milliseconds. */
export const LONGEST_SEED_WAIT = 2000

/** A cloud of this node. */
export class JoinedCloud {
  readonly cloud: Cloud
  /** How often it is open. */
  openCount = 0
  /** Runs while it is not open any more, until it is cleaned up. */
  cleanup: Timer | undefined
  readonly #ports: CloudPorts
  readonly #sockets: NodeSockets
  readonly #surroundings: CloudSurroundings
  readonly #tag: Uint8Array
  readonly #remembered: RememberedNodes
  #seeds: SeedList
  /** Seeds that came later, by the names of their endpoints. */
  readonly #moreSeeds = new RecentMap<Endpoint>(MOST_SEEDS)
  #subnets: readonly AddressRange[] = []
  #addresses: readonly InterfaceAddress[] = []
  #ownSockets: readonly NodeSocket[] = []
  #socketFor = new Map<IpAddress, NodeSocket | undefined>()
  #node: CloudNode | undefined
  #endAnnouncement: (() => void) | undefined
  /** The addresses that are announced, as text. */
  #announced = '[]'
  #changeTimer: Timer | undefined

  constructor(made: Cloud, ports: CloudPorts, sockets: NodeSockets, surroundings: CloudSurroundings) {
    const subnets = (): readonly AddressRange[] => this.#subnets
    this.cloud =
      made.scope === 'link-local'
        ? {
            ...made,
            get subnets() {
              return subnets()
            },
          }
        : made
    this.#ports = ports
    this.#sockets = sockets
    this.#surroundings = surroundings
    this.#tag = cloudTag(ports.crypto, made)
    this.#remembered = new RememberedNodes(made, { ...ports, storage: ports.cloudStorage })
    this.#seeds = new SeedList([], ports.hostLookup, ports.clock)
  }

  /** The engine. To ask for it before {@link JoinedCloud.start} is a programming error. */
  get node(): CloudNode {
    if (this.#node === undefined) throw new RangeError(`the cloud ${this.cloud.name} has not started`)
    return this.#node
  }

  /** The addresses that it uses. */
  get addresses(): readonly InterfaceAddress[] {
    return this.#addresses
  }

  /** Takes over which addresses the machine has now. The sockets follow, and then {@link JoinedCloud.readdress}. */
  takeMachine(machine: readonly InterfaceAddress[]): void {
    if (this.cloud.interface !== undefined) this.#subnets = subnetsOf(this.cloud.interface, machine)
    this.#addresses = addressesInCloud(this.cloud, machine)
  }

  /** Takes other seeds. It resolves when their names have been looked up, or after {@link LONGEST_SEED_WAIT}. */
  async useSeeds(seeds: readonly Seed[]): Promise<void> {
    const { hostLookup, clock } = this.#ports
    this.#seeds = new SeedList(seeds, hostLookup, clock)
    const lookedUp = this.#seeds.refresh()
    await new Promise<void>((resolve) => {
      const timer = clock.setTimer(LONGEST_SEED_WAIT, resolve)
      void lookedUp.then(() => {
        timer.cancel()
        resolve()
      })
    })
  }

  /** The seeds, and where they are as far as that is known. */
  seeds(): readonly LookedUpSeed[] {
    const more = this.#moreSeeds.values()
    return [...this.#seeds.looked(), ...[...more].map((endpoint) => ({ host: endpoint.host, endpoints: [endpoint] }))]
  }

  /** Takes addresses of members beside the seeds: the ones that came last, up to {@link MOST_SEEDS}. */
  addSeeds(endpoints: readonly Endpoint[]): void {
    for (const endpoint of endpoints) this.#moreSeeds.set(formatEndpoint(endpoint), endpoint)
    this.node.seedsChanged()
  }

  /** Begins, once there are sockets. @throws PeerageError `no-network` */
  start(port: number, resolveOnly: boolean): void {
    const { clock, random, crypto, localLink } = this.#ports
    this.#chooseSockets()
    this.#node = new CloudNode(
      { cloud: this.cloud, addresses: this.#addresses.map(({ address }) => address), port, resolveOnly },
      {
        ...{ clock, random, crypto },
        chains: delegationValidator(crypto),
        send: (bytes, to, from) => this.#send(bytes, to, from),
        remembered: () => this.#remembered.nodes,
        remember: (nodes) => this.#remembered.remember(nodes),
        browse: (found) => {
          const links = this.#addresses.filter(({ loopback }) => !loopback)
          return links.length === 0 ? undefined : localLink.browse(this.#tag, links, found)
        },
        seeds: () => [...this.#seeds.endpoints(), ...this.#moreSeeds.values()],
        changed: () => this.#noteChange(),
        slept: () => this.#surroundings.slept(),
      },
    )
    this.#node.start()
    this.#announce()
  }

  /** The sockets are those of {@link JoinedCloud.addresses} now: the engine follows. */
  readdress(): void {
    this.#chooseSockets()
    this.#node?.addressesChanged(this.#addresses.map(({ address }) => address))
    this.#announce()
  }

  /** Whether a datagram that came there is one of this cloud. */
  isFor(datagram: Uint8Array, at: InterfaceAddress): boolean {
    return this.listensAt(at) && equalBytes(datagram.subarray(TAG_START, TAG_END), this.#tag)
  }

  listensAt(at: InterfaceAddress): boolean {
    return this.#addresses.some((one) => one.address === at.address && one.interface === at.interface)
  }

  suspend(): void {
    this.node.suspend()
    this.#announce()
  }

  resume(): void {
    this.#chooseSockets()
    this.node.resume(this.#addresses.map(({ address }) => address))
    this.#announce()
  }

  /** The machine slept without a word, and the sockets are those of {@link JoinedCloud.addresses} now. */
  wake(): void {
    this.#chooseSockets()
    this.node.woke(this.#addresses.map(({ address }) => address))
    this.#announce()
  }

  /** Leaves the cloud, which takes until the neighbours have confirmed that, two seconds at most. */
  async close(): Promise<void> {
    this.cleanup?.cancel()
    this.#changeTimer?.cancel()
    this.#endAnnouncement?.()
    await new Promise<void>((left) => (this.#node === undefined ? left() : this.#node.close(left)))
    this.#remembered.save()
  }

  #chooseSockets(): void {
    this.#ownSockets = this.#sockets.open.filter(({ at }) => this.listensAt(at))
    this.#socketFor.clear()
  }

  #send(bytes: Uint8Array, to: Endpoint, from: IpAddress | undefined): void {
    const asked = from === undefined ? undefined : this.#ownSockets.find(({ at }) => at.address === from)
    const chosen = asked ?? this.#socketTowards(to.host)
    // Without a socket the network is gone, and what is sent is lost.
    chosen?.socket.send(bytes, to)
  }

  #socketTowards(to: IpAddress): NodeSocket | undefined {
    const known = this.#socketFor.get(to)
    if (known !== undefined) return known
    if (this.#socketFor.size >= MOST_KNOWN_DESTINATIONS) this.#socketFor.clear()
    const chosen = socketTowards(this.#ownSockets, to)
    this.#socketFor.set(to, chosen)
    return chosen
  }

  /** A full participant can be found on the local link, as long as it is one and under the addresses that it has. */
  #announce(): void {
    const { port, resolveOnly, state } = this.node.status()
    const isFull = resolveOnly === undefined && state !== 'suspended'
    const addresses = isFull ? this.#addresses.filter(({ loopback }) => !loopback) : []
    const announced = JSON.stringify(addresses)
    if (announced === this.#announced) return
    this.#announced = announced
    this.#endAnnouncement?.()
    this.#endAnnouncement =
      addresses.length === 0 ? undefined : this.#ports.localLink.announce({ cloudTag: this.#tag, port, addresses })
  }

  /** Changes that come together are told together, and when the engine has done what it is at. */
  #noteChange(): void {
    this.#changeTimer ??= this.#ports.clock.setTimer(0, () => {
      this.#changeTimer = undefined
      this.#announce()
      this.#surroundings.changed()
    })
  }
}
