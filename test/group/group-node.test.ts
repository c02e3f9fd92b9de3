/** The life of a group whose members do by themselves what needs no application. */
import { expect, test } from 'vitest'
import { GROUP_PROPERTIES_TYPE } from '../../src/group/group-properties.ts'
import { expirationOfProof } from '../../src/group/group-record-rules.ts'
import type { MemberChain } from '../../src/group/member-chain.ts'
import { MEMBERSHIP_TYPE } from '../../src/group/membership-record.ts'
import { authorityOf } from '../../src/identity/authority.ts'
import { makePeerName } from '../../src/identity/peer-name.ts'
import { toHex } from '../../src/runtime/bytes.ts'
import { PeerageError } from '../../src/runtime/peerage-error.ts'
import { codeOf } from '../graph/lone-records.ts'
import { crypto } from '../identity/platform.ts'
import { DAY, HOUR, MINUTE, NodeGroup, type NodeMember, someVerifier } from './simulated-group-nodes.ts'

const EVERYTHING = { records: 'all', members: true } as const

/** The records of a type that a member holds, of all creators. */
function stored({ member }: NodeMember, type: string) {
  return member.node.store.list({ type, limit: 1000 }).map(({ record }) => record)
}

function madeBy(one: NodeMember, { member }: NodeMember, type: string) {
  return stored(one, type).filter(({ creator }) => toHex(creator.publicKey) === member.key)
}

test('P-109: whoever was let in is listed by all with its name, role, issuer, validity and whether it is online', () => {
  const group = new NodeGroup('members')
  const bob = group.add('Bob')
  const carol = group.add('Carol', 'inviting-member')
  const dave = group.add('Dave', 'member', carol)
  group.untilEqual()
  group.until(() =>
    [group.creator, bob, carol, dave].every(({ node }) => node.members().every((one) => one.isConnected)),
  )
  const all = { Ann: 'administrator', Bob: 'member', Carol: 'inviting-member', Dave: 'member' }
  for (const one of [group.creator, bob, carol, dave]) expect(one.sees()).toEqual(all)
  expect(bob.events).toContain('joined Dave')
  expect(bob.events).toContain('connected Dave')
  const seen = group.creator.node.member(dave.name)
  expect(seen.peerName).toBe(dave.name)
  expect(seen.addresses).toEqual([dave.member.endpoint])
  expect(seen.validUntil).toBe(group.creator.node.member(carol.name).validUntil)
  expect(group.creator.node.member(bob.name).issuer).not.toBe(seen.issuer)
  dave.close()
  group.until(() => !group.creator.node.member(dave.name).isConnected, 10 * MINUTE)
  expect(group.creator.events).toContain('disconnected Dave')
  expect(codeOf(() => bob.node.member(group.name))).toBe('member-not-found')
})

test('P-001: nothing needs the group key but changing the properties and revoking in the name of the group', () => {
  const group = new NodeGroup('key of its own')
  const { creator } = group
  const { keyPair } = group.made
  expect(toHex(keyPair.publicKey)).not.toBe(creator.member.key)
  creator.node.setGroupKey(undefined)
  expect(creator.node.hasGroupKey).toBe(false)
  const bob = group.add('Bob', 'administrator')
  const carol = group.add('Carol')
  const dave = group.add('Dave', 'member', bob)
  group.done<void>((done) => creator.node.setRole(carol.name, 'inviting-member', undefined, done))
  group.done((done) => creator.node.renew({ peerName: carol.name }, done))
  group.done<void>((done) => creator.node.setPassword(someVerifier(1), 'member', done))
  carol.member.write('hello')
  group.untilEqual()
  expect(codeOf(() => creator.node.setProperties({ comment: 'x' }, () => undefined))).toBe('not-authorized')
  expect(codeOf(() => creator.node.revoke(bob.name, EVERYTHING, 'group', () => undefined))).toBe('not-authorized')
  expect(codeOf(() => bob.node.revoke(creator.name, EVERYTHING, undefined, () => undefined))).toBe('not-authorized')
  group.done<void>((done) => creator.node.revoke(carol.name, EVERYTHING, undefined, done))
  group.until(() => bob.sees()['Carol'] === undefined)
  // The key appears nowhere but where it was made, and serves wherever it is brought.
  const secret = toHex(keyPair.secretKey.subarray(0, 32))
  for (const one of [creator, bob]) {
    for (const { id } of one.member.node.store.database.leaves()) {
      expect(toHex(one.member.node.store.find(id)?.bytes ?? new Uint8Array())).not.toContain(secret)
    }
  }
  expect(codeOf(() => bob.node.setGroupKey(bob.member.identity.keyPair))).toBe('another-group')
  bob.node.setGroupKey(keyPair)
  group.done((done) => bob.node.setProperties({ comment: 'moved' }, done))
  group.until(() => creator.node.properties()?.comment === 'moved')
  group.done<void>((done) => bob.node.revoke(creator.name, EVERYTHING, 'group', done))
  group.until(() => bob.sees()['Ann'] === undefined && dave.sees()['Ann'] === undefined)
  expect(bob.sees()).toEqual({ Bob: 'administrator', Dave: 'member' })
  expect(dave.events).toContain('revoked Ann')
})

