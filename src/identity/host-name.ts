/**
 * The host name form of a peer name, for programs that take host names only
 * (SDK PeerNameToPeerHostName).
 *
 * A host name ignores case and allows letters, digits and inner hyphens in labels of at most 63
 * characters, 253 in all. So a classifier is written in one of two codings, the shorter one, and the
 * readable one where both are equally long:
 *
 * - *readable*, authority label `p<authority>` or `0`: lower-case letters and digits stand for
 *   themselves; one followed by a hyphen stands for something else: a letter for its upper case,
 *   `0-` for a space, `1-` for a dot, `2-` for `_`, `3-` for a hyphen;
 * - *base32* (RFC 4648, lower case, without padding) over UTF-8, authority label `b<authority>` or `b0`.
 *
 * The result is cut into labels as long as possible. All ends in `peerage.alt`: `.alt` is set aside for
 * names that are not in the DNS (RFC 9476), so that none of them is ever asked of a DNS server.
 * There is one host name for each peer name, and only that one is read back.
 */
import { fromUtf8, toUtf8 } from '../runtime/bytes.ts'
import { PeerageError } from '../runtime/peerage-error.ts'
import { authorityPart, classifierPart, makePeerName, type PeerName, UNSECURED_AUTHORITY } from './peer-name.ts'

const SUFFIX = '.peerage.alt'
/** RFC 1035 section 2.3.4, in text form. */
export const LONGEST_HOST_NAME = 253
export const LONGEST_HOST_LABEL = 63

/**
 * The host name of a peer name.
 *
 * @throws PeerageError `host-name-too-long` if it would have more than 253 characters
 */
export function hostNameOf(name: PeerName): string {
  const host = encode(name)
  if (host.length > LONGEST_HOST_NAME) {
    throw new PeerageError('host-name-too-long', { peerName: name, length: host.length, limit: LONGEST_HOST_NAME })
  }
  return host
}

/** The host name of a peer name, or undefined if it would be too long. */
export function hostNameIfAny(name: PeerName): string | undefined {
  const host = encode(name)
  return host.length <= LONGEST_HOST_NAME ? host : undefined
}

/**
 * The peer name of a host name, in upper or lower case.
 *
 * @throws PeerageError `invalid-host-name` if {@link hostNameOf} gives this host name for no peer name
 */
export function peerNameOfHostName(text: string): PeerName {
  if (text.length > LONGEST_HOST_NAME) throw invalid(text, `it has more than ${LONGEST_HOST_NAME} characters`)
  // Beyond ASCII, toLowerCase makes letters of what is none in a host name: of the Kelvin sign, a k.
  if (!/^[A-Za-z0-9.-]*$/.test(text))
    throw invalid(text, 'it has characters other than letters, digits, hyphens and dots')
  const host = text.toLowerCase()
  if (!host.endsWith(SUFFIX)) throw invalid(text, `it does not end in ${SUFFIX}`)
  const labels = host.slice(0, -SUFFIX.length).split('.')
  const coded = labels.slice(0, -1).join('')
  const { authority, decode } = readAuthorityLabel(labels.at(-1) ?? '') ?? {}
  if (authority === undefined || decode === undefined) throw invalid(text, 'its authority label is of no known form')
  const classifier = decode(coded)
  if (classifier === undefined) throw invalid(text, 'its classifier cannot be decoded')
  const name = nameOrUndefined(authority, classifier)
  if (name === undefined || encode(name) !== host) throw invalid(text, 'no peer name has this host name')
  return name
}

function encode(name: PeerName): string {
  const authority = authorityPart(name)
  const classifier = classifierPart(name)
  const plain = authority === UNSECURED_AUTHORITY ? '0' : `p${authority}`
  const readable = readableLabels(classifier)
  const base32 = inLabels(encodeBase32(toUtf8(classifier)), () => true)
  const readableHost = readable === undefined ? undefined : [...readable, plain].join('.')
  const base32Host = [...(base32 ?? []), `b${authority}`].join('.')
  const shorter = readableHost !== undefined && readableHost.length <= base32Host.length ? readableHost : base32Host
  return shorter + SUFFIX
}

