/** Password records: docs/protocol/vectors/group-password.json, and the rules for the records themselves. */
import { describe, expect, test } from 'vitest'
import { certificateDigestFromBytes } from '../../src/group/digests.ts'
import {
  addingAdmitters,
  type GroupPassword,
  openPassword,
  passwordStanding,
  settingPassword,
} from '../../src/group/group-password.ts'
import {
  decodePasswordRecord,
  encodePasswordRecord,
  expirationOfPassword,
  MOST_SEALS_OF_RECORD,
  PASSWORD_TYPE,
  type PasswordRecord,
  passwordRecordProblem,
} from '../../src/group/password-record.ts'
import { sealVerifier } from '../../src/group/verifier-seals.ts'
import { type RecordId, recordIdFromBytes } from '../../src/records/record-id.ts'
import { LARGEST_RECORD } from '../../src/records/record-size.ts'
import { toHex } from '../../src/runtime/bytes.ts'
import { LATEST_UTC } from '../../src/runtime/calendar.ts'
import { PeerageError } from '../../src/runtime/peerage-error.ts'
import { SeededRandom } from '../../src/simulation/seeded-random.ts'
import { crypto } from '../identity/platform.ts'
import { hex } from '../records/record-vectors.ts'
import { damaged } from '../wire/damage.ts'
import { drawing } from './drawing.ts'
import { changed, groupKey, LIFE, member, NOW, written, YEAR } from './member-samples.ts'
import { group, passwordVectors, type RecordVector, verifier } from './password-vectors.ts'

describe('the vectors', () => {
  for (const vector of passwordVectors.records) {
    test(`the payload: ${vector.what}`, () => {
      const made = fromVector(vector)
      expect(toHex(encodePasswordRecord(made))).toBe(vector.payload)
      expect(decodePasswordRecord(hex(vector.payload))).toEqual(made)
    })

    if (vector.kind === 'removal') continue
    test(`each holder opens it: ${vector.what}`, () => {
      const password = passwordOf(vector)
      for (const { certificate, seed } of vector.admitters) {
        const digest = certificateDigestFromBytes(hex(certificate))
        const opened = openPassword(crypto, group, password, [digest], crypto.signingKeyPair(hex(seed)))
        expect(opened).toEqual({ cost: password.cost, value: hex(vector.verifier) })
      }
    })
  }

  test('optional fields that a later release adds are passed over', () => {
    const kinds = passwordVectors.laterRecords.map((payload) => decodePasswordRecord(hex(payload)).kind)
    expect(kinds).toEqual(['setting', 'addition', 'removal'])
  })

  for (const { what, payload, code } of passwordVectors.refusedRecords) {
    test(`a payload is refused: ${what}`, () => {
      expect(() => decodePasswordRecord(hex(payload))).toThrow(expect.objectContaining({ code }))
    })
  }

  test('a payload that was damaged in any way is read, or refused with its reason', () => {
    const random = new SeededRandom('damage')
    const samples = passwordVectors.records.map(({ payload }) => hex(payload))
    let refused = 0
    for (let time = 0; time < 5000; time++) {
      const payload = damaged(random, samples)
      try {
        // What is read has one form.
        expect(decodePasswordRecord(encodePasswordRecord(decodePasswordRecord(payload)))).toBeDefined()
      } catch (error) {
        if (!PeerageError.is(error, 'malformed') && !PeerageError.is(error, 'unsupported-version')) throw error
        refused++
      }
    }
    expect(refused).toBeGreaterThan(1000)
    expect(refused).toBeLessThan(5000)
  })
})

test('a record has room for all seals that it may have, and for no more', () => {
  const random = new SeededRandom('room')
  const { publicKey } = crypto.signingKeyPair(new Uint8Array(32).fill(1))
  const admitters = Array.from({ length: MOST_SEALS_OF_RECORD + 1 }, (_, index) => {
    const digest = new Uint8Array(32)
    new DataView(digest.buffer).setUint32(0, index)
    return { certificate: certificateDigestFromBytes(digest), publicKey }
  })
  const setting = settingPassword(
    crypto,
    random,
    group,
    { generation: undefined, password: undefined },
    { role: 'member', verifier },
    admitters,
  )
  expect(setting.sealed.seals.length).toBe(MOST_SEALS_OF_RECORD)
  const payload = encodePasswordRecord(setting)
  expect(payload.length).toBeLessThan(LARGEST_RECORD)
  expect(decodePasswordRecord(payload)).toEqual(setting)
  const sealed = sealVerifier(crypto, random, verifier.value, admitters, new Uint8Array())
  expect(() => encodePasswordRecord({ ...setting, sealed })).toThrow(RangeError)
})

