/** The published vectors of records, docs/protocol/vectors/graph-records.json, as values of the program. */
import { readFileSync } from 'node:fs'
import type { RecordAttribute } from '../../src/records/attribute.ts'
import { graphKeys, parseGraphId } from '../../src/records/graph-id.ts'
import { readRecord } from '../../src/records/read-record.ts'
import type { GraphRecord, PayloadEncoding, RecordAuthor } from '../../src/records/record.ts'
import type { RecordProblem } from '../../src/records/record-problem.ts'
import { fromHex } from '../../src/runtime/bytes.ts'
import type { SigningKeyPair } from '../../src/runtime/crypto.ts'
import { crypto } from '../identity/platform.ts'

type AuthorName = 'ann' | 'bob' | 'carol'

interface RecordVectors {
  readonly graph: { readonly id: string; readonly tag: string; readonly recordKey: string }
  readonly authors: Readonly<
    Record<
      AuthorName,
      { readonly seed: string; readonly publicKey: string; readonly classifier: string; readonly peerName: string }
    >
  >
  readonly records: readonly RecordVector[]
  readonly refused: readonly { readonly what: string; readonly problem: RecordProblem; readonly bytes: string }[]
  readonly order: {
    readonly administrators: readonly AuthorName[]
    readonly ascending: readonly { readonly what: string; readonly bytes: string }[]
  }
}

interface RecordVector {
  readonly what: string
  readonly record: {
    readonly id: string
    readonly type: string
    readonly creator: AuthorName
    readonly created: number
    readonly nonce: string
    readonly version: number
    readonly modifier?: AuthorName
    readonly modified: number
    readonly expires: number
    readonly deleted: boolean
    readonly encoding: PayloadEncoding
    readonly payload: string
    readonly attributes: readonly RecordAttribute[]
    readonly proofs: string
  }
  readonly fields?: readonly { readonly tag: number; readonly content: string }[]
  readonly flags?: number
  readonly header: string
  readonly content: string
  readonly signed: string
  readonly signature: string
  readonly digest: string
  readonly bytes: string
}

export const recordVectors: RecordVectors = JSON.parse(readFileSync('docs/protocol/vectors/graph-records.json', 'utf8'))

export const keys = graphKeys(crypto, parseGraphId(recordVectors.graph.id))

export const keyPairs: Readonly<Record<AuthorName, SigningKeyPair>> = {
  ann: crypto.signingKeyPair(hex(recordVectors.authors.ann.seed)),
  bob: crypto.signingKeyPair(hex(recordVectors.authors.bob.seed)),
  carol: crypto.signingKeyPair(hex(recordVectors.authors.carol.seed)),
}

/** The bytes of hexadecimal digits. */
export function hex(digits: string): Uint8Array {
  const bytes = fromHex(digits)
  if (bytes === undefined) throw new Error(`not hexadecimal: ${digits}`)
  return bytes
}

export function authorCalled(name: AuthorName): RecordAuthor {
  return { publicKey: keyPairs[name].publicKey, classifier: recordVectors.authors[name].classifier }
}

/** The record that these bytes are; fails if they are none. */
export function recordFrom(bytes: Uint8Array): GraphRecord {
  const record = readRecord(crypto, keys, bytes)
  if (typeof record === 'string') throw new Error(`refused: ${record}`)
  return record
}

/** The record of the vector of this name. */
export function recordCalled(what: string): GraphRecord {
  const vector = recordVectors.records.find((one) => one.what === what)
  if (vector === undefined) throw new Error(`no vector ${what}`)
  return recordFrom(hex(vector.bytes))
}
