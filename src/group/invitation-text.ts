/**
 * The text of an invitation: `peerage:` and base64url of
 *
 * ```
 * length of all this (2 bytes) ‖ content ‖ checksum (4 bytes)
 * ```
 *
 * The length tells a text that was cut from one that was altered, and the checksum finds whatever changed. It is no
 * protection from people: whoever can write texts can write another checksum, and what an invitation says is a claim until
 * a join has verified it.
 */
import { type Chain, encodeChain } from '../identity/certificate/chain-encoding.ts'
import { classifierPart } from '../identity/peer-name.ts'
import { concatBytes, equalBytes, fromBase64, toBase64, toUtf8 } from '../runtime/bytes.ts'
import type { Crypto } from '../runtime/crypto.ts'
import { PeerageError } from '../runtime/peerage-error.ts'
import { WireReader } from '../wire/wire-reader.ts'
import { WireWriter } from '../wire/wire-writer.ts'
import { compactChain } from './compact-certificate.ts'
import { chainDigest } from './digests.ts'
import { type CarriedChain, type Invitation, type InvitationContent, LONGEST_INVITATION } from './invitation.ts'
import { groupNameProblem, readInvitationContent, writeInvitation } from './invitation-format.ts'
import { unusable } from './invitation-problem.ts'

const PREFIX = 'peerage:'
const CHECKSUM_LENGTH = 4
/** Of the length and the checksum, in bytes. */
const ENVELOPE_LENGTH: number = 2 + CHECKSUM_LENGTH
/** What is given to be read, with the white space in it, in characters. */
const LONGEST_GIVEN = 2 * LONGEST_INVITATION
/** More than any content has, in bytes, before what does not fit is left out. */
const LARGEST_CONTENT = 65_536

/**
 * The text of an invitation. What does not fit is left out in this order: the certificates of the chain that members have
 * (it is named by its digest instead), all hints but the first, the end of the friendly name (P-037).
 *
 * @throws PeerageError `invitation-too-long` if not even the names fit; `invalid-friendly-name`
 */
export function makeInvitation(crypto: Crypto, content: InvitationContent): Invitation {
  const { friendlyName } = content
  const problem = friendlyName === '' ? undefined : groupNameProblem(friendlyName)
  if (problem !== undefined) throw new PeerageError('invalid-friendly-name', { value: friendlyName, problem })
  let shorter = content
  for (const shorten of [asItIs, withNamedChain, withOneHint]) {
    shorter = shorten(crypto, shorter)
    const text = textOf(crypto, shorter)
    if (isInvitation(text)) return text
  }
  for (const name of shortenedNames(friendlyName)) {
    const text = textOf(crypto, { ...shorter, friendlyName: name })
    if (isInvitation(text)) return text
  }
  throw tooLong(textOf(crypto, { ...shorter, friendlyName: '' }).length, content)
}

/**
 * What an invitation says. This needs no network, node or identity, and changes nothing. White space is passed over: mail
 * programs and terminals break lines.
 *
 * @throws PeerageError `invalid-invitation`, with a problem of invitation-problem.ts; `unsupported-version`
 */
export function readInvitation(crypto: Crypto, text: string): InvitationContent {
  const bytes = unwrapped(crypto, text)
  try {
    return readInvitationContent(crypto, new WireReader(bytes, 'invitation'))
  } catch (error) {
    if (PeerageError.is(error, 'malformed') || PeerageError.is(error, 'invalid-certificate')) {
      throw unusable('content', error.message, error)
    }
    throw error
  }
}

/** A step that makes an invitation shorter. */
type Shortening = (crypto: Crypto, content: InvitationContent) => InvitationContent

const asItIs: Shortening = (_crypto, content) => content

const withNamedChain: Shortening = (crypto, content) => {
  switch (content.kind) {
    case 'identity':
      return { ...content, chain: namedChain(crypto, content.chain, 0, content) }
    case 'link':
      return { ...content, chain: namedChain(crypto, content.chain, 1, content) }
    case 'password':
      return content
  }
}

const withOneHint: Shortening = (_crypto, content) => {
  const { hints, cloudPorts } = content
  return { ...content, hints: hints.slice(0, 1), ...(cloudPorts && { cloudPorts: cloudPorts.slice(0, 1) }) }
}

