/**
 * Members and administrators that sign what they may not, replay, backdate, withhold, flood, and answer whoever joins with junk: no honest
 * node ever has a record that nobody had the right to, none loses what an honest member wrote, and nothing grows beyond its bounds.
 */
import { expect, test } from 'vitest'
import { GRAPH_INFO_TYPE } from '../../src/graph/graph-properties.ts'
import type { Admission } from '../../src/graph/security-provider.ts'
import { chainDigestFromBytes, digestBytes } from '../../src/group/digests.ts'
import { encodeGroupProperties, GROUP_PROPERTIES_TYPE } from '../../src/group/group-properties.ts'
import { expirationOfProof } from '../../src/group/group-record-rules.ts'
import { GroupRecords, MOST_LOOSE_CHAINS } from '../../src/group/group-records.ts'
import type { MemberChain } from '../../src/group/member-chain.ts'
import { encodeMembership, MEMBERSHIP_TYPE } from '../../src/group/membership-record.ts'
import { PASSWORD_TYPE } from '../../src/group/password-record.ts'
import { revocationExpires } from '../../src/group/revocation.ts'
import { encodeRevocation, REVOCATION_TYPE, readRevocation } from '../../src/group/revocation-record.ts'
import type { GraphRecord } from '../../src/records/record.ts'
import type { RecordId } from '../../src/records/record-id.ts'
import { fromUtf8, toHex, toUtf8 } from '../../src/runtime/bytes.ts'
import { SEED_LENGTH } from '../../src/runtime/crypto.ts'
import { PeerageError } from '../../src/runtime/peerage-error.ts'
import { randomBelow, randomBytes, randomChoice } from '../../src/runtime/random.ts'
import { crypto } from '../identity/platform.ts'
import { admitting, type Forging, forged, issuedWithoutRight, spread, withoutChecks } from './lying-members.ts'
import { groupKey, link, member } from './member-samples.ts'
import { DAY, type GroupMember, SimulatedGroup } from './simulated-group.ts'

const MINUTE = 60_000

/** A group of whose members some lie. Each second all databases of the others are looked through. */
class HostileGroup {
  readonly group: SimulatedGroup
  readonly honest: GroupMember[] = []
  /** Keys of those by whom no honest node has a record but those that are allowed. */
  readonly liars = new Set<string>()
  readonly allowed = new Set<string>()
  /** What honest members have written last, by ID; undefined: it was deleted. */
  readonly written = new Map<RecordId, { readonly by: GroupMember; readonly text: string | undefined }>()

  constructor(seed: string) {
    this.group = new SimulatedGroup(seed)
    this.honest.push(this.group.creator)
    this.group.graph.world.addInvariant(() => {
      for (const one of this.honest) {
        if (one.member.isOpen) for (const record of recordsOf(one)) this.#requireAllowed(one, record)
      }
    }, 1000)
  }

  add(...args: Parameters<SimulatedGroup['add']>): GroupMember {
    const one = this.group.add(...args)
    this.honest.push(one)
    return one
  }

  /** From now on this one lies. What it has written until now is allowed. */
  lies(one: GroupMember): GroupMember {
    this.honest.splice(this.honest.indexOf(one), 1)
    for (const record of recordsOf(one)) this.allowed.add(toHex(record.digest))
    this.liars.add(one.member.key)
    return withoutChecks(this.group, one)
  }

  /** Nothing of this one is allowed any more. */
  forbid(one: GroupMember): void {
    for (const record of recordsOf(one)) {
      if (toHex((record.modifier ?? record.creator).publicKey) === one.member.key) {
        this.allowed.delete(toHex(record.digest))
      }
    }
  }

  run(duration: number): void {
    this.group.graph.world.runFor(duration)
  }

  write(by: GroupMember, text: string): RecordId {
    const { id } = by.member.write(text, { life: DAY })
    this.written.set(id, { by, text })
    return id
  }

  update(id: RecordId, text: string): void {
    const { by } = this.#of(id)
    const content = { encoding: 'text', payload: toUtf8(text) } as const
    const unchanged = { attributes: undefined, expires: undefined, refresh: undefined, ifVersion: undefined }
    by.member.node.update(id, { content, ...unchanged }, failing)
    this.written.set(id, { by, text })
  }

  remove(id: RecordId, by: GroupMember = this.#of(id).by): void {
    by.member.remove(id)
    this.written.set(id, { by, text: undefined })
  }

