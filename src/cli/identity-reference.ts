/**
 * How people name an identity: by any of its peer names, by its authority, by as many of the first
 * digits of that (four at least) as no other begins with, or by its friendly name if it is the only one of that name.
 */
import { type PeerName, parsePeerName } from '../identity/peer-name.ts'
import type { Identities, Identity } from '../peer-node/identities.ts'
import { PeerageError } from '../runtime/peerage-error.ts'

/** Fewer digits are too easily those of another identity. */
const FIRST_DIGITS = /^[0-9a-f]{4,}$/

/**
 * The identity that somebody means; without a reference, the default.
 *
 * @throws PeerageError `identity-not-found`, `identity-ambiguous`, and what is wrong with the file of an
 *   identity that is named by its peer name or authority
 */
export async function findIdentity(identities: Identities, reference: string | undefined): Promise<Identity> {
  if (reference === undefined) return identities.get()
  const name = peerNameIn(reference)
  if (name !== undefined) return identities.get(name)
  const matches = (await identities.list()).filter(
    ({ authority, friendlyName }) =>
      friendlyName === reference || (FIRST_DIGITS.test(reference) && authority.startsWith(reference)),
  )
  const [match, ...others] = matches
  if (match === undefined) throw new PeerageError('identity-not-found', { identity: reference })
  if (others.length > 0) {
    throw new PeerageError('identity-ambiguous', {
      identity: reference,
      matches: matches.map(({ peerName }) => peerName),
    })
  }
  return match
}

/** The peer name that the text is or whose authority it is, if it begins with a whole authority. */
function peerNameIn(reference: string): PeerName | undefined {
  if (/^[0-9a-f]{40}\./.test(reference)) return parsePeerName(reference)
  return /^[0-9a-f]{40}$/.test(reference) ? parsePeerName(`${reference}.`) : undefined
}
