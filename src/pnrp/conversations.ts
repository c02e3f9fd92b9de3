/**
 * Synchronization conversations: how a node that joins gets its first route entries (MS-PNRP 3.1.4.3, 3.2.5.3,
 * 3.2.5.4).
 *
 *     joining                              member
 *        |--- SOLICIT, hash of a nonce ------>|  remembers who asked
 *        |<-- ADVERTISE, some IDs ------------|
 *        |--- REQUEST, the nonce, IDs ------->|  the nonce fits its hash
 *        |<-- ACK ----------------------------|
 *        |<-- FLOOD, a route entry, for each -|
 *
 * The nonce ties the two halves together and proves no address, since who asks chose it; the cookie does that.
 */
import { toHex } from '../runtime/bytes.ts'
import type { Deadline } from '../runtime/deadlines.ts'
import { type Endpoint, formatEndpoint } from '../runtime/endpoint.ts'
import { randomBytes, randomFraction } from '../runtime/random.ts'
import type { CloudParts } from './cloud-parts.ts'
import type { Asking } from './exchange.ts'
import { type Flood, NONCE_LENGTH, type Request, type Solicit } from './message.ts'
import { NO_PNRP_ID, type PnrpId, pnrpIdAt } from './pnrp-id.ts'

/** IDs that an ADVERTISE offers. */
export const ADVERTISED_IDS = 5
/** How long a member remembers who asked, in milliseconds (3.2.2). */
export const CONVERSATION_LIFE = 15_000
/** Conversations that a member remembers at the same time. */
export const MOST_CONVERSATIONS = 256
/** Nothing yet: the bits of features that this version has. */
export const OWN_FEATURES = 0

interface Conversation {
  readonly offered: ReadonlySet<PnrpId>
  deadline: Deadline
}

/** Both sides of the conversations of one cloud. */
export class Conversations {
  readonly #parts: CloudParts
  readonly #conversations = new Map<string, Conversation>()

  constructor(parts: CloudParts) {
    this.#parts = parts
  }

  /** Asks a node for route entries. @param ended Called once: whether that node is a member of the cloud. */
  start(to: Endpoint, ended: (isMember: boolean) => void): void {
    const { crypto, random, exchange, own, registrations } = this.#parts
    const nonce = randomBytes(random, NONCE_LENGTH)
    const hashedNonce = crypto.sha256(nonce)
    const [registration] = registrations.all()
    const routeEntry = registration && own.entryOf(registration.id)
    exchange.solicit(
      to,
      { type: 'SOLICIT', solicitType: 'any', routeEntry, hashedNonce, features: OWN_FEATURES },
      {
        answered: ({ ids }) => {
          ended(true)
          if (ids.length > 0) this.#request(to, nonce, ids)
        },
        failed: () => ended(false),
      },
    )
  }

  /** A SOLICIT came: the IDs to offer, and to remember that they were. @param most How many an answer may hold. */
  offer(solicit: Solicit, from: Endpoint, most: number): readonly PnrpId[] {
    const { deadlines, counters } = this.#parts
    const key = conversationKey(from, solicit.hashedNonce)
    const setDeadline = (): Deadline => deadlines.set(CONVERSATION_LIFE, () => this.#conversations.delete(key))
    const former = this.#conversations.get(key)
    if (former !== undefined) {
      deadlines.cancel(former.deadline)
      former.deadline = setDeadline()
      return [...former.offered].slice(0, most)
    }
    if (this.#conversations.size >= MOST_CONVERSATIONS) {
      counters.dropped('table-full')
      return []
    }
    const ids = this.#choose(solicit).slice(0, most)
    this.#conversations.set(key, { offered: new Set(ids), deadline: setDeadline() })
    return ids
  }

  /** Whether a REQUEST continues a conversation: its nonce is the one whose hash came from there. */
  knows(request: Request, from: Endpoint): boolean {
    return this.#conversations.has(this.#keyOf(request, from))
  }

  /** A REQUEST came that continues a conversation: ends that. @returns the FLOODs to send */
  fulfil(request: Request, from: Endpoint): readonly Asking<Flood>[] {
    const key = this.#keyOf(request, from)
    const conversation = this.#conversations.get(key)
    if (conversation === undefined) return []
    this.#parts.deadlines.cancel(conversation.deadline)
    this.#conversations.delete(key)
    return [...new Set(request.ids)].filter((id) => conversation.offered.has(id)).flatMap((id) => this.#tell(id))
  }

  #request(to: Endpoint, nonce: Uint8Array, ids: readonly PnrpId[]): void {
    this.#parts.exchange.confirm(to, { type: 'REQUEST', nonce, ids }, { answered: () => {}, failed: () => {} })
  }

  #keyOf({ nonce }: Request, from: Endpoint): string {
    return conversationKey(from, this.#parts.crypto.sha256(nonce))
  }

  #tell(id: PnrpId): Asking<Flood>[] {
    const { own, cache, registrations } = this.#parts
    const routeEntry = registrations.has(id) ? own.entryOf(id) : cache.get(id)?.entry
    if (routeEntry === undefined) return []
    return [{ type: 'FLOOD', withoutAck: true, validateId: NO_PNRP_ID, routeEntry, alreadyFlooded: [] }]
  }

  /** Some IDs, spread evenly over the circle from a random place on. */
  #choose({ solicitType }: Solicit): readonly PnrpId[] {
    const { cache, random, registrations } = this.#parts
    const local = registrations.all().map(({ id }) => id)
    if (solicitType === 'local') return local.slice(0, ADVERTISED_IDS)
    const chosen = new Set<PnrpId>()
    const start = randomFraction(random)
    for (let index = 0; index < ADVERTISED_IDS; index++) {
      const place = pnrpIdAt(start + index / ADVERTISED_IDS)
      for (const entry of cache.nearest(place, 1, ({ id }) => !chosen.has(id))) chosen.add(entry.id)
    }
    for (const id of local) if (chosen.size < ADVERTISED_IDS) chosen.add(id)
    return [...chosen]
  }
}

function conversationKey(from: Endpoint, hashedNonce: Uint8Array): string {
  return `${formatEndpoint(from)} ${toHex(hashedNonce)}`
}
