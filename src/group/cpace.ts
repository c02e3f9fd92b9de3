/**
 * CPace, a balanced password-authenticated key exchange: draft-irtf-cfrg-cpace, cipher suite CPACE-RISTR255-SHA512, with an
 * initiator, a responder and explicit key confirmation. Its variables have the names of the draft in parentheses here.
 *
 * Both sides derive a generator of ristretto255 from the password-related string (PRS), the channel identifier (CI)
 * and the session ID (sid), multiply it by a secret scalar and send the product, their share. Whoever has not started
 * from the same three strings comes to another key, and learns nothing else: a share fits every password, so that
 * each run with somebody who knows the password tests one guess.
 *
 * ```
 * initiator                                     responder
 *    share Ya, ADa                          ->
 *                                           <-  share Yb, ADb, confirmation Tb
 *    confirmation Ta                        ->
 * ```
 *
 * The responder confirms first: an initiator that knows the password proves it only to a responder that has done so.
 * How the messages travel is for the caller.
 */
import { concatBytes, equalSecrets, toUtf8 } from '../runtime/bytes.ts'
import { type Crypto, RISTRETTO255_LENGTH, SHA256_LENGTH } from '../runtime/crypto.ts'
import { type Random, randomBytes } from '../runtime/random.ts'

/** What both sides start from: they come to one key only if all of it is equal. */
export interface CpaceInputs {
  /** Of low entropy, and secret (PRS). */
  readonly passwordString: Uint8Array
  /** Names who talks to whom: the initiator, then the responder (CI). */
  readonly channel: Uint8Array
  /** Occurs once, for this run (sid). */
  readonly session: Uint8Array
}

/** What each side sends first. */
export interface CpaceMessage {
  /** {@link RISTRETTO255_LENGTH} bytes (Ya, Yb). */
  readonly share: Uint8Array
  /** Travels in the clear, and is confirmed with the key (ADa, ADb). */
  readonly associated: Uint8Array
}

/** What a side has when it is through. */
export interface CpaceKey {
  /** For the other side: {@link CONFIRMATION_LENGTH} bytes (Ta, Tb). */
  readonly confirmation: Uint8Array
  /** 64 bytes that nobody else has (ISK). */
  readonly key: Uint8Array
}

/** Why a run ends: a share that is no element of the group or the neutral one, or another password, channel or session. */
export type CpaceRefusal = 'invalid-share' | 'not-confirmed'

/** In bytes. */
export const CONFIRMATION_LENGTH: number = SHA256_LENGTH

/** The side that speaks first (A). */
export class CpaceInitiator {
  readonly message: CpaceMessage
  readonly #crypto: Crypto
  readonly #inputs: CpaceInputs
  readonly #scalar: Uint8Array

