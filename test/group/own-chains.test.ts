/** Under which chain this node writes, and what it does not sign at all. */
import { expect, test } from 'vitest'
import { GROUP_PROPERTIES_TYPE } from '../../src/group/group-properties.ts'
import { GroupRecords } from '../../src/group/group-records.ts'
import { OwnChains } from '../../src/group/own-chains.ts'
import { PASSWORD_TYPE } from '../../src/group/password-record.ts'
import { readProofs } from '../../src/group/record-proofs.ts'
import type { GraphRecord } from '../../src/records/record.ts'
import type { RecordDraft } from '../../src/records/record-draft.ts'
import { PeerageError } from '../../src/runtime/peerage-error.ts'
import { crypto } from '../identity/platform.ts'
import { groupKey, groupName, link, type MemberHolder, member, NOW, written, YEAR } from './member-samples.ts'

const [root] = groupKey.chain
const ann = member(groupKey, 1, ['administrator'])
const bob = member(ann, 2)

function ownOf(...chains: readonly MemberHolder[]) {
  const records = new GroupRecords(crypto, root)
  const [first = ann] = chains
  const context = {
    crypto,
    clock: { utc: () => NOW, monotonic: () => 0 },
    identity: { name: first.verified.leaf.peerName, keyPair: first.keyPair },
  }
  const own = new OwnChains(context, groupName, () => records)
  for (const { verified } of chains) own.add(verified)
  return { own, records }
}

function draftOf(by: MemberHolder, changes: Partial<RecordDraft> = {}): RecordDraft {
  const creator = { publicKey: by.keyPair.publicKey, classifier: '' }
  return {
    ...{ id: undefined, type: 'chat.message', creator, created: NOW, version: 1, author: creator, modified: NOW },
    ...{ expires: NOW + 1000, deleted: false, encoding: 'bytes', payload: new Uint8Array(), attributes: [] },
    ...changes,
  }
}

function codeOf(own: OwnChains, draft: RecordDraft, previous?: GraphRecord): string {
  try {
    own.secure(draft, previous)
  } catch (error) {
    if (error instanceof PeerageError) return `${error.code}: ${error.message}`
    throw error
  }
  return 'signed'
}

test('a record names the own chain that ends last, and what is changed names its creator as before', () => {
  const longer = member(ann, 2, ['member'], { notAfter: NOW + YEAR - 1000 })
  const { own } = ownOf(longer, bob)
  const draft = draftOf(bob)
  expect(readProofs(own.secure(draft, undefined))).toEqual({
    creator: bob.verified.digest,
    author: bob.verified.digest,
  })
  const previous = written(longer)
  const { digest } = longer.verified
  expect(readProofs(own.secure({ ...draft, version: 2 }, previous))).toEqual({
    creator: digest,
    author: bob.verified.digest,
  })
})

test('P-087: nothing is signed without a right, in the name of another, or without a membership in force', () => {
  const { own } = ownOf(bob)
  expect(codeOf(own, draftOf(bob))).toBe('signed')
  expect(codeOf(own, draftOf(bob, { author: draftOf(ann).author }))).toContain('not-authorized')
  expect(codeOf(own, draftOf(bob, { creator: draftOf(ann).creator, version: 2 }), written(ann))).toContain(
    'not-authorized',
  )
  expect(codeOf(own, draftOf(bob, { type: PASSWORD_TYPE }))).toContain('it is for administrators')
  expect(codeOf(own, draftOf(bob, { type: GROUP_PROPERTIES_TYPE }))).toContain('it takes the group key')
  expect(codeOf(own, draftOf(bob, { modified: bob.verified.notAfter + 1 }))).toContain('membership-not-in-force')
  expect(codeOf(own, draftOf(bob, { modified: bob.verified.notAfter + 1 }))).toContain('expired')
  expect(codeOf(own, draftOf(bob, { modified: bob.verified.notBefore - 1 }))).toContain('it has not begun')
  const held = member(link(ann, 20), 21)
  expect(codeOf(ownOf(held).own, draftOf(held))).toContain('nobody has let its holder in yet')
  expect(codeOf(ownOf(ann).own, draftOf(ann, { type: PASSWORD_TYPE }))).toBe('signed')
})

test('a chain is shown before it begins here by the tolerance of clocks, and not after its end', () => {
  const early = member(ann, 2, ['member'], { notBefore: NOW + 300_000 })
  expect(ownOf(early).own.toShow()?.digest).toBe(early.verified.digest)
  const ended = member(ann, 2, ['member'], { notBefore: NOW - 10_000, notAfter: NOW - 1000 })
  expect(ownOf(ended).own.toShow()).toBe(undefined)
  expect(() => ownOf(bob).own.add(ann.verified)).toThrow(RangeError)
})
