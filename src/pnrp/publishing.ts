/**
 * Registering and unregistering (MS-PNRP 3.2.4): draws an ID, announces it by resolving the place just above it,
 * keeps it announced, and revokes it when it ends.
 */
import { authorityBytes, authorityOf } from '../identity/authority.ts'
import { CLOCK_TOLERANCE } from '../identity/certificate/certificate-verification.ts'
import { authorityPart, classifierPart, isSecured, type PeerName } from '../identity/peer-name.ts'
import { equalBytes } from '../runtime/bytes.ts'
import type { Crypto, SigningKeyPair } from '../runtime/crypto.ts'
import type { Deadline } from '../runtime/deadlines.ts'
import type { IpAddress } from '../runtime/endpoint.ts'
import { PeerageError } from '../runtime/peerage-error.ts'
import type { Random } from '../runtime/random.ts'
import { RecentMap } from '../runtime/recent-map.ts'
import { type ApplicationEndpoint, LONGEST_COMMENT, MOST_APPLICATION_ENDPOINTS } from './certified-peer-address.ts'
import type { CloudParts } from './cloud-parts.ts'
import { extendedPayloadLength, LONGEST_EXTENDED_PAYLOAD } from './extended-payload.ts'
import type { Flooding } from './flooding.ts'
import { CPA_LIFE, makeCpa } from './lookup-answer.ts'
import { NO_NONCE } from './message.ts'
import { classifierHash, p2pIdOf } from './p2p-id.ts'
import { makePnrpId, nextPnrpId, type PnrpId } from './pnrp-id.ts'
import { MOST_REGISTRATIONS, type Registration, type RegistrationContent } from './registration.ts'
import type { Resolve } from './resolve.ts'
import type { ResolveRequest } from './resolve-request.ts'
import { drawServiceLocation, SERVICE_LOCATION_PREFIX_LENGTH, serviceLocationPrefix } from './service-location.ts'

/** What is registered. */
export interface RegistrationRequest extends RegistrationContent {
  readonly name: PeerName
  /** Signs the certified peer addresses; of a secured name, the key behind its authority or behind the chain. */
  readonly keyPair: SigningKeyPair
  /** Proves that the authority of the name lets this key publish it. */
  readonly certificateChain?: Uint8Array | undefined
  /** The upper 64 bits of the service location, instead of those of one of the node's addresses. */
  readonly serviceLocationPrefix?: Uint8Array | undefined
}

/** How often a registration is announced again, in milliseconds (PNRPINFO: 86,400 s). */
export const REFRESH_INTERVAL = 86_400_000
/** Revoked IDs that are remembered; the oldest makes room. */
export const MOST_REVOKED_IDS = 4096

/** The registrations of one cloud as they come and go. */
export class Publishing {
  readonly #parts: CloudParts
  readonly #flooding: Flooding
  readonly #resolve: (request: ResolveRequest, ended: () => void) => Resolve
  readonly #refreshes = new Map<PnrpId, Deadline>()
  /** IDs that were revoked, until their Revoke CPAs have expired: a replayed one must not hit a new registration. */
  readonly #revoked = new RecentMap<number>(MOST_REVOKED_IDS)

  constructor(parts: CloudParts, flooding: Flooding, resolve: (request: ResolveRequest, ended: () => void) => Resolve) {
    this.#parts = parts
    this.#flooding = flooding
    this.#resolve = resolve
  }