describe('the record itself', () => {
  const administrator = member(groupKey, 1, ['administrator'])
  const good = { type: PASSWORD_TYPE, expires: NOW + LIFE }

  test('is good if an administrator has written it, once, for the longest record life', () => {
    expect(passwordRecordProblem(written(administrator, good), administrator.verified, LIFE)).toBeUndefined()
    const many = member(groupKey, 2, ['administrator', 'member'])
    expect(passwordRecordProblem(written(many, good), many.verified, LIFE)).toBeUndefined()
    expect(expirationOfPassword(LATEST_UTC - 1, LIFE)).toBe(LATEST_UTC)
  })

  test('is refused from everybody else, the holder of the group key included', () => {
    for (const author of [
      member(administrator, 3, ['inviting-member']),
      member(administrator, 4, ['member']),
      groupKey,
    ]) {
      expect(passwordRecordProblem(written(author, good), author.verified, LIFE)).toBe('no-right')
    }
  })

  test('is never changed or deleted, by nobody', () => {
    const record = written(administrator, good)
    const { verified } = administrator
    const other = member(groupKey, 2, ['administrator'])
    expect(passwordRecordProblem(changed(record, verified, administrator), verified, LIFE)).toBe('modified')
    const deleted = changed(record, verified, other, { deleted: true, payload: new Uint8Array() })
    expect(passwordRecordProblem(deleted, other.verified, LIFE)).toBe('deleted')
  })

  test('ends when it has to, and is written while its author is a member', () => {
    for (const expires of [NOW + LIFE - 1, NOW + LIFE + 1, NOW + YEAR / 2]) {
      const record = written(administrator, { ...good, expires })
      expect(passwordRecordProblem(record, administrator.verified, LIFE)).toBe('expiration')
    }
    const late = { created: NOW + 2 * YEAR, modified: NOW + 2 * YEAR, expires: NOW + 2 * YEAR + LIFE }
    expect(passwordRecordProblem(written(administrator, { ...good, ...late }), administrator.verified, LIFE)).toBe(
      'outside-validity',
    )
    const other = member(groupKey, 2, ['administrator'])
    expect(passwordRecordProblem(written(administrator, good), other.verified, LIFE)).toBe('wrong-chain')
  })
})

/** Makes the record as the vector says. */
function fromVector(vector: RecordVector): PasswordRecord {
  if (vector.kind === 'removal') return { kind: 'removal', generation: vector.generation }
  const random = drawing(vector.sealingSeed)
  const admitters = vector.admitters.map(({ certificate, seed }) => ({
    certificate: certificateDigestFromBytes(hex(certificate)),
    publicKey: crypto.signingKeyPair(hex(seed)).publicKey,
  }))
  const value = hex(vector.verifier)
  if (vector.kind === 'addition') {
    const password = passwordOf(vector)
    return addingAdmitters(crypto, random, group, password, { cost: password.cost, value }, admitters)
  }
  const { generation, role, cost } = vector
  const before = { generation: generation === 0 ? undefined : generation - 1, password: undefined }
  return settingPassword(crypto, random, group, before, { role, verifier: { cost, value } }, admitters)
}

/** The password that consists of the record of the vector alone, or of it and an empty one that it adds to. */
function passwordOf(vector: RecordVector): GroupPassword {
  const record = decodePasswordRecord(hex(vector.payload))
  const records = new Map<RecordId, PasswordRecord>([[recordIdFromBytes(new Uint8Array(16)), record]])
  if (vector.kind === 'addition') {
    const empty = { sealingKey: new Uint8Array(32), seals: [] }
    records.set(recordIdFromBytes(hex(vector.password)), { kind: 'setting', ...vector.to, sealed: empty })
  }
  const { password } = passwordStanding(records)
  if (password === undefined) throw new Error('the vector sets a password')
  return password
}
