/**
 * What encrypted PKCS#8 needs and libsodium does not have, by `node:crypto`: the same functions in
 * both implementations of the crypto port.
 */
import { createCipheriv, createDecipheriv, scryptSync } from 'node:crypto'
import { AES_BLOCK_LENGTH, type Crypto } from '../../runtime/crypto.ts'
import { requireAesLengths, requireScryptInputs, scryptMemory } from '../../runtime/crypto-contract.ts'
import { withoutBuffer } from './sha256.ts'

export const pkcs8Primitives: Pick<Crypto, 'scrypt' | 'encryptAes256Cbc' | 'decryptAes256Cbc'> = {
  scrypt(password, salt, scryptCost, length) {
    requireScryptInputs(scryptCost, length)
    const { cost, blockSize, parallelization } = scryptCost
    const options = { N: cost, r: blockSize, p: parallelization, maxmem: scryptMemory(scryptCost) }
    return withoutBuffer(scryptSync(password, salt, length, options))
  },

  encryptAes256Cbc(key, iv, plaintext) {
    requireAesLengths(key, iv)
    const cipher = createCipheriv('aes-256-cbc', key, iv)
    return joined(cipher.update(plaintext), cipher.final())
  },

  decryptAes256Cbc(key, iv, ciphertext) {
    requireAesLengths(key, iv)
    if (ciphertext.length === 0 || ciphertext.length % AES_BLOCK_LENGTH !== 0) return undefined
    const decipher = createDecipheriv('aes-256-cbc', key, iv)
    const start = decipher.update(ciphertext)
    try {
      return joined(start, decipher.final())
    } catch {
      // All lengths are right, so that only the padding can be wrong.
      return undefined
    }
  },
}

function joined(start: Buffer, end: Buffer): Uint8Array {
  const bytes = new Uint8Array(start.length + end.length)
  bytes.set(start)
  bytes.set(end, start.length)
  return bytes
}
