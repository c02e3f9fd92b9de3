/**
 * Whether the answer to an INQUIRE proves an ID, with all that came in it: certified peer address, chain and
 * extended payload.
 */
import { equalBytes } from '../runtime/bytes.ts'
import { PeerageError } from '../runtime/peerage-error.ts'
import type { AuthorityBuffer } from './authority-buffer.ts'
import type { CertifiedPeerAddress } from './certified-peer-address.ts'
import type { CloudParts } from './cloud-parts.ts'
import type { DropReason } from './counters.ts'
import { validateCpa } from './cpa-validation.ts'
import { type ExtendedPayload, readExtendedPayload, verifyExtendedPayloadSignature } from './extended-payload.ts'
import type { PnrpId } from './pnrp-id.ts'

/** What an answer proves. */
export interface ProvenAnswer {
  readonly cpa: CertifiedPeerAddress
  readonly payload: Uint8Array | string | undefined
}

/** What the answer proves, or why it proves nothing. */
export function validateAnswer(
  parts: Pick<CloudParts, 'crypto' | 'chains' | 'clock'>,
  buffer: AuthorityBuffer,
  asked: { readonly id: PnrpId; readonly nonce: Uint8Array; readonly withPayload: boolean },
): ProvenAnswer | DropReason {
  const { id, nonce, withPayload } = asked
  if (buffer.notFound || buffer.cpa === undefined) return 'entry-unproven'
  const { crypto, chains, clock } = parts
  const { certificateChain, classifier } = buffer
  const cpa = validateCpa(
    { crypto, chains, now: clock.utc() },
    { cpa: buffer.cpa, certificateChain, classifier, id, nonce, revoked: false },
  )
  if (typeof cpa === 'string') return cpa
  if (buffer.extendedPayload === undefined) {
    return cpa.hasPayload && withPayload ? 'payload' : { cpa, payload: undefined }
  }
  if (!cpa.hasPayload) return 'payload'
  const payload = readOrUndefined(buffer.extendedPayload)
  if (
    payload === undefined ||
    payload.notAfter !== cpa.notAfter ||
    payload.id !== id ||
    !equalBytes(payload.nonce, nonce) ||
    !verifyExtendedPayloadSignature(crypto, buffer.extendedPayload, cpa.publicKey)
  ) {
    return 'payload'
  }
  const bytes = payload.payload
  return { cpa, payload: typeof bytes === 'string' ? bytes : new Uint8Array(bytes) }
}

function readOrUndefined(bytes: Uint8Array): ExtendedPayload | undefined {
  try {
    return readExtendedPayload(bytes)
  } catch (error) {
    if (PeerageError.is(error, 'malformed')) return undefined
    throw error
  }
}
