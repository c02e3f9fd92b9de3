/**
 * Delegated names: a chain of certificates by which the key of an authority lets another key publish a name
 * (MS-PNRP 1.3.2, 3.1.5.10). The first certificate is that of the authority, the last that of the publisher.
 */

import { authorityBytes } from '../identity/authority.ts'
import { allowsClassifier, requireChainInTime, verifyChain } from '../identity/certificate/certificate-chain.ts'
import { decodeChain } from '../identity/certificate/chain-encoding.ts'
import { authorityPart } from '../identity/peer-name.ts'
import { equalBytes } from '../runtime/bytes.ts'
import type { Crypto } from '../runtime/crypto.ts'
import { PeerageError } from '../runtime/peerage-error.ts'
import { LONGEST_CHAIN_OF_ANSWER } from './authority-buffer.ts'
import type { ChainValidator, DelegationClaim } from './cpa-validation.ts'

/** Judges the chains of delegated names. */
export function delegationValidator(crypto: Crypto): ChainValidator {
  return {
    problem(chain, claim) {
      try {
        return problemOf(crypto, chain, claim)
      } catch (error) {
        if (PeerageError.is(error, 'invalid-certificate')) return error.message
        throw error
      }
    },
  }
}

function problemOf(crypto: Crypto, bytes: Uint8Array, claim: DelegationClaim): string | undefined {
  if (bytes.length > LONGEST_CHAIN_OF_ANSWER) {
    return `its chain has ${bytes.length} bytes, and an answer has room for ${LONGEST_CHAIN_OF_ANSWER}`
  }
  const chain = decodeChain(bytes)
  const [root] = chain
  const leaf = chain.at(-1)
  if (!equalBytes(authorityBytes(authorityPart(root.peerName)), claim.authority)) {
    return 'its chain begins with another authority'
  }
  // A link's key makes members, and speaks for nobody.
  if (leaf?.kind !== 'group-membership') return 'its chain does not end with a GMC'
  if (!equalBytes(leaf.publicKey, claim.leafKey)) return 'its chain ends with another key'
  if (!allowsClassifier(leaf.classifiers, leaf.roles, claim.classifier))
    return 'its chain does not allow its classifier'
  requireChainInTime(chain, claim.now)
  verifyChain(crypto, chain)
  return undefined
}
