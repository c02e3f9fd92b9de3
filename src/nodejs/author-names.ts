/**
 * The peer names of authors of records, which cost a hash each: those of the latest authors are kept.
 */
import { authorName } from '../records/author-name.ts'
import type { RecordAuthor } from '../records/record.ts'
import { equalBytes } from '../runtime/bytes.ts'
import type { Crypto } from '../runtime/crypto.ts'

/** Authors whose names are kept. One of the same place takes that of another. */
const PLACES = 256

interface KnownAuthor extends RecordAuthor {
  readonly name: string
}

/** Gives the peer name of an author. */
export class AuthorNames {
  readonly #crypto: Crypto
  readonly #places: (KnownAuthor | undefined)[] = []

  constructor(crypto: Crypto) {
    this.#crypto = crypto
  }

  of(author: RecordAuthor): string {
    const { publicKey, classifier } = author
    // A public key is as good as random, so its last bytes say where to look.
    const place = (publicKey.at(-1) ?? 0) % PLACES
    const known = this.#places[place]
    if (known?.classifier === classifier && equalBytes(known.publicKey, publicKey)) return known.name
    const name = authorName(this.#crypto, author)
    // A copy: the key can be a part of a whole record.
    this.#places[place] = { publicKey: publicKey.slice(), classifier, name }
    return name
  }
}
