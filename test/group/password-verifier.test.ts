/** Passwords of groups and their verifiers: docs/protocol/vectors/group-password.json, and what is refused. */
import { describe, expect, test } from 'vitest'
import {
  isLegalCost,
  LARGEST_PASSWORD_MEMORY,
  LEAST_PASSWORD_MEMORY,
  LONGEST_PASSWORD,
  MOST_PASSWORD_PASSES,
  PASSWORD_COST,
  SHORTEST_PASSWORD,
} from '../../src/group/password-verifier.ts'
import { platformCrypto } from '../../src/nodejs/crypto/crypto.ts'
import { type DerivingPorts, isVerifierOf, passwordVerifier } from '../../src/peer-node/password-deriving.ts'
import { toHex } from '../../src/runtime/bytes.ts'
import type { Crypto } from '../../src/runtime/crypto.ts'
import { PeerageError } from '../../src/runtime/peerage-error.ts'
import { fakeCrypto } from '../../src/simulation/fake-crypto.ts'
import { crypto } from '../identity/platform.ts'
import { graph, LEAST_COST, passwordVectors } from './password-vectors.ts'

/** Argon2id costs nothing here. */
const cheap = fakeCrypto(platformCrypto())

describe('a verifier', () => {
  for (const { what, password, cost, value } of passwordVectors.verifiers) {
    test(`P-043: is the Argon2id value under the salt of the group: ${what}`, async () => {
      expect(toHex((await passwordVerifier(onThisThread(crypto), graph, password, cost)).value)).toBe(value)
    })
  }

  test('P-043: has a salt of the group, and the named cost unless another one is asked for', async () => {
    const calls: [string, number, number][] = []
    const recording = {
      ...cheap,
      argon2id: (...[password, salt, cost]: Parameters<typeof cheap.argon2id>) => {
        calls.push([toHex(salt), cost.memory, cost.passes])
        return cheap.argon2id(password, salt, cost)
      },
    }
    expect((await passwordVerifier(onThisThread(recording), graph, 'correct horse')).cost).toEqual(PASSWORD_COST)
    await passwordVerifier(onThisThread(recording), { secret: Uint8Array.of(1) }, 'correct horse', LEAST_COST)
    expect(calls[0]).toEqual([passwordVectors.salt, PASSWORD_COST.memory, PASSWORD_COST.passes])
    expect(calls[1]?.slice(1)).toEqual([LEAST_COST.memory, LEAST_COST.passes])
    expect(calls[1]?.[0]).not.toBe(passwordVectors.salt)
  })

  test('tells the same password from every other one, at its own cost', async () => {
    const verifier = await passwordVerifier(onThisThread(cheap), graph, 'élève à Zürich', { memory: 20_000, passes: 2 })
    expect(await isVerifierOf(onThisThread(cheap), graph, 'élève à Zürich', verifier)).toBe(true)
    expect(await isVerifierOf(onThisThread(cheap), graph, 'élève\u00a0à Zürich', verifier)).toBe(true)
    expect(await isVerifierOf(onThisThread(cheap), graph, 'eleve a Zurich', verifier)).toBe(false)
    expect(await isVerifierOf(onThisThread(cheap), graph, 'Élève à Zürich', verifier)).toBe(false)
    expect(await isVerifierOf(onThisThread(cheap), { secret: Uint8Array.of(1) }, 'élève à Zürich', verifier)).toBe(
      false,
    )
  })
})

describe('a password', () => {
  test('P-042: has at least the named number of characters, however many bytes or code units these have', () => {
    for (const password of ['', 'seven77', '𝒫𝒶𝓈𝓈𝓌𝓸𝓻', 'e\u0301'.repeat(7)]) {
      const error = errorOf(password)
      expect(error?.code).toBe('password-too-short')
      expect(error?.details).toEqual({ length: [...password.normalize('NFC')].length, limit: SHORTEST_PASSWORD })
    }
    for (const password of ['eight888', '𝒫𝒶𝓈𝓈𝓌𝓸𝓻𝓭', 'e\u0301'.repeat(8)]) expect(errorOf(password)).toBeUndefined()
  })

  test('is one line of well-formed text of at most the named length, and no error shows it', () => {
    for (const password of [
      'a secret\nof two lines',
      'a secret\u0000',
      'a secret \ud800',
      's'.repeat(LONGEST_PASSWORD + 1),
    ]) {
      const error = errorOf(password)
      expect(error?.code).toBe('invalid-argument')
      expect(`${error?.stack} ${JSON.stringify(error?.details)}`).not.toMatch(/secret|sssss/)
    }
    expect(errorOf('s'.repeat(LONGEST_PASSWORD))).toBeUndefined()
  })
})

test('a cost is legal within the named limits only', () => {
  const { memory, passes } = PASSWORD_COST
  for (const legal of [
    PASSWORD_COST,
    { memory: LEAST_PASSWORD_MEMORY, passes: 1 },
    { memory: LARGEST_PASSWORD_MEMORY, passes: MOST_PASSWORD_PASSES },
  ]) {
    expect(isLegalCost(legal)).toBe(true)
  }
  for (const illegal of [
    { memory: LEAST_PASSWORD_MEMORY - 1, passes },
    { memory: LARGEST_PASSWORD_MEMORY + 1, passes },
    { memory: memory + 0.5, passes },
    { memory, passes: 0 },
    { memory, passes: MOST_PASSWORD_PASSES + 1 },
    { memory, passes: 1.5 },
  ]) {
    expect(isLegalCost(illegal)).toBe(false)
    expect(() => passwordVerifier(onThisThread(cheap), graph, 'correct horse', illegal)).toThrow(RangeError)
  }
})

function errorOf(password: string): PeerageError | undefined {
  try {
    void passwordVerifier(onThisThread(cheap), graph, password)
  } catch (error) {
    if (error instanceof PeerageError) return error
    throw error
  }
  return undefined
}

function onThisThread(port: Crypto): DerivingPorts {
  return { crypto: port, passwordHashing: undefined }
}
