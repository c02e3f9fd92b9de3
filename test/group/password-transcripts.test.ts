/**
 * What somebody can find out about a password away from those who admit by it: nothing. Each test plays an attacker with a
 * dictionary that holds the right password, who may compute whatever it likes from all that it has seen. Beside each
 * stands what the attack would find if it could see a secret: so that the attack itself is known to work.
 */
import { describe, expect, test } from 'vitest'
import { CpaceInitiator, type CpaceInputs, lengthPrefixed } from '../../src/group/cpace.ts'
import { certificateDigest } from '../../src/group/digests.ts'
import { openPassword, passwordStanding, settingPassword } from '../../src/group/group-password.ts'
import { PasswordAdmission, PasswordProof } from '../../src/group/password-proof.ts'
import { decodePasswordRecord, encodePasswordRecord } from '../../src/group/password-record.ts'
import type { PasswordVerifier } from '../../src/group/password-verifier.ts'
import { recordIdFromBytes } from '../../src/records/record-id.ts'
import { LAST_SCALAR, ristretto255Multiples } from '../../src/runtime/acceptance/ristretto255-vectors.ts'
import { concatBytes, equalBytes, toHex, toUtf8 } from '../../src/runtime/bytes.ts'
import type { Crypto } from '../../src/runtime/crypto.ts'
import { type Random, randomBytes } from '../../src/runtime/random.ts'
import { SeededRandom } from '../../src/simulation/seeded-random.ts'
import { crypto } from '../identity/platform.ts'
import { hex } from '../records/record-vectors.ts'
import { admitterKeyPair, group, joinerKeyPair, LEAST_COST, link } from './password-vectors.ts'

/** Verifiers of all passwords that the attacker thinks of. What Argon2id would cost it plays no part here. */
const dictionary: readonly PasswordVerifier[] = Array.from({ length: 8 }, (_, index) => ({
  cost: LEAST_COST,
  value: crypto.sha256(toUtf8(`guess ${index}`)),
}))
const RIGHT = 5
const right = at(dictionary, RIGHT)
const SHARE = 32
const random = new SeededRandom('attacker')
/** Of the group. */
const ORDER = numberOf(hex(LAST_SCALAR)) + 1n
const onlyRight = dictionary.map((_, index) => index === RIGHT)

describe('a recorded attempt', () => {
  test('P-045: that succeeded confirms no guess, the right one included, to who knows ends and link', () => {
    const attempt = recordedAttempt()
    for (const guess of dictionary) expect(keysThatFit(attempt, guess, [drawnScalar(), drawnScalar()])).toBe(0)
    // With a scalar of one end it would find the key, and see for which guess the share is right.
    for (const [scalar, body] of [
      [attempt.drawn[0], attempt.challenge],
      [attempt.drawn[1], attempt.proof],
    ] as const) {
      const own = drawnOf(scalar)
      expect(keysThatFit(attempt, right, [own])).toBeGreaterThan(0)
      const fits = dictionary.map((guess) =>
        equalBytes(product(own, generatorOf(crypto, guess)), body.subarray(0, SHARE)),
      )
      expect(fits).toEqual(onlyRight)
    }
  })

  test('P-045: has shares that every password can have: for each there is a scalar that gives them', () => {
    const known = knownLogarithms()
    const attempt = recordedAttempt(known.port)
    const shares = [attempt.challenge, attempt.proof].map((body) => body.subarray(0, SHARE))
    for (const share of shares) {
      const logarithm = known.logarithmOf(share)
      for (const guess of dictionary) {
        const base = generatorOf(known.port, guess)
        const scalar = scalarOf((logarithm * inverse(known.logarithmOf(base))) % ORDER)
        expect(toHex(known.port.ristretto255Multiply(scalar, base) ?? new Uint8Array())).toBe(toHex(share))
      }
    }
  })

  test('P-045: contains nothing of verifier or password, and nothing that two attempts share but the cost', () => {
    const [one, other] = [recordedAttempt(), recordedAttempt()]
    const seen = [one, other].map(({ challenge, proof, confirmation }) => concatBytes(challenge, proof, confirmation))
    for (const secret of [right.value, crypto.sha256(right.value), crypto.sha512(right.value)]) {
      for (const bytes of seen) expect(toHex(bytes)).not.toContain(toHex(secret.subarray(0, 8)))
    }
    const [first, second] = [at(seen, 0), at(seen, 1)]
    const windows = new Set(
      Array.from({ length: first.length - 7 }, (_, from) => toHex(first.subarray(from, from + 8))),
    )
    // Memory and passes have six bytes, and a list of no optional fields one more.
    for (let from = 0; from + 8 <= second.length; from++) {
      expect(windows.has(toHex(second.subarray(from, from + 8)))).toBe(false)
    }
  })
})