test('P-035: who holds the group key changes what may be changed, by a new version that reaches all', () => {
  const group = new NodeGroup('properties')
  const { creator } = group
  const bob = group.add('Bob', 'administrator')
  group.untilEqual()
  expect(codeOf(() => bob.node.setProperties({ comment: 'mine' }, () => undefined))).toBe('not-authorized')
  const [before] = stored(bob, GROUP_PROPERTIES_TYPE)
  const changes = {
    ...{ friendlyName: 'Reading', comment: 'Thursdays' },
    ...{ memberDataOptional: true, presenceDisabled: true, deferredExpiration: true },
  }
  group.done((done) => creator.node.setProperties(changes, done))
  group.until(() => bob.node.properties()?.comment === 'Thursdays')
  expect(bob.node.properties()).toEqual({ ...creator.node.properties(), ...changes })
  expect(bob.member.events.filter((event) => event === 'properties').length).toBeGreaterThan(0)
  const after = stored(bob, GROUP_PROPERTIES_TYPE)
  expect(after).toHaveLength(1)
  expect(after[0]?.id).toBe(before?.id)
  expect(after[0]?.version).toBe(2)
  expect(codeOf(() => creator.node.setProperties({ friendlyName: 'x'.repeat(255) }, () => undefined))).toBe(
    'invalid-graph-property',
  )
  // Flag D takes effect: nobody shows presence any more.
  group.until(() => [...bob.member.node.nodes()].length === 0, 10 * MINUTE)
  // Where the key is lost, the group lives on with what it has.
  creator.node.setGroupKey(undefined)
  creator.member.write('still here')
  group.until(() => bob.texts().length === 1)
  expect(codeOf(() => creator.node.setProperties({ comment: '' }, () => undefined))).toBe('not-authorized')
})

test('P-032, P-074: without flag M a membership record comes as soon as a member listens, with it before the first other record', () => {
  for (const memberDataOptional of [false, true]) {
    const group = new NodeGroup(`member data ${memberDataOptional}`, {
      properties: { memberDataOptional, presenceDisabled: true, deferredExpiration: memberDataOptional },
    })
    const { creator } = group
    const bob = group.add('Bob')
    group.untilEqual()
    group.runFor(2 * MINUTE)
    // Ann has let Bob in, which takes a record by her; Bob's own shows his name.
    expect(madeBy(creator, bob, MEMBERSHIP_TYPE)).toHaveLength(memberDataOptional ? 0 : 1)
    const note = bob.member.write('first', { life: HOUR })
    const [own, ...others] = madeBy(bob, bob, MEMBERSHIP_TYPE)
    expect(others).toEqual([])
    expect(own?.created).toBeLessThanOrEqual(note.created)
    const end = bob.node.chain()?.notAfter ?? 0
    const longest = creator.node.properties()?.longestRecordLife ?? 0
    expect(own?.expires).toBe(expirationOfProof(end, longest))
    group.until(() => creator.texts().length === 1)
    expect(creator.sees()).toEqual({ Ann: 'administrator', Bob: 'member' })
    bob.member.write('second')
    group.runFor(MINUTE)
    expect(madeBy(bob, bob, MEMBERSHIP_TYPE)).toHaveLength(1)
    // Flag E: without a connection nothing expires.
    creator.close()
    group.runFor(2 * HOUR)
    expect(bob.texts()).toEqual(memberDataOptional ? ['first', 'second'] : [])
  }
})

test('P-032: with flag M presence and issuing are preceded by the membership record', () => {
  for (const presenceDisabled of [false, true]) {
    const group = new NodeGroup('first of all', { properties: { memberDataOptional: true, presenceDisabled } })
    const { creator } = group
    const bob = group.add('Bob', 'inviting-member')
    const carol = creator.member.graph.crypto.signingKeyPair(new Uint8Array(32).fill(9))
    group.untilEqual()
    if (presenceDisabled) {
      expect(madeBy(creator, bob, MEMBERSHIP_TYPE)).toHaveLength(0)
      const peerName = makePeerName(authorityOf(crypto, carol.publicKey), '')
      const request = { peerName, friendlyName: 'Carol', publicKey: carol.publicKey }
      group.done<MemberChain>((done) => bob.node.issue(request, done))
      group.until(() => creator.sees()['Carol'] === 'member')
    } else group.until(() => [...creator.member.node.nodes()].some(({ key }) => key === bob.member.key))
    const arrivals = creator.member.changes.flatMap((change) => {
      const isBobs = change.kind !== 'removed' && toHex(change.record.creator.publicKey) === bob.member.key
      return isBobs ? [change.record] : []
    })
    expect(arrivals.map(({ type }) => type)).toEqual([
      MEMBERSHIP_TYPE,
      presenceDisabled ? MEMBERSHIP_TYPE : '~peerage.presence',
    ])
    expect(toHex(arrivals[0]?.payload ?? new Uint8Array())).toContain(
      toHex(bob.node.chain()?.bytes ?? new Uint8Array()),
    )
  }
})