  /** All honest nodes have the same, and in it what honest members wrote, and nothing else of it. */
  expectUnharmed(): void {
    expect(this.group.graph.differences(this.honest.map(({ member }) => member))).toEqual([])
    for (const { member } of this.honest) {
      for (const [id, { text }] of this.written) {
        const found = member.node.store.live(id)
        expect(found && fromUtf8(found.record.payload), member.name).toBe(text)
      }
    }
  }

  #of(id: RecordId): { readonly by: GroupMember } {
    const found = this.written.get(id)
    if (found === undefined) throw new RangeError(`${id} was not written here`)
    return found
  }

  #requireAllowed({ member }: GroupMember, record: GraphRecord): void {
    const author = toHex((record.modifier ?? record.creator).publicKey)
    if (!this.liars.has(author) || this.allowed.has(toHex(record.digest))) return
    throw new Error(`${member.name} has a ${record.type} that nobody had the right to`)
  }
}

/** Everything lasting that a node has, tombstones too. */
function recordsOf({ member: { node } }: GroupMember): readonly GraphRecord[] {
  return [...node.store.database.leaves()].flatMap(({ id }) => node.store.find(id) ?? [])
}

function failing(outcome: unknown): void {
  if (outcome instanceof PeerageError) throw outcome
}

const invalid = ({ security }: GroupMember): number => {
  const counted = Object.entries(security().counters()).filter(([name]) => name.startsWith('record-'))
  return counted.reduce((sum, [, count]) => sum + count, 0)
}

test.each(['one', 'two', 'three'])('P-112: members and administrators sign what they may not (seed %s)', (seed) => {
  const hostile = new HostileGroup(`signing ${seed}`)
  const { group } = hostile
  const [ann, bob] = [hostile.add(), hostile.add()]
  const carol = hostile.add(['administrator'])
  const dave = hostile.add(['member'], carol)
  const [mallory, eve] = [hostile.add(), hostile.add(['administrator'])]
  hostile.run(30_000)
  for (const one of [ann, bob, carol, dave, group.creator]) hostile.write(one, `first of ${one.member.name}`)
  hostile.run(10_000)
  for (const liar of [mallory, eve]) hostile.lies(liar)
  const random = group.graph.world.random('what happens')
  const lies = (liar: GroupMember): Record<string, () => GraphRecord> => {
    const own = group.chainOf(liar.member)
    const isPlain = liar === mallory
    const note = [...hostile.written.keys()][randomBelow(random, hostile.written.size)]
    const former = note && liar.member.node.store.live(note)?.record
    const another = randomChoice(random, hostile.honest) ?? ann
    const forge = (changes: Forging, previous?: GraphRecord) => forged(group, liar, changes, previous)
    const revoke = (chain: MemberChain) => {
      const { revocation } = encodeRevocation(crypto, own.chain, [chain.chain], { children: [], records: [] })
      const { revoked } = readRevocation(crypto, group.name, revocation)
      const expires = revocationExpires(revoked, group.properties.longestRecordLife)
      return forge({ type: REVOCATION_TYPE, payload: revocation, encoding: 'bytes', expires })
    }
    const membership = (chain: MemberChain) => {
      const payload = encodeMembership(chain.bytes, chain.leaf.peerName, undefined)
      const expires = expirationOfProof(chain.notAfter, group.properties.longestRecordLife)
      return forge({ type: MEMBERSHIP_TYPE, payload, encoding: 'bytes', expires })
    }
    const { publicKey } = crypto.signingKeyPair(randomBytes(random, SEED_LENGTH))
    const properties = encodeGroupProperties({ ...group.properties, friendlyName: 'Taken over' })
    return {
      // Who is an administrator may change and delete the records of others.
      'changes what is not its own': () => forge({}, isPlain ? former : undefined),
      'deletes what is not its own': () =>
        isPlain && former !== undefined
          ? forge({ deleted: true, payload: new Uint8Array(), encoding: 'bytes', expires: own.notAfter }, former)
          : forge({ expires: own.notAfter + 1 }),
      'writes under the chain of another': () => forge({ chain: group.chainOf(another.member) }),
      'changes what another may, under the chain of that one': () =>
        forge({ chain: group.chainOf(carol.member) }, isPlain ? former : undefined),
      'writes before its membership': () => forge({ created: own.notBefore - 1 }),
      'lets a record outlive its membership': () => forge({ expires: own.notAfter + 1 }),
      'revokes the creator': () => revoke(group.chainOf(group.creator.member)),
      'revokes one of its own depth': () => revoke(group.chainOf(carol.member)),
      'revokes what is deeper, without the right': () =>
        isPlain ? revoke(group.chainOf(dave.member)) : revoke(group.chainOf(carol.member)),
      'makes a member without the right': () =>
        isPlain
          ? membership(issuedWithoutRight(group.issuer(liar), publicKey, 'administrator', group))
          : membership(group.chainOf(dave.member)),
      'says that somebody is a member': () => membership(group.chainOf(another.member)),
      'takes over the properties': () =>
        forge({ type: GROUP_PROPERTIES_TYPE, payload: properties, encoding: 'bytes', expires: group.root.notAfter }),
      'states other properties': () => forge({ type: GRAPH_INFO_TYPE, payload: properties, encoding: 'bytes' }),
      'sets a password that is none': () => forge({ type: PASSWORD_TYPE, payload: properties, encoding: 'bytes' }),
    }
  }
  for (let step = 0; step < 40; step++) {
    const liar = randomChoice(random, [mallory, eve]) ?? mallory
    const [, lie] = randomChoice(random, Object.entries(lies(liar))) ?? []
    const record = lie?.()
    // What an honest creator would do, under its own name, is none.
    if (record !== undefined && record.version === 1 && record.type === 'test.note') {
      const { created, expires } = record
      const own = group.chainOf(liar.member)
      const isLegal = created >= own.notBefore && expires <= own.notAfter && isUnder(record, own)
      if (isLegal) hostile.allowed.add(toHex(record.digest))
    }
    if (record !== undefined) spread(liar, record)
    const honest = randomChoice(random, [ann, bob, carol, dave]) ?? ann
    if (step % 4 === 0) hostile.write(honest, `note ${step}`)
    if (step % 10 === 5) honest.member.restart()
    hostile.run(randomBelow(random, 4000))
  }
  hostile.run(2 * MINUTE)
  hostile.expectUnharmed()
  expect(invalid(ann)).toBeGreaterThan(10)
  expect(ann.member.node.properties()?.friendlyName).toBe('Book club')
  for (const one of hostile.honest) {
    expect(ann.security().isAdmitted(one.member.identity.keyPair.publicKey)).toBe(true)
  }
})

