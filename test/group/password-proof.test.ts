/** Proving a password on a link: docs/protocol/vectors/group-password.json, and every way in which it must fail. */
import { describe, expect, test } from 'vitest'
import {
  LONGEST_PASSWORD_BODY,
  PasswordAdmission,
  type PasswordLink,
  PasswordProof,
  type ProofRefusal,
} from '../../src/group/password-proof.ts'
import type { PasswordVerifier } from '../../src/group/password-verifier.ts'
import { parsePeerName } from '../../src/identity/peer-name.ts'
import { concatBytes, toHex } from '../../src/runtime/bytes.ts'
import type { Crypto } from '../../src/runtime/crypto.ts'
import { SeededRandom } from '../../src/simulation/seeded-random.ts'
import { crypto } from '../identity/platform.ts'
import { hex } from '../records/record-vectors.ts'
import { damaged } from '../wire/damage.ts'
import { drawing } from './drawing.ts'
import { admitterKeyPair, LEAST_COST, link, passwordVectors, verifier } from './password-vectors.ts'

const random = new SeededRandom('password proof')
const wrong: PasswordVerifier = { cost: LEAST_COST, value: new Uint8Array(32).fill(1) }

describe('the vectors', () => {
  const { proof: vector, laterChallenge, laterProof } = passwordVectors

  test('P-043: an attempt has these bodies', () => {
    const admission = new PasswordAdmission(crypto, drawing(vector.initiatorScalar), link, verifier)
    const proof = new PasswordProof(crypto, drawing(vector.responderScalar), link, verifier)
    expect(toHex(admission.challenge)).toBe(vector.challenge)
    const answer = proofOf(proof.answer(admission.challenge))
    expect(toHex(answer)).toBe(vector.proof)
    const confirmation = confirmationOf(admission.received(answer))
    expect(toHex(confirmation)).toBe(vector.confirmation)
    expect(proof.isConfirmed(confirmation)).toBe(true)
  })

  test('optional fields that a later release sends are passed over, and confirmed', () => {
    const joiner = new PasswordProof(crypto, drawing(vector.responderScalar), link, verifier)
    expect(toHex(proofOf(joiner.answer(hex(laterChallenge.challenge))))).toBe(laterChallenge.proof)
    const [admission, again] = [1, 2].map(
      () => new PasswordAdmission(crypto, drawing(vector.initiatorScalar), link, verifier),
    )
    if (admission === undefined || again === undefined) throw new Error('two were made')
    expect(toHex(confirmationOf(admission.received(hex(laterProof.proof))))).toBe(laterProof.confirmation)
    const stripped = concatBytes(hex(laterProof.proof).subarray(0, 64), Uint8Array.of(0))
    expect(again.received(stripped)).toBe('wrong-password')
  })

  for (const { what, body } of passwordVectors.refusedChallenges) {
    test(`a challenge is refused: ${what}`, () => {
      expect(new PasswordProof(crypto, random, link, verifier).answer(hex(body))).toBe('malformed')
    })
  }

  for (const { what, body } of passwordVectors.refusedProofs) {
    test(`a proof is refused: ${what}`, () => {
      const admission = new PasswordAdmission(crypto, drawing(vector.initiatorScalar), link, verifier)
      expect(admission.received(hex(body))).toBe('malformed')
    })
  }
})

test('a body that was damaged in any way is refused, and never taken for a proof of the password', () => {
  // Products that cost nothing: what is tried here is how bodies are read.
  const cheap: Crypto = { ...crypto, ristretto255Multiply: (_scalar, element) => element.slice() }
  const { challenge, proof } = passwordVectors.proof
  const samples = [hex(challenge), hex(proof)]
  const outcomes = new Set<string>()
  for (let time = 0; time < 1000; time++) {
    const body = damaged(random, samples)
    const answer = new PasswordProof(cheap, random, link, verifier).answer(body)
    outcomes.add(typeof answer === 'string' ? answer : 'answered')
    const result = new PasswordAdmission(cheap, random, link, verifier).received(body)
    expect(['malformed', 'wrong-password']).toContain(result)
    outcomes.add(String(result))
  }
  expect([...outcomes].sort()).toEqual(['answered', 'malformed', 'wrong-password'])
})

