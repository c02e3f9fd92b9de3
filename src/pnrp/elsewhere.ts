/**
 * Who may be in another part of the cloud, should it have split (N-88): nodes that are remembered and not cached, nodes
 * that were dropped from the cache, and seeds, each kind in turn.
 */
import type { Endpoint } from '../runtime/endpoint.ts'
import { randomChoice } from '../runtime/random.ts'
import type { CloudParts } from './cloud-parts.ts'
import { type DiscoveryPorts, SeedTurns } from './discovery.ts'
import type { FormerNodes } from './former-nodes.ts'

const kinds = ['remembered', 'former', 'seed'] as const

/** The nodes to ask in tests for a split. */
export class Elsewhere {
  readonly #parts: CloudParts
  readonly #ports: Pick<DiscoveryPorts, 'remembered' | 'seeds'>
  readonly #formerNodes: FormerNodes
  readonly #seeds: SeedTurns
  #turn = 0

  constructor(parts: CloudParts, ports: Pick<DiscoveryPorts, 'remembered' | 'seeds'>, formerNodes: FormerNodes) {
    this.#parts = parts
    this.#ports = ports
    this.#formerNodes = formerNodes
    this.#seeds = new SeedTurns(ports)
  }

  /** The next one to ask; undefined if there is none of any kind. */
  next(): Endpoint | undefined {
    for (const _ of kinds) {
      const endpoint = this.#oneOfKind(kinds[this.#turn++ % kinds.length])
      if (endpoint !== undefined && !this.#parts.own.has(endpoint)) return endpoint
    }
    return undefined
  }

  #oneOfKind(kind: (typeof kinds)[number] | undefined): Endpoint | undefined {
    switch (kind) {
      case 'remembered':
        return this.#oneNotCached(this.#ports.remembered())
      case 'former':
        return this.#oneNotCached(this.#formerNodes.all())
      default:
        return this.#seeds.next()
    }
  }

  #oneNotCached(nodes: readonly Endpoint[]): Endpoint | undefined {
    const { cache, random } = this.#parts
    const cached = [...cache.entries()].map(({ entry }) => entry)
    const isCached = ({ host, port }: Endpoint): boolean =>
      cached.some((entry) => entry.port === port && entry.addresses.includes(host))
    return randomChoice(
      random,
      nodes.filter((node) => !isCached(node)),
    )
  }
}
