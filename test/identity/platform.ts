/** The real crypto and random source, for tests of keys and certificates. */
import { platformCrypto } from '../../src/nodejs/crypto/crypto.ts'
import { systemRandom } from '../../src/nodejs/system-random.ts'
import type { Crypto } from '../../src/runtime/crypto.ts'
import type { Random } from '../../src/runtime/random.ts'

export const crypto: Crypto = platformCrypto()
export const random: Random = systemRandom