function readAuthorityLabel(
  label: string,
): { authority: string; decode: (coded: string) => string | undefined } | undefined {
  if (label === '0') return { authority: UNSECURED_AUTHORITY, decode: decodeReadable }
  if (label.startsWith('p')) return { authority: label.slice(1), decode: decodeReadable }
  if (label.startsWith('b')) return { authority: label.slice(1), decode: decodeBase32Text }
  return undefined
}

function nameOrUndefined(authority: string, classifier: string): PeerName | undefined {
  try {
    return makePeerName(authority, classifier)
  } catch (error) {
    if (error instanceof PeerageError) return undefined
    throw error
  }
}

function invalid(value: string, problem: string): PeerageError {
  return new PeerageError('invalid-host-name', { value, problem })
}

/** Cuts a coded text into labels, as long as possible, at the allowed places; undefined if that cannot be done. */
function inLabels(coded: string, mayEndAt: (index: number) => boolean): string[] | undefined {
  const labels: string[] = []
  for (let start = 0; start < coded.length; ) {
    let end = Math.min(start + LONGEST_HOST_LABEL, coded.length)
    while (end > start && !mayEndAt(end)) end--
    if (end === start) return undefined
    labels.push(coded.slice(start, end))
    start = end
  }
  return labels
}

// The readable coding

const ESCAPED = new Map([
  ['0', ' '],
  ['1', '.'],
  ['2', '_'],
  ['3', '-'],
])
const ESCAPES = new Map([...ESCAPED].map(([digit, character]) => [character, `${digit}-`]))

/** The labels of the readable coding, or undefined if the classifier has none. */
function readableLabels(classifier: string): string[] | undefined {
  let coded = ''
  for (const character of classifier) {
    if (/[a-z0-9]/.test(character)) coded += character
    else if (/[A-Z]/.test(character)) coded += `${character.toLowerCase()}-`
    else if (ESCAPES.has(character)) coded += ESCAPES.get(character)
    else return undefined
  }
  // A label may not end in a hyphen, nor begin with one: so it ends neither after an escape nor within one.
  return inLabels(coded, (end) => coded[end - 1] !== '-' && coded[end] !== '-')
}

function decodeReadable(coded: string): string | undefined {
  let classifier = ''
  for (let index = 0; index < coded.length; index++) {
    const character = coded[index] ?? ''
    if (!/[a-z0-9]/.test(character)) return undefined
    if (coded[index + 1] !== '-') {
      classifier += character
      continue
    }
    const escaped = ESCAPED.get(character) ?? (/[a-z]/.test(character) ? character.toUpperCase() : undefined)
    if (escaped === undefined) return undefined
    classifier += escaped
    index++
  }
  return classifier
}

// Base32 (RFC 4648 section 6)

const BASE32_ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567'
const BASE32_BITS = 5

function encodeBase32(bytes: Uint8Array): string {
  let text = ''
  let buffer = 0
  let bits = 0
  for (const byte of bytes) {
    buffer = (buffer << 8) | byte
    bits += 8
    while (bits >= BASE32_BITS) {
      bits -= BASE32_BITS
      text += BASE32_ALPHABET[(buffer >> bits) & 31]
    }
    buffer &= (1 << bits) - 1
  }
  return bits === 0 ? text : text + BASE32_ALPHABET[(buffer << (BASE32_BITS - bits)) & 31]
}

function decodeBase32Text(text: string): string | undefined {
  const bytes: number[] = []
  let buffer = 0
  let bits = 0
  for (const character of text) {
    const value = BASE32_ALPHABET.indexOf(character)
    if (value < 0) return undefined
    buffer = (buffer << BASE32_BITS) | value
    bits += BASE32_BITS
    if (bits >= 8) {
      bits -= 8
      bytes.push((buffer >> bits) & 0xff)
    }
    buffer &= (1 << bits) - 1
  }
  return fromUtf8(Uint8Array.from(bytes))
}
