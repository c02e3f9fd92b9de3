/** Which password counts, to whom it is sealed, and when it is locked: from the records alone. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { CertificateDigest } from '../../src/group/digests.ts'
import {
  addingAdmitters,
  admittersOf,
  type GroupPassword,
  missingAdmitters,
  openLockedPasswords,
  openPassword,
  type PasswordStanding,
  passwordStanding,
  passwordState,
  removingPassword,
  settingPassword,
} from '../../src/group/group-password.ts'
import { LAST_PASSWORD_GENERATION, type PasswordRecord } from '../../src/group/password-record.ts'
import { ROLES, type Role } from '../../src/identity/role.ts'
import { platformCrypto } from '../../src/nodejs/crypto/crypto.ts'
import { isVerifierOf, passwordVerifier } from '../../src/peer-node/password-deriving.ts'
import { type RecordId, recordIdFromBytes } from '../../src/records/record-id.ts'
import { fakeCrypto } from '../../src/simulation/fake-crypto.ts'
import { SeededRandom } from '../../src/simulation/seeded-random.ts'
import { groupKey, groupName, type MemberHolder, member } from './member-samples.ts'
import { graph } from './password-vectors.ts'

/** What is real about seals is shown elsewhere. */
const crypto = fakeCrypto(platformCrypto())
const ports = { crypto, passwordHashing: undefined }
const random = new SeededRandom('group password')
const NONE: PasswordStanding = { generation: undefined, password: undefined }
const first = await passwordVerifier(ports, graph, 'the first password')
const second = await passwordVerifier(ports, graph, 'the second password')

const ann = member(groupKey, 1, ['administrator'])
const bob = member(ann, 2, ['administrator'])
const carol = member(ann, 3, ['inviting-member'])
const dave = member(ann, 4, ['member'])
const everybody = [ann, bob, carol, dave]
const nobodyRevoked = (): boolean => false

describe('a password is sealed to', () => {
  test('every certificate whose role may issue its role, and to no other one', () => {
    const expected: Record<Role, readonly MemberHolder[]> = {
      administrator: [ann, bob],
      'inviting-member': [ann, bob, carol],
      member: [ann, bob, carol],
    }
    for (const role of ROLES) {
      const { password } = standing(set(NONE, role, everybody))
      for (const holder of everybody) {
        const opened = password === undefined ? undefined : open(password, holder)
        expect(opened).toEqual(expected[role].includes(holder) ? first : undefined)
      }
    }
  })

  test('each certificate of one member, and to each once', () => {
    const again = member(groupKey, 1, ['administrator'], { notAfter: ann.verified.notAfter - 1000 })
    const admitters = admittersOf(crypto, chainsOf([ann, again, ann]), 'member')
    expect(admitters.map(({ certificate }) => certificate).sort()).toEqual([leafOf(ann), leafOf(again)].sort())
  })

  test('who came to such a role later, by an addition, which changes nothing else', () => {
    const setting = set(NONE, 'member', [ann, dave])
    const before = passwordIn(setting)
    const missing = missingAdmitters(before, admittersOf(crypto, chainsOf(everybody), 'member'))
    expect(missing.map(({ certificate }) => certificate)).toEqual([leafOf(bob), leafOf(carol)].sort())
    const after = passwordIn(setting, [id(7), addingAdmitters(crypto, random, groupName, before, first, missing)])
    expect(missingAdmitters(after, admittersOf(crypto, chainsOf(everybody), 'member'))).toEqual([])
    for (const holder of [ann, bob, carol]) expect(open(after, holder)).toEqual(first)
    expect(open(after, dave)).toBeUndefined()
    expect({ ...after, sealed: before.sealed }).toEqual(before)
  })
})

