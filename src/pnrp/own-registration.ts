/**
 * The registration that makes a node a member of its cloud even if no application registers anything (N-21). Its key is
 * made for it alone, so that it points to no identity.
 */
import { authorityOf } from '../identity/authority.ts'
import { makePeerName } from '../identity/peer-name.ts'
import { type Crypto, SEED_LENGTH } from '../runtime/crypto.ts'
import { type Random, randomBytes } from '../runtime/random.ts'
import type { OwnAddresses } from './cloud-parts.ts'
import { drawRegistration } from './publishing.ts'
import type { Registration } from './registration.ts'

/** Draws one; undefined while the node has no address. */
export function drawOwnRegistration(
  { crypto, random }: { readonly crypto: Crypto; readonly random: Random },
  { addresses, port }: OwnAddresses,
): Registration | undefined {
  const [address] = addresses
  if (address === undefined) return undefined
  const keyPair = crypto.signingKeyPair(randomBytes(random, SEED_LENGTH))
  const name = makePeerName(authorityOf(crypto, keyPair.publicKey), '')
  const endpoints = [{ host: address, port, protocol: UDP }]
  return drawRegistration({ crypto, random }, { name, keyPair, endpoints, comment: '', payload: undefined }, address)
}

/** The IP protocol number of UDP. */
const UDP = 17
