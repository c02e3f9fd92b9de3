/**
 * Peer names of authors. A record has the key and the classifier, from which the name follows, so that no name in a
 * record can be another's (G-002).
 */
import { authorityOf } from '../identity/authority.ts'
import { makePeerName, type PeerName } from '../identity/peer-name.ts'
import type { Crypto } from '../runtime/crypto.ts'
import type { RecordAuthor } from './record.ts'

/** The secured peer name under which an author wrote. It costs a hash. */
export function authorName(crypto: Crypto, author: RecordAuthor): PeerName {
  return makePeerName(authorityOf(crypto, author.publicKey), author.classifier)
}