test('P-112: what was changed, deleted or revoked is replayed by a node that has only the old', () => {
  const hostile = new HostileGroup('replaying')
  const { group } = hostile
  const [ann, bob, zed, mallory] = [hostile.add(), hostile.add(), hostile.add(), hostile.add()]
  const carol = hostile.add(['administrator'])
  hostile.run(30_000)
  const [changed, deleted, taken] = ['changed', 'deleted', 'taken'].map((text) => hostile.write(ann, text))
  const ofZed = zed.member.write('of zed', { life: DAY })
  hostile.run(10_000)
  const old = recordsOf(mallory)
  if (changed === undefined || deleted === undefined || taken === undefined) throw new Error('three were written')
  hostile.update(changed, 'anew')
  hostile.remove(deleted)
  hostile.remove(taken, carol)
  hostile.lies(zed)
  group.revoke(group.creator, zed)
  hostile.run(MINUTE)
  hostile.forbid(zed)
  hostile.lies(mallory)
  mallory.member.restart('lost')
  withoutChecks(group, mallory)
  spread(mallory, ...old)
  expect(mallory.member.node.store.live(ofZed.id)).toBeDefined()
  for (const { member } of hostile.honest) mallory.member.node.addAddresses([member.endpoint])
  bob.member.restart()
  hostile.run(5 * MINUTE)
  hostile.expectUnharmed()
  expect(ann.member.node.store.live(ofZed.id)).toBe(undefined)
})

