/**
 * The thread that checks signatures: takes batches (signature-batch.ts), answers each with its verdicts. It is started by
 * worker-verifier.ts.
 */
import { parentPort } from 'node:worker_threads'
import { verifyFor } from '../identity/signature-purpose.ts'
import { platformCrypto } from './crypto/crypto.ts'
import { unpackChecks } from './signature-batch.ts'

const crypto = platformCrypto()

parentPort?.on('message', (batch: Uint8Array) => {
  const verdicts: number[] = []
  for (const { purpose, content, signature, publicKey } of unpackChecks(batch)) {
    verdicts.push(verifyFor(crypto, purpose, content, signature, publicKey) ? 1 : 0)
  }
  const bytes = Uint8Array.from(verdicts)
  parentPort?.postMessage(bytes, [bytes.buffer])
})
