/**
 * Argon2id for the implementation of the crypto port by `node:crypto`: OpenSSL's where this Node.js
 * has it (24.7 and newer), else that of `@noble/hashes`, which is several times slower.
 */
import nodeModule from 'node:crypto'
import { createRequire } from 'node:module'
import type { argon2id } from '@noble/hashes/argon2.js'
import type { Crypto } from '../../runtime/crypto.ts'
import { requireArgon2idInputs } from '../../runtime/crypto-contract.ts'
import { withoutBuffer } from './sha256.ts'

/** Undefined where this Node.js does not have it. */
export const openSslArgon2id: Crypto['argon2id'] | undefined =
  typeof nodeModule.argon2Sync === 'function'
    ? (password, salt, cost) => {
        requireArgon2idInputs(salt, cost)
        const { memory, passes, length: tagLength } = cost
        const parameters = { message: password, nonce: salt, memory, passes, tagLength, parallelism: 1 }
        return withoutBuffer(nodeModule.argon2Sync('argon2id', parameters))
      }
    : undefined

/** Loads its package when it is called first, since nearly nobody needs it. */
export const nobleArgon2id: Crypto['argon2id'] = (password, salt, cost) => {
  requireArgon2idInputs(salt, cost)
  const noble: { readonly argon2id: typeof argon2id } = createRequire(import.meta.url)('@noble/hashes/argon2.js')
  return noble.argon2id(password, salt, { m: cost.memory, t: cost.passes, p: 1, dkLen: cost.length })
}
