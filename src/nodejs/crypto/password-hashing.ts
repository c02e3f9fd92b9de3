/**
 * Argon2id on the threads that Node.js has for long work: by `sodium-native`, or by OpenSSL where that does not load.
 */
import nodeModule from 'node:crypto'
import { ARGON2ID_SALT_LENGTH, type Argon2idCost } from '../../runtime/crypto.ts'
import { requireArgon2idInputs } from '../../runtime/crypto-contract.ts'
import type { PasswordHashing } from '../../runtime/password-hashing.ts'
import { openSslArgon2id } from './argon2id.ts'
import { withoutBuffer } from './sha256.ts'
import { sodiumPasswordHashing } from './sodium-crypto.ts'

/**
 * The best that works here; undefined where nothing does, and Argon2id has to run on the thread that asks for it.
 *
 * @param preferred What is tried first
 */
export function platformPasswordHashing(
  preferred: () => PasswordHashing = sodiumPasswordHashing,
): PasswordHashing | undefined {
  try {
    return preferred()
  } catch {
    // Why it does not load is said of the crypto port.
    return openSslPasswordHashing()
  }
}

/** Undefined in a Node.js before 24.7, and in one that uses an OpenSSL before 3.2 or another library in its place. */
export function openSslPasswordHashing(): PasswordHashing | undefined {
  const isThere = openSslArgon2id(new Uint8Array(0), new Uint8Array(ARGON2ID_SALT_LENGTH), CHEAPEST) !== undefined
  if (!isThere) return undefined
  return (password, salt, cost) => {
    requireArgon2idInputs(salt, cost)
    const { memory, passes, length: tagLength } = cost
    const parameters = { message: password, nonce: salt, memory, passes, tagLength, parallelism: 1 }
    return new Promise((resolve, reject) => {
      nodeModule.argon2('argon2id', parameters, (error, result) => {
        if (error === null) resolve(withoutBuffer(result))
        else reject(error)
      })
    })
  }
}

/** To find out whether it works. */
const CHEAPEST: Argon2idCost = { memory: 8, passes: 1, length: 16 }