test('P-101, P-112: who was revoked backdates, an accomplice withholds the revocation, and a newcomer meets these first', () => {
  const hostile = new HostileGroup('withholding')
  const { group } = hostile
  const [ann, bob, mallory] = [hostile.add(), hostile.add(), hostile.add()]
  const zed = hostile.add(['administrator'])
  const dora = hostile.add()
  hostile.run(30_000)
  const { notBefore } = group.chainOf(zed.member)
  hostile.write(ann, 'of ann')
  // Before it knows: so it still has what it knew.
  hostile.lies(mallory)
  const { security } = mallory
  const isRevocation = (type: string): boolean => type === REVOCATION_TYPE
  const withholding = security()
  withholding.validate = ({ type }) => (isRevocation(type) ? 'invalid' : 'valid')
  withholding.isAdmitted = () => true
  hostile.lies(zed)
  zed.security().validate = withholding.validate
  zed.security().isAdmitted = () => true
  group.revoke(group.creator, zed)
  hostile.run(30_000)
  hostile.forbid(zed)
  for (const one of [ann, bob, dora]) {
    expect(one.security().isAdmitted(zed.member.identity.keyPair.publicKey)).toBe(false)
  }
  // Signed now, dated before: a note, a member, what that one writes, and a revocation.
  const yan = crypto.signingKeyPair(randomBytes(group.random, SEED_LENGTH))
  const chain = issuedWithoutRight(group.issuer(zed), yan.publicKey, 'administrator', group)
  const dated = { created: notBefore + 2000, modified: notBefore + 2000 }
  const life = group.properties.longestRecordLife
  const { revocation } = encodeRevocation(crypto, group.chainOf(zed.member).chain, [chain.chain], {
    children: [],
    records: [],
  })
  const { revoked } = readRevocation(crypto, group.name, revocation)
  const backdated = [
    forged(group, zed, { text: 'backdated', ...dated }),
    forged(group, zed, {
      ...{ type: MEMBERSHIP_TYPE, encoding: 'bytes', expires: expirationOfProof(chain.notAfter, life) },
      payload: encodeMembership(chain.bytes, chain.leaf.peerName, undefined),
      ...dated,
    }),
    forged(group, zed, {
      ...{ type: REVOCATION_TYPE, encoding: 'bytes', payload: revocation, expires: revocationExpires(revoked, life) },
      ...dated,
    }),
  ]
  spread(zed, ...backdated)
  spread(mallory, ...backdated)
  hostile.run(MINUTE)
  expect(ann.security().counters()['record-revoked']).toBeGreaterThan(0)
  // A newcomer, who is honest and can know no better, gets it from these two.
  group.graph.world.network.partition(
    [mallory, zed].map(({ member }) => member.host.name),
    hostile.honest.map(({ member }) => member.host.name),
  )
  const nina = group.open((context) => group.issued(group.issuer(group.creator), context, ['member']), {
    at: [mallory.member.endpoint, zed.member.endpoint],
  })
  group.others.push(nina)
  group.graph.world.network.partition(
    [nina.member.host.name],
    hostile.honest.map(({ member }) => member.host.name),
  )
  hostile.run(MINUTE)
  const [note] = backdated
  if (note === undefined) throw new Error('it was signed')
  expect(nina.member.node.store.live(note.id)).toBeDefined()
  // Then it meets one of the others.
  group.graph.world.network.heal()
  nina.member.node.addAddresses([ann.member.endpoint])
  group.publish(nina)
  hostile.run(2 * MINUTE)
  hostile.honest.push(nina)
  hostile.run(MINUTE)
  hostile.expectUnharmed()
  const linked = nina.member.node.parts.neighbors.all().map(({ session }) => session.peer.key)
  expect(linked).not.toContain(zed.member.key)
})

test('P-089, P-112: a flood of records, and of records whose proof is junk, fills no more than its bounds and holds nobody up', () => {
  const hostile = new HostileGroup('flooding')
  const { group } = hostile
  const [ann, bob, mallory] = [hostile.add(), hostile.add(), hostile.add()]
  hostile.run(30_000)
  hostile.lies(mallory)
  mallory.security().proof = () => new Uint8Array(1000)
  const own = group.chainOf(mallory.member)
  for (let index = 0; index < 150; index++) {
    const legal = forged(group, mallory, { text: `flood ${index}` })
    hostile.allowed.add(toHex(legal.digest))
    const digest = chainDigestFromBytes(crypto.sha256(toUtf8(`no chain ${index}`)))
    const junk = forged(group, mallory, { chain: { ...own, digest } })
    spread(mallory, legal, junk)
  }
  hostile.run(1000)
  const id = hostile.write(ann, 'in the middle of it')
  // Within the time that a flood may delay anybody else.
  group.graph.world.runUntil(() => bob.member.node.store.live(id) !== undefined, 10_000)
  hostile.run(5 * MINUTE)
  expect(ann.member.node.counters()['dropped-proof-missing']).toBeGreaterThan(50)
  hostile.expectUnharmed()
  expect(ann.member.node.store.list({ type: 'test.note', limit: 1000 })).toHaveLength(151)
})