/** @param kept How many certificates at the end stay, since members do not have them. */
function namedChain(crypto: Crypto, chain: CarriedChain, kept: number, content: InvitationContent): CarriedChain {
  if (!('whole' in chain)) return chain
  const [root, ...others] = chain.whole
  const known: Chain = [root, ...others.slice(0, others.length - kept)]
  const rest = compactChain(crypto, chain.whole, content).slice(known.length)
  return { named: chainDigest(crypto, encodeChain(known)), rest }
}

/** The name without its last characters, ever more of them, down to nothing. */
function* shortenedNames(name: string): Generator<string> {
  const characters = [...name]
  for (let length = characters.length - 1; length >= 0; length--) {
    yield characters.slice(0, length).join('').trimEnd()
  }
}

function textOf(crypto: Crypto, content: InvitationContent): string {
  const writer = new WireWriter(LARGEST_CONTENT)
  writer.uint16(0)
  writeInvitation(crypto, writer, content)
  writer.overwriteUint16(0, writer.length + CHECKSUM_LENGTH)
  const base64 = toBase64(concatBytes(writer.view(), checksumOf(crypto, writer.view())))
  return PREFIX + base64.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
}

function isInvitation(text: string): text is Invitation {
  return text.length <= LONGEST_INVITATION
}

function tooLong(length: number, { group, inviter, cloud = '' }: InvitationContent): PeerageError {
  const names = [
    ['the classifier of the group', classifierPart(group)],
    ["the classifier of the inviter's peer name", classifierPart(inviter)],
    ['the name of the cloud', cloud],
  ] as const
  const bySize = names
    .map(([what, name]) => ({ what, size: toUtf8(name).length }))
    .filter(({ size }) => size > 0)
    .sort((one, other) => other.size - one.size)
  const shorten = bySize.map(({ what, size }) => `${what} (${size} bytes)`)
  return new PeerageError('invitation-too-long', { length, limit: LONGEST_INVITATION, shorten })
}

/** The content of a text, of which length and checksum are right. */
function unwrapped(crypto: Crypto, given: string): Uint8Array {
  if (given.length > LONGEST_GIVEN) throw tooManyCharacters(given.length)
  const text = given.replace(/\s+/g, '')
  // The scheme of a URI may be in upper case, and phones like to begin with a capital.
  if (text.slice(0, PREFIX.length).toLowerCase() !== PREFIX) {
    throw unusable('no-invitation', `it does not begin with ${PREFIX}`)
  }
  if (text.length > LONGEST_INVITATION) throw tooManyCharacters(text.length)
  const bytes = decoded(text.slice(PREFIX.length))
  const reader = new WireReader(bytes, 'invitation')
  if (bytes.length <= ENVELOPE_LENGTH) throw unusable('cut-short', `it has only ${bytes.length} bytes`)
  const length = reader.uint16()
  if (length > bytes.length) throw unusable('cut-short', `${bytes.length} of its ${length} bytes are there`)
  if (length < bytes.length) throw unusable('left-over', `something follows its ${length} bytes`)
  const content = reader.bytes(length - ENVELOPE_LENGTH)
  const checked = bytes.subarray(0, length - CHECKSUM_LENGTH)
  if (!equalBytes(reader.bytes(CHECKSUM_LENGTH), checksumOf(crypto, checked))) {
    throw unusable('altered', 'its checksum does not match')
  }
  return content
}

function decoded(base64url: string): Uint8Array {
  const wrong = /[^A-Za-z0-9_-]/u.exec(base64url)
  if (wrong !== null) throw unusable('characters', `${JSON.stringify(wrong[0])} cannot be in it`)
  const padding = '='.repeat((4 - (base64url.length % 4)) % 4)
  const bytes = fromBase64(base64url.replaceAll('-', '+').replaceAll('_', '/') + padding)
  // One character too many or too few, or bits in the last one that stand for nothing.
  if (bytes === undefined) throw unusable('cut-short', 'its last characters are missing or wrong')
  return bytes
}

function tooManyCharacters(length: number): PeerageError {
  return unusable('too-long', `it has ${length} characters, and at most ${LONGEST_INVITATION} are allowed`)
}

function checksumOf(crypto: Crypto, bytes: Uint8Array): Uint8Array {
  return crypto.sha256(bytes).subarray(0, CHECKSUM_LENGTH)
}
