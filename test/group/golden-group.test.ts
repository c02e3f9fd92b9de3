/** Groups as each release has written them: test/golden/<release>/group.json. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { GroupSecurity } from '../../src/group/group-security.ts'
import { readInvitation } from '../../src/group/invitation-text.ts'
import { completeChain, invitedLink, requireUsable } from '../../src/group/invitation-use.ts'
import { joinWithLink } from '../../src/group/link-key.ts'
import { type MemberChain, readMemberChain } from '../../src/group/member-chain.ts'
import { parsePeerName } from '../../src/identity/peer-name.ts'
import { graphKeys, parseGraphId } from '../../src/records/graph-id.ts'
import { readRecord } from '../../src/records/read-record.ts'
import type { GraphRecord } from '../../src/records/record.ts'
import { verifyRecord } from '../../src/records/verify-record.ts'
import { LoneRecords } from '../graph/lone-records.ts'
import { crypto, random } from '../identity/platform.ts'
import { hex } from '../records/record-vectors.ts'
import { LoneAdmission, meet } from './lone-admission.ts'

interface Golden {
  readonly now: number
  readonly group: string
  readonly graphId: string
  /** An inviting member. */
  readonly member: { readonly seed: string; readonly chain: string }
  /** By link. */
  readonly invitation: string
  /** The verifier of the password that is set. */
  readonly password: { readonly memory: number; readonly passes: number; readonly value: string }
  readonly expected: {
    readonly properties: unknown
    readonly notes: readonly string[]
    /** Role by friendly name. */
    readonly members: Readonly<Record<string, string>>
  }
  readonly records: readonly string[]
}

const GOLDEN = fileURLToPath(new URL('../golden', import.meta.url))
const fileOf = (release: string): string => join(GOLDEN, release, 'group.json')
const releases = readdirSync(GOLDEN).filter((release) => existsSync(fileOf(release)))

function read(release: string) {
  const golden: Golden = JSON.parse(readFileSync(fileOf(release), 'utf8'))
  const keys = graphKeys(crypto, parseGraphId(golden.graphId))
  const records = golden.records.map((bytes) => {
    const record = readRecord(crypto, keys, hex(bytes))
    if (typeof record === 'string') throw new Error(record)
    return record
  })
  const chain = readMemberChain(crypto, parsePeerName(golden.group), hex(golden.member.chain))
  return { golden, keys, records, chain }
}

/** A node that has the records of a release in its database. */
function opened({ golden, keys, chain }: ReturnType<typeof read>) {
  const securities: GroupSecurity[] = []
  const node = new LoneRecords({
    ...{ crypto, keys, clockSkew: golden.now - new LoneRecords().now },
    provider: (context) => {
      const owner = {
        ...{ precedes: () => undefined, changed: () => undefined },
        ...{ letIn: () => undefined, joined: () => undefined, rootLearned: () => undefined },
      }
      const entry = { kind: 'fetched', digest: chain.digest } as const
      const options = { group: chain.chain[0].peerName, root: chain.chain[0], entry, owner }
      const security = new GroupSecurity({ ...context, crypto }, options)
      securities.push(security)
      return security
    },
  })
  const recordsOfGroup = () => {
    const records = securities.at(-1)?.records
    if (records === undefined) throw new Error('its root is known')
    return records
  }
  return { node, recordsOfGroup }
}

/** Who is a member, and as what. */
function membersOf({ state }: ReturnType<ReturnType<typeof opened>['recordsOfGroup']>, now: number) {
  const members: [string, string][] = []
  for (const key of state.keys()) {
    for (const { digest, roles } of state.chainsInForce(key, now)) {
      // Whoever lets somebody in does not know the name.
      for (const { friendlyName } of state.membershipsOf(digest)) {
        if (friendlyName !== undefined) members.push([friendlyName, roles.join()])
      }
    }
  }
  return Object.fromEntries(members)
}

test('P-136: a group of the first release is kept', () => {
  expect(releases).toContain('0.1.0')
})

test.each(releases)('P-136: the group of release %s opens, and all in it is valid still', (release) => {
  const group = read(release)
  const { golden, keys, records } = group
  for (const record of records) expect(verifyRecord(crypto, keys, record)).toBeUndefined()
  const { node, recordsOfGroup } = opened(group)
  // What is imported without what proves it comes once more, when that is here.
  for (let rounds = 0; rounds < 4; rounds++) {
    for (const { bytes } of records) {
      node.records.arrival.take(bytes, { session: undefined, how: 'bulk' }, () => undefined)
      node.run(100)
    }
  }
  for (const isAgain of [false, true]) {
    if (isAgain) node.restart()
    expect([...node.records.store.database.leaves()]).toHaveLength(records.length)
    expect(node.records.store.list({ type: 'test.note', limit: 100 }).map(textOf).sort()).toEqual(golden.expected.notes)
    expect(recordsOfGroup().properties).toEqual(golden.expected.properties)
    expect(membersOf(recordsOfGroup(), golden.now)).toEqual(golden.expected.members)
    expect(recordsOfGroup().password.password?.role).toBe('member')
  }
})

test.each(releases)('P-136: the group of release %s is joined by its invitation and by its password', (release) => {
  const { golden, records, chain } = read(release)
  const { now } = golden
  const world = { root: chain.chain[0], now }
  const member = new LoneAdmission(
    world,
    { keyPair: crypto.signingKeyPair(hex(golden.member.seed)) },
    { kind: 'chain', chain },
    records.filter(({ type }) => type.startsWith('peerage.')),
  )
  const invitation = readInvitation(crypto, golden.invitation)
  const bob = { keyPair: crypto.signingKeyPair(new Uint8Array(32).fill(1)) }
  if (invitation.kind !== 'link') throw new Error('it is one by link')
  requireUsable(crypto, invitation, bob.keyPair.publicKey, now)
  const whole = completeChain(crypto, invitation)
  if (whole === undefined) throw new Error('it has its chain')
  const link = invitedLink(crypto, invitation, whole, now)
  const joined: MemberChain = joinWithLink(crypto, random, link, bob.keyPair.publicKey, now)
  const guest = new LoneAdmission(world, bob, { kind: 'chain', chain: joined }, [])
  expect(meet(guest, member)).toEqual(['admitted', 'admitted'])
  expect(member.letIn.map(({ key }) => key)).toEqual([joined.key])

  const { memory, passes, value } = golden.password
  const verifier = { cost: { memory, passes }, value: hex(value) }
  const carol = { keyPair: crypto.signingKeyPair(new Uint8Array(32).fill(2)) }
  const joiner = new LoneAdmission(world, carol, { kind: 'password', verifier }, [])
  expect(meet(joiner, member)).toEqual(['admitted', 'admitted'])
  expect(joiner.joined.map(({ roles }) => roles)).toEqual([['member']])
})

function textOf({ record }: { readonly record: GraphRecord }): string {
  return new TextDecoder().decode(record.payload)
}
