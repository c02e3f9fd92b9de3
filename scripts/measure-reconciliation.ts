/**
 * Measures reconciliation, without databases and signatures: what it costs to build a trie, what passes between two copies
 * that differ in a few records, and how fast a first copy goes through both ends. The link is a simulated one with nothing
 * but a delay, and messages are encoded and decoded.
 *
 *     npm run measure:reconciliation [-- RECORDS [DIFFERENCES]]
 *     node --cpu-prof scripts/measure-reconciliation.ts
 *
 * Figures swing between runs: compare them within one, beside the calibration line.
 */
import { MerkleTrie } from '../src/graph/merkle-trie.ts'
import { platformCrypto } from '../src/nodejs/crypto/crypto.ts'
import { makeRecord, many, ReconciledPair, type TestRecord } from '../test/graph/reconciled-pair.ts'

const DELAY = 10
const HASHES = 100_000
const TEXT = 'x'.repeat(180)
const [count = 100_000, differences = 10] = process.argv.slice(2).map(Number)
const crypto = platformCrypto()

function inMilliseconds(work: () => void): number {
  const started = performance.now()
  work()
  return performance.now() - started
}

function print(what: string, pair: ReconciledPair, work: () => void): void {
  const began = pair.time.now
  const { bytesBesideRecords, records } = pair.traffic
  const time = inMilliseconds(work)
  const roundTrips = (pair.time.now - began) / (2 * DELAY)
  const bytes = pair.traffic.bytesBesideRecords - bytesBesideRecords
  const sent = pair.traffic.records - records
  console.log(`${what}: ${sent} records, ${bytes} bytes beside them, ${roundTrips} round trips, ${time.toFixed(1)} ms`)
  if (pair.one.root() !== pair.other.root()) throw new Error('the two copies are not equal')
}

const block = new Uint8Array(97)
const hashing = inMilliseconds(() => {
  for (let index = 0; index < HASHES; index++) crypto.sha256(block)
})
console.log(
  `calibration: ${((hashing * 1e6) / HASHES).toFixed(0)} ns for SHA-256 of 97 bytes (${crypto.implementation})`,
)

const records: readonly TestRecord[] = many(count, { text: TEXT })
const leaves = records.map((record) => ({ ...record, digest: crypto.sha256(new TextEncoder().encode(record.id)) }))
const trie = new MerkleTrie(crypto)
const building = inMilliseconds(() => {
  for (const leaf of leaves) trie.put(leaf)
})
const rooting = inMilliseconds(() => trie.hashAt(''))
const bytesEach = (trie.memory / count).toFixed(0)
console.log(
  `a trie of ${count}: ${building.toFixed(0)} ms to build, ${rooting.toFixed(0)} ms for its root, ${bytesEach} bytes a record`,
)

const pair = new ReconciledPair({ delay: DELAY })
for (const [index, record] of records.entries()) {
  pair.one.put(record)
  if (index >= Math.ceil(differences / 2)) pair.other.put(record)
}
for (let index = 0; index < Math.floor(differences / 2); index++) pair.other.put(makeRecord({ text: TEXT }))
pair.one.root()
pair.other.root()
print(`two copies of ${count} that differ in ${differences}`, pair, () => pair.reconcile())
print('two equal copies', pair, () => pair.reconcile())

const first = new ReconciledPair({ delay: DELAY })
for (const record of records) first.other.put(record)
first.other.root()
print('a first copy', first, () => first.reconcile())

const halves = new ReconciledPair({ delay: DELAY })
for (const [index, record] of records.entries()) {
  if (index % 4 !== 0) halves.one.put(record)
  if (index % 4 !== 1) halves.other.put(record)
}
halves.one.root()
halves.other.root()
print('two copies that each lack a quarter', halves, () => halves.reconcile())
