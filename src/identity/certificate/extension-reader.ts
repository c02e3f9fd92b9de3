/**
 * Reading the list of extensions of a certificate, whatever its kind: their order, and which there are.
 */
import { compareBytes, equalBytes } from '../../runtime/bytes.ts'
import type { DerReader } from '../der-reader.ts'
import { BOOLEAN, contextConstructed, OBJECT_IDENTIFIER, OCTET_STRING, SEQUENCE } from '../der-tags.ts'
import { formatObjectIdentifier, isObjectIdentifier } from '../object-identifier.ts'
import { MOST_UNKNOWN_EXTENSIONS, type UnknownExtension } from './certificate.ts'
import { EXTENSIONS, type ExtensionName } from './certificate-profile.ts'
import { refused } from './certificate-refusal.ts'

/** The extensions of a certificate, unread. */
export interface Extensions {
  /** Those of the profile. */
  readonly known: ReadonlyMap<ExtensionName, Uint8Array>
  /** The others, none of them critical. */
  readonly unknown: readonly UnknownExtension[]
}

/** Reads all extensions. @throws PeerageError `malformed`, `invalid-certificate` */
export function readExtensions(reader: DerReader): Extensions {
  if (reader.atEnd) throw refused('missing-extension', 'it has no extensions')
  const outer = reader.enter(contextConstructed(3), 'the extensions')
  const list = reader.enter(SEQUENCE, 'the extensions')
  const known = new Map<ExtensionName, Uint8Array>()
  const unknown: UnknownExtension[] = []
  let previous: Uint8Array | undefined
  // Both the list and the table ascend, so one walk through the table finds all.
  let row = 0
  while (!reader.atEnd) {
    const { identifier, critical, value } = readExtension(reader)
    if (previous !== undefined) requireAscending(previous, identifier)
    previous = identifier
    let profile = EXTENSIONS[row]
    while (profile !== undefined && compareBytes(profile.identifier, identifier) < 0) profile = EXTENSIONS[++row]
    if (profile !== undefined && equalBytes(profile.identifier, identifier)) {
      if (critical !== profile.critical) {
        throw refused('criticality', `its ${profile.name} is ${critical ? '' : 'not '}critical`)
      }
      known.set(profile.name, value)
    } else {
      unknown.push(requireIgnorable(identifier, critical, value))
      if (unknown.length > MOST_UNKNOWN_EXTENSIONS) {
        throw refused('too-many-extensions', `it has more than ${MOST_UNKNOWN_EXTENSIONS} unknown extensions`)
      }
    }
  }
  reader.leave(list, 'the extensions')
  reader.leave(outer, 'the extensions')
  return { known, unknown }
}

function readExtension(reader: DerReader): { identifier: Uint8Array; critical: boolean; value: Uint8Array } {
  const outer = reader.enter(SEQUENCE, 'an extension')
  const identifier = reader.content(OBJECT_IDENTIFIER, 'the identifier of an extension')
  const critical = reader.isNext(BOOLEAN)
  if (critical) {
    const [flag] = reader.content(BOOLEAN, 'a critical flag')
    // False is the default, which DER leaves out, and true is all ones.
    if (flag !== 0xff) throw reader.malformed('a critical flag is not true')
  }
  const value = reader.content(OCTET_STRING, 'the value of an extension')
  reader.leave(outer, 'an extension')
  return { identifier, critical, value }
}

function requireAscending(previous: Uint8Array, identifier: Uint8Array): void {
  const order = compareBytes(previous, identifier)
  if (order === 0) {
    throw refused('duplicate-extension', `it has extension ${formatObjectIdentifier(identifier)} twice`)
  }
  if (order > 0) {
    throw refused('extension-order', `its extension ${formatObjectIdentifier(identifier)} stands behind a later one`)
  }
}

function requireIgnorable(identifier: Uint8Array, critical: boolean, value: Uint8Array): UnknownExtension {
  if (!isObjectIdentifier(identifier)) throw refused('encoding', 'an extension has no object identifier')
  if (critical) {
    const dotted = formatObjectIdentifier(identifier)
    throw refused('unknown-critical-extension', `its extension ${dotted} is critical and not known`)
  }
  return { identifier, value }
}