  constructor(crypto: Crypto, random: Random, inputs: CpaceInputs, associated: Uint8Array) {
    this.#crypto = crypto
    this.#inputs = inputs
    this.#scalar = drawScalar(random)
    this.message = { share: ownShare(crypto, inputs, this.#scalar), associated }
  }

  /** The answer has come. One run takes one answer: a second one would be a second guess. */
  finish(answer: CpaceMessage, confirmation: Uint8Array): CpaceKey | CpaceRefusal {
    const key = agree(this.#crypto, this.#inputs, useUp(this.#scalar), answer.share, [this.message, answer])
    if (key === undefined) return 'invalid-share'
    const confirm = confirmations(this.#crypto, this.#inputs, key)
    return equalSecrets(confirmation, confirm(answer)) ? { confirmation: confirm(this.message), key } : 'not-confirmed'
  }
}

/** The side that answers (B). */
export class CpaceResponder {
  readonly message: CpaceMessage
  readonly #crypto: Crypto
  readonly #inputs: CpaceInputs
  readonly #scalar: Uint8Array
  #expected: Uint8Array | undefined

  constructor(crypto: Crypto, random: Random, inputs: CpaceInputs, associated: Uint8Array) {
    this.#crypto = crypto
    this.#inputs = inputs
    this.#scalar = drawScalar(random)
    this.message = { share: ownShare(crypto, inputs, this.#scalar), associated }
  }

  /** The first message has come. One run takes one. The key is of use once the initiator has confirmed it, too. */
  respond(first: CpaceMessage): CpaceKey | 'invalid-share' {
    const key = agree(this.#crypto, this.#inputs, useUp(this.#scalar), first.share, [first, this.message])
    if (key === undefined) return 'invalid-share'
    const confirm = confirmations(this.#crypto, this.#inputs, key)
    this.#expected = confirm(first)
    return { confirmation: confirm(this.message), key }
  }

  /** Whether the initiator has the same key. */
  isConfirmed(confirmation: Uint8Array): boolean {
    return this.#expected !== undefined && equalSecrets(confirmation, this.#expected)
  }
}

/** Byte strings, each after its length in LEB128 (lv_cat): no two lists have the same bytes. */
export function lengthPrefixed(...strings: readonly Uint8Array[]): Uint8Array {
  return concatBytes(...strings.flatMap((string) => [leb128(string.length), string]))
}

/** What names the group and its functions (G.DSI). */
const DOMAIN = 'CPaceRistretto255'
/** Bytes that SHA-512 takes in at a time (H.s_in_bytes). */
const HASH_BLOCK_LENGTH = 128
/** Put on the highest byte of a scalar: they are drawn below 2^252, the largest power of two below the group order. */
const SCALAR_MASK = 0x0f

/** A secret scalar. That it is 0 does not come about. */
function drawScalar(random: Random): Uint8Array {
  const scalar = randomBytes(random, RISTRETTO255_LENGTH)
  const last = scalar.length - 1
  scalar[last] = (scalar[last] ?? 0) & SCALAR_MASK
  return scalar
}

/** A scalar that is not to be used again: with it the key of the run could be found. */
function useUp(scalar: Uint8Array): Uint8Array {
  if (scalar.every((byte) => byte === 0)) throw new TypeError('a run of CPace takes one message')
  const copy = scalar.slice()
  scalar.fill(0)
  return copy
}

function ownShare(crypto: Crypto, inputs: CpaceInputs, scalar: Uint8Array): Uint8Array {
  const share = crypto.ristretto255Multiply(scalar, generator(crypto, inputs))
  if (share === undefined) throw new TypeError('a generator that was derived is an element')
  return share
}

/** A generator of which nobody knows the logarithm to the base of another one. */
function generator(crypto: Crypto, { passwordString, channel, session }: CpaceInputs): Uint8Array {
  const domain = toUtf8(DOMAIN)
  // The first block holds nothing but the password and zeros, so that its time says nothing about the rest, nor of its length.
  const filled = lengthPrefixed(domain, passwordString).length + 1
  const padding = new Uint8Array(Math.max(0, HASH_BLOCK_LENGTH - filled))
  return crypto.ristretto255Element(crypto.sha512(lengthPrefixed(domain, passwordString, padding, channel, session)))
}

/** The key (ISK), or undefined if the other side's share is none. Both messages are in the order in which they are sent. */
function agree(
  crypto: Crypto,
  { session }: CpaceInputs,
  scalar: Uint8Array,
  otherShare: Uint8Array,
  messages: readonly [CpaceMessage, CpaceMessage],
): Uint8Array | undefined {
  const shared = otherShare.length === RISTRETTO255_LENGTH ? crypto.ristretto255Multiply(scalar, otherShare) : undefined
  scalar.fill(0)
  if (shared === undefined) return undefined
  return crypto.sha512(lengthPrefixed(toUtf8(`${DOMAIN}_ISK`), session, shared), ...messages.map(transcript))
}

/** What proves the key: the MAC of whoever has sent a message, over that message. */
function confirmations(
  crypto: Crypto,
  { session }: CpaceInputs,
  key: Uint8Array,
): (message: CpaceMessage) => Uint8Array {
  const macKey = crypto.sha512(toUtf8('CPaceMac'), session, key)
  return (message) => crypto.hmacSha256(macKey, transcript(message))
}

function transcript({ share, associated }: CpaceMessage): Uint8Array {
  return lengthPrefixed(share, associated)
}

/** A number in groups of seven bits, lowest first, each but the last with the highest bit set. */
function leb128(value: number): Uint8Array {
  const bytes: number[] = []
  let rest = value
  while (rest > 0x7f) {
    bytes.push((rest & 0x7f) | 0x80)
    rest = Math.floor(rest / 0x80)
  }
  return Uint8Array.of(...bytes, rest)
}
