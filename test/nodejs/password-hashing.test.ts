/** Argon2id on other threads. */
import { expect, test } from 'vitest'
import { openSslPasswordHashing, platformPasswordHashing } from '../../src/nodejs/crypto/password-hashing.ts'
import { sodiumPasswordHashing } from '../../src/nodejs/crypto/sodium-crypto.ts'
import { argon2idVectors, fromVector } from '../../src/runtime/acceptance/crypto-vectors.ts'
import { toHex } from '../../src/runtime/bytes.ts'
import type { PasswordHashing } from '../../src/runtime/password-hashing.ts'

const openSsl = openSslPasswordHashing()
const implementations: readonly { readonly by: string; readonly hash: PasswordHashing }[] = [
  { by: 'sodium-native', hash: sodiumPasswordHashing() },
  ...(openSsl === undefined ? [] : [{ by: 'node:crypto', hash: openSsl }]),
]

test.each(implementations)('P-043: $by gives on another thread what the crypto port gives', async ({ hash }) => {
  for (const { password, salt, cost, result } of argon2idVectors) {
    const [typed, salted] = [fromVector(password), fromVector(salt)]
    const hashing = hash(typed, salted, cost)
    typed.fill(0)
    salted.fill(0)
    const hashed = await hashing
    expect(toHex(hashed)).toBe(result)
    expect(Object.getPrototypeOf(hashed)).toBe(Uint8Array.prototype)
  }
})

test.each(implementations)('$by refuses at once what is out of bounds, and shows none of it', ({ hash }) => {
  const salt = new Uint8Array(16)
  const cost = { memory: 8, passes: 1, length: 16 }
  const password = Uint8Array.of(200, 199, 198)
  for (const call of [
    () => hash(password, new Uint8Array(15), cost),
    () => hash(password, salt, { ...cost, memory: 7 }),
    () => hash(password, salt, { ...cost, passes: 0 }),
    () => hash(password, salt, { ...cost, length: 65 }),
  ]) {
    expect(call).toThrow(RangeError)
    expect(call).not.toThrow(/200|c8c7/)
  }
})

test('OpenSSL serves where sodium-native does not load', async () => {
  const hash = platformPasswordHashing(() => {
    throw new Error('no prebuilt binary for this platform')
  })
  expect(hash === undefined).toBe(openSsl === undefined)
  for (const { password, salt, cost, result } of argon2idVectors) {
    const hashed = await hash?.(fromVector(password), fromVector(salt), cost)
    expect(hashed && toHex(hashed)).toBe(hash && result)
  }
})
