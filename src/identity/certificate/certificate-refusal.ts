/**
 * Why a certificate is refused.
 */
import { PeerageError } from '../../runtime/peerage-error.ts'

/** The reasons: `problem` of PeerageError `invalid-certificate`. */
export type CertificateProblem =
  // Its form
  | 'too-long'
  | 'encoding'
  | 'version'
  | 'serial-number'
  | 'algorithm'
  | 'common-name'
  | 'validity'
  | 'public-key'
  | 'unique-identifier'
  | 'signature-form'
  // Its extensions
  | 'duplicate-extension'
  | 'extension-order'
  | 'criticality'
  | 'unknown-critical-extension'
  | 'too-many-extensions'
  | 'missing-extension'
  | 'unexpected-extension'
  | 'certificate-type'
  | 'certificate-version'
  | 'flags'
  | 'peer-name'
  | 'host-name'
  | 'group-peer-name'
  | 'roles'
  | 'classifiers'
  | 'key-identifier'
  | 'key-usage'
  | 'link-expiry'
  | 'link-terms'
  // What it says
  | 'kind'
  | 'not-yet-valid'
  | 'expired'
  | 'authority'
  | 'signature'
  // Its chain
  | 'chain-length'
  | 'chain-order'
  | 'chain-circular'
  | 'chain-issuer'
  | 'chain-group'
  | 'chain-validity'
  | 'chain-roles'
  | 'chain-classifiers'

/** The error for a certificate that is refused. @param detail A clause for people. */
export function refused(problem: CertificateProblem, detail: string): PeerageError<'invalid-certificate'> {
  return new PeerageError('invalid-certificate', { problem, detail })
}
