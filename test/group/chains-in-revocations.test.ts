/** A revocation brings the chains of its author and of whom it revokes: what they wrote is judged by these, without asking anybody. */
import { expect, test } from 'vitest'
import { DEFAULT_RECORD_LIFE } from '../../src/graph/graph-properties.ts'
import { GroupRecords, MOST_LOOSE_CHAINS } from '../../src/group/group-records.ts'
import { revocationExpires } from '../../src/group/revocation.ts'
import { encodeRevocation, REVOCATION_TYPE, readRevocation } from '../../src/group/revocation-record.ts'
import type { GraphRecord } from '../../src/records/record.ts'
import { crypto } from '../identity/platform.ts'
import { groupKey, groupName, type MemberHolder, member, written } from './member-samples.ts'

const [root] = groupKey.chain
const ann = member(groupKey, 1, ['administrator'])
const carol = member(ann, 3, ['inviting-member'])
const dave = member(carol, 4)

function revocation(by: MemberHolder, whom: MemberHolder): GraphRecord {
  const { revocation: payload } = encodeRevocation(crypto, by.chain, [whom.chain], { children: [], records: [] })
  const { revoked } = readRevocation(crypto, groupName, payload)
  return written(by, { type: REVOCATION_TYPE, payload, expires: revocationExpires(revoked, DEFAULT_RECORD_LIFE) })
}

test('they are known as long as it is stored, however many others come', () => {
  const records = new GroupRecords(crypto, root)
  const record = revocation(ann, carol)
  expect(records.validate(written(ann))).toHaveProperty('missingProof')
  records.stored(record)
  expect(records.validate(written(ann))).toBe('valid')
  expect(records.validate(written(carol))).toBe('invalid')
  expect(records.validate(written(dave))).toHaveProperty('missingProof')
  for (let seed = 0; seed <= MOST_LOOSE_CHAINS; seed++) {
    records.learn({ ...dave.verified, digest: `${seed}`.padStart(64, '0') as typeof dave.verified.digest })
  }
  expect(records.validate(written(ann))).toBe('valid')
  expect(records.validate(written(carol))).toBe('invalid')
  // Gone with it, they are as any other that no record holds.
  records.removed(record)
  expect(records.validate(written(carol))).toBe('valid')
  for (let seed = 0; seed <= MOST_LOOSE_CHAINS; seed++) {
    records.learn({ ...dave.verified, digest: `${seed}`.padStart(64, 'f') as typeof dave.verified.digest })
  }
  expect(records.validate(written(carol))).toHaveProperty('missingProof')
})