test('P-112: chains that no record has brought are kept up to a number, the latest', () => {
  const [root] = groupKey.chain
  const records = new GroupRecords(crypto, root)
  const maker = member(groupKey, 1, ['administrator'])
  const guests = Array.from({ length: 40 }, (_, at) => member(link(maker, 40 + at), 100 + at).verified)
  for (const chain of guests) records.learn(chain)
  expect([...records.state.keys()]).toHaveLength(40)
  // The same ones again and again, as far as these are concerned: each under a digest of its own.
  for (let index = 0; index < MOST_LOOSE_CHAINS; index++) {
    const digest = chainDigestFromBytes(crypto.sha256(toUtf8(`chain ${index}`)))
    records.learn({ ...maker.verified, digest, key: `key ${index}` })
  }
  expect([...records.state.keys()]).toHaveLength(MOST_LOOSE_CHAINS)
  for (const chain of guests) expect(records.state.chain(chain.digest)).toBe(undefined)
})

test('P-112: whoever joins is answered with junk, takes none of it, and gets in by the next', () => {
  const hostile = new HostileGroup('junk for joiners')
  const { group } = hostile
  const [mallory, other] = [hostile.add(['inviting-member']), new SimulatedGroup('another group')]
  const verifier = group.setPassword(group.creator)
  hostile.run(30_000)
  hostile.lies(mallory)
  const stranger = crypto.signingKeyPair(randomBytes(group.random, SEED_LENGTH)).publicKey
  const issuer = group.issuer(mallory)
  const answers: Record<string, () => void> = {
    'no answer': () => answering(mallory, () => undefined),
    'random bytes': () => answering(mallory, () => randomBytes(group.random, 200)),
    'nothing but zeros': () => answering(mallory, () => new Uint8Array(50)),
    'a certificate for somebody else': () =>
      admitting(group, mallory, verifier, () => issuedWithoutRight(issuer, stranger, 'member', group)),
    'a role that it cannot give': () =>
      admitting(group, mallory, verifier, ({ peer }) =>
        issuedWithoutRight(issuer, peer.publicKey, 'administrator', group),
      ),
    'a certificate of another group': () =>
      admitting(group, mallory, verifier, ({ peer }) =>
        issuedWithoutRight(other.issuer(other.creator), peer.publicKey, 'member', other),
      ),
    'another password': () =>
      admitting(group, mallory, { ...verifier, value: new Uint8Array(32).fill(77) }, ({ peer }) =>
        issuedWithoutRight(issuer, peer.publicKey, 'member', group),
      ),
  }
  for (const [what, answer] of Object.entries(answers)) {
    answer()
    const joiner = group.open(() => ({ kind: 'password', verifier }), { at: [mallory.member.endpoint] })
    hostile.run(40_000)
    expect({ what, joined: joiner.joined.length }).toEqual({ what, joined: 0 })
    expect({ what, links: joiner.member.node.parts.neighbors.count }).toEqual({ what, links: 0 })
    expect({ what, records: recordsOf(joiner).length }).toEqual({ what, records: 0 })
    joiner.member.node.addAddresses([group.creator.member.endpoint])
    hostile.run(60_000)
    expect({ what, joined: joiner.joined.length }).toEqual({ what, joined: 1 })
    hostile.honest.push(joiner)
  }
  hostile.run(MINUTE)
  hostile.expectUnharmed()
})

/** A member that says this to whoever dials it, and then whatever it likes. */
function answering({ security }: GroupMember, say: () => Uint8Array | undefined): void {
  security().admit = (_link, send): Admission => {
    const tell = (): 'undecided' => {
      const message = say()
      if (message !== undefined) send(message)
      return 'undecided'
    }
    return { verdict: 'undecided', received: tell }
  }
}

/** Whether a record names a chain as that of its creator. */
function isUnder({ proofs }: GraphRecord, { digest }: MemberChain): boolean {
  return toHex(proofs.subarray(0, 32)) === toHex(digestBytes(digest))
}