describe('an active attacker', () => {
  test('P-045: that joins is told whether the one guess was right that it made, and gets no other answer to it', () => {
    for (const [index, guess] of dictionary.entries()) {
      const admission = new PasswordAdmission(crypto, random, link, right)
      const result = admission.received(proofFor(admission.challenge, guess))
      expect(typeof result === 'object' ? 'admitted' : result).toBe(index === RIGHT ? 'admitted' : 'wrong-password')
    }
  })

  test('P-045: that admits learns only whether the one guess was right on which it built its challenge', () => {
    for (const [index, guess] of dictionary.entries()) {
      const own = new RecordingRandom(random)
      const { challenge } = new PasswordAdmission(crypto, own, link, guess)
      const seen = { challenge, proof: proofFor(challenge, right) }
      const scalars = [drawnOf(at(own.drawn, 0)), drawnScalar()]
      for (const other of dictionary) expect(keysThatFit(seen, other, scalars) > 0).toBe(index === RIGHT)
    }
  })
})

describe('the database of a member who may not admit', () => {
  const admitters = [{ certificate: certificateDigest(crypto, Uint8Array.of(1)), publicKey: admitterKeyPair.publicKey }]
  const before = { generation: undefined, password: undefined }
  const setting = settingPassword(crypto, random, group, before, { role: 'member', verifier: right }, admitters)
  const payload = encodePasswordRecord(setting)

  test('P-045: does not open with any other key, and with the key of an admitter it does', () => {
    const { password } = passwordStanding(
      new Map([[recordIdFromBytes(new Uint8Array(16)), decodePasswordRecord(payload)]]),
    )
    const [{ certificate } = { certificate: undefined }] = admitters
    if (password === undefined || certificate === undefined) throw new Error('one was set')
    expect(openPassword(crypto, group, password, [certificate], joinerKeyPair)).toBeUndefined()
    expect(openPassword(crypto, group, password, [certificate], admitterKeyPair)).toEqual(right)
  })

  test('P-045: shows no guess to be right: sealed again, the right one looks as different as every other one', () => {
    for (const verifier of dictionary) {
      const again = settingPassword(crypto, random, group, before, { role: 'member', verifier }, admitters)
      const [one, other] = [setting, again].map(({ sealed }) => sealed)
      if (one === undefined || other === undefined) throw new Error('both are sealed')
      expect(equalBytes(one.sealingKey, other.sealingKey)).toBe(false)
      expect(at(one.seals, 0).sealed).not.toEqual(at(other.seals, 0).sealed)
      for (const secret of [verifier.value, crypto.sha256(verifier.value), crypto.sha512(verifier.value)]) {
        expect(toHex(payload)).not.toContain(toHex(secret.subarray(0, 8)))
      }
    }
    // Were the sealing not drawn at random, the right guess would show.
    const alike = [1, 2].map(() => {
      const drawn = new SeededRandom('the same')
      return settingPassword(crypto, drawn, group, before, { role: 'member', verifier: right }, admitters)
    })
    expect(alike[0]).toEqual(alike[1])
  })
})

/** All bytes of an attempt that succeeded, and the scalars of admitter and joiner, which only they know. */
function recordedAttempt(port: Crypto = crypto) {
  const draws = [new RecordingRandom(random), new RecordingRandom(random)]
  const [ofAdmitter, ofJoiner] = [at(draws, 0), at(draws, 1)]
  const admission = new PasswordAdmission(port, ofAdmitter, link, right)
  const joiner = new PasswordProof(port, ofJoiner, link, right)
  const answer = joiner.answer(admission.challenge)
  if (answer === 'malformed' || !('proof' in answer)) throw new Error('the challenge is good')
  const result = admission.received(answer.proof)
  if (typeof result === 'string' || !joiner.isConfirmed(result.confirmation)) throw new Error('the password is right')
  const drawn = [at(ofAdmitter.drawn, 0), at(ofJoiner.drawn, 0)] as const
  return { challenge: admission.challenge, proof: answer.proof, confirmation: result.confirmation, drawn }
}

/** The proof of a joiner that knows this verifier. */
function proofFor(challenge: Uint8Array, verifier: PasswordVerifier): Uint8Array {
  const answer = new PasswordProof(crypto, random, link, verifier).answer(challenge)
  if (answer === 'malformed' || !('proof' in answer)) throw new Error('the challenge is good')
  return answer.proof
}

/**
 * How many of all shared secrets that an attacker can compute from what it has seen, a guess and scalars of its own, lead to the
 * joiner's confirmation. This follows the draft, and not our code.
 */