test('P-088: presence is signed by its node alone, and goes on without an administrator', () => {
  const group = new NodeGroup('nobody in charge')
  const { creator } = group
  const [bob, carol] = [group.add('Bob'), group.add('Carol')]
  group.untilEqual()
  creator.close()
  bob.close()
  group.runFor(20 * MINUTE)
  bob.reopen()
  bob.member.node.addAddresses([carol.member.endpoint])
  group.until(() => carol.node.member(bob.name).isConnected && bob.node.member(carol.name).isConnected, 10 * MINUTE)
  group.runFor(20 * MINUTE)
  expect(carol.node.member(bob.name).isConnected).toBe(true)
  expect(carol.node.member(creator.name).isConnected).toBe(false)
  for (const { record } of carol.member.node.nodes()) {
    expect(record.modifier === undefined || toHex(record.modifier.publicKey) === toHex(record.creator.publicKey)).toBe(
      true,
    )
  }
  // Nothing of presence is in the database, and what the group states of itself is still there.
  const types = new Set([...carol.member.node.store.database.leaves()].map(({ type }) => type))
  expect([...types].sort()).toEqual([GROUP_PROPERTIES_TYPE, MEMBERSHIP_TYPE])
})

test('P-073, P-076: a member with several chains keeps them over restarts, and each record goes by its own', () => {
  const group = new NodeGroup('several chains')
  const { creator } = group
  const bob = group.add('Bob')
  const old = bob.node.chain()
  bob.member.write('under the first')
  group.runFor(2000)
  const renewed = group.done<MemberChain>((done) => creator.node.renew({ peerName: bob.name }, done))
  const other = group.done<MemberChain>((done) =>
    creator.node.renew({ peerName: bob.name, roles: ['inviting-member'] }, done),
  )
  group.untilEqual()
  bob.member.write('under the latest')
  group.untilEqual()
  const carol = group.add('Carol')
  group.untilEqual()
  for (const one of [creator, bob, carol]) {
    one.close()
    one.reopen()
    expect(one.texts()).toEqual(['under the first', 'under the latest'])
    const state = one.node.members().find(({ peerName }) => peerName === bob.name)
    expect(state?.roles).toEqual(['inviting-member', 'member'])
    // One record for each chain, but for the first one: Ann's, who has let him in, and his own with his name.
    expect(
      stored(one, MEMBERSHIP_TYPE).filter(({ payload }) => toHex(payload).includes(toHex(renewed.bytes))),
    ).toHaveLength(1)
    expect(
      stored(one, MEMBERSHIP_TYPE).filter(({ payload }) => toHex(payload).includes(toHex(other.bytes))),
    ).toHaveLength(1)
  }
  const proofs = new Set(madeBy(carol, bob, 'test.note').map((record) => toHex(record.proofs)))
  expect(proofs.size).toBe(2)
  expect(old?.digest).not.toBe(bob.node.chain()?.digest)
})

test('P-137: who has left is listed without presence until its chain ends, and its records stay', () => {
  const group = new NodeGroup('leaving', { creatorsLife: 3 * DAY })
  const { creator } = group
  const invited = group.enter('Bob', ({ name, keyPair }) => {
    let chain = creator.node.chain()
    creator.node.issue(
      { peerName: name, friendlyName: 'Bob', publicKey: keyPair.publicKey, validUntil: group.now() + 2 * HOUR },
      (outcome) => {
        if (outcome instanceof PeerageError) throw outcome
        chain = outcome
      },
    )
    creator.member.node.store.commit()
    if (chain === undefined) throw new Error('it was not issued')
    return { kind: 'chain', chain }
  })
  group.untilEqual()
  invited.member.write('to be read', { life: HOUR })
  group.until(() => creator.texts().length === 1)
  invited.close()
  for (const name of invited.member.databases.names()) invited.member.databases.delete(name)
  group.until(() => !creator.node.member(invited.name).isConnected, 10 * MINUTE)
  expect(creator.sees()).toEqual({ Ann: 'administrator', Bob: 'member' })
  expect(creator.texts()).toEqual(['to be read'])
  // Nobody renews here: Ann is not there when it would be due.
  creator.close()
  group.runFor(3 * HOUR)
  creator.reopen()
  expect(creator.sees()).toEqual({ Ann: 'administrator' })
})