  /**
   * Registers a name and announces it.
   *
   * @param announced Called once, later, when the cloud has been told.
   * @throws PeerageError `name-not-owned`, `nothing-to-register`, `too-many-endpoints`, `invalid-comment`,
   *   `payload-too-long`, `already-registered`, `no-network`, `too-many-registrations`
   */
  register(request: RegistrationRequest, announced: () => void): Registration {
    const { own, registrations } = this.#parts
    this.#checkOwner(request)
    // Before the content is looked at: without an address, endpoints that stand for those of the node are none.
    const [address] = own.addresses
    if (address === undefined) throw new PeerageError('no-network', { cloud: this.#parts.cloud.name })
    checkContent(request.name, request)
    if (registrations.size >= MOST_REGISTRATIONS) {
      throw new PeerageError('too-many-registrations', { limit: MOST_REGISTRATIONS })
    }
    const twin = registrations.all().some(
      ({ name, content, keyPair }) =>
        name === request.name &&
        sameEndpoints(content.endpoints, request.endpoints) &&
        // Whoever may publish a delegated name does so for itself.
        (request.certificateChain === undefined || equalBytes(keyPair.publicKey, request.keyPair.publicKey)),
    )
    if (twin) throw new PeerageError('already-registered', { name: request.name, cloud: this.#parts.cloud.name })
    const registration = this.#draw(request, address)
    this.adopt(registration, announced)
    return registration
  }

  /** Registers what was revoked once more, under another ID. The node has an address. */
  registerAgain({ name, keyPair, certificateChain, serviceLocation, content }: Registration): Registration {
    const [address] = this.#parts.own.addresses
    if (address === undefined) throw new RangeError('without an address nothing is registered')
    const prefix = serviceLocation.subarray(0, SERVICE_LOCATION_PREFIX_LENGTH)
    const request = { name, keyPair, certificateChain, serviceLocationPrefix: prefix, ...content }
    const registration = this.#draw(request, address)
    this.adopt(registration)
    return registration
  }

  /** Makes a registration that has been drawn one of this node, and announces it. */
  adopt(registration: Registration, announced: () => void = () => {}): void {
    const { cache, registrations } = this.#parts
    registrations.add(registration)
    cache.remove(registration.id)
    cache.addLocalId(registration.id)
    this.announce(registration, announced)
  }

  /** Replaces endpoints, comment or payload. Nobody needs to be told: certified peer addresses are made on demand. */
  update(registration: Registration, content: RegistrationContent): void {
    checkContent(registration.name, content)
    registration.content = content
  }

  /** Ends a registration and revokes it. Twice does nothing. */
  unregister(registration: Registration): void {
    const { cache, clock, deadlines, registrations } = this.#parts
    if (!registrations.delete(registration.id)) return
    const refresh = this.#refreshes.get(registration.id)
    if (refresh !== undefined) deadlines.cancel(refresh)
    this.#refreshes.delete(registration.id)
    const notAfter = clock.utc() + CPA_LIFE
    this.#revoked.set(registration.id, notAfter + CLOCK_TOLERANCE)
    this.#flooding.revoke(
      makeCpa(this.#parts, registration, { nonce: NO_NONCE, notAfter, revoked: true }),
      cache.leafSet(registration.id),
    )
    cache.removeLocalId(registration.id)
  }

  /** Announces a registration: now, and at its refresh interval from now on. */
  announce(registration: Registration, announced: () => void = () => {}): void {
    const { deadlines, own } = this.#parts
    const former = this.#refreshes.get(registration.id)
    if (former !== undefined) deadlines.cancel(former)
    this.#refreshes.set(
      registration.id,
      deadlines.set(REFRESH_INTERVAL, () => this.announce(registration)),
    )
    const announcing = own.entryOf(registration.id)
    if (announcing === undefined) {
      deadlines.set(0, announced)
      return
    }
    const target = nextPnrpId(registration.id)
    this.#resolve({ target, criterion: 'none', reason: 'registration', announcing }, announced)
  }

  /** A registration whose ID is neither in use nor revoked. */
  #draw(request: RegistrationRequest, address: IpAddress): Registration {
    const { crypto, random, registrations } = this.#parts
    this.#forgetOldRevocations()
    let registration = drawRegistration({ crypto, random }, request, address)
    while (registrations.has(registration.id) || this.#revoked.get(registration.id) !== undefined) {
      registration = drawRegistration({ crypto, random }, request, address)
    }
    return registration
  }

  #checkOwner({ name, keyPair, certificateChain }: RegistrationRequest): void {
    if (!isSecured(name)) {
      if (certificateChain === undefined) return
      throw new PeerageError('name-not-owned', { name, problem: 'nobody can let others publish an unsecured name' })
    }
    const { crypto, chains, clock } = this.#parts
    if (certificateChain === undefined) {
      if (authorityOf(crypto, keyPair.publicKey) !== authorityPart(name)) {
        throw new PeerageError('name-not-owned', { name, problem: 'its authority is another key' })
      }
      return
    }
    const problem = chains.problem(certificateChain, {
      authority: authorityBytes(authorityPart(name)),
      classifier: classifierPart(name),
      leafKey: keyPair.publicKey,
      now: clock.utc(),
    })
    if (problem !== undefined) throw new PeerageError('name-not-owned', { name, problem })
  }

  #forgetOldRevocations(): void {
    const now = this.#parts.clock.utc()
    this.#revoked.dropWhile((until) => until < now)
  }
}

/** A registration of what is requested, with an ID of its own. @param address Of this node, for the service location. */
export function drawRegistration(
  ports: { readonly crypto: Crypto; readonly random: Random },
  request: RegistrationRequest,
  address: IpAddress,
): Registration {
  const { name, keyPair, certificateChain, endpoints, comment, payload } = request
  const prefix = request.serviceLocationPrefix ?? serviceLocationPrefix(address)
  if (prefix.length !== SERVICE_LOCATION_PREFIX_LENGTH) throw new RangeError('a service location prefix has 8 bytes')
  const serviceLocation = drawServiceLocation(ports, prefix, keyPair.publicKey, endpoints)
  const classifier = classifierPart(name)
  return {
    id: makePnrpId(p2pIdOf(ports.crypto, name), serviceLocation),
    name,
    serviceLocation,
    authority: isSecured(name) ? authorityBytes(authorityPart(name)) : undefined,
    classifierHash: classifier === '' ? undefined : classifierHash(ports.crypto, classifier),
    keyPair,
    certificateChain,
    content: { endpoints, comment, payload },
  }
}

function sameEndpoints(some: readonly ApplicationEndpoint[], others: readonly ApplicationEndpoint[]): boolean {
  return (
    some.length === others.length &&
    some.every(({ host, port, protocol }, index) => {
      const other = others[index]
      return host === other?.host && port === other.port && protocol === other.protocol
    })
  )
}

function checkContent(name: PeerName, { endpoints, comment, payload }: RegistrationContent): void {
  if (endpoints.length > MOST_APPLICATION_ENDPOINTS) {
    throw new PeerageError('too-many-endpoints', { count: endpoints.length, limit: MOST_APPLICATION_ENDPOINTS })
  }
  if (comment.length > LONGEST_COMMENT || !comment.isWellFormed()) {
    throw new PeerageError('invalid-comment', { length: comment.length, limit: LONGEST_COMMENT })
  }
  const length = payload === undefined ? undefined : extendedPayloadLength(payload)
  if (length !== undefined && (length < 1 || length > LONGEST_EXTENDED_PAYLOAD)) {
    throw new PeerageError('payload-too-long', { length, limit: LONGEST_EXTENDED_PAYLOAD })
  }
  if (endpoints.length === 0 && payload === undefined) throw new PeerageError('nothing-to-register', { name })
}
