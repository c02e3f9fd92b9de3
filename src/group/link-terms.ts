/**
 * The terms of a link: how many it lets in, and whether one named member alone lets them in (P-127). Whoever admits must know
 * them, and know them from the link's maker, so they stand in the link certificate, in an extension of our own
 * (docs/protocol/group-certificates.md).
 */
import { AUTHORITY_LENGTH, authorityBytes } from '../identity/authority.ts'
import type { LinkCertificate, UnknownExtension } from '../identity/certificate/certificate.ts'
import { refused } from '../identity/certificate/certificate-refusal.ts'
import { DerReader } from '../identity/der-reader.ts'
import { contextPrimitive, INTEGER, SEQUENCE } from '../identity/der-tags.ts'
import { derElement, derInteger } from '../identity/der-writer.ts'
import { equalBytes, toHex } from '../runtime/bytes.ts'
import { PeerageError } from '../runtime/peerage-error.ts'

/** What limits a link beside its role and its expiry. */
export interface LinkTerms {
  /** How many identities it lets in, 1 to {@link MOST_LINK_USES}; undefined for any number. */
  readonly uses: number | undefined
  /** The authority of the one member who admits by this link; undefined for every member. */
  readonly admitter: string | undefined
}

/** The most uses that a link can be limited to. */
export const MOST_LINK_USES = 1_000_000

/**
 * 2.25.131563418527250331837642893279900427703: 2.25 and the UUID 62fa3156-ef1d-4794-b66b-3e5c9dc765b7 as a number
 * (ITU-T X.667).
 */
export const LINK_TERMS_IDENTIFIER: Uint8Array = Uint8Array.of(
  ...[0x69, 0x81, 0xc5, 0xfa, 0x98, 0xd5, 0xdd, 0xf1, 0xea, 0x9e],
  ...[0xa9, 0xb6, 0xb5, 0xcf, 0xcb, 0xc9, 0xee, 0x9d, 0xcb, 0x37],
)

/** The extension that states the terms. @throws PeerageError `invalid-argument` */
export function linkTermsExtension({ uses, admitter }: LinkTerms): UnknownExtension {
  if (uses !== undefined && !isNumberOfUses(uses)) {
    const expected = `a whole number from 1 to ${MOST_LINK_USES}`
    throw new PeerageError('invalid-argument', { name: 'uses', value: String(uses), expected })
  }
  const parts = [
    uses === undefined ? new Uint8Array() : derInteger(uses),
    admitter === undefined ? new Uint8Array() : derElement(contextPrimitive(0), authorityBytes(admitter)),
  ]
  return { identifier: LINK_TERMS_IDENTIFIER, value: derElement(SEQUENCE, ...parts) }
}

/** The terms of a link; without the extension there are none. @throws PeerageError `invalid-certificate`: link-terms */
export function linkTermsOf(link: LinkCertificate): LinkTerms {
  const extension = link.unknownExtensions.find(({ identifier }) => equalBytes(identifier, LINK_TERMS_IDENTIFIER))
  if (extension === undefined) return { uses: undefined, admitter: undefined }
  try {
    return readTerms(extension.value)
  } catch (error) {
    if (PeerageError.is(error, 'malformed')) throw refused('link-terms', error.message)
    throw error
  }
}

function readTerms(value: Uint8Array): LinkTerms {
  const reader = new DerReader(value, 'terms of a link')
  const outer = reader.enter(SEQUENCE, 'the terms')
  const uses = !reader.atEnd && reader.isNext(INTEGER) ? reader.unsignedInteger('the number of uses') : undefined
  const admitter = reader.atEnd ? undefined : reader.content(contextPrimitive(0), 'the admitter')
  reader.leave(outer, 'the terms')
  reader.finish('the terms')
  if (uses !== undefined && !isNumberOfUses(uses)) throw reader.malformed(`the number of uses is ${uses}`)
  if (admitter !== undefined && admitter.length !== AUTHORITY_LENGTH) {
    throw reader.malformed(`the admitter has ${admitter.length} bytes and not ${AUTHORITY_LENGTH}`)
  }
  return { uses, admitter: admitter && toHex(admitter) }
}

function isNumberOfUses(uses: number): boolean {
  return Number.isInteger(uses) && uses >= 1 && uses <= MOST_LINK_USES
}