describe('the password that counts', () => {
  test('is the last that was set, and none after it was removed, in any order of arrival', () => {
    const one = set(NONE, 'member', everybody)
    const two = set(standing(one), 'inviting-member', everybody, second)
    const removal = removingPassword(standing(one, [id(2), two]))
    const three = set(standing(one, [id(2), two], [id(3), removal]), 'administrator', everybody)
    for (const reversed of [false, true]) {
      const of = (...records: [RecordId, PasswordRecord][]) => standingOf(reversed ? records.reverse() : records)
      expect(of([id(1), one]).password?.role).toBe('member')
      const latest = of([id(1), one], [id(2), two]).password
      expect(latest?.role).toBe('inviting-member')
      expect(latest === undefined ? undefined : open(latest, carol)).toEqual(second)
      expect(of([id(1), one], [id(2), two], [id(3), removal])).toEqual({ generation: 2, password: undefined })
      expect(of([id(1), one], [id(2), two], [id(3), removal], [id(4), three]).password?.role).toBe('administrator')
    }
    expect(standingOf([])).toEqual(NONE)
  })

  test('is the same of two that were set apart, and of all that was added to both, whatever comes when', () => {
    const records = new Map<RecordId, PasswordRecord>()
    const base = set(NONE, 'member', [ann])
    records.set(id(1), base)
    const before = standing(base)
    for (const [number, role] of [
      [2, 'member'],
      [3, 'inviting-member'],
      [4, 'administrator'],
    ] as const) {
      const setting = set(before, role, [ann])
      records.set(id(number), setting)
      const password = standingOf([[id(number), setting]]).password
      if (password === undefined) throw new Error('one was set')
      for (const [index, holder] of [bob, carol].entries()) {
        records.set(id(10 * number + index), added(password, holder))
      }
    }
    const expected = standingOf([...records])
    expect(expected.password?.id).toBe(id(4))
    expect(expected.password?.sealed.length).toBe(3)
    fc.assert(
      fc.property(fc.shuffledSubarray([...records], { minLength: records.size }), (order) => {
        expect(standingOf(order)).toEqual(expected)
      }),
    )
  })

  test('is not undone by an addition that was made apart to the one before', () => {
    const one = set(NONE, 'member', [ann])
    const addition = added(passwordIn(one), bob)
    const { password } = standing(one, [id(9), addition], [id(2), set(standing(one), 'member', [ann])])
    expect(password?.generation).toBe(1)
    expect(password?.sealed.length).toBe(1)
  })

  test('can be replaced until the last generation, which only a misused right brings about', () => {
    const last = { generation: LAST_PASSWORD_GENERATION, password: undefined }
    expect(removingPassword({ ...last, generation: LAST_PASSWORD_GENERATION - 1 }).generation).toBe(last.generation)
    expect(() => removingPassword(last)).toThrow(expect.objectContaining({ code: 'not-authorized' }))
    expect(() => set(last, 'member', [ann])).toThrow(expect.objectContaining({ code: 'not-authorized' }))
  })
})

