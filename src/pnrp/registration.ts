/**
 * What this node has registered: its local IDs, each with what its certified peer address says
 * (MS-PNRP 3.2.1, Locally Registered PNRP ID List).
 */
import { classifierPart, type PeerName } from '../identity/peer-name.ts'
import type { SigningKeyPair } from '../runtime/crypto.ts'
import type { ApplicationEndpoint } from './certified-peer-address.ts'
import { isCloser, type PnrpId } from './pnrp-id.ts'

/** One registration. Endpoints, comment and payload can be replaced; the rest is fixed for its life. */
export interface Registration {
  readonly id: PnrpId
  readonly name: PeerName
  readonly serviceLocation: Uint8Array
  /** BinaryAuthority; undefined for an unsecured name. */
  readonly authority: Uint8Array | undefined
  /** ClassifierHash; undefined for an empty classifier. */
  readonly classifierHash: Uint8Array | undefined
  readonly keyPair: SigningKeyPair
  /** Of a delegated name: the encoded chain from its authority to the key. */
  readonly certificateChain: Uint8Array | undefined
  content: RegistrationContent
}

/** What an update can replace. */
export interface RegistrationContent {
  readonly endpoints: readonly ApplicationEndpoint[]
  readonly comment: string
  readonly payload: Uint8Array | string | undefined
}

/** In one cloud. */
export const MOST_REGISTRATIONS = 256

/** The registrations of this node in one cloud. */
export class Registrations {
  readonly #byId = new Map<PnrpId, Registration>()

  get size(): number {
    return this.#byId.size
  }

  has(id: PnrpId): boolean {
    return this.#byId.has(id)
  }

  get(id: PnrpId): Registration | undefined {
    return this.#byId.get(id)
  }

  all(): readonly Registration[] {
    return [...this.#byId.values()]
  }

  add(registration: Registration): void {
    this.#byId.set(registration.id, registration)
  }

  delete(id: PnrpId): boolean {
    return this.#byId.delete(id)
  }

  /** The local ID closest to a target. */
  closestTo(target: PnrpId): PnrpId | undefined {
    let closest: PnrpId | undefined
    for (const id of this.#byId.keys()) if (closest === undefined || isCloser(target, id, closest)) closest = id
    return closest
  }
}

/** The classifier that goes beside a chain. */
export function registeredClassifier(registration: Registration): string {
  return classifierPart(registration.name)
}
