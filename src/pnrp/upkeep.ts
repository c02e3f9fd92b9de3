/**
 * What a node does by itself (MS-PNRP 3.1.6.2, 3.2.6): at each tick of the maintenance timer, and when entries come and
 * go, so that the cache stays true, the leaf sets whole and the cloud in one piece.
 */
import { type Endpoint, formatEndpoint } from '../runtime/endpoint.ts'
import { CacheMaintenance } from './cache-maintenance.ts'
import type { CloudParts } from './cloud-parts.ts'
import type { Conversations } from './conversations.ts'
import { Discovery, type DiscoveryPorts, MOST_REMEMBERED_NODES } from './discovery.ts'
import { Elsewhere } from './elsewhere.ts'
import type { EntryProof } from './entry-proof.ts'
import { FormerNodes } from './former-nodes.ts'
import { LeafSetRepair } from './leaf-set-repair.ts'
import { MaintenanceTimer } from './maintenance-timer.ts'
import type { Participation } from './participation.ts'
import type { PnrpId } from './pnrp-id.ts'
import type { Publishing } from './publishing.ts'
import type { Resolve } from './resolve.ts'
import type { ResolveOutcome } from './resolve-outcome.ts'
import type { ResolveRequest } from './resolve-request.ts'
import type { CacheAddition } from './route-cache.ts'
import { estimateIds } from './size-estimate.ts'
import { SplitDetection } from './split-detection.ts'

/** What upkeep reaches outside. */
export interface UpkeepPorts extends DiscoveryPorts {
  /** Keeps the nodes to begin with next time. */
  remember(nodes: readonly Endpoint[]): void
  /** Something of the status has changed. */
  changed(): void
}

/** What upkeep works with. */
export interface UpkeepParts {
  readonly parts: CloudParts
  readonly ports: UpkeepPorts
  readonly proof: EntryProof
  readonly conversations: Conversations
  readonly publishing: Publishing
  readonly participation: Participation
  readonly resolve: (request: ResolveRequest, ended: (outcome: ResolveOutcome) => void) => Resolve
  /** The machine has slept. */
  slept(): void
}

/** How long after the first entries the own IDs are announced, in milliseconds: time for some more to be proven. */
export const ANNOUNCEMENT_DELAY = 200

/** The upkeep of one node. */
export class Upkeep {
  readonly #owned: UpkeepParts
  readonly #parts: CloudParts
  readonly #formerNodes: FormerNodes
  readonly #cache: CacheMaintenance
  readonly #leafSets: LeafSetRepair
  readonly #splits: SplitDetection
  readonly #discovery: Discovery
  readonly #timer: MaintenanceTimer
  #announcementIsDue = false

  constructor(owned: UpkeepParts) {
    const { parts, ports, proof, resolve } = owned
    this.#owned = owned
    this.#parts = parts
    this.#formerNodes = new FormerNodes(parts.clock)
    this.#cache = new CacheMaintenance(parts, proof, resolve)
    this.#leafSets = new LeafSetRepair(parts, proof)
    this.#splits = new SplitDetection(parts, new Elsewhere(parts, ports, this.#formerNodes), resolve)
    this.#discovery = new Discovery(parts, ports, owned.conversations, () => ports.changed())
    this.#timer = new MaintenanceTimer(parts, (hasSlept) => this.#tick(hasSlept))
  }

  /** Whether the cloud is being looked for. */
  get isSearching(): boolean {
    return this.#discovery.isRunning
  }

  /** Begins, also after {@link Upkeep.stop}. */
  start(): void {
    this.search()
    this.#timer.start()
  }

  /** Looks for the cloud, if nobody of it is known. */
  search(): void {
    if (this.#parts.cache.size === 0) this.#discovery.start()
  }

  /** Ends for now. The caller drops all deadlines. */
  stop(): void {
    this.#discovery.stop()
    this.#leafSets.clear()
  }

  /** An entry was proven and added. */
  entryAdded({ leafSetsOf }: CacheAddition): void {
    if (leafSetsOf.length > 0) this.#leafSets.changed()
    if (this.#parts.cache.size > 1) return
    this.#discovery.stop()
    // Whoever was alone has announced to nobody.
    this.#announcementIsDue = true
    this.#parts.deadlines.set(ANNOUNCEMENT_DELAY, () => {
      if (!this.#announcementIsDue) return
      this.announceAll()
      this.#owned.ports.changed()
    })
  }

  /** Drops an entry that turned out to be gone, and remembers its node for tests for a split (N-46, N-88). */
  forget(id: PnrpId): void {
    const { cache, own } = this.#parts
    const cached = cache.get(id)
    if (cached === undefined) return
    const leafSetsOf = cache.remove(id) ?? []
    this.#cache.lost()
    if (leafSetsOf.length > 0) this.#leafSets.changed()
    const endpoint = own.endpointFor(cached.entry)
    if (endpoint !== undefined) this.#formerNodes.add(endpoint)
    if (cache.size === 0) this.#owned.ports.changed()
  }

  /** Announces each registration. */
  announceAll(): void {
    this.#announcementIsDue = false
    for (const registration of this.#parts.registrations.all()) this.#owned.publishing.announce(registration)
  }

  /** Has the nodes remembered that were used last. */
  rememberNodes(): void {
    const { cache, own } = this.#parts
    const recent = [...cache.entries()].sort((one, other) => other.lastHeard - one.lastHeard)
    const endpoints = new Map<string, Endpoint>()
    for (const { entry } of recent) {
      const endpoint = own.endpointFor(entry)
      if (endpoint !== undefined && endpoints.size < MOST_REMEMBERED_NODES)
        endpoints.set(formatEndpoint(endpoint), endpoint)
    }
    if (endpoints.size > 0) this.#owned.ports.remember([...endpoints.values()])
  }

  estimatedNodes(): number {
    return this.#estimatedIds() / Math.max(1, this.#parts.registrations.size)
  }

  #tick(hasSlept: boolean): void {
    if (hasSlept) this.#owned.slept()
    this.search()
    this.#cache.round(this.#estimatedIds())
    this.#leafSets.round()
    this.#splits.tick(this.estimatedNodes())
    this.#owned.participation.tick()
    this.rememberNodes()
  }

  #estimatedIds(): number {
    const { cache, registrations } = this.#parts
    return estimateIds(
      registrations.all().map(({ id }) => cache.leafSet(id)),
      cache.size + registrations.size,
    )
  }
}
