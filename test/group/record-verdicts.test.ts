/** What becomes of records in a group of real nodes, of several versions of one, and of payloads of other versions. */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import {
  encodeGroupProperties,
  GROUP_PROPERTIES_TYPE,
  propertiesAuthor,
  readGroupProperties,
} from '../../src/group/group-properties.ts'
import { expirationOfProof } from '../../src/group/group-record-rules.ts'
import { GROUP_TYPES } from '../../src/group/group-records.ts'
import { GROUP_VERSION } from '../../src/group/group-version.ts'
import { readInvitation } from '../../src/group/invitation-text.ts'
import { KeptList } from '../../src/group/kept-list.ts'
import { encodeMembership, MEMBERSHIP_TYPE, readMembership } from '../../src/group/membership-record.ts'
import {
  decodePasswordRecord,
  encodePasswordRecord,
  expirationOfPassword,
  PASSWORD_TYPE,
} from '../../src/group/password-record.ts'
import { encodePage, readPage } from '../../src/group/revocation-page.ts'
import { encodeRevocation, REVOCATION_TYPE, readRevocation } from '../../src/group/revocation-record.ts'
import type { GraphRecord } from '../../src/records/record.ts'
import type { RecordId } from '../../src/records/record-id.ts'
import { fromUtf8, toUtf8 } from '../../src/runtime/bytes.ts'
import { PeerageError } from '../../src/runtime/peerage-error.ts'
import { codeOf } from '../graph/lone-records.ts'
import { crypto } from '../identity/platform.ts'
import { forged, spread, withoutChecks } from './lying-members.ts'
import { groupKey, groupName, member } from './member-samples.ts'
import { DAY, type GroupMember, SimulatedGroup } from './simulated-group.ts'

const MINUTE = 60_000

function textOf({ member: { node } }: GroupMember, id: RecordId): string | undefined {
  const found = node.store.live(id)
  return found && fromUtf8(found.record.payload)
}

function stored({ member: { node } }: GroupMember, id: RecordId): GraphRecord {
  const found = node.store.find(id)
  if (found === undefined) throw new Error('it is not here')
  return found
}

function update({ member }: GroupMember, id: RecordId, text: string): void {
  const content = { encoding: 'text', payload: toUtf8(text) } as const
  const unchanged = { attributes: undefined, expires: undefined, refresh: undefined, ifVersion: undefined }
  member.node.update(id, { content, ...unchanged }, (outcome) => {
    if (outcome instanceof PeerageError) throw outcome
  })
}

const nameOf = ({ member }: GroupMember): string => member.host.name

test('P-034: one version stands in all that a group writes, and another is refused as unknown', () => {
  const ann = member(groupKey, 1, ['administrator'])
  const bob = member(ann, 2)
  const { properties } = new SimulatedGroup('version')
  const { revocation } = encodeRevocation(crypto, ann.chain, [bob.chain], { children: [], records: [] })
  const read: readonly (readonly [string, Uint8Array, (payload: Uint8Array) => unknown])[] = [
    ['security properties', encodeGroupProperties(properties), readGroupProperties],
    [
      'membership',
      encodeMembership(bob.verified.bytes, bob.verified.leaf.peerName, undefined),
      (payload) => readMembership(crypto, groupName, payload, () => undefined),
    ],
    ['revocation', revocation, (payload) => readRevocation(crypto, groupName, payload)],
    ['page', encodePage(KeptList.of({ children: [], records: [] })), readPage],
    ['password', encodePasswordRecord({ kind: 'removal', generation: 1 }), decodePasswordRecord],
  ]
  for (const [what, payload, decode] of read) {
    expect({ what, version: payload[0], code: codeOf(() => decode(payload)) }).toEqual({
      ...{ what, version: GROUP_VERSION, code: 'no error' },
    })
    for (const version of [0, GROUP_VERSION + 1, 255]) {
      const other = Uint8Array.of(version, ...payload.slice(1))
      expect({ what, code: codeOf(() => decode(other)) }).toEqual({ what, code: 'unsupported-version' })
    }
  }
  // The texts of invitations were made by another implementation.
  const file = readFileSync('docs/protocol/vectors/group-invitations.json', 'utf8')
  const vectors: { readonly refused: readonly { readonly text: string; readonly code: string }[] } = JSON.parse(file)
  const newer = vectors.refused.filter(({ code }) => code === 'unsupported-version')
  expect(newer.length).toBeGreaterThan(0)
  for (const { text } of newer) expect(codeOf(() => readInvitation(crypto, text))).toBe('unsupported-version')
})

