/** Chains for tests: a group's certificates, each issued by the one before it, wrong in one place where that is wanted. */
import type {
  CertificateContent,
  GroupMembershipCertificate,
  GroupRootCertificate,
  LinkCertificate,
} from '../../../src/identity/certificate/certificate.ts'
import { issueCertificate } from '../../../src/identity/certificate/certificate-writer.ts'
import type { Chain } from '../../../src/identity/certificate/chain-encoding.ts'
import { makePeerName, type PeerName } from '../../../src/identity/peer-name.ts'
import type { Role } from '../../../src/identity/role.ts'
import type { SigningKeyPair } from '../../../src/runtime/crypto.ts'
import { crypto } from '../platform.ts'
import { keyPairOf, NOW, nameOf, YEAR } from './certificate-samples.ts'

/** One certificate under the root, and what is unusual in it. */
export interface Step {
  /** The seed byte of its key. */
  readonly key: number
  readonly roles?: readonly Role[]
  readonly classifiers?: readonly string[]
  readonly kind?: 'group-membership' | 'link'
  readonly notBefore?: number
  readonly notAfter?: number
  readonly groupPeerName?: PeerName
  readonly issuerPeerName?: PeerName
  readonly issuer?: string
  readonly peerName?: PeerName
  /** The seed byte of the key that signs it, instead of the one before. */
  readonly signer?: number
}

/** The seed byte of the group's key. */
export const ROOT_KEY = 90

/** The chain of these steps under one root, of which `root` can replace parts. */
export function chainOf(
  steps: readonly Step[],
  root: Partial<Pick<Step, 'notBefore' | 'notAfter' | 'peerName' | 'signer'>> = {},
): Chain {
  const rootKey = keyPairOf(ROOT_KEY)
  const rootName = root.peerName ?? nameOf(rootKey, 'book club')
  const first = issueCertificate(
    crypto,
    {
      ...common(ROOT_KEY, rootKey, rootName, root),
      kind: 'group-root',
      subject: 'Book club',
      issuer: 'Book club',
    },
    keyPairOf(root.signer ?? ROOT_KEY).secretKey,
  )
  if (first.kind !== 'group-root') throw new Error('not a GRC')
  const others: (GroupMembershipCertificate | LinkCertificate)[] = []
  let parent: GroupRootCertificate | GroupMembershipCertificate | LinkCertificate = first
  let parentKey = ROOT_KEY
  for (const step of steps) {
    const keyPair = keyPairOf(step.key)
    const peerName = step.peerName ?? nameOf(keyPair)
    const content = {
      ...common(step.key, keyPair, peerName, step),
      subject: `Key ${step.key}`,
      issuer: step.issuer ?? parent.subject,
      issuerPeerName: step.issuerPeerName ?? parent.peerName,
      groupPeerName: step.groupPeerName ?? rootName,
      roles: step.roles ?? ['administrator'],
      classifiers: step.classifiers ?? [],
    }
    const issued: CertificateContent =
      step.kind === 'link'
        ? { ...content, kind: 'link', admitsUntil: content.notAfter }
        : { ...content, kind: 'group-membership' }
    const certificate = issueCertificate(crypto, issued, keyPairOf(step.signer ?? parentKey).secretKey)
    if (certificate.kind === 'identity' || certificate.kind === 'group-root') throw new Error('not under a root')
    others.push(certificate)
    parent = certificate
    parentKey = step.key
  }
  return [first, ...others]
}

/** A name of somebody else. */
export const otherGroup = makePeerName('06e3fd8fda29bb60ab59557de61edb0aecdb2311', 'book club')

function common(
  byte: number,
  keyPair: SigningKeyPair,
  peerName: PeerName,
  times: Partial<Pick<Step, 'notBefore' | 'notAfter'>>,
): Pick<
  CertificateContent,
  'serialNumber' | 'notBefore' | 'notAfter' | 'publicKey' | 'peerName' | 'hasFlags' | 'unknownExtensions'
> {
  return {
    serialNumber: new Uint8Array(16).fill(byte),
    notBefore: times.notBefore ?? NOW - 86_400_000,
    notAfter: times.notAfter ?? NOW + YEAR,
    publicKey: keyPair.publicKey,
    peerName,
    hasFlags: false,
    unknownExtensions: [],
  }
}
