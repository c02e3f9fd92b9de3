/**
 * Argon2id for the implementation of the crypto port by `node:crypto`: OpenSSL's where there is one,
 * else that of `@noble/hashes`, which is several times slower.
 */
import nodeModule from 'node:crypto'
import { createRequire } from 'node:module'
import type { argon2id } from '@noble/hashes/argon2.js'
import type { Argon2idCost, Crypto } from '../../runtime/crypto.ts'
import { requireArgon2idInputs } from '../../runtime/crypto-contract.ts'
import { withoutBuffer } from './sha256.ts'

/** By OpenSSL if it can, which is in Node.js 24.7 and newer, else by noble. */
export const nodeArgon2id: Crypto['argon2id'] = (password, salt, cost) => {
  requireArgon2idInputs(salt, cost)
  return openSslArgon2id(password, salt, cost) ?? nobleArgon2id(password, salt, cost)
}

/** Undefined in a Node.js before 24.7, and in one that uses an OpenSSL before 3.2 or another library in its place. */
export function openSslArgon2id(password: Uint8Array, salt: Uint8Array, cost: Argon2idCost): Uint8Array | undefined {
  if (typeof nodeModule.argon2Sync !== 'function') return undefined
  const { memory, passes, length: tagLength } = cost
  const parameters = { message: password, nonce: salt, memory, passes, tagLength, parallelism: 1 }
  try {
    return withoutBuffer(nodeModule.argon2Sync('argon2id', parameters))
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ERR_CRYPTO_ARGON2_NOT_SUPPORTED') return undefined
    throw error
  }
}

/** Loads its package when it is called first, since nearly nobody needs it. */
export function nobleArgon2id(password: Uint8Array, salt: Uint8Array, cost: Argon2idCost): Uint8Array {
  const noble: { readonly argon2id: typeof argon2id } = createRequire(import.meta.url)('@noble/hashes/argon2.js')
  return noble.argon2id(password, salt, { m: cost.memory, t: cost.passes, p: 1, dkLen: cost.length })
}
