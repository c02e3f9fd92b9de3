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
import { isCloser, NO_PNRP_ID, placeDistance, placeOf, sameP2pId } from './pnrp-id.ts'
import { type Registration, registeredClassifier } from './registration.ts'
import { isAmong, type RouteEntry } from './route-entry.ts'

/** How far ahead our CPAs end, in milliseconds: the middle of what is allowed. */
export const CPA_LIFE = 3.5 * 24 * 3_600_000
/** Among how many of the closest cached entries the answer to a LOOKUP is drawn. */
export const LOOKUP_CANDIDATES = 3
/** How many entries of the very name that is sought an answer is drawn from. */
export const MATCHING_CANDIDATES = 16

/** The answer to a LOOKUP. */
export function answerLookup(parts: CloudParts, lookup: Lookup): AuthorityBuffer {
  const { cache, registrations } = parts
  const isValidated = registrations.has(lookup.validateId)
  const notFound = lookup.validateId !== NO_PNRP_ID && !isValidated
  const local = closestLocal(parts, lookup, isValidated)
  const remote = closestRemote(parts, lookup)
  const routeEntry = closerOf(lookup, local, remote)
  const leafSet = remote === undefined && cache.isInLeafRange(lookup.target)
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

/** Our own ID closest to the target, unless this node has been asked already (ClosestLocalMatch). */
function closestLocal(parts: CloudParts, lookup: Lookup, isValidated: boolean): RouteEntry | undefined {
  const { own, registrations } = parts
  if (lookup.flaggedPath.some((endpoint) => own.has(endpoint))) return undefined
  const id = registrations.closestTo(lookup.target)
  if (id === undefined || (isValidated && !isCloser(lookup.target, id, lookup.validateId))) return undefined
  return own.entryOf(id)
}

/** A cached entry close to the target, of a node that has not been asked (ClosestRemoteMatch). */
function closestRemote(parts: CloudParts, lookup: Lookup): RouteEntry | undefined {
  const { cache, random } = parts
  const { target, validateId, flaggedPath, acceptsFarther } = lookup
  const isBound = !acceptsFarther && validateId !== NO_PNRP_ID
  const isWelcome = (entry: RouteEntry): boolean =>
    !isAmong(entry, flaggedPath) && (!isBound || isCloser(target, entry.id, validateId))
  if (lookup.criterion === 'any') {
    // Instances of one name share the load: whoever knows several names one at random (N-120).
    const matching = cache.nearest(
      target,
      MATCHING_CANDIDATES,
      (entry) => sameP2pId(entry.id, target) && !isAmong(entry, flaggedPath),
    )
    if (matching.length > 0) return randomChoice(random, matching)
  }
  const candidates = cache.nearest(target, LOOKUP_CANDIDATES, isWelcome)
  return drawWeighted(parts, lookup, candidates)
}

/** Draws one, each as likely as the square of its distance is small: so a much closer one is nearly always taken. */
function drawWeighted(
  { random }: CloudParts,
  { target }: Lookup,
  candidates: readonly RouteEntry[],
): RouteEntry | undefined {
  const place = placeOf(target)
  const weights = candidates.map(({ id }) => 1 / (placeDistance(placeOf(id), place) + Number.EPSILON) ** 2)
  let drawn = randomFraction(random) * weights.reduce((sum, weight) => sum + weight, 0)
  for (const [index, weight] of weights.entries()) {
    drawn -= weight
    if (drawn <= 0) return candidates[index]
  }
  return candidates[0]
}

function closerOf(
  { target }: Lookup,
  one: RouteEntry | undefined,
  other: RouteEntry | undefined,
): RouteEntry | undefined {
  if (one === undefined || other === undefined) return one ?? other
  return isCloser(target, other.id, one.id) ? other : one
}
