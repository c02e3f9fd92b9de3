/**
 * Judging a chain that was read (chain-encoding.ts): whether each certificate may stand under the one before it.
 * The rules are those of MS-PNRP 3.1.5.10 and MS-PPSEC 2.2.5.2; docs/protocol/certificates.md lists them.
 *
 * What costs nothing is checked first, over the whole chain, and signatures last. Time is apart, because not
 * everything that a chain proves is about the present. What the chain is wanted for (a name, a group) is a
 * matter of whoever asks.
 */
import { equalBytes } from '../../runtime/bytes.ts'
import type { Crypto } from '../../runtime/crypto.ts'
import { mayGiveRole, mayIssueCertificates, type Role } from '../role.ts'
import type { Certificate, GroupMembershipCertificate, LinkCertificate } from './certificate.ts'
import { refused } from './certificate-refusal.ts'
import { requireInTime, verifyCertificate } from './certificate-verification.ts'
import type { Chain } from './chain-encoding.ts'

/**
 * Checks everything about a chain but the present time and what it is wanted for.
 *
 * @throws PeerageError `invalid-certificate`: chain-circular, chain-issuer, chain-group, chain-validity, chain-roles,
 *   chain-classifiers, authority, signature
 */
export function verifyChain(crypto: Crypto, chain: Chain): void {
  requireDistinctKeys(chain)
  const [root, ...others] = chain
  let parent: Certificate = root
  for (const certificate of others) {
    requireOrigin(certificate, parent)
    if (certificate.groupPeerName !== root.peerName) {
      throw refused('chain-group', 'a certificate is for another group than the first')
    }
    requireRoles(certificate, parent)
    requireClassifiers(certificate, parent)
    parent = certificate
  }
  verifyCertificate(crypto, root, root.publicKey)
  let issuerKey = root.publicKey
  for (const certificate of others) {
    verifyCertificate(crypto, certificate, issuerKey)
    issuerKey = certificate.publicKey
  }
}

/**
 * Checks that every certificate of a chain is valid at a moment, within the tolerance of {@link requireInTime}.
 *
 * @param moment In milliseconds since 1970; for the present, {@link Clock.utc}
 * @throws PeerageError `invalid-certificate`: not-yet-valid or expired
 */
export function requireChainInTime(chain: Chain, moment: number): void {
  for (const certificate of chain) requireInTime(certificate, moment)
}

/**
 * Whether a list of classifiers lets a holder of these roles have a classifier (MS-PNRP 2.2.3.5.1.5.1). An empty
 * list allows every classifier. Otherwise administrators and inviting members may have what is in the list or
 * begins with something in it, and members only what is in it.
 */
export function allowsClassifier(list: readonly string[], roles: readonly Role[], classifier: string): boolean {
  if (list.length === 0 || list.includes(classifier)) return true
  return roles.some(mayIssueCertificates) && list.some((allowed) => classifier.startsWith(allowed))
}

type IssuedCertificate = GroupMembershipCertificate | LinkCertificate

/** A key that stood in a chain twice would have given rights to itself. */
function requireDistinctKeys(chain: Chain): void {
  for (const [index, { publicKey }] of chain.entries()) {
    if (chain.slice(0, index).some((former) => equalBytes(former.publicKey, publicKey))) {
      throw refused('chain-circular', 'a key is in its chain twice')
    }
  }
}

/** What a certificate says of its issuer is what stands in the one before, and it ends with that one. */
function requireOrigin(certificate: IssuedCertificate, parent: Certificate): void {
  if (certificate.issuerPeerName !== parent.peerName || certificate.issuer !== parent.subject) {
    throw refused('chain-issuer', 'the issuer of a certificate is not the subject of the one before it')
  }
  if (certificate.notBefore < parent.notBefore || certificate.notAfter > parent.notAfter) {
    throw refused('chain-validity', 'a certificate is valid when the one before it is not')
  }
}

function requireRoles(certificate: IssuedCertificate, parent: Certificate): void {
  const { kind, roles } = certificate
  if (!('roles' in parent)) return
  if (parent.kind === 'link') {
    // What a link lets in is exactly what it says, and never a second link.
    const isAdmitted = kind === 'group-membership' && roles.length === 1 && roles[0] === parent.roles[0]
    if (!isAdmitted) throw refused('chain-roles', 'a certificate under a link is not a GMC with the role of the link')
    return
  }
  for (const role of roles) {
    if (!mayGiveRole(parent.roles, role)) {
      throw refused('chain-roles', `a certificate gives the role ${role}, which its issuer cannot give`)
    }
  }
}

function requireClassifiers({ classifiers, roles }: IssuedCertificate, parent: Certificate): void {
  // The first certificate has no list: what the one under it may have is free.
  if (!('roles' in parent)) return
  const allowed = parent.classifiers
  // An empty list gives every classifier, so only who has every classifier, and may extend one, can give it.
  const mayBeEmpty = allowed.length === 0 || (roles.some(mayIssueCertificates) && allowed.includes(''))
  if (classifiers.length === 0 && !mayBeEmpty) {
    throw refused('chain-classifiers', 'a certificate allows every classifier, and the one before it does not')
  }
  for (const classifier of classifiers) {
    if (!allowsClassifier(allowed, roles, classifier)) {
      throw refused(
        'chain-classifiers',
        `a certificate has the classifier ${JSON.stringify(classifier)}, which the one before it does not allow`,
      )
    }
  }
}
