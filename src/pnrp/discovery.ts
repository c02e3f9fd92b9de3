/**
 * Finding somebody of the cloud (MS-PNRP 3.1.4.2): first the nodes that are remembered, then the local link, then
 * a seed; and from the start again, as long as nobody is known.
 */

import type { Deadline } from '../runtime/deadlines.ts'
import { type Endpoint, formatEndpoint } from '../runtime/endpoint.ts'
import type { CloudParts } from './cloud-parts.ts'
import type { Conversations } from './conversations.ts'

/** How nodes are found from outside the protocol. */
export interface DiscoveryPorts {
  /** The nodes that were used last, as they were remembered. */
  readonly remembered: () => readonly Endpoint[]
  /**
   * Browses the local link and calls back with each node that announces itself there. Returns what ends it, or
   * undefined if there is no link to browse.
   */
  browse(found: (endpoint: Endpoint) => void): (() => void) | undefined
  /** The addresses of the seeds; names are resolved already. Those that were given for this cloud come first. */
  readonly seeds: () => readonly Endpoint[]
}

/** How long each stage waits for a member before the next one begins, in milliseconds. */
export const STAGE_WAIT = 3000
/** Conversations that one round of browsing starts at most (N-18). */
export const MOST_CONVERSATIONS_OF_BROWSING = 5
/** How many nodes are remembered, and asked on opening (appendix A note 2). */
export const MOST_REMEMBERED_NODES = 10

type Stage = 'remembered' | 'local-link' | 'seeds'
const nextStage: Readonly<Record<Stage, Stage>> = {
  remembered: 'local-link',
  'local-link': 'seeds',
  seeds: 'remembered',
}

/** The seeds, one after the other. Whoever asks them for a purpose of its own has turns of its own. */
export class SeedTurns {
  readonly #ports: Pick<DiscoveryPorts, 'seeds'>
  #index = 0

  constructor(ports: Pick<DiscoveryPorts, 'seeds'>) {
    this.#ports = ports
  }

  next(): Endpoint | undefined {
    const seeds = this.#ports.seeds()
    // The list can have changed since; the index wraps at its end.
    if (this.#index >= seeds.length) this.#index = 0
    return seeds[this.#index++]
  }
}

/** The search for a cloud. */
export class Discovery {
  readonly #parts: CloudParts
  readonly #ports: DiscoveryPorts
  readonly #conversations: Conversations
  readonly #ended: () => void
  readonly #seeds: SeedTurns
  #stage: Stage | undefined
  #deadline: Deadline | undefined
  #endBrowsing: (() => void) | undefined

  /** @param ended Called when a whole round has brought nobody. */
  constructor(parts: CloudParts, ports: DiscoveryPorts, conversations: Conversations, ended: () => void) {
    this.#parts = parts
    this.#ports = ports
    this.#conversations = conversations
    this.#ended = ended
    this.#seeds = new SeedTurns(ports)
  }

  /** Whether a round is under way. */
  get isRunning(): boolean {
    return this.#stage !== undefined
  }

  /** Starts a round, unless one is under way. */
  start(): void {
    if (this.#stage === undefined) this.#enter('remembered')
  }

  /** Ends the round: somebody is known now, or nobody is looked for any more. */
  stop(): void {
    this.#stage = undefined
    if (this.#deadline !== undefined) this.#parts.deadlines.cancel(this.#deadline)
    this.#endBrowsing?.()
    this.#endBrowsing = undefined
  }

  #enter(stage: Stage): void {
    this.#stage = stage
    const hasAsked = this.#ask(stage)
    if (!hasAsked) {
      this.#leave()
      return
    }
    this.#deadline = this.#parts.deadlines.set(STAGE_WAIT, () => this.#leave())
  }

  #leave(): void {
    const stage = this.#stage
    this.#endBrowsing?.()
    this.#endBrowsing = undefined
    if (stage === undefined) return
    const next = nextStage[stage]
    // After the last stage the round is over; maintenance starts another one.
    if (next === 'remembered') {
      this.stop()
      this.#ended()
    } else {
      this.#enter(next)
    }
  }

  /** @returns false if there is nobody to ask at this stage. */
  #ask(stage: Stage): boolean {
    switch (stage) {
      case 'remembered': {
        const nodes = this.#ports.remembered().slice(0, MOST_REMEMBERED_NODES)
        for (const node of nodes) this.#converse(node)
        return nodes.length > 0
      }
      case 'local-link': {
        const asked = new Set<string>()
        this.#endBrowsing = this.#ports.browse((endpoint) => {
          const key = formatEndpoint(endpoint)
          if (asked.has(key) || asked.size >= MOST_CONVERSATIONS_OF_BROWSING) return
          asked.add(key)
          this.#converse(endpoint)
        })
        return this.#endBrowsing !== undefined
      }
      case 'seeds': {
        const seed = this.#seeds.next()
        if (seed !== undefined) this.#converse(seed)
        return seed !== undefined
      }
    }
  }

  #converse(endpoint: Endpoint): void {
    if (this.#parts.own.has(endpoint)) return
    // A member is found once an entry of it is in the cache: until then the stage goes on.
    this.#conversations.start(endpoint)
  }
}
