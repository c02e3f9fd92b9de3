/**
 * Records for the acceptance suites: real ones, signed by authors whose keys are always the same.
 */
import type { Crypto, SigningKeyPair } from '../../runtime/crypto.ts'
import type { RecordAttribute } from '../attribute.ts'
import { type GraphKeys, graphKeys, parseGraphId } from '../graph-id.ts'
import { makeFirstVersion, makeLaterVersion } from '../make-record.ts'
import type { GraphRecord, RecordAuthor } from '../record.ts'
import { RECORD_NONCE_LENGTH } from '../record-format.ts'

/** What can be chosen about a sample. Times are milliseconds after {@link SAMPLE_TIME}. */
export interface SampleDraft {
  readonly type?: string
  /** 0 to 255: which author writes it. */
  readonly author?: number
  readonly expires?: number
  readonly attributes?: readonly RecordAttribute[]
  readonly payload?: Uint8Array
}

/** When samples are created. */
export const SAMPLE_TIME = 1_790_000_000_000
/** When samples expire by default, after {@link SAMPLE_TIME}. */
export const SAMPLE_LIFE = 86_400_000
export const SAMPLE_TYPE = 'sample.record'

const NO_BYTES = new Uint8Array()
const SEED_LENGTH = 32

/** Makes samples of one graph. The same calls give the same records. */
export class SampleRecords {
  readonly keys: GraphKeys
  readonly #crypto: Crypto
  readonly #keyPairs = new Map<number, SigningKeyPair>()
  #made = 0

  constructor(crypto: Crypto) {
    this.#crypto = crypto
    this.keys = graphKeys(crypto, parseGraphId('a graph of samples'))
  }

  author(number: number): RecordAuthor {
    return { publicKey: this.#keyPair(number).publicKey, classifier: `author-${number}` }
  }

  /** Version 1 of a new record. */
  first({
    type = SAMPLE_TYPE,
    author = 1,
    expires = SAMPLE_LIFE,
    attributes = [],
    payload = NO_BYTES,
  }: SampleDraft = {}): GraphRecord {
    const creator = this.author(author)
    const nonce = new Uint8Array(RECORD_NONCE_LENGTH)
    new DataView(nonce.buffer).setUint32(0, ++this.#made)
    const draft = {
      ...{ id: undefined, type, creator, created: SAMPLE_TIME, version: 1, author: creator, modified: SAMPLE_TIME },
      ...{ expires: SAMPLE_TIME + expires, deleted: false, encoding: 'bytes' as const, payload, attributes },
    }
    return makeFirstVersion(this.#crypto, this.keys, draft, nonce, this.#signing(author))
  }

  /** The version after another one. */
  next(
    previous: GraphRecord,
    { author = 1, expires, attributes = [], payload = NO_BYTES }: Omit<SampleDraft, 'type'> = {},
  ): GraphRecord {
    return this.#later(previous, author, {
      expires: expires === undefined ? previous.expires : SAMPLE_TIME + expires,
      deleted: false,
      attributes,
      payload,
    })
  }

  /** The tombstone after a version. */
  tombstone(previous: GraphRecord): GraphRecord {
    return this.#later(previous, 1, { expires: previous.expires, deleted: true, attributes: [], payload: NO_BYTES })
  }

  #later(
    previous: GraphRecord,
    author: number,
    content: Pick<GraphRecord, 'expires' | 'deleted' | 'attributes' | 'payload'>,
  ): GraphRecord {
    const { id, type, creator, created, version, modified } = previous
    const draft = {
      ...{ id, type, creator, created, version: version + 1, author: this.author(author), modified: modified + 1 },
      ...{ encoding: 'bytes' as const, ...content },
    }
    return makeLaterVersion(this.#crypto, this.keys, draft, previous, this.#signing(author))
  }

  #signing(author: number): { readonly keyPair: SigningKeyPair; readonly proofs: Uint8Array } {
    return { keyPair: this.#keyPair(author), proofs: NO_BYTES }
  }

  #keyPair(author: number): SigningKeyPair {
    const known = this.#keyPairs.get(author)
    if (known !== undefined) return known
    const keyPair = this.#crypto.signingKeyPair(new Uint8Array(SEED_LENGTH).fill(author))
    this.#keyPairs.set(author, keyPair)
    return keyPair
  }
}
