/**
 * Whether a certified peer address counts (MS-PNRP 3.1.5.7): for the ID that was inquired about, with the
 * nonce of this inquiry, at this time, by a key that may speak for the name.
 */
import { authorityBytes, authorityOf } from '../identity/authority.ts'
import { CLOCK_TOLERANCE } from '../identity/certificate/certificate-verification.ts'
import { equalBytes } from '../runtime/bytes.ts'
import type { Crypto } from '../runtime/crypto.ts'
import { PeerageError } from '../runtime/peerage-error.ts'
import {
  type CertifiedPeerAddress,
  LONGEST_CPA_LIFE,
  pnrpIdOfCpa,
  readCpa,
  verifyCpaSignature,
} from './certified-peer-address.ts'
import type { DropReason } from './counters.ts'
import { classifierHash } from './p2p-id.ts'
import type { PnrpId } from './pnrp-id.ts'

/** Judges chains of certificates; certificates belong to another layer. */
export interface ChainValidator {
  /** Why a chain does not prove what is claimed of it (N-76 to N-83); undefined if it does. */
  problem(chain: Uint8Array, claim: DelegationClaim): string | undefined
}

/** That the key of an authority lets another key publish a name. */
export interface DelegationClaim {
  /** Of the name: the hash of the first certificate's key. 20 bytes. */
  readonly authority: Uint8Array
  readonly classifier: string
  /** The key of the last certificate. */
  readonly leafKey: Uint8Array
  /** The time at which all certificates have to be valid, in UTC. */
  readonly now: number
}

/** What came with a CPA, and what is expected of it. */
export interface CpaClaim {
  readonly cpa: Uint8Array
  readonly certificateChain?: Uint8Array | undefined
  readonly classifier?: string | undefined
  readonly id: PnrpId
  readonly nonce: Uint8Array
  readonly revoked: boolean
  /** Of a revocation: the key of the CPA that was accepted before. It stands for the chain, for which a FLOOD has no room. */
  readonly acceptedKey?: Uint8Array | undefined
}

/** The CPA, or why it does not count. The signature is checked last, because that costs most. */
export function validateCpa(
  parts: { readonly crypto: Crypto; readonly chains: ChainValidator; readonly now: number },
  claim: CpaClaim,
): CertifiedPeerAddress | DropReason {
  const { crypto, now } = parts
  const cpa = readOrUndefined(claim.cpa)
  if (cpa === undefined) return 'malformed'
  if (cpa.revoked !== claim.revoked) return 'revocation'
  if (!equalBytes(cpa.nonce, claim.nonce)) return 'cpa-nonce'
  if (cpa.notAfter < now - CLOCK_TOLERANCE) return 'cpa-expired'
  if (cpa.notAfter > now + LONGEST_CPA_LIFE + CLOCK_TOLERANCE) return 'cpa-too-far-ahead'
  if (pnrpIdOfCpa(crypto, cpa) !== claim.id) return 'cpa-id'
  const problem = authorityProblem(parts, cpa, claim)
  if (problem !== undefined) return problem
  if (!verifyCpaSignature(crypto, claim.cpa, cpa.publicKey)) return 'cpa-signature'
  return cpa
}

function authorityProblem(
  parts: { readonly crypto: Crypto; readonly chains: ChainValidator; readonly now: number },
  cpa: CertifiedPeerAddress,
  { certificateChain, classifier, acceptedKey }: CpaClaim,
): DropReason | undefined {
  const { crypto } = parts
  if (acceptedKey !== undefined) return equalBytes(acceptedKey, cpa.publicKey) ? undefined : 'revocation'
  if (certificateChain === undefined) {
    if (cpa.authority === undefined) return undefined
    const ofKey = authorityBytes(authorityOf(crypto, cpa.publicKey))
    return equalBytes(cpa.authority, ofKey) ? undefined : 'cpa-authority'
  }
  if (cpa.authority === undefined || classifier === undefined) return 'cpa-chain'
  const shown = classifier === '' ? undefined : classifierHash(crypto, classifier)
  if (!sameHash(shown, cpa.classifierHash)) return 'cpa-classifier'
  const claim = { authority: cpa.authority, classifier, leafKey: cpa.publicKey, now: parts.now }
  return parts.chains.problem(certificateChain, claim) === undefined ? undefined : 'cpa-chain'
}

function sameHash(one: Uint8Array | undefined, other: Uint8Array | undefined): boolean {
  return one === undefined || other === undefined ? one === other : equalBytes(one, other)
}

function readOrUndefined(bytes: Uint8Array): CertifiedPeerAddress | undefined {
  try {
    return readCpa(bytes)
  } catch (error) {
    if (PeerageError.is(error, 'malformed')) return undefined
    throw error
  }
}
