/**
 * The chain under which a record of a group was written. A member writes under its own chain; the holder of the group key
 * writes under the chain that is the GRC alone (P-077).
 */
import type { GroupRootCertificate } from '../identity/certificate/certificate.ts'
import { verifyCertificate } from '../identity/certificate/certificate-verification.ts'
import { type Chain, encodeChain } from '../identity/certificate/chain-encoding.ts'
import { toHex } from '../runtime/bytes.ts'
import type { Crypto } from '../runtime/crypto.ts'
import { certificateDigest, chainDigest } from './digests.ts'
import type { MemberChain } from './member-chain.ts'

/** A verified chain that ends with a GMC, or the GRC alone: then without roles, at depth 0. */
export type AuthorChain = Omit<MemberChain, 'leaf'>

/** The chain that is the GRC alone. @throws PeerageError `invalid-certificate` */
export function rootChain(crypto: Crypto, root: GroupRootCertificate): AuthorChain {
  verifyCertificate(crypto, root, root.publicKey)
  const chain: Chain = [root]
  const bytes = encodeChain(chain)
  return {
    chain,
    bytes,
    digest: chainDigest(crypto, bytes),
    certificateDigests: [certificateDigest(crypto, root.der)],
    key: toHex(root.publicKey),
    roles: [],
    depth: 0,
    notBefore: root.notBefore,
    notAfter: root.notAfter,
  }
}

/** Whether a moment lies in the validity of a whole chain. There is no tolerance: the times of records are compared, not clocks. */
export function isWithin(
  { notBefore, notAfter }: Pick<AuthorChain, 'notBefore' | 'notAfter'>,
  moment: number,
): boolean {
  return moment >= notBefore && moment <= notAfter
}
