import { afterEach, expect, test } from 'vitest'
import type { RecordVerifier } from '../../src/graph/record-verifier.ts'
import { platformCrypto } from '../../src/nodejs/crypto/crypto.ts'
import {
  CHECKED_INLINE,
  LARGEST_CHECK_BATCH,
  SignatureThread,
  WORTH_A_WORKER,
} from '../../src/nodejs/worker-verifier.ts'
import { graphKeys, parseGraphId } from '../../src/records/graph-id.ts'
import { makeFirstVersion, makeLaterVersion } from '../../src/records/make-record.ts'
import { readRecord } from '../../src/records/read-record.ts'
import type { GraphRecord } from '../../src/records/record.ts'
import type { SignatureProblem } from '../../src/records/record-problem.ts'
import { toUtf8 } from '../../src/runtime/bytes.ts'
import { silentLog } from '../../src/runtime/log.ts'

const crypto = platformCrypto()
const keys = graphKeys(crypto, parseGraphId('a graph'))
const keyPair = crypto.signingKeyPair(new Uint8Array(32).fill(7))
const author = { publicKey: keyPair.publicKey, classifier: 'peer' }
const signing = { keyPair, proofs: new Uint8Array(0) }
const thread = new SignatureThread()
const opened: RecordVerifier[] = []

/** Of one graph. */
function open(): RecordVerifier {
  const verifier = thread.verifier(silentLog, crypto, keys)
  opened.push(verifier)
  return verifier
}

afterEach(() => {
  for (const verifier of opened.splice(0)) verifier.close()
  expect(thread.hasWorker).toBe(false)
})

/** A record; every third one is of a later version, every fifth one is damaged where only a signature tells. */
function recordOf(index: number): { record: GraphRecord; isGood: boolean } {
  const draft = {
    ...{ id: undefined, type: 'test', creator: author, created: 1000, version: 1, author, modified: 1000 },
    ...{
      expires: 9000,
      deleted: false,
      encoding: 'bytes' as const,
      payload: toUtf8(`record ${index}`),
      attributes: [],
    },
  }
  const nonce = new Uint8Array(16).fill(index)
  const first = makeFirstVersion(crypto, keys, draft, nonce, signing)
  const later = { ...draft, id: first.id, version: 2, modified: 2000 }
  const made = index % 3 === 0 ? makeLaterVersion(crypto, keys, later, first, signing) : first
  if (index % 5 !== 0) return { record: made, isGood: true }
  const bytes = made.bytes.slice()
  bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1
  const damaged = readRecord(crypto, keys, bytes)
  if (typeof damaged === 'string') throw new Error(damaged)
  return { record: damaged, isGood: false }
}

/** Has records checked in one turn. @returns how many verdicts were there before it was over */
async function checkAll(verifier: RecordVerifier, records: readonly { record: GraphRecord; isGood: boolean }[]) {
  const verdicts = new Map<number, SignatureProblem | undefined>()
  let atOnce = 0
  await new Promise<void>((resolve) => {
    for (const [index, { record }] of records.entries()) {
      verifier.verify(record, (problem) => {
        expect(verdicts.has(index)).toBe(false)
        verdicts.set(index, problem)
        if (verdicts.size === records.length) resolve()
      })
    }
    atOnce = verdicts.size
  })
  for (const [index, { isGood }] of records.entries()) expect(verdicts.get(index) === undefined).toBe(isGood)
  return atOnce
}

/** As many as a worker is worth. */
const many = Array.from({ length: WORTH_A_WORKER + CHECKED_INLINE }, (_, index) => recordOf(index))

test('what is checked in one turn gets its own verdict, whoever checks it', async () => {
  const verifier = open()
  // Few are checked where they come, the others are not waited for; at first there is no worker.
  expect(await checkAll(verifier, many.slice(0, 3 * LARGEST_CHECK_BATCH))).toBe(CHECKED_INLINE)
  expect(thread.hasWorker).toBe(false)
  for (let round = 0; round < 2; round++) {
    expect(await checkAll(verifier, many)).toBe(CHECKED_INLINE)
    expect(thread.hasWorker).toBe(true)
  }
})

test('what is checked for a graph that was closed is not told', async () => {
  const [closed, other] = [open(), open()]
  for (const withWorker of [false, true]) {
    if (withWorker) await checkAll(other, many)
    expect(thread.hasWorker).toBe(withWorker)
    let told = 0
    await new Promise<void>((resolve) => {
      for (let index = 1; index < 20; index++) {
        closed.verify(recordOf(index).record, () => {
          if (index > CHECKED_INLINE) told++
        })
      }
      other.verify(recordOf(1).record, () => resolve())
      closed.close()
    })
    expect(told).toBe(0)
  }
})

test('a graph that could not be opened holds no worker', async () => {
  thread.verifier(silentLog, crypto, keys)
  const opened = open()
  await checkAll(opened, many)
  expect(thread.hasWorker).toBe(true)
  opened.close()
  expect(thread.hasWorker).toBe(false)
})

test('graphs share a worker, which ends with the last of them and is started again for others', async () => {
  for (let round = 0; round < 2; round++) {
    const [one, other] = [open(), open()]
    await checkAll(other, many.slice(0, 1))
    await checkAll(one, many)
    one.close()
    expect(thread.hasWorker).toBe(true)
    await checkAll(other, many)
    other.close()
    expect(thread.hasWorker).toBe(false)
  }
})
