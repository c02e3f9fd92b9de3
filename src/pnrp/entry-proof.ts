/**
 * Proves route entries before they are cached (N-40, N-41, N-117; MS-PNRP 3.1.5.11).
 *
 * Anybody can name any address, so a first question is small, sent once, and charged to whoever named it: a
 * **probe**, an INQUIRE without flags. Who answers it is there, and has given a cookie. Then the certified
 * peer address is asked for, with a nonce; it must be valid, for this very ID, and list exactly the places
 * of the entry. A node that has given us a cookie already, as one that answered a LOOKUP has, needs no probe.
 */
import { type Endpoint, formatEndpoint } from '../runtime/endpoint.ts'
import { randomBytes } from '../runtime/random.ts'
import type { AuthorityBuffer } from './authority-buffer.ts'
import { BackOff } from './back-off.ts'
import { mayUse } from './cloud.ts'
import type { CloudParts } from './cloud-parts.ts'
import { validateCpa } from './cpa-validation.ts'
import { LONGEST_ALREADY_FLOODED_LIST, NONCE_LENGTH } from './message.ts'
import type { PnrpId } from './pnrp-id.ts'
import type { ProbeCharges } from './probe-charges.ts'
import type { CacheAddition } from './route-cache.ts'
import { distinctEndpoints, HIGHEST_RESERVED_PORT, type RouteEntry, sameAddresses, samePlaces } from './route-entry.ts'

/** How an entry became known. */
export interface EntryOrigin {
  /** Who sent the message that named it, and is charged for the probe; undefined where nobody is. */
  readonly from?: Endpoint | undefined
  /** Who has been told of it, as the message says: the Already Flooded List of a FLOOD. */
  readonly told?: readonly Endpoint[] | undefined
  /** Whether its node is told about us in turn, if it joins a leaf set. */
  readonly introducesUs?: boolean | undefined
  /** Those of our IDs that its node named itself, and so need not be told. */
  readonly knownIds?: readonly PnrpId[] | undefined
}

/** Told when an entry has been proven and added. */
export type EntryAdded = (entry: RouteEntry, addition: CacheAddition, origin: EntryOrigin) => void

/** Entries that are being proven at the same time. */
export const MOST_UNPROVEN_ENTRIES = 128
/** How long an endpoint that was silent, and an ID that is not where it should be, are not asked for again, in milliseconds. */
export const FAILED_PROOF_PAUSE = 30_000

/** The Pending Route Entry Add List of one cloud. */
export class EntryProof {
  readonly #parts: CloudParts
  readonly #charges: ProbeCharges
  readonly #added: EntryAdded
  /** By ID. */
  readonly #pending = new Map<PnrpId, Pending>()
  readonly #failed: BackOff

  constructor(parts: CloudParts, charges: ProbeCharges, added: EntryAdded) {
    this.#parts = parts
    this.#charges = charges
    this.#added = added
    this.#failed = new BackOff(parts.clock)
  }

