/**
 * How fast this machine is right now, as signature checks a second: figures of two runs compare only as far as this does.
 */
import { platformCrypto } from '../src/nodejs/crypto/crypto.ts'
import { SEED_LENGTH } from '../src/runtime/crypto.ts'

const CHECKS = 1000
const crypto = platformCrypto()
const { publicKey, secretKey } = crypto.signingKeyPair(new Uint8Array(SEED_LENGTH))
const message = new Uint8Array(256)
const signature = crypto.sign(message, secretKey)

export function signatureChecksPerSecond(): number {
  const started = performance.now()
  for (let index = 0; index < CHECKS; index++) crypto.verify(signature, message, publicKey)
  return (CHECKS / (performance.now() - started)) * 1000
}
