/**
 * A chain that has been verified, and what a group needs of it: who holds it, with which roles, since when and until when. That it
 * is in force now, or at the time of a record, and that nothing in it is revoked, is for others to say.
 */

import type { GroupMembershipCertificate } from '../identity/certificate/certificate.ts'
import { verifyChain } from '../identity/certificate/certificate-chain.ts'
import { refused } from '../identity/certificate/certificate-refusal.ts'
import { type Chain, decodeChain, encodeChain } from '../identity/certificate/chain-encoding.ts'
import type { PeerName } from '../identity/peer-name.ts'
import type { Role } from '../identity/role.ts'
import { toHex } from '../runtime/bytes.ts'
import type { Crypto } from '../runtime/crypto.ts'
import { type CertificateDigest, type ChainDigest, certificateDigest, chainDigest } from './digests.ts'

/** A verified chain that ends with the certificate of a member. */
export interface MemberChain {
  readonly chain: Chain
  /** Its encoding. */
  readonly bytes: Uint8Array
  readonly digest: ChainDigest
  /** Of its certificates, the GRC first. */
  readonly certificateDigests: readonly CertificateDigest[]
  readonly leaf: GroupMembershipCertificate
  /** The member's key in hexadecimal digits: a key of Maps. */
  readonly key: string
  readonly roles: readonly Role[]
  /** How many certificates stand between it and the GRC, and 1 more: the creator's has 1. */
  readonly depth: number
  /** From when to when all of its certificates are valid, in milliseconds since 1970. */
  readonly notBefore: number
  readonly notAfter: number
}

/**
 * Reads and verifies a chain of a group. The present time is not looked at.
 *
 * @throws PeerageError `invalid-certificate`
 */
export function readMemberChain(crypto: Crypto, group: PeerName, bytes: Uint8Array): MemberChain {
  return verifiedMemberChain(crypto, group, decodeChain(bytes))
}

/** As {@link readMemberChain}, of certificates that were read already. */
export function verifiedMemberChain(crypto: Crypto, group: PeerName, chain: Chain): MemberChain {
  const leaf = chain.at(-1)
  if (leaf?.kind !== 'group-membership') throw refused('chain-order', 'a chain that does not end with a GMC')
  if (chain[0].peerName !== group) throw refused('chain-group', 'a chain of another group')
  verifyChain(crypto, chain)
  const bytes = encodeChain(chain)
  return {
    chain,
    bytes,
    digest: chainDigest(crypto, bytes),
    certificateDigests: chain.map(({ der }) => certificateDigest(crypto, der)),
    leaf,
    key: toHex(leaf.publicKey),
    roles: leaf.roles,
    depth: chain.length - 1,
    notBefore: Math.max(...chain.map(({ notBefore }) => notBefore)),
    notAfter: Math.min(...chain.map(({ notAfter }) => notAfter)),
  }
}
