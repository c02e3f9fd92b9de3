/**
 * The clouds in which a group is found (P-028). A group names one when it is made, or none. A cloud that every node can have is
 * opened for the group; of a link-local one every node has its own; a private one has to be opened by the application, since its
 * secret is in no invitation. A group that names none is in all clouds that are open, and if none is, in the usual ones.
 */
import { type CloudScope, makeCloud, mayUse } from '../pnrp/cloud.ts'
import type { Endpoint } from '../runtime/endpoint.ts'
import type { Log } from '../runtime/log.ts'
import { PeerageError } from '../runtime/peerage-error.ts'
import type { Closing } from './closing.ts'
import type { RegistrationCloud } from './group-registration.ts'
import type { JoinedCloud } from './joined-cloud.ts'
import type { CloudChoice } from './names.ts'
import type { NodeNames } from './node-names.ts'
import type { OpenClouds } from './open-clouds.ts'

/** What the clouds of a group stand on. */
export interface GroupCloudsPorts {
  readonly clouds: OpenClouds
  readonly names: Pick<NodeNames, 'openDefaults'>
  readonly log: Log
}

/** The clouds of one group. */
export class GroupClouds {
  readonly #ports: GroupCloudsPorts
  readonly #cloud: string | undefined
  readonly #scope: CloudScope | undefined
  readonly #seeds: readonly Endpoint[]
  readonly #changed: () => void
  readonly #handles = new Map<string, Closing>()
  readonly #seeded = new WeakSet<JoinedCloud>()
  readonly #views = new WeakMap<JoinedCloud, RegistrationCloud>()
  #endListening: (() => void) | undefined
  #opening: Promise<void> | undefined

  /**
   * @param cloud The one that the group names
   * @param seeds Members of the clouds to begin with, beside those that the clouds have
   * @param changed Called after anything may have changed, as long as they are open
   */
  constructor(
    { cloud, seeds }: { readonly cloud: string | undefined; readonly seeds: readonly Endpoint[] },
    ports: GroupCloudsPorts,
    changed: () => void,
  ) {
    this.#ports = ports
    this.#cloud = cloud
    this.#scope = cloud === undefined ? undefined : makeCloud(cloud).scope
    this.#seeds = seeds
    this.#changed = changed
  }

  /** For resolving and registering. */
  get choice(): CloudChoice | undefined {
    return this.#scope === 'link-local' ? { scope: 'link-local' } : this.#cloud
  }

  /** @throws PeerageError `cloud-not-found` if it is a private cloud that is not open here */
  requirePresent(): void {
    const open = this.#ports.clouds.open().map(({ cloud }) => cloud.name)
    if (this.#scope !== 'private' || this.#cloud === undefined || open.includes(this.#cloud)) return
    throw new PeerageError('cloud-not-found', { name: this.#cloud, open })
  }

  /** Opens what can be opened, and goes on with that when the network comes. It resolves once it has been tried. */
  async open(): Promise<void> {
    this.#endListening ??= this.#ports.clouds.listen(() => this.#cloudsChanged())
    await this.#openAll()
  }

  /** Those of the group that are open now. */
  now(): readonly RegistrationCloud[] {
    return this.#open().map((joined) => this.#viewOf(joined))
  }

  /** Leaves what was opened for the group. */
  async close(): Promise<void> {
    this.#endListening?.()
    this.#endListening = undefined
    await this.#opening
    await Promise.all([...this.#handles.values()].map((handle) => handle.close()))
    this.#handles.clear()
  }

  #open(): readonly JoinedCloud[] {
    return this.#ports.clouds
      .open()
      .filter(({ cloud }) =>
        this.#scope === 'link-local'
          ? cloud.scope === 'link-local'
          : this.#cloud === undefined || cloud.name === this.#cloud,
      )
  }

  #cloudsChanged(): void {
    if (this.#ports.clouds.isClosed) return
    this.#seed()
    if (this.#opening === undefined && this.#missing().length > 0) void this.#openAll()
    this.#changed()
  }

  /** What is to be opened for the group and is not. */
  #missing(): readonly string[] {
    const { clouds } = this.#ports
    switch (this.#scope) {
      case undefined:
      case 'private':
        return []
      case 'link-local':
        return clouds.linkLocalNames().filter((name) => !this.#handles.has(name))
      case 'global':
      case 'site-local':
        return this.#cloud === undefined || this.#handles.has(this.#cloud) ? [] : [this.#cloud]
    }
  }

  async #openAll(): Promise<void> {
    this.#opening ??= this.#openMissing()
    await this.#opening
    this.#opening = undefined
  }

  async #openMissing(): Promise<void> {
    const { clouds, names } = this.#ports
    if (this.#cloud === undefined) await this.#try(() => names.openDefaults())
    for (const name of this.#missing()) {
      await this.#try(async () => {
        this.#handles.set(name, await clouds.join(name, {}))
      })
    }
    this.#seed()
  }

  /** A cloud that cannot be opened now, as without a network, is no failure: the group works without it. */
  async #try(open: () => Promise<void>): Promise<void> {
    try {
      await open()
    } catch (error) {
      if (!(error instanceof PeerageError)) throw error
      this.#ports.log.info('a cloud of a group cannot be opened now', { reason: error.message })
    }
  }

  #seed(): void {
    if (this.#seeds.length === 0) return
    for (const joined of this.#open()) {
      if (this.#seeded.has(joined)) continue
      this.#seeded.add(joined)
      joined.addSeeds(this.#seeds)
    }
  }

  #viewOf(joined: JoinedCloud): RegistrationCloud {
    const known = this.#views.get(joined)
    if (known !== undefined) return known
    const view: RegistrationCloud = {
      name: joined.cloud.name,
      mayUse: (address) => mayUse(joined.cloud, address),
      resolveOnly: () => joined.node.status().resolveOnly,
    }
    this.#views.set(joined, view)
    return view
  }
}
