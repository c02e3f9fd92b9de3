/**
 * Prints what a record of about 300 bytes with two attributes costs before it can be stored: reading it (with ID and digest),
 * checking its signatures, and beside that the bare check of one signature: `npx node scripts/measure-records.ts`.
 */
import { performance } from 'node:perf_hooks'
import { platformCrypto } from '../src/nodejs/crypto/crypto.ts'
import { systemRandom } from '../src/nodejs/system-random.ts'
import { graphKeys, parseGraphId } from '../src/records/graph-id.ts'
import { makeFirstVersion, makeLaterVersion } from '../src/records/make-record.ts'
import { readRecord } from '../src/records/read-record.ts'
import type { GraphRecord } from '../src/records/record.ts'
import { type RecordDraft, requireDraft } from '../src/records/record-draft.ts'
import { verifyRecord } from '../src/records/verify-record.ts'
import { toUtf8 } from '../src/runtime/bytes.ts'
import { randomBytes } from '../src/runtime/random.ts'

const RECORDS = 4_000
const ROUNDS = 7
const NOW = Date.UTC(2026, 10, 22)

const crypto = platformCrypto()
const keys = graphKeys(crypto, parseGraphId('measure'))
const keyPair = crypto.signingKeyPair(new Uint8Array(32).fill(1))
const author = { publicKey: keyPair.publicKey, classifier: 'Ann' }
const signing = { keyPair, proofs: new Uint8Array(32) }
const draft: RecordDraft = requireDraft({
  id: undefined,
  type: 'chat.message',
  creator: author,
  created: NOW,
  version: 1,
  author,
  modified: NOW,
  expires: NOW + 86_400_000,
  deleted: false,
  encoding: 'json',
  payload: toUtf8(JSON.stringify({ text: 'hello, everybody' })),
  attributes: [
    { name: 'room', values: [{ type: 'string', value: 'book club' }] },
    { name: 'year', values: [{ type: 'integer', value: 2026 }] },
  ],
})

const makeFirst = (): GraphRecord => makeFirstVersion(crypto, keys, draft, randomBytes(systemRandom, 16), signing)
const first = Array.from({ length: RECORDS }, makeFirst)
const later = first.map((record) =>
  makeLaterVersion(crypto, keys, { ...draft, id: record.id, version: 2 }, record, signing),
)
const message = new Uint8Array(128)
const signature = crypto.sign(message, keyPair.secretKey)

print(
  'one signature check',
  measure(first, () => void crypto.verify(signature, message, keyPair.publicKey)),
)
for (const [name, records] of Object.entries({ 'version 1': first, 'version 2': later })) {
  console.log(`${name}, ${records[0]?.bytes.length} bytes:`)
  print(
    '  read, with ID and digest',
    measure(records, (record) => void readRecord(crypto, keys, record.bytes)),
  )
  print(
    '  digest alone',
    measure(records, (record) => void crypto.sha256(record.bytes)),
  )
  print(
    '  verify',
    measure(records, (record) => void verifyRecord(crypto, keys, record)),
  )
}
print(
  'make version 1',
  measure(first, () => void makeFirst()),
)

/** Microseconds for each record, the median of some rounds. */
function measure(records: readonly GraphRecord[], action: (record: GraphRecord) => void): number {
  const rounds = Array.from({ length: ROUNDS }, () => {
    const begun = performance.now()
    for (const record of records) action(record)
    return ((performance.now() - begun) * 1000) / records.length
  })
  return rounds.sort((one, other) => one - other)[ROUNDS >> 1] ?? Number.NaN
}

function print(what: string, microseconds: number): void {
  console.log(`${what}: ${microseconds.toFixed(2)} µs`)
}
