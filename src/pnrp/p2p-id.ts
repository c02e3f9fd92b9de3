/**
 * The P2P ID: the upper half of a PNRP ID, which says which peer name it is for (MS-PNRP 1.3.1.2 and
 * 3.1.4.4.1, with SHA-256 in place of SHA-1). Nobody can choose it: to place a name near another
 * one takes as many tries as bits have to agree.
 */
import { AUTHORITY_LENGTH, authorityBytes } from '../identity/authority.ts'
import { authorityPart, classifierPart, isSecured, type PeerName } from '../identity/peer-name.ts'
import { toUtf8 } from '../runtime/bytes.ts'
import type { Crypto } from '../runtime/crypto.ts'

/** 128 bits. */
export const P2P_ID_LENGTH = 16

/** "PNRP" in ASCII. */
const SUFFIX = Uint8Array.of(0x50, 0x4e, 0x52, 0x50)
/** What stands for the authority of an unsecured name. */
const NO_AUTHORITY = new Uint8Array(AUTHORITY_LENGTH)

/** The P2P ID of a peer name: 16 bytes. */
export function p2pIdOf(crypto: Crypto, name: PeerName): Uint8Array {
  const authority = isSecured(name) ? authorityBytes(authorityPart(name)) : NO_AUTHORITY
  return p2pIdOfHashes(crypto, authority, classifierHash(crypto, classifierPart(name)))
}

/** The ClassifierHash: SHA-256 over the classifier in UTF-8, without a terminator. 32 bytes. */
export function classifierHash(crypto: Crypto, classifier: string): Uint8Array {
  return crypto.sha256(toUtf8(classifier))
}

/** The P2P ID of what a certified peer address holds: the 20 bytes of the authority and the ClassifierHash. */
export function p2pIdOfHashes(crypto: Crypto, authority: Uint8Array, hash: Uint8Array): Uint8Array {
  return crypto.sha256(hash, authority, hash, SUFFIX).subarray(0, P2P_ID_LENGTH)
}
