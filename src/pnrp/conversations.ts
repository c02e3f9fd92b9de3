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
 *
 * The FLOODs are not acknowledged and not sent again when they are lost (flag D, 3.2.5.4). Whoever joins needs none of
 * them in particular: one brings it in, and the floods of its own announcement bring its neighbours. Without any it
 * asks again (discovery.ts).
 */
import { toHex } from '../runtime/bytes.ts'
import { type Endpoint, formatEndpoint } from '../runtime/endpoint.ts'
import { networkPrefix } from '../runtime/network-prefix.ts'
import { randomBytes, randomFraction } from '../runtime/random.ts'
import type { CloudParts } from './cloud-parts.ts'
import { ConversationTable } from './conversation-table.ts'
import type { RequestSource } from './datagram-transport.ts'
import type { Asking } from './exchange.ts'
import { type Flood, NONCE_LENGTH, type Request, type Solicit } from './message.ts'
import { FIELD_HEADER_LENGTH } from './message-field.ts'
import { NO_PNRP_ID, type PnrpId, pnrpIdAt } from './pnrp-id.ts'

/** IDs that an ADVERTISE offers. */
export const ADVERTISED_IDS = 5
/** Nothing yet: the bits of features that this version has. */
export const OWN_FEATURES = 0

/** A SOLICIT is padded to this length, so that an ADVERTISE of five IDs fits three times into it. */
const PADDED_SOLICIT_LENGTH = 136

/** Both sides of the conversations of one cloud. */
export class Conversations {
  readonly #parts: CloudParts
  readonly #table: ConversationTable

  constructor(parts: CloudParts) {
    this.#parts = parts
    this.#table = new ConversationTable(parts.clock)
  }

  /** Asks a node for route entries. If it has any, they come in FLOODs. */
  start(to: Endpoint): void {
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
          if (ids.length > 0) this.#request(to, nonce, ids)
        },
        failed: () => {},
      },
    )
  }

  /**
   * A SOLICIT came: the IDs to offer, and to remember that they were; undefined if there is no place for one more
   * conversation. @param most How many an answer may hold.
   */
  offer(
    solicit: Solicit,
    { from, isProven }: Pick<RequestSource, 'from' | 'isProven'>,
    most: number,
  ): readonly PnrpId[] | undefined {
    const key = conversationKey(from, solicit.hashedNonce)
    const former = this.#table.get(key)
    const offered = former?.offered ?? new Set<PnrpId>()
    const outcome = this.#table.put(key, {
      ...{ prefix: networkPrefix(from.host), isProven: isProven || former?.isProven === true, offered },
    })
    if (outcome !== 'added') this.#parts.counters.dropped('table-full')
    if (outcome === 'refused') return undefined
    if (former === undefined) for (const id of this.#choose(solicit).slice(0, most)) offered.add(id)
    return [...offered].slice(0, most)
  }

  /** Whether a REQUEST continues a conversation: its nonce is the one whose hash came from there. */
  knows(request: Request, from: Endpoint): boolean {
    return this.#table.get(this.#keyOf(request, from)) !== undefined
  }

  /** A REQUEST came that continues a conversation: ends that. @returns the FLOODs to send */
  fulfil(request: Request, from: Endpoint): readonly Asking<Flood>[] {
    const key = this.#keyOf(request, from)
    const conversation = this.#table.get(key)
    if (conversation === undefined) return []
    this.#table.delete(key)
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

/** A SOLICIT that makes room for an ADVERTISE of all the IDs that are offered. @param length Of the SOLICIT as it is. */
export function padded(solicit: Solicit, length: number): Solicit {
  const missing = PADDED_SOLICIT_LENGTH - length - FIELD_HEADER_LENGTH
  return missing <= 0 ? solicit : { ...solicit, padding: missing }
}
