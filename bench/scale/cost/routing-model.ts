/**
 * A cloud of which only the routing is simulated: for more nodes than whole engines fit into one process.
 *
 * There are no datagrams, no timers and no loss, and nothing comes or goes. Each node has the cache that upkeep and chance
 * lead to: its leaf sets, and one of those who stand in it for each slice of a level, drawn by chance. What has a place, who is
 * named, and who is asked next is decided by the code of the engine (route-cache.ts, lookup-answer.ts, hop-candidates.ts). A
 * node is made when it is asked, from the seed and its number, and forgotten later: so a hundred thousand take no more memory
 * than a few thousand.
 *
 * The engine does not look into slices that are so narrow that they may well be empty, and fills most of them all the same, with
 * what it hears of: how near that comes is seen where both are measured (docs/benchmarks.md).
 */
import { parsePeerName } from '../../../src/identity/peer-name.ts'
import { platformCrypto } from '../../../src/nodejs/crypto/crypto.ts'
import { BackOff } from '../../../src/pnrp/back-off.ts'
import { makeCloud } from '../../../src/pnrp/cloud.ts'
import { DeadEnds } from '../../../src/pnrp/dead-ends.ts'
import { HopCandidates, type HopParts, SMALL_CACHE } from '../../../src/pnrp/hop-candidates.ts'
import { answerLookup } from '../../../src/pnrp/lookup-answer.ts'
import { CloudAddresses } from '../../../src/pnrp/own-addresses.ts'
import { drawOwnRegistration } from '../../../src/pnrp/own-registration.ts'
import { NO_PNRP_ID, type PnrpId, placeOf, pnrpIdAt, withServiceLocation } from '../../../src/pnrp/pnrp-id.ts'
import { drawRegistration } from '../../../src/pnrp/publishing.ts'
import { type Registration, Registrations } from '../../../src/pnrp/registration.ts'
import { MOST_HOPS_OF_PATH, MOST_LEAF_SET_ANSWERS } from '../../../src/pnrp/resolve.ts'
import { isSought, type ResolveRequest } from '../../../src/pnrp/resolve-request.ts'
import { LEAF_SET_SIDE, RouteCache } from '../../../src/pnrp/route-cache.ts'
import type { RouteEntry } from '../../../src/pnrp/route-entry.ts'
import { anyServiceLocation } from '../../../src/pnrp/service-location.ts'
import type { Clock } from '../../../src/runtime/clock.ts'
import { PUBLIC_KEY_LENGTH } from '../../../src/runtime/crypto.ts'
import { type Endpoint, type IpAddress, ipAddressFromBytes } from '../../../src/runtime/endpoint.ts'
import { randomBelow } from '../../../src/runtime/random.ts'
import { SeededRandom } from '../../../src/simulation/seeded-random.ts'

/** One lookup: LOOKUPs up to and including the one to the publisher, or undefined if it did not get there. */
export type Hops = number | undefined

const PORT = 3540
/** Nodes that are kept; the one that was made first makes room. */
const MOST_MADE_NODES = 4000
const CLOUD = makeCloud('Global_')
/** From 20.0.0.0 on 60 blocks of /8 are routed everywhere. */
const FIRST_BLOCK = 20
const MOST_NODES = 60 * 2 ** 16
const NO_KEY = new Uint8Array(PUBLIC_KEY_LENGTH)

/** Where an ID is registered. */
interface Place {
  readonly entry: RouteEntry
  readonly node: number
}

/** All of a cloud that a lookup needs. */
export class RoutingModel {
  readonly #seed: string
  readonly #registrations: Registration[][] = []
  readonly #names: Place[] = []
  /** In the order of the circle: the IDs that make nodes members, and all IDs. */
  readonly #members: readonly Place[]
  readonly #all: readonly Place[]
  readonly #nodesByAddress = new Map<IpAddress, number>()
  readonly #made = new Map<number, HopParts>()

