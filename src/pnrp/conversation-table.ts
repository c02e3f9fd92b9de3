/**
 * The conversations that a member remembers (MS-PNRP 3.2.1, Conversation Table).
 *
 * Anybody can begin one, and in anybody's name, so places are bounded, in all and for each network prefix. Whoever finds
 * none gets an empty answer, and with it a cookie. Who comes back with that has proven its address, and takes
 * the place of somebody who has not, or, where all have, of one from the prefix that holds the most. So neither
 * forged addresses nor one party with a few prefixes keeps others out.
 */
import type { Clock } from '../runtime/clock.ts'
import { RecentMap } from '../runtime/recent-map.ts'
import type { PnrpId } from './pnrp-id.ts'

/** A conversation. */
export interface Conversation {
  /** Of the network from which it came. */
  readonly prefix: string
  /** Whether a cookie has proven the address. */
  readonly isProven: boolean
  readonly offered: Set<PnrpId>
}

/** How long a member remembers who asked, in milliseconds (3.2.2). */
export const CONVERSATION_LIFE = 15_000
/** Conversations that a member remembers at the same time. */
export const MOST_CONVERSATIONS = 256
/** Of these, from one network prefix. */
export const MOST_CONVERSATIONS_OF_PREFIX = 64

interface Place {
  readonly key: string
  readonly conversation: Conversation
  readonly restarted: number
}

/** The conversations of one cloud, by key. */
export class ConversationTable {
  readonly #clock: Clock
  /** In the order in which their time was restarted. */
  readonly #places = new RecentMap<Place>(MOST_CONVERSATIONS)

  constructor(clock: Clock) {
    this.#clock = clock
  }

  get(key: string): Conversation | undefined {
    this.#dropOld()
    return this.#places.get(key)?.conversation
  }

  /**
   * Begins a conversation, or restarts the time of one.
   *
   * @returns `added`; `displaced` if another one lost its place for it; `refused` if there is no place
   */
  put(key: string, conversation: Conversation): 'added' | 'displaced' | 'refused' {
    this.#dropOld()
    const isNew = this.#places.get(key) === undefined
    const displaced = isNew ? this.#toDisplace(conversation) : undefined
    if (displaced === 'nobody') return 'refused'
    if (displaced !== undefined) this.#places.delete(displaced)
    this.#places.set(key, { key, conversation, restarted: this.#clock.monotonic() })
    return displaced === undefined ? 'added' : 'displaced'
  }

  delete(key: string): void {
    this.#places.delete(key)
  }

  /** Who has to make room for a new conversation; undefined if there is room. */
  #toDisplace({ prefix, isProven }: Conversation): string | 'nobody' | undefined {
    const held = this.#heldByPrefixes()
    const ofPrefix = held.get(prefix) ?? 0
    if (ofPrefix >= MOST_CONVERSATIONS_OF_PREFIX) {
      return this.#oldest((one) => isProven && !one.isProven && one.prefix === prefix) ?? 'nobody'
    }
    if (this.#places.size < MOST_CONVERSATIONS) return undefined
    if (!isProven) return 'nobody'
    const unproven = this.#oldest((one) => !one.isProven)
    if (unproven !== undefined) return unproven
    const [greediest, most] = [...held].reduce((one, other) => (other[1] > one[1] ? other : one))
    // Only as long as the newcomer's prefix does not hold as many after that.
    return most > ofPrefix + 1 ? (this.#oldest((one) => one.prefix === greediest) ?? 'nobody') : 'nobody'
  }

  #heldByPrefixes(): Map<string, number> {
    const held = new Map<string, number>()
    for (const { conversation } of this.#places.values()) {
      held.set(conversation.prefix, (held.get(conversation.prefix) ?? 0) + 1)
    }
    return held
  }

  #oldest(isMeant: (conversation: Conversation) => boolean): string | undefined {
    for (const { key, conversation } of this.#places.values()) if (isMeant(conversation)) return key
    return undefined
  }

  #dropOld(): void {
    const now = this.#clock.monotonic()
    this.#places.dropWhile(({ restarted }) => now - restarted >= CONVERSATION_LIFE)
  }
}
