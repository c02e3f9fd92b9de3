/**
 * The crypto port on Node.js: `sodium-native`, or `node:crypto` where that does not load.
 */
import type { Crypto } from '../../runtime/crypto.ts'
import { verifiesWithoutCofactor } from '../../runtime/strict-ed25519.ts'
import { nodeCrypto } from './node-crypto.ts'
import { sodiumCrypto } from './sodium-crypto.ts'

/**
 * The best implementation that works here. `sodium-native` is passed over if it does not load, and
 * also if a release of it should come to judge signatures in another way than OpenSSL does.
 *
 * @param preferred What is tried first.
 */
export function platformCrypto(preferred: () => Crypto = sodiumCrypto): Crypto {
  let crypto: Crypto
  try {
    crypto = preferred()
  } catch (error) {
    return { ...nodeCrypto(), fallbackReason: error instanceof Error ? error.message : String(error) }
  }
  if (verifiesWithoutCofactor(crypto)) return crypto
  const fallbackReason = `${crypto.implementation} does not judge signatures of mixed order as Peerage does`
  return { ...nodeCrypto(), fallbackReason }
}
