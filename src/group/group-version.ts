/**
 * The version of what groups write: security properties, membership, password and revocation records, and invitations
 * (P-034). There is one, instead of 1.0 and 1.1. What only adds to it is an optional field.
 */
import { PeerageError } from '../runtime/peerage-error.ts'
import type { TaggedFieldLimits } from '../wire/tagged-fields.ts'

export const GROUP_VERSION = 1
/** Of membership, password and revocation records and their pages. This release knows no such field. */
export const GROUP_RECORD_FIELDS: TaggedFieldLimits = { mostFields: 16, longestContent: 1024 }

/** @param structure What is being read. @throws PeerageError `unsupported-version` */
export function requireGroupVersion(version: number, structure: string): void {
  if (version !== GROUP_VERSION) {
    throw new PeerageError('unsupported-version', { structure, version, known: GROUP_VERSION })
  }
}