describe('the password is locked', () => {
  test('once any certificate is revoked to which it is sealed, and not by any other revocation', () => {
    const setting = set(NONE, 'member', [ann, carol])
    const password = passwordIn(setting)
    const withBob = passwordIn(setting, [id(7), added(password, bob)])
    expect(passwordState(password, nobodyRevoked)).toBe('in-force')
    for (const [holder, alone, both] of [
      [ann, 'locked', 'locked'],
      [carol, 'locked', 'locked'],
      [bob, 'in-force', 'locked'],
      [dave, 'in-force', 'in-force'],
    ] as const) {
      const isRevoked = revoking(holder)
      expect(passwordState(password, isRevoked)).toBe(alone)
      expect(passwordState(withBob, isRevoked)).toBe(both)
    }
  })

  test('and stays so whoever is added, until the next one is set, which names nobody who was revoked', () => {
    const setting = set(NONE, 'member', [ann, carol])
    const password = passwordIn(setting)
    const isRevoked = revoking(carol)
    const addition: [RecordId, PasswordRecord] = [id(7), added(password, bob)]
    expect(passwordState(passwordIn(setting, addition), isRevoked)).toBe('locked')
    // An administrator who does not know yet names the revoked one again: that one is locked, too.
    const unaware = set(standing(setting, addition), 'member', [ann, bob, carol])
    expect(passwordState(passwordIn(setting, addition, [id(2), unaware]), isRevoked)).toBe('locked')
    const aware = set(standing(setting, addition, [id(2), unaware]), 'member', [ann, bob])
    const records: [RecordId, PasswordRecord][] = [[id(1), setting], addition, [id(2), unaware], [id(3), aware]]
    fc.assert(
      fc.property(fc.shuffledSubarray(records, { minLength: records.length }), (order) => {
        const counting = standingOf(order).password
        expect(counting === undefined ? 'none' : passwordState(counting, isRevoked)).toBe('in-force')
      }),
    )
  })

  test('and whoever can open what was ever locked, added later or not, sees whether the same is set again', async () => {
    const one = set(NONE, 'member', [ann, carol])
    const two = set(standing(one), 'member', [ann, bob], second)
    const records = new Map<RecordId, PasswordRecord>([
      [id(1), one],
      [id(2), added(passwordIn(one), bob)],
      [id(3), two],
      [id(4), removingPassword(standing(one, [id(3), two]))],
    ])
    const lockedFor = (holder: MemberHolder, revoked: MemberHolder) => {
      const [certificates, keyPair] = [[leafOf(holder)], holder.keyPair]
      return openLockedPasswords(crypto, groupName, records, revoking(revoked), certificates, keyPair)
    }
    for (const holder of [ann, bob]) {
      expect(lockedFor(holder, carol)).toEqual([first])
      expect(lockedFor(holder, ann)).toEqual([first, second])
      expect(lockedFor(holder, dave)).toEqual([])
    }
    expect(lockedFor(dave, carol)).toEqual([])
    expect(lockedFor(carol, ann)).toEqual([first])
    expect(await isVerifierOf(ports, graph, 'the first password', first)).toBe(true)
    expect(await isVerifierOf(ports, graph, 'the second password', first)).toBe(false)
  })
})

test('a seal of another group, generation or role does not open, though certificate and key are the same', () => {
  const password = passwordIn(set(NONE, 'member', [ann]))
  expect(open(password, ann)).toEqual(first)
  expect(open({ ...password, generation: 1 }, ann)).toBeUndefined()
  expect(open({ ...password, role: 'inviting-member' }, ann)).toBeUndefined()
  expect(open({ ...password, cost: { memory: 20_000, passes: 3 } }, ann)).toBeUndefined()
  const { verified, keyPair } = ann
  expect(openPassword(crypto, verified.leaf.peerName, password, [leafOf(ann)], keyPair)).toBeUndefined()
})

function set(before: PasswordStanding, role: Role, members: readonly MemberHolder[], verifier = first) {
  const admitters = admittersOf(crypto, chainsOf(members), role)
  return settingPassword(crypto, random, groupName, before, { role, verifier }, admitters)
}

function added(password: GroupPassword, holder: MemberHolder): PasswordRecord {
  const admitters = admittersOf(crypto, chainsOf([holder]), password.role)
  return addingAdmitters(crypto, random, groupName, password, first, admitters)
}

/** A record with the first ID, and others. */
function standing(one: PasswordRecord, ...others: [RecordId, PasswordRecord][]): PasswordStanding {
  return standingOf([[id(1), one], ...others])
}

function standingOf(records: readonly (readonly [RecordId, PasswordRecord])[]): PasswordStanding {
  return passwordStanding(new Map(records))
}

function passwordIn(one: PasswordRecord, ...others: [RecordId, PasswordRecord][]): GroupPassword {
  const { password } = standing(one, ...others)
  if (password === undefined) throw new Error('a password is set')
  return password
}

function open(password: GroupPassword, holder: MemberHolder) {
  return openPassword(crypto, groupName, password, [leafOf(dave), leafOf(holder)], holder.keyPair)
}

function revoking(holder: MemberHolder): (certificate: CertificateDigest) => boolean {
  return (certificate) => certificate === leafOf(holder)
}

function chainsOf(members: readonly MemberHolder[]) {
  return members.map(({ verified }) => verified)
}

function leafOf({ verified }: MemberHolder): CertificateDigest {
  const digest = verified.certificateDigests.at(-1)
  if (digest === undefined) throw new Error('a chain has certificates')
  return digest
}

/** An ID for tests, in the order of the numbers. */
function id(number: number): RecordId {
  const bytes = new Uint8Array(16)
  bytes[0] = number
  return recordIdFromBytes(bytes)
}