test('P-071: an application that uses a type of the group gets "not authorized"', () => {
  const group = new SimulatedGroup('reserved')
  group.graph.world.runFor(20_000)
  expect(GROUP_TYPES).toContain('peerage.membership')
  expect(GROUP_TYPES).toContain('peerage.group-properties')
  const { node } = group.creator.member
  for (const type of GROUP_TYPES) {
    expect(type).toMatch(/^peerage\./)
    const [found] = node.store.list({ type, limit: 1 })
    const record = {
      type,
      expires: node.now() + DAY,
      refresh: false,
      encoding: 'bytes',
      payload: new Uint8Array(),
    } as const
    const acts = [
      () => node.add({ ...record, attributes: [] }, () => undefined),
      ...(found === undefined ? [] : [() => node.delete(found.record.id, () => undefined)]),
      ...(found === undefined ? [] : [() => update(group.creator, found.record.id, 'taken over')]),
    ]
    for (const act of acts) expect(codeOf(act)).toBe('not-authorized')
  }
})

test('P-136: fields that a later release adds to what it writes pass through older nodes as they are, and harm nothing', () => {
  const group = new SimulatedGroup('later fields')
  const [ann, bob, carol, dave] = [group.add(), group.add(), group.add(), group.add()]
  group.graph.world.runFor(30_000)
  group.graph.world.network.partition([nameOf(carol)], [group.creator, ann, bob, dave].map(nameOf))
  const life = group.properties.longestRecordLife
  const { bytes, leaf, notAfter } = group.chainOf(ann.member)
  const revoked = group.chainOf(dave.member)
  const { revocation } = encodeRevocation(crypto, group.chainOf(group.creator.member).chain, [revoked.chain], {
    children: [],
    records: [],
  })
  const later = (payload: Uint8Array): Uint8Array => {
    // They end with a list of no optional fields: now it has one.
    expect(payload.at(-1)).toBe(0)
    return Uint8Array.of(...payload.slice(0, -1), 1, 40, 3, 7, 7, 7)
  }
  const before = group.creator.member.node.store
  const [present] = before.list({ type: GROUP_PROPERTIES_TYPE, limit: 1 })
  if (present === undefined) throw new Error('they are known')
  const own = { encoding: 'bytes' } as const
  const properties = encodeGroupProperties({ ...group.properties, comment: 'later' })
  const records = [
    forged(
      group,
      group.creator,
      {
        ...{ ...own, chain: group.root, keyPair: group.made.keyPair, author: propertiesAuthor(group.root) },
        payload: later(properties),
      },
      present.record,
    ),
    forged(group, ann, {
      ...{ ...own, type: MEMBERSHIP_TYPE, payload: later(encodeMembership(bytes, leaf.peerName, 'Ann')) },
      expires: expirationOfProof(notAfter, life),
    }),
    forged(group, group.creator, {
      ...{ ...own, type: PASSWORD_TYPE, payload: later(encodePasswordRecord({ kind: 'removal', generation: 0 })) },
      expires: expirationOfPassword(group.creator.member.node.now(), life),
    }),
    forged(group, group.creator, {
      ...{ ...own, type: REVOCATION_TYPE, payload: later(revocation) },
      expires: expirationOfProof(revoked.notAfter, life),
    }),
  ]
  spread(group.creator, ...records)
  group.graph.world.runFor(20_000)
  // And by a comparison, to one that was away.
  group.graph.world.network.heal()
  carol.member.node.addAddresses([bob.member.endpoint])
  group.graph.world.runFor(2 * MINUTE)
  for (const one of [group.creator, bob, carol]) {
    for (const { id, bytes: signed } of records) expect(stored(one, id).bytes).toEqual(signed)
    expect(one.member.node.properties()).toMatchObject({ comment: 'later' })
    expect(one.security().records?.password.generation).toBe(0)
    expect(one.security().isAdmitted(dave.member.identity.keyPair.publicKey)).toBe(false)
  }
})

