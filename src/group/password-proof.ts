/**
 * How a joiner proves to an admitter that it knows the password of the group, and the admitter that it does: one run of CPace
 * (cpace.ts) on one link, in the bodies of Password messages. docs/protocol/group-password.md has their layout.
 *
 * ```
 * joiner, CPace's responder                     admitter, CPace's initiator
 *    nothing                                ->
 *                                           <-  challenge: share, cost of Argon2id
 *    proof: share, confirmation             ->
 *                                           <-  confirmation (and then the certificate)
 * ```
 *
 * The session ID is the channel binding of the link, so that no run is of use on another link, and a relay between two
 * fails at both ends. The channel identifier names the group and the keys of both, whose owners the link has proven. The joiner
 * confirms first: so an admitter tells nobody whether a guess was right who has not made it known, and counted.
 */
import type { PeerName } from '../identity/peer-name.ts'
import { toUtf8 } from '../runtime/bytes.ts'
import { type Crypto, RISTRETTO255_LENGTH } from '../runtime/crypto.ts'
import { PeerageError } from '../runtime/peerage-error.ts'
import type { Random } from '../runtime/random.ts'
import { readTaggedFields, type TaggedFieldLimits, writeTaggedFields } from '../wire/tagged-fields.ts'
import { WireReader } from '../wire/wire-reader.ts'
import { WireWriter } from '../wire/wire-writer.ts'
import { CONFIRMATION_LENGTH, CpaceInitiator, type CpaceInputs, CpaceResponder, lengthPrefixed } from './cpace.ts'
import { isLegalCost, isSameCost, type PasswordCost, type PasswordVerifier } from './password-verifier.ts'

/** The link on which a password is proven, and who is at its ends. */
export interface PasswordLink {
  readonly group: PeerName
  /** Ed25519, proven by the link. */
  readonly admitterKey: Uint8Array
  readonly joinerKey: Uint8Array
  readonly channelBinding: Uint8Array
}

/** Why a proof is refused. What does not parse, or has a share that is none, is `malformed`. */
export type ProofRefusal = 'malformed' | 'wrong-password'

/** In bytes: no body of a Password message is longer. */
export const LONGEST_PASSWORD_BODY = 1024

/** Admits by a password, one attempt. */
export class PasswordAdmission {
  /** The body that is sent first. */
  readonly challenge: Uint8Array
  readonly #run: CpaceInitiator

  /** @param verifier What the password record holds for this admitter */
  constructor(crypto: Crypto, random: Random, link: PasswordLink, verifier: PasswordVerifier) {
    const terms = encodeTerms(verifier.cost)
    this.#run = new CpaceInitiator(crypto, random, inputs(link, verifier), terms)
    this.challenge = body(this.#run.message.share, terms)
  }

  /** The joiner's proof has come: the last body, or a refusal. One attempt takes one proof. */
  received(proof: Uint8Array): { readonly confirmation: Uint8Array } | ProofRefusal {
    const read = refusingMalformed(() => decodeProof(proof))
    if (read === 'malformed') return read
    const { share, confirmation, associated } = read
    const result = this.#run.finish({ share, associated }, confirmation)
    if (result === 'invalid-share') return 'malformed'
    return result === 'not-confirmed' ? 'wrong-password' : { confirmation: result.confirmation }
  }
}

/** Proves that a joiner knows a password, one attempt. */
export class PasswordProof {
  readonly #run: CpaceResponder
  readonly #cost: PasswordCost

  /** @param verifier Derived from the password that was typed */
  constructor(crypto: Crypto, random: Random, link: PasswordLink, verifier: PasswordVerifier) {
    this.#run = new CpaceResponder(crypto, random, inputs(link, verifier), NO_FIELDS)
    this.#cost = verifier.cost
  }

  /**
   * The challenge has come: the proof; or at which other cost the verifier has to be derived before it can be proven,
   * by another attempt; or a refusal. One attempt takes one challenge.
   */
  answer(challenge: Uint8Array): { readonly proof: Uint8Array } | { readonly otherCost: PasswordCost } | 'malformed' {
    const read = refusingMalformed(() => decodeChallenge(challenge))
    if (read === 'malformed') return read
    if (!isSameCost(read.cost, this.#cost)) return { otherCost: read.cost }
    const result = this.#run.respond(read)
    if (result === 'invalid-share') return 'malformed'
    return { proof: body(this.#run.message.share, result.confirmation, this.#run.message.associated) }
  }

  /** Whether the admitter has proven that it knows the password: only then is its certificate taken. */
  isConfirmed(confirmation: Uint8Array): boolean {
    return this.#run.isConfirmed(confirmation)
  }
}

function inputs(link: PasswordLink, verifier: PasswordVerifier): CpaceInputs {
  const channel = lengthPrefixed(toUtf8(CHANNEL), toUtf8(link.group), link.admitterKey, link.joinerKey)
  return { passwordString: verifier.value, channel, session: link.channelBinding }
}

const CHANNEL = 'peerage/1/group-password'
const OPTIONAL_FIELDS: TaggedFieldLimits = { mostFields: 8, longestContent: 64 }
/** A list of no optional fields. */
const NO_FIELDS = Uint8Array.of(0)

/** What the admitter says besides its share: confirmed with the key. */
function encodeTerms({ memory, passes }: PasswordCost): Uint8Array {
  const writer = new WireWriter(LONGEST_PASSWORD_BODY)
  writer.uint32(memory)
  writer.uint16(passes)
  writeTaggedFields(writer, [], OPTIONAL_FIELDS)
  return writer.view()
}

function body(...parts: readonly Uint8Array[]): Uint8Array {
  const writer = new WireWriter(LONGEST_PASSWORD_BODY)
  for (const part of parts) writer.bytes(part)
  return writer.view()
}

function decodeChallenge(challenge: Uint8Array) {
  const reader = new WireReader(challenge, 'password challenge')
  const share = reader.bytes(RISTRETTO255_LENGTH)
  const associated = challenge.subarray(reader.offset)
  const cost = { memory: reader.uint32(), passes: reader.uint16() }
  if (!isLegalCost(cost)) throw reader.malformed('the cost of Argon2id is out of bounds')
  finish(reader)
  return { share, associated, cost }
}

function decodeProof(proof: Uint8Array) {
  const reader = new WireReader(proof, 'password proof')
  const share = reader.bytes(RISTRETTO255_LENGTH)
  const confirmation = reader.bytes(CONFIRMATION_LENGTH)
  const associated = proof.subarray(reader.offset)
  finish(reader)
  return { share, confirmation, associated }
}

/** Passes over optional fields, which are confirmed with the rest. */
function finish(reader: WireReader): void {
  readTaggedFields(reader, OPTIONAL_FIELDS)
  reader.finish()
}

function refusingMalformed<Read>(read: () => Read): Read | 'malformed' {
  try {
    return read()
  } catch (error) {
    if (PeerageError.is(error, 'malformed')) return 'malformed'
    throw error
  }
}
