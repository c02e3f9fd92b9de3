/**
 * The beginning of a group: its key and its GRC (P-001, P-002). The key is the group's own and nobody else's. Whoever has
 * it can issue the first GMC, change the group's properties and revoke in its name; nothing else needs it.
 */
import { authorityOf } from '../identity/authority.ts'
import type { GroupRootCertificate } from '../identity/certificate/certificate.ts'
import { verifyCertificate } from '../identity/certificate/certificate-verification.ts'
import { issueCertificate, newSerialNumber } from '../identity/certificate/certificate-writer.ts'
import { INFINITE_VALIDITY } from '../identity/certificate/identity-certificate.ts'
import { checkFriendlyName } from '../identity/friendly-name.ts'
import { makePeerName } from '../identity/peer-name.ts'
import { type Crypto, SEED_LENGTH, type SigningKeyPair } from '../runtime/crypto.ts'
import { type Random, randomBytes } from '../runtime/random.ts'

/** A group that was made. Its peer name is that of the root. */
export interface GroupRoot {
  readonly root: GroupRootCertificate
  /** The group key. */
  readonly keyPair: SigningKeyPair
}

/** What a group is made with. */
export interface GroupNames {
  /** What stands in its certificate; without one, its peer name does. */
  readonly friendlyName?: string | undefined
  /** Of its peer name; it may be empty. */
  readonly classifier: string
}

/**
 * A new group key and the GRC for it, valid from now on for {@link INFINITE_VALIDITY}.
 *
 * @param now In milliseconds since 1970; rounded down to a whole second
 * @throws PeerageError `invalid-friendly-name`, `invalid-classifier`, `classifier-too-long`
 */
export function makeGroupRoot(crypto: Crypto, random: Random, names: GroupNames, now: number): GroupRoot {
  const keyPair = crypto.signingKeyPair(randomBytes(random, SEED_LENGTH))
  const peerName = makePeerName(authorityOf(crypto, keyPair.publicKey), names.classifier)
  if (names.friendlyName !== undefined) checkFriendlyName(names.friendlyName)
  const name = names.friendlyName ?? peerName
  const notBefore = now - (now % 1000)
  const root = issueCertificate(
    crypto,
    {
      kind: 'group-root',
      serialNumber: newSerialNumber(random),
      issuer: name,
      notBefore,
      notAfter: notBefore + INFINITE_VALIDITY,
      subject: name,
      publicKey: keyPair.publicKey,
      peerName,
      hasFlags: false,
      unknownExtensions: [],
    },
    keyPair.secretKey,
  )
  if (root.kind !== 'group-root') throw new TypeError(`a GRC was written and a ${root.kind} was read`)
  verifyCertificate(crypto, root, keyPair.publicKey)
  return { root, keyPair }
}