  /** @param names So many names are registered, each at a node drawn by chance. */
  constructor(nodes: number, names: number, seed: string) {
    if (nodes > MOST_NODES) throw new RangeError(`there are prefixes for ${MOST_NODES} nodes, not for ${nodes}`)
    this.#seed = seed
    const ports = { crypto: platformCrypto(), random: new SeededRandom(`${seed}/registrations`) }
    const members: Place[] = []
    for (let node = 0; node < nodes; node++) {
      const own = addressesOf(node)
      const registration = drawOwnRegistration(ports, own)
      if (registration === undefined) throw new RangeError('every node has an address')
      this.#registrations.push([registration])
      members.push({ entry: { id: registration.id, port: PORT, addresses: own.addresses }, node })
      for (const address of own.addresses) this.#nodesByAddress.set(address, node)
    }
    for (let index = 0; index < names; index++) {
      const node = randomBelow(ports.random, nodes)
      const { addresses } = addressesOf(node)
      const [own] = this.#registrations[node] ?? []
      const [host] = addresses
      if (own === undefined || host === undefined) throw new RangeError('every node has registered itself')
      const request = {
        ...{ name: parsePeerName(`0.names-${index}`), keyPair: own.keyPair, endpoints: own.content.endpoints },
        ...{ comment: '', payload: undefined },
      }
      const registration = drawRegistration(ports, request, host)
      this.#registrations[node]?.push(registration)
      this.#names.push({ entry: { id: registration.id, port: PORT, addresses }, node })
    }
    this.#members = inOrder(members)
    this.#all = inOrder([...members, ...this.#names])
  }