test('P-083: what is not valid is neither stored, shown nor handed on, is counted by its reason, and costs no link', () => {
  const group = new SimulatedGroup('verdicts')
  const [ann, bob] = [group.add(), group.add()]
  const liar = group.add()
  group.graph.world.runFor(30_000)
  const linked = (one: GroupMember): boolean =>
    one.member.node.parts.neighbors.all().some(({ session }) => session.peer.key === liar.member.key)
  const before = [group.creator, ann, bob].map(linked)
  expect(before).toContain(true)
  withoutChecks(group, liar)
  const { notBefore, notAfter } = group.chainOf(liar.member)
  const wrong = [
    forged(group, liar, { created: notBefore - 1 }),
    forged(group, liar, { expires: notAfter + 1 }),
    forged(group, liar, { chain: group.chainOf(ann.member) }),
  ]
  const right = forged(group, liar, { text: 'allowed' })
  spread(liar, ...wrong, right)
  group.graph.world.runFor(2 * MINUTE)
  const counted: Record<string, number> = {}
  for (const one of [group.creator, ann, bob]) {
    expect(textOf(one, right.id)).toBe('allowed')
    for (const { id } of wrong) {
      expect(one.member.node.store.find(id)).toBe(undefined)
      expect(one.member.changes.filter((change) => 'id' in change && change.id === id)).toEqual([])
    }
    for (const [name, count] of Object.entries(one.security().counters())) counted[name] = (counted[name] ?? 0) + count
  }
  expect(counted).toMatchObject({
    'record-outside-validity': expect.any(Number),
    'record-wrong-chain': expect.any(Number),
  })
  expect([group.creator, ann, bob].map(linked)).toEqual(before)
})

test('P-075, P-085: what an administrator changed stays after the end of its membership, and who joins later finds it valid', () => {
  const group = new SimulatedGroup('ended')
  const ann = group.add()
  const soon = group.now() + 10 * MINUTE
  const carol = group.open((context) => group.issued(group.issuer(group.creator), context, ['administrator'], soon))
  group.others.push(carol)
  group.publish(carol)
  group.graph.world.runFor(30_000)
  const [kept, gone] = ['kept', 'gone'].map((text) => ann.member.write(text, { life: 2 * DAY }))
  if (kept === undefined || gone === undefined) throw new Error('two were written')
  group.graph.world.runFor(10_000)
  update(carol, kept.id, 'changed by carol')
  carol.member.remove(gone.id)
  group.graph.world.runFor(10_000)
  carol.member.crash()
  group.graph.world.runFor(DAY)
  // Its membership has ended; what proves it is still here, and is given to whoever comes now.
  expect(group.creator.security().isAdmitted(carol.member.identity.keyPair.publicKey)).toBe(false)
  const bob = group.add()
  group.graph.world.runFor(MINUTE)
  for (const one of [group.creator, ann, bob]) {
    expect(textOf(one, kept.id)).toBe('changed by carol')
    // The tombstone lasts as long as its creator's right, or the longest record life.
    expect(stored(one, gone.id)).toMatchObject({ deleted: true, expires: group.chainOf(ann.member).notAfter })
  }
  expect(group.graph.differences()).toEqual([])
})

test('P-138: what an administrator has deleted nobody brings back, and what its creator has deleted no change does', () => {
  const group = new SimulatedGroup('deleted')
  const [ann, bob] = [group.add(), group.add()]
  const carol = group.add(['administrator'])
  group.graph.world.runFor(30_000)
  const [first, second, third] = ['one', 'two', 'three'].map((text) => ann.member.write(text, { life: DAY }))
  if (first === undefined || second === undefined || third === undefined) throw new Error('three were written')
  group.graph.world.runFor(10_000)
  group.graph.world.network.partition([nameOf(ann)], [group.creator, bob, carol].map(nameOf))
  // Apart: each does what it likes, and its versions have higher numbers than those of the others.
  carol.member.remove(first.id)
  for (const text of ['brought back', 'again', 'and again']) update(ann, first.id, text)
  ann.member.remove(second.id)
  for (const text of ['changed', 'and changed']) update(carol, second.id, text)
  carol.member.remove(third.id)
  for (const text of ['changed', 'and changed']) update(ann, third.id, text)
  ann.member.remove(third.id)
  group.graph.world.runFor(MINUTE)
  expect(stored(ann, third.id).version).toBeGreaterThan(stored(carol, third.id).version)
  group.graph.world.network.heal()
  ann.member.node.addAddresses([group.creator.member.endpoint])
  group.graph.world.runFor(3 * MINUTE)
  const keyOf = ({ member }: GroupMember) => member.identity.keyPair.publicKey
  for (const one of [group.creator, ann, bob, carol]) {
    for (const id of [first.id, third.id]) {
      expect(stored(one, id)).toMatchObject({ deleted: true, modifier: { publicKey: keyOf(carol) } })
    }
    expect(stored(one, second.id)).toMatchObject({ deleted: true, modifier: { publicKey: keyOf(ann) } })
  }
  // Its creator cannot bring it back, not even without the checks of its own node.
  spread(withoutChecks(group, ann), forged(group, ann, { text: 'back', version: 99 }, stored(ann, first.id)))
  group.graph.world.runFor(MINUTE)
  for (const one of [group.creator, bob, carol]) expect(textOf(one, first.id)).toBe(undefined)
})
