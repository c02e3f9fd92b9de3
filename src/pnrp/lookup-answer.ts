/**
 * Answers LOOKUPs and INQUIREs (MS-PNRP 3.2.5.2, 3.2.5.6): names the next step towards an ID, and proves that
 * one is registered here.
 */
import { randomChoice, randomFraction } from '../runtime/random.ts'
import type { AuthorityBuffer } from './authority-buffer.ts'
import { signCpa } from './certified-peer-address.ts'
import type { CloudParts } from './cloud-parts.ts'
import { signExtendedPayload } from './extended-payload.ts'
import { type Inquire, type Lookup, NO_NONCE } from './message.ts'
import { isCloser, NO_PNRP_ID, type PnrpId, placeDistance, placeOf, relativeDistances, sameP2pId } from './pnrp-id.ts'
import { type Registration, registeredClassifier } from './registration.ts'
import { isAmong } from './route-entry.ts'

/** How far ahead our CPAs end, in milliseconds: the middle of what is allowed. */
export const CPA_LIFE = 3.5 * 24 * 3_600_000
/** Among how many of the closest cached entries the answer to a LOOKUP is drawn. */
export const LOOKUP_CANDIDATES = 3
/** Of the circle: the rounding of a place is about as much. */
const SAME_PLACE = 2 ** -44

/** What the answer to a LOOKUP is made of. */
export type LookupParts = Pick<CloudParts, 'cache' | 'own' | 'random' | 'registrations'>

/** The answer to a LOOKUP. */
export function answerLookup(parts: LookupParts, lookup: Lookup): AuthorityBuffer {
  const { cache, registrations } = parts
  const isValidated = registrations.has(lookup.validateId)
  const notFound = lookup.validateId !== NO_PNRP_ID && !isValidated
  const local = ownCandidates(parts, lookup, isValidated)
  const remote = cachedCandidates(parts, lookup)
  const id = chooseAny(parts, lookup, local) ?? chooseClose(parts, lookup, local, remote)
  const routeEntry = id === undefined ? undefined : (cache.get(id)?.entry ?? parts.own.entryOf(id))
  const leafSet = remote.length === 0 && cache.isInLeafRange(lookup.target)
  return { cookieNeeded: false, leafSet, busy: false, notFound, routeEntry }
}

/** The answer to an INQUIRE for one of our registrations. */
export function answerInquire(parts: CloudParts, inquire: Inquire, registration: Registration): AuthorityBuffer {
  const nonce = inquire.nonce ?? NO_NONCE
  const notAfter = parts.clock.utc() + CPA_LIFE
  const { certificateChain: chain } = registration
  const showsChain = inquire.wantsChain && chain !== undefined
  return {
    cookieNeeded: false,
    leafSet: false,
    busy: false,
    notFound: false,
    ...(showsChain ? { certificateChain: chain, classifier: registeredClassifier(registration) } : {}),
    ...(inquire.wantsPayload ? { extendedPayload: makePayload(parts, registration, nonce, notAfter) } : {}),
    ...(inquire.wantsCpa ? { cpa: makeCpa(parts, registration, { nonce, notAfter, revoked: false }) } : {}),
  }
}

/** A certified peer address for one of our registrations, made for one nonce. */
export function makeCpa(
  { crypto, own }: CloudParts,
  registration: Registration,
  { nonce, notAfter, revoked }: { readonly nonce: Uint8Array; readonly notAfter: number; readonly revoked: boolean },
): Uint8Array {
  const { serviceLocation, authority, classifierHash, keyPair, content } = registration
  return signCpa(
    crypto,
    {
      revoked,
      hasPayload: !revoked && content.payload !== undefined,
      notAfter,
      serviceLocation,
      nonce,
      authority,
      classifierHash,
      comment: revoked ? '' : content.comment,
      servicePort: own.port,
      serviceAddresses: revoked ? [] : own.addresses,
      endpoints: revoked ? [] : content.endpoints,
      publicKey: keyPair.publicKey,
    },
    keyPair.secretKey,
  )
}

function makePayload(
  { crypto }: CloudParts,
  { id, keyPair, content }: Registration,
  nonce: Uint8Array,
  notAfter: number,
): Uint8Array | undefined {
  if (content.payload === undefined) return undefined
  return signExtendedPayload(crypto, { notAfter, id, nonce, payload: content.payload }, keyPair.secretKey)
}

/** Our own IDs that may be named: none if this node has been asked already (for ClosestLocalMatch). */
function ownCandidates({ own, registrations }: LookupParts, lookup: Lookup, isValidated: boolean): readonly PnrpId[] {
  const { target, validateId, flaggedPath } = lookup
  if (flaggedPath.some((endpoint) => own.has(endpoint))) return []
  const ids = registrations.all().map(({ id }) => id)
  return isValidated ? ids.filter((id) => isCloser(target, id, validateId)) : ids
}

/** The closest cached IDs of nodes that have not been asked (for ClosestRemoteMatch). */
function cachedCandidates({ cache }: LookupParts, lookup: Lookup): readonly PnrpId[] {
  const { target, validateId, flaggedPath, acceptsFarther } = lookup
  const isBound = !acceptsFarther && validateId !== NO_PNRP_ID
  const bound = isBound ? validateId : undefined
  return cache.nearest(target, LOOKUP_CANDIDATES, (entry) => !isAmong(entry, flaggedPath), bound).map(({ id }) => id)
}

/** Instances of one name share the load of "any": whoever knows several names one of them at random (N-120). */
function chooseAny(
  { cache, random }: LookupParts,
  { criterion, target, flaggedPath }: Lookup,
  local: readonly PnrpId[],
): PnrpId | undefined {
  if (criterion !== 'any') return undefined
  const remote = cache.instances(target).filter((entry) => !isAmong(entry, flaggedPath))
  return randomChoice(random, [...local.filter((id) => sameP2pId(id, target)), ...remote.map(({ id }) => id)])
}

/** In any one unit. The instances of one name all have the same place, and are told apart by the exact numbers. */
function distances(target: PnrpId, ids: readonly PnrpId[]): readonly number[] {
  const place = placeOf(target)
  const ofPlaces = ids.map((id) => placeDistance(placeOf(id), place))
  return ofPlaces.some((distance) => distance > SAME_PLACE) ? ofPlaces : relativeDistances(target, ids)
}

/**
 * The closest own ID if nothing cached is closer. Else one of the cached IDs that are, each as likely as the square
 * of its distance is small: so a much closer one is nearly always taken.
 */
function chooseClose(
  { random }: LookupParts,
  { target }: Lookup,
  local: readonly PnrpId[],
  remote: readonly PnrpId[],
): PnrpId | undefined {
  let closest: PnrpId | undefined
  for (const id of local) if (closest === undefined || isCloser(target, id, closest)) closest = id
  const bound = closest
  const closer = bound === undefined ? remote : remote.filter((id) => isCloser(target, id, bound))
  if (closer.length === 0) return bound
  const weights = distances(target, closer).map((distance) => 1 / (distance + Number.EPSILON) ** 2)
  let drawn = randomFraction(random) * weights.reduce((sum, weight) => sum + weight, 0)
  for (const [index, weight] of weights.entries()) {
    drawn -= weight
    if (drawn <= 0) return closer[index]
  }
  return closer[0]
}