  /** Looks up names drawn by chance, each from another node than its publisher. */
  *lookUps(count: number): Generator<Hops> {
    const random = new SeededRandom(`${this.#seed}/lookups`)
    for (let made = 0; made < count; made++) {
      const name = this.#names[randomBelow(random, this.#names.length)]
      if (name === undefined) throw new RangeError('nothing is registered')
      const other = randomBelow(random, this.#members.length - 1)
      const resolver = other < name.node ? other : other + 1
      yield this.#lookUp(resolver, withServiceLocation(name.entry.id, anyServiceLocation(random)))
    }
  }

  /** How many entries the cache of a node has. */
  cachedEntries(node: number): number {
    return this.#node(node).cache.size
  }

  /** One path, as in resolve.ts while nobody is silent or lies. */
  #lookUp(resolver: number, target: PnrpId): Hops {
    const parts = this.#node(resolver)
    const { pathEndpoint } = parts.own
    const request: ResolveRequest = { target, criterion: 'any', reason: 'application' }
    const candidates = new HopCandidates(parts, request)
    const asked: Endpoint[] = pathEndpoint === undefined ? [] : [pathEndpoint]
    let leafSetAnswers = 0
    for (let hops = 1; hops <= MOST_HOPS_OF_PATH && leafSetAnswers <= MOST_LEAF_SET_ANSWERS; hops++) {
      const hop = candidates.next()
      const node = hop && this.#nodesByAddress.get(hop.endpoint.host)
      if (hop === undefined || node === undefined) return undefined
      candidates.asking(hop.endpoint)
      if (isSought(request, hop.id)) return hops
      const { routeEntry, leafSet } = answerLookup(this.#node(node), {
        ...{ type: 'LOOKUP', messageId: 0, target, validateId: hop.id, criterion: 'any', precision: 0 },
        ...{ reason: 'application', flaggedPath: asked },
        acceptsFarther: parts.cache.size < SMALL_CACHE || hop.id === NO_PNRP_ID,
      })
      asked.push(hop.endpoint)
      if (leafSet) leafSetAnswers++
      const itself = candidates.namedItself(hop, routeEntry)
      if (itself !== undefined && isSought(request, itself.id)) return hops
      const named = candidates.namedBy(hop, routeEntry)
      if (named !== undefined) candidates.add(named)
    }
    return undefined
  }

  #node(index: number): HopParts {
    const made = this.#made.get(index)
    if (made !== undefined) return made
    const [first] = this.#made.keys()
    if (first !== undefined && this.#made.size >= MOST_MADE_NODES) this.#made.delete(first)
    const parts = this.#make(index)
    this.#made.set(index, parts)
    return parts
  }

  #make(index: number): HopParts {
    const random = new SeededRandom(`${this.#seed}/node ${index}`)
    const own = addressesOf(index)
    const registrations = new Registrations()
    const [member, ...named] = this.#registrations[index] ?? []
    if (member === undefined) throw new RangeError(`there is no node ${index}`)
    const cache = new RouteCache(member.id, { limitsPrefixes: true, ownPrefixes: () => own.prefixes })
    registrations.add(member)
    cache.addLocalId(member.id)
    fillLeafSet(cache, member.id, this.#members, index)
    fillGaps(cache, this.#members, index, random)
    // Names came when the cache was full of members.
    for (const registration of named) {
      registrations.add(registration)
      cache.remove(registration.id)
      cache.addLocalId(registration.id)
    }
    for (const { id } of registrations.all()) fillLeafSet(cache, id, this.#all, index)
    fillGaps(cache, this.#all, index, random)
    return {
      ...{ cloud: CLOUD, own, random, registrations, cache },
      ...{ backOff: new BackOff(noTime), deadEnds: new DeadEnds(noTime) },
    }
  }
}

/** Gives an ID its neighbours, the nearest first, until each side is full. */
function fillLeafSet(cache: RouteCache, localId: PnrpId, places: readonly Place[], node: number): void {
  for (const side of ['above', 'below'] as const) {
    let neighbours = 0
    for (const place of walk(places, localId, side)) {
      if (neighbours === LEAF_SET_SIDE) break
      if (place.node === node) continue
      add(cache, place)
      // Another ID of a neighbour's node has no place: the next one has.
      if (cache.leafSet(localId)[side].includes(place.entry.id)) neighbours++
    }
  }
}

/** Gives each slice that is empty one of those who stand in it, by chance. */
function fillGaps(cache: RouteCache, places: readonly Place[], node: number, random: SeededRandom): void {
  for (const { middle, width } of cache.gaps(0)) {
    const start = indexFrom(places, pnrpIdAt(placeOf(middle) - width / 2))
    const end = indexFrom(places, pnrpIdAt(placeOf(middle) + width / 2))
    const count = end - start + (end < start ? places.length : 0)
    const place = count === 0 ? undefined : places[(start + randomBelow(random, count)) % places.length]
    if (place !== undefined && place.node !== node) add(cache, place)
  }
}

/** Round the circle from an ID on, without itself. */
function* walk(places: readonly Place[], from: PnrpId, side: 'above' | 'below'): Generator<Place> {
  const at = indexFrom(places, from)
  for (let away = 0; away < places.length; away++) {
    const place = places.at(side === 'above' ? (at + away) % places.length : at - 1 - away)
    if (place !== undefined && place.entry.id !== from) yield place
  }
}

function add(cache: RouteCache, { entry }: Place): void {
  cache.add({ entry, publicKey: NO_KEY, notAfter: Number.POSITIVE_INFINITY, lastHeard: 0 })
}

/** Where the first of the IDs that is not below one stands, in a list in ascending order. */
function indexFrom(places: readonly Place[], id: PnrpId): number {
  let low = 0
  let high = places.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((places[middle]?.entry.id ?? id) < id) low = middle + 1
    else high = middle
  }
  return low
}

function inOrder(places: readonly Place[]): readonly Place[] {
  return places.toSorted((one, other) => (one.entry.id < other.entry.id ? -1 : 1))
}

/** The addresses of a node: one, in a prefix of its own. */
function addressesOf(node: number): CloudAddresses {
  const own = new CloudAddresses(CLOUD, PORT)
  own.replace([ipAddressFromBytes(Uint8Array.of(FIRST_BLOCK + (node >> 16), (node >> 8) & 0xff, node & 0xff, 1))])
  return own
}

/** Nothing here waits, so time stands still. */
const noTime: Clock = {
  utc: () => 0,
  monotonic: () => 0,
  setTimer: () => {
    throw new RangeError('no timer is set where no time passes')
  },
}
