/** The real crypto and a random source for tests of keys and certificates. */
import { randomFillSync } from 'node:crypto'
import { platformCrypto } from '../../src/nodejs/crypto/crypto.ts'
import type { Crypto } from '../../src/runtime/crypto.ts'
import type { Random } from '../../src/runtime/random.ts'

export const crypto: Crypto = platformCrypto()

export const random: Random = {
  fill: (target) => {
    randomFillSync(target)
  },
  uint32: () => randomFillSync(new Uint32Array(1))[0] ?? 0,
}