  /** Proves an entry, if the cache would take it. What is not worth a message is forgotten without one. */
  consider(entry: RouteEntry, origin: EntryOrigin): void {
    const { cache, cloud, counters, own, registrations, cookies } = this.#parts
    if (registrations.has(entry.id)) return
    const cached = cache.get(entry.id)
    if (cached !== undefined && samePlaces(cached.entry, entry)) return
    const pending = this.#pending.get(entry.id)
    if (pending !== undefined) {
      if (samePlaces(pending.entry, entry)) pending.origin = merged(pending.origin, origin)
      return
    }
    if (entry.port <= HIGHEST_RESERVED_PORT || !entry.addresses.every((address) => mayUse(cloud, address))) {
      counters.dropped('entry-out-of-range')
      return
    }
    if (cached === undefined && !cache.wouldTake(entry)) return
    const endpoint = own.endpointFor(entry)
    if (endpoint === undefined || own.has(endpoint)) return
    const key = formatEndpoint(endpoint)
    if (this.#failed.has(key) || this.#failed.has(claimOf(entry, endpoint))) return
    if (this.#pending.size >= MOST_UNPROVEN_ENTRIES) {
      counters.dropped('table-full')
      return
    }
    const isKnown = cookies.get(endpoint) !== undefined
    if (!isKnown && this.#isBeingAsked(key)) return
    if (origin.from !== undefined && !this.#charges.charge(origin.from)) {
      counters.dropped('probe-charge')
      return
    }
    const asked: Pending = { entry, endpoint: key, origin }
    this.#pending.set(entry.id, asked)
    if (isKnown) this.#inquire(asked, endpoint)
    else this.#probe(asked, endpoint)
  }

  /** Proves an entry that is cached once more; it leaves the cache if that fails (N-41, N-56). */
  proveAgain(id: PnrpId): void {
    const cached = this.#parts.cache.get(id)
    if (cached === undefined || this.#pending.has(id)) return
    const endpoint = this.#parts.own.endpointFor(cached.entry)
    if (endpoint === undefined) return
    const pending: Pending = { entry: cached.entry, endpoint: formatEndpoint(endpoint), origin: {} }
    this.#pending.set(id, pending)
    this.#inquire(pending, endpoint)
  }

  /** Something came from there that shows that it is alive. */
  heard(endpoint: string): void {
    this.#failed.heard(endpoint)
  }

  /** Forgets what is being proven, and what failed. */
  clear(): void {
    this.#failed.clear()
    this.#pending.clear()
  }

  #probe(pending: Pending, endpoint: Endpoint): void {
    const { entry } = pending
    const probe = {
      type: 'INQUIRE',
      wantsCpa: false,
      wantsPayload: false,
      wantsChain: false,
      validateId: entry.id,
    } as const
    this.#parts.exchange.inquire(
      endpoint,
      probe,
      {
        answered: (buffer) => {
          if (!buffer.notFound) {
            this.#inquire(pending, endpoint)
            return
          }
          this.#failed.add(claimOf(entry, endpoint), FAILED_PROOF_PAUSE)
          this.#pending.delete(entry.id)
        },
        failed: () => {
          this.#failed.addSilent(formatEndpoint(endpoint), FAILED_PROOF_PAUSE)
          this.#pending.delete(entry.id)
        },
      },
      1,
    )
  }

  #inquire(pending: Pending, endpoint: Endpoint): void {
    const { entry } = pending
    const nonce = randomBytes(this.#parts.random, NONCE_LENGTH)
    const request = {
      type: 'INQUIRE',
      wantsCpa: true,
      wantsPayload: false,
      wantsChain: true,
      validateId: entry.id,
      nonce,
    } as const
    this.#parts.exchange.inquire(endpoint, request, {
      answered: (buffer) => {
        this.#pending.delete(entry.id)
        if (this.#accept(pending, buffer, nonce)) return
        this.#failed.add(claimOf(entry, endpoint), FAILED_PROOF_PAUSE)
        this.#dropCached(entry)
      },
      failed: () => {
        this.#failed.addSilent(formatEndpoint(endpoint), FAILED_PROOF_PAUSE)
        this.#pending.delete(entry.id)
        this.#parts.counters.dropped('entry-unproven')
        this.#dropCached(entry)
      },
    })
  }

  #accept({ entry, origin }: Pending, buffer: AuthorityBuffer, nonce: Uint8Array): boolean {
    const { cache, counters, clock } = this.#parts
    if (buffer.notFound || buffer.cpa === undefined) {
      counters.dropped('entry-unproven')
      return false
    }
    const cpa = validateCpa(
      { crypto: this.#parts.crypto, chains: this.#parts.chains, now: clock.utc() },
      { ...buffer, cpa: buffer.cpa, id: entry.id, nonce, revoked: false },
    )
    if (typeof cpa === 'string') {
      counters.dropped(cpa)
      return false
    }
    if (cpa.servicePort !== entry.port || !sameAddresses(cpa.serviceAddresses, entry.addresses)) {
      counters.dropped('cpa-addresses')
      return false
    }
    const known = cache.get(entry.id)
    if (known !== undefined && samePlaces(known.entry, entry)) {
      known.lastHeard = clock.monotonic()
      known.notAfter = cpa.notAfter
      return true
    }
    const publicKey = new Uint8Array(cpa.publicKey)
    const addition = cache.add({ entry, publicKey, notAfter: cpa.notAfter, lastHeard: clock.monotonic() })
    if (cache.get(entry.id) !== undefined) this.#added(entry, addition, origin)
    return true
  }

  /** An entry that was cached at these very places and could not be proven again leaves the cache. */
  #dropCached(entry: RouteEntry): void {
    const cached = this.#parts.cache.get(entry.id)
    if (cached !== undefined && samePlaces(cached.entry, entry)) this.#parts.forget(entry.id)
  }

  #isBeingAsked(endpoint: string): boolean {
    for (const asked of this.#pending.values()) if (asked.endpoint === endpoint) return true
    return false
  }
}

/** An entry that is being proven. What others say of it meanwhile is added to its origin. */
interface Pending {
  readonly entry: RouteEntry
  /** Where it is asked for. */
  readonly endpoint: string
  origin: EntryOrigin
}

/** A list that leaves no room for those who are told next would end the flood: it is not added to. */
const LONGEST_MERGED_LIST = LONGEST_ALREADY_FLOODED_LIST - 4

/** Whoever named it first pays. */
function merged({ from, told = [], introducesUs, knownIds = [] }: EntryOrigin, later: EntryOrigin): EntryOrigin {
  const allTold = distinctEndpoints([...told, ...(later.told ?? [])])
  return {
    from,
    told: allTold.length <= LONGEST_MERGED_LIST ? allTold : told,
    introducesUs: introducesUs || later.introducesUs,
    knownIds: [...new Set([...knownIds, ...(later.knownIds ?? [])])],
  }
}

/** That an ID is at a place. */
function claimOf({ id }: RouteEntry, endpoint: Endpoint): string {
  return `${id} ${formatEndpoint(endpoint)}`
}