function keysThatFit(seen: Seen, guess: PasswordVerifier, scalars: readonly Uint8Array[]): number {
  const [ours, theirs] = [seen.challenge.subarray(0, SHARE), seen.proof.subarray(0, SHARE)]
  const elements = [ours, theirs, generatorOf(crypto, guess)]
  const candidates = [...elements, ...scalars.flatMap((scalar) => elements.map((element) => product(scalar, element)))]
  const sent = lengthPrefixed(theirs, seen.proof.subarray(SHARE + 32))
  const transcript = concatBytes(lengthPrefixed(ours, seen.challenge.subarray(SHARE)), sent)
  const confirmation = seen.proof.subarray(SHARE, SHARE + 32)
  return candidates.filter((candidate) => {
    const head = lengthPrefixed(toUtf8('CPaceRistretto255_ISK'), link.channelBinding, candidate)
    const macKey = crypto.sha512(toUtf8('CPaceMac'), link.channelBinding, crypto.sha512(head, transcript))
    return equalBytes(crypto.hmacSha256(macKey, sent), confirmation)
  }).length
}

interface Seen {
  readonly challenge: Uint8Array
  readonly proof: Uint8Array
}

function product(scalar: Uint8Array, element: Uint8Array): Uint8Array {
  const result = crypto.ristretto255Multiply(scalar, element)
  if (result === undefined) throw new Error('both are good')
  return result
}

/** The scalar that random bytes are made. */
function drawnOf(bytes: Uint8Array): Uint8Array {
  const scalar = bytes.slice()
  scalar[31] = (scalar[31] ?? 0) & 0x0f
  return scalar
}

function drawnScalar(): Uint8Array {
  return drawnOf(randomBytes(random, SHARE))
}

function inputsOf({ value }: PasswordVerifier): CpaceInputs {
  const names = [toUtf8('peerage/1/group-password'), toUtf8(group), link.admitterKey, link.joinerKey]
  return { passwordString: value, channel: lengthPrefixed(...names), session: link.channelBinding }
}

/** What a guess leads to: the share with the scalar 1. */
function generatorOf(port: Crypto, guess: PasswordVerifier): Uint8Array {
  return new CpaceInitiator(port, fixed(scalarOf(1n)), inputsOf(guess), new Uint8Array()).message.share
}

/** A crypto port whose elements all have a known logarithm to one base, which in truth nobody can find. */
function knownLogarithms() {
  const logarithms = new Map<string, bigint>()
  const base = hex(at(ristretto255Multiples, 0))
  const know = (logarithm: bigint): Uint8Array => {
    const element = crypto.ristretto255Multiply(scalarOf(logarithm), base)
    if (element === undefined) throw new Error('a scalar is not 0')
    logarithms.set(toHex(element), logarithm)
    return element
  }
  const logarithmOf = (element: Uint8Array): bigint => {
    const logarithm = logarithms.get(toHex(element))
    if (logarithm === undefined) throw new Error('this element was not made here')
    return logarithm
  }
  const port: Crypto = {
    ...crypto,
    ristretto255Element: (uniform) => know(numberOf(uniform) % ORDER),
    ristretto255Multiply: (scalar, element) => know((numberOf(scalar) * logarithmOf(element)) % ORDER),
  }
  return { port, logarithmOf }
}

/** By the little theorem of Fermat. */
function inverse(number: bigint): bigint {
  let [result, square, exponent] = [1n, number % ORDER, ORDER - 2n]
  for (; exponent > 0n; exponent >>= 1n) {
    if (exponent & 1n) result = (result * square) % ORDER
    square = (square * square) % ORDER
  }
  return result
}

function numberOf(littleEndian: Uint8Array): bigint {
  return BigInt(`0x${toHex(littleEndian.slice().reverse())}`)
}

function scalarOf(number: bigint): Uint8Array {
  return hex(number.toString(16).padStart(64, '0')).reverse()
}

/** Keeps what it draws. */
class RecordingRandom implements Random {
  readonly drawn: Uint8Array[] = []
  readonly #random: Random

  constructor(source: Random) {
    this.#random = source
  }

  fill(target: Uint8Array): void {
    this.#random.fill(target)
    this.drawn.push(target.slice())
  }

  uint32(): number {
    return this.#random.uint32()
  }
}

/** Draws the same each time. */
function fixed(bytes: Uint8Array): Random {
  return {
    fill: (target) => target.set(bytes),
    uint32: () => 0,
  }
}

function at<Item>(items: readonly Item[], index: number): Item {
  const item = items[index]
  if (item === undefined) throw new Error(`there is no item ${index}`)
  return item
}