describe('an attempt', () => {
  test('succeeds at both ends with the password, and fails at both without', () => {
    expect(attempt({}, {})).toEqual({ admitter: 'admitted', joiner: 'confirmed' })
    expect(attempt({}, { verifier: wrong })).toEqual({ admitter: 'wrong-password', joiner: 'not confirmed' })
    expect(attempt({ verifier: wrong }, {})).toEqual({ admitter: 'wrong-password', joiner: 'not confirmed' })
  })

  test('P-044: fails at both ends if it goes through a relay between two links, each with its own channel binding', () => {
    const other = { ...link, channelBinding: crypto.sha256(link.channelBinding) }
    expect(attempt({}, { link: other })).toEqual({ admitter: 'wrong-password', joiner: 'not confirmed' })
  })

  test('P-044: fails at both ends if they do not mean the same group, admitter and joiner', () => {
    const stranger = crypto.signingKeyPair(new Uint8Array(32).fill(99)).publicKey
    for (const other of [
      { ...link, group: parsePeerName(`${link.group}s`) },
      { ...link, admitterKey: stranger },
      { ...link, joinerKey: stranger },
      { ...link, admitterKey: link.joinerKey, joinerKey: link.admitterKey },
    ]) {
      expect(attempt({}, { link: other })).toEqual({ admitter: 'wrong-password', joiner: 'not confirmed' })
    }
  })

  test('P-135: costs the admitter no Argon2id, whatever is sent', () => {
    const busy: Crypto = {
      ...crypto,
      argon2id() {
        throw new Error('an admitter derived a verifier')
      },
    }
    expect(attempt({ port: busy }, {})).toEqual({ admitter: 'admitted', joiner: 'confirmed' })
    expect(attempt({ port: busy }, { verifier: wrong }).admitter).toBe('wrong-password')
  })

  test('tells the joiner which other cost is meant, before anything is proven', () => {
    const dearer: PasswordVerifier = { cost: { memory: 65_536, passes: 3 }, value: verifier.value }
    const admission = new PasswordAdmission(crypto, random, link, dearer)
    const proof = new PasswordProof(crypto, random, link, verifier)
    expect(proof.answer(admission.challenge)).toEqual({ otherCost: dearer.cost })
  })

  test('fails if the cost was changed on the way, although the verifier is the same', () => {
    const admission = new PasswordAdmission(crypto, random, link, { ...verifier, cost: { memory: 65_536, passes: 3 } })
    const cheaper = admission.challenge.slice()
    cheaper.set(hex('00004c000001'), 32)
    const proof = proofOf(new PasswordProof(crypto, random, link, verifier).answer(cheaper))
    expect(admission.received(proof)).toBe('wrong-password')
  })

  test('takes one proof and one challenge', () => {
    const admission = new PasswordAdmission(crypto, random, link, verifier)
    const joiner = new PasswordProof(crypto, random, link, verifier)
    const proof = proofOf(joiner.answer(admission.challenge))
    admission.received(proof)
    expect(() => admission.received(proof)).toThrow(TypeError)
    expect(() => joiner.answer(admission.challenge)).toThrow(TypeError)
  })

  test('has bodies of a bounded length', () => {
    expect(hex(passwordVectors.laterProof.proof).length).toBeLessThan(LONGEST_PASSWORD_BODY)
    expect(new PasswordAdmission(crypto, random, link, verifier).received(new Uint8Array(2 ** 16))).toBe('malformed')
  })

  test('of one that has failed nothing helps the next: each has shares of its own', () => {
    const shares = new Set<string>()
    for (let time = 0; time < 4; time++) {
      const admission = new PasswordAdmission(crypto, random, link, verifier)
      const proof = proofOf(new PasswordProof(crypto, random, link, verifier).answer(admission.challenge))
      shares.add(toHex(admission.challenge)).add(toHex(proof))
      // A proof of an earlier attempt on the same link is of no use.
      expect(new PasswordAdmission(crypto, random, link, verifier).received(proof)).toBe('wrong-password')
    }
    expect(shares.size).toBe(8)
  })
})

interface End {
  readonly link?: PasswordLink
  readonly verifier?: PasswordVerifier
  readonly port?: Crypto
}

/** A whole attempt, with what is unusual at either end, up to what both ends make of it. */
function attempt(admitter: End, joiner: End): { admitter: string; joiner: string } {
  const { link: here = link, verifier: ours = verifier, port = crypto } = admitter
  const { link: there = link, verifier: theirs = verifier } = joiner
  const admission = new PasswordAdmission(port, random, here, ours)
  const proof = new PasswordProof(crypto, random, there, theirs)
  const result = admission.received(proofOf(proof.answer(admission.challenge)))
  // Where the admitter refuses, it sends no confirmation: then no other one will do.
  const confirmation = typeof result === 'string' ? admitterKeyPair.publicKey : result.confirmation
  return {
    admitter: typeof result === 'string' ? result : 'admitted',
    joiner: proof.isConfirmed(confirmation) ? 'confirmed' : 'not confirmed',
  }
}

function proofOf(answer: ReturnType<PasswordProof['answer']>): Uint8Array {
  if (answer === 'malformed' || !('proof' in answer)) throw new Error(`there is no proof: ${JSON.stringify(answer)}`)
  return answer.proof
}

function confirmationOf(result: { readonly confirmation: Uint8Array } | ProofRefusal): Uint8Array {
  if (typeof result === 'string') throw new Error(`the attempt ended: ${result}`)
  return result.confirmation
}
