/**
 * The table of rights, one row for each right and one column for each role, against real nodes: who has a right uses it, and all
 * see what comes of it; who has not is refused by its own node, and, once that checks nothing any more, by all others.
 */
import { expect, test } from 'vitest'
import { removingPassword } from '../../src/group/group-password.ts'
import { encodeGroupProperties, GROUP_PROPERTIES_TYPE } from '../../src/group/group-properties.ts'
import { expirationOfProof } from '../../src/group/group-record-rules.ts'
import { makeLink } from '../../src/group/link-key.ts'
import { issueMembership } from '../../src/group/membership-issuing.ts'
import { encodePasswordRecord, expirationOfPassword, PASSWORD_TYPE } from '../../src/group/password-record.ts'
import { encodeRevocation, REVOCATION_TYPE } from '../../src/group/revocation-record.ts'
import { ROLES, type Role } from '../../src/identity/role.ts'
import type { GraphRecord } from '../../src/records/record.ts'
import type { RecordId } from '../../src/records/record-id.ts'
import { fromUtf8, toUtf8 } from '../../src/runtime/bytes.ts'
import { PeerageError } from '../../src/runtime/peerage-error.ts'
import { crypto } from '../identity/platform.ts'
import {
  admitting,
  forged,
  issuedWithoutRight,
  openIssued,
  openLinked,
  spread,
  withoutChecks,
} from './lying-members.ts'
import { DAY, type GroupMember, SimulatedGroup, write } from './simulated-group.ts'

/** Who has a right: administrator, inviting member, member. */
type Row = readonly [boolean, boolean, boolean]
const [YES, NO] = [true, false]

/** A group with a member of each role, whom the creator has issued, and one who looks on. */
class Table {
  readonly group: SimulatedGroup
  readonly ann: GroupMember
  readonly #holders: ReadonlyMap<Role, GroupMember>

  constructor(right: string) {
    this.group = new SimulatedGroup(right)
    this.ann = this.group.add()
    this.#holders = new Map(ROLES.map((role) => [role, this.group.add([role])]))
    this.run(20_000)
  }

  get creator(): GroupMember {
    return this.group.creator
  }

  get now() {
    return { now: this.group.now(), stands: () => true }
  }

  run(duration = 10_000): void {
    this.group.graph.world.runFor(duration)
  }

  /** Those who look on: whatever a member without checks has in its own database, they have it, or not, alike. */
  all(sees: (at: GroupMember) => boolean): boolean {
    const seen = [this.creator, this.ann].map(sees)
    expect(new Set(seen).size).toBe(1)
    return seen[0] === true
  }

  /**
   * Goes through the roles, those without the right last, since these become liars.
   *
   * @param attempt Uses the right by an honest node. @returns whether it came about
   * @param force Does the same without asking. @returns whether it came about at the others
   */
  judge(
    row: Row,
    attempt: (one: GroupMember, role: Role) => boolean,
    force: (one: GroupMember, role: Role) => boolean,
  ): void {
    const columns = ROLES.map((role, at) => ({ role, isAllowed: row[at] === true }))
    for (const { role, isAllowed } of columns.toSorted(
      (one, other) => Number(other.isAllowed) - Number(one.isAllowed),
    )) {
      const one = this.holder(role)
      if (isAllowed) expect({ role, came: attempt(one, role) }).toEqual({ role, came: true })
      else {
        expect({ role, code: codeOf(() => attempt(one, role)) }).toEqual({ role, code: 'not-authorized' })
        expect({ role, came: force(withoutChecks(this.group, one), role) }).toEqual({ role, came: false })
      }
    }
  }

  holder(role: Role): GroupMember {
    const holder = this.#holders.get(role)
    if (holder === undefined) throw new RangeError(role)
    return holder
  }
}

test('P-019, P-020, P-025: publish records, and update and delete those', () => {
  const row: Row = [YES, YES, YES]
  const table = new Table('publishing')
  const use = (one: GroupMember): boolean => {
    const [kept, gone] = [one.member.write('first'), one.member.write('gone')]
    table.run()
    expect(table.all((at) => textOf(at, kept.id) === 'first' && textOf(at, gone.id) === 'gone')).toBe(true)
    update(one, kept.id, 'second')
    one.member.remove(gone.id)
    table.run()
    return table.all((at) => textOf(at, kept.id) === 'second' && textOf(at, gone.id) === undefined)
  }
  table.judge(row, use, use)
  // Whoever is no member of any role has none of these rights: others refuse what it signs.
  const stranger = new SimulatedGroup('another group')
  const record = forged(stranger, stranger.creator)
  spread(withoutChecks(table.group, table.holder('member')), record)
  table.run()
  expect(table.all((at) => textOf(at, record.id) !== undefined)).toBe(false)
})

test('P-021, P-025: update and delete records of others', () => {
  const row: Row = [YES, NO, NO]
  const table = new Table('records of others')
  const use = (isLiar: boolean, one: GroupMember, role: Role): boolean => {
    const [kept, gone] = [table.ann.member.write('first'), table.ann.member.write('gone')]
    table.run()
    if (!isLiar && role !== 'administrator') expect(codeOf(() => one.member.remove(gone.id))).toBe('not-authorized')
    update(one, kept.id, 'second')
    one.member.remove(gone.id)
    expect([textOf(one, kept.id), textOf(one, gone.id)]).toEqual(['second', undefined])
    table.run()
    const isUpdated = table.all((at) => textOf(at, kept.id) === 'second')
    expect(table.all((at) => textOf(at, gone.id) === undefined)).toBe(isUpdated)
    return isUpdated
  }
  table.judge(
    row,
    (one, role) => use(false, one, role),
    (one, role) => use(true, one, role),
  )
})

test.each(ROLES)('P-016, P-017, P-025: issue a GMC for the role %s', (given) => {
  const row: Row = given === 'administrator' ? [YES, NO, NO] : [YES, YES, NO]
  const table = new Table(`issuing ${given}`)
  const isIn = (one: GroupMember): boolean => {
    table.run(20_000)
    const { key } = one.member
    return table.all(({ security }) => security().records?.state.chainsInForce(key, table.group.now()).length === 1)
  }
  const honestly = (one: GroupMember): boolean => {
    const newcomer = table.group.open(
      ({ identity }) => {
        const { name: peerName, keyPair } = identity
        const request = { group: table.group.name, peerName, publicKey: keyPair.publicKey, roles: [given] }
        const chain = issueMembership(crypto, table.group.random, table.group.issuer(one), request, table.now)
        return { kind: 'chain', chain }
      },
      { at: [table.ann.member.endpoint] },
    )
    table.group.publish(newcomer)
    return isIn(newcomer)
  }
  table.judge(row, honestly, (one) => isIn(openIssued(table.group, one, given, table.ann)))
  // Each that was refused was told why, and so was who refused it.
  const refused = table.ann.security().counters()['refused-forged'] ?? 0
  expect(refused > 0).toBe(row.includes(NO))
})

test.each(ROLES)('P-114, P-025: make a link for the role %s', (given) => {
  const row: Row = given === 'administrator' ? [YES, NO, NO] : [YES, YES, NO]
  const table = new Table(`links for ${given}`)
  const isIn = (one: GroupMember): boolean => {
    table.run(20_000)
    const { key } = one.member
    return table.all(({ security }) => security().records?.state.chainsInForce(key, table.group.now()).length === 1)
  }
  const honestly = (one: GroupMember): boolean => {
    const terms = { role: given, uses: undefined, admitter: undefined, admitsUntil: table.group.now() + DAY }
    const link = makeLink(crypto, table.group.random, table.group.issuer(one), terms, table.now)
    return isIn(table.group.openLink(link, { at: [table.ann.member.endpoint] }))
  }
  table.judge(row, honestly, (one) => isIn(openLinked(table.group, one, given, table.ann)))
})

test('P-113, P-025: admit the holder of a link', () => {
  const row: Row = [YES, YES, YES]
  const table = new Table('admitting by link')
  const use = (one: GroupMember): boolean => {
    const link = table.group.link(table.creator, { role: 'inviting-member' })
    const newcomer = table.group.openLink(link, { at: [one.member.endpoint] })
    table.run(20_000)
    expect(one.letIn.map(({ peer }) => peer)).toEqual([newcomer.member.identity.name])
    const { key } = newcomer.member
    return table.all(({ security }) => {
      const [chain] = security().records?.state.chainsInForce(key, table.group.now()) ?? []
      return chain?.roles.join() === 'inviting-member'
    })
  }
  table.judge(row, use, use)
})

test.each(ROLES)('P-022, P-025: admit by a password whose role is %s', (given) => {
  const row: Row = given === 'administrator' ? [YES, NO, NO] : [YES, YES, NO]
  const table = new Table(`admitting by password, ${given}`)
  const verifier = table.group.setPassword(table.creator, given)
  table.run()
  const join = (at: GroupMember) => {
    const entry = { kind: 'password', verifier } as const
    const joiner = table.group.open(() => entry, { at: [at.member.endpoint] })
    table.run(20_000)
    const told = joiner.security().counters()
    const roles = joiner.joined.map((chain) => chain.roles.join()).join()
    const { key } = joiner.member
    const isIn = table.all(
      ({ security }) => security().records?.state.chainsInForce(key, table.group.now()).length === 1,
    )
    if (!isIn) joiner.member.crash()
    return { told, roles, isIn }
  }
  const honestly = (one: GroupMember): boolean => {
    const { told, roles, isIn } = join(one)
    if (told['told-may-not-admit'] !== undefined) {
      expect({ roles, isIn }).toEqual({ roles: '', isIn: false })
      throw new PeerageError('not-authorized', { operation: 'admitting', problem: 'the joiner was told so' })
    }
    expect(roles).toBe(given)
    return isIn
  }
  const force = (one: GroupMember): boolean => {
    admitting(table.group, one, verifier, ({ peer }) =>
      issuedWithoutRight(table.group.issuer(one), peer.publicKey, given, table.group),
    )
    const { told, roles, isIn } = join(one)
    // The joiner itself sees that what it was given is no good.
    expect(roles).toBe('')
    expect(told['refused-forged']).toBeGreaterThan(0)
    return isIn
  }
  table.judge(row, honestly, force)
})

test('P-115, P-025: set, replace and remove the password', () => {
  const row: Row = [YES, NO, NO]
  const table = new Table('setting the password')
  const { group } = table
  const standing = (at: GroupMember) =>
    at.security().records?.password ?? { generation: undefined, password: undefined }
  /** Whether somebody brought about a next generation, the same at those who look on. */
  const comes = (act: () => void, isSet: boolean): boolean => {
    const { generation: before = -1 } = standing(table.ann)
    act()
    table.run()
    const { generation, password } = standing(table.ann)
    expect(standing(table.creator)).toEqual({ generation, password })
    return generation === before + 1 && (password !== undefined) === isSet
  }
  const set = (one: GroupMember, value: number) => comes(() => group.setPassword(one, 'member', value), true)
  const remove = (one: GroupMember): boolean =>
    comes(() => {
      const expires = expirationOfPassword(one.member.node.now(), group.properties.longestRecordLife)
      write(one.member, PASSWORD_TYPE, encodePasswordRecord(removingPassword(standing(one))), expires)
    }, false)
  table.judge(
    row,
    (one, role) => {
      if (role !== 'administrator') expect(codeOf(() => remove(one))).toBe('not-authorized')
      return set(one, 1) && set(one, 2) && remove(one) && set(table.creator, 3)
    },
    (one) => set(one, 4) || remove(one),
  )
  expect(standing(table.ann).generation).toBe(3)
})

test('P-023, P-025: change the security properties, which nobody can but the group key', () => {
  const row: Row = [NO, NO, NO]
  const table = new Table('properties')
  const { group } = table
  const changed = encodeGroupProperties({ ...group.properties, friendlyName: 'Taken over' })
  const present = (): GraphRecord => {
    const [found] = table.ann.member.node.store.list({ type: GROUP_PROPERTIES_TYPE, limit: 1 })
    if (found === undefined) throw new Error('they are known')
    return found.record
  }
  const comes = (): boolean => {
    table.run()
    return table.all(({ member }) => member.node.properties()?.friendlyName !== 'Book club')
  }
  const honestly = (one: GroupMember): boolean => {
    write(one.member, GROUP_PROPERTIES_TYPE, changed, group.root.notAfter)
    return comes()
  }
  const force = (one: GroupMember): boolean => {
    const content = { payload: changed, encoding: 'bytes' } as const
    const own = { type: GROUP_PROPERTIES_TYPE, expires: group.root.notAfter, ...content }
    spread(one, forged(group, one, content, present()), forged(group, one, own))
    return comes()
  }
  table.judge(row, honestly, force)
  expect(codeOf(() => honestly(table.creator))).toBe('not-authorized')
})

test('P-024, P-025: revoke certificates that are deeper than the own one', () => {
  const row: Row = [YES, NO, NO]
  const table = new Table('revoking deeper ones')
  const ida = table.group.add(['inviting-member'])
  table.run(20_000)
  const use = (one: GroupMember): boolean => {
    const target = table.group.add(['member'], ida)
    table.run(20_000)
    expect(table.group.chainOf(target.member).depth).toBeGreaterThan(table.group.chainOf(one.member).depth)
    table.group.revoke(one, target)
    table.run()
    return table.all(({ security }) => !security().isAdmitted(target.member.identity.keyPair.publicKey))
  }
  table.judge(row, use, use)
  // Not even an administrator one of the same depth.
  const administrator = table.holder('administrator')
  expect(codeOf(() => table.group.revoke(administrator, table.creator))).toBe('not-authorized')
  table.group.revoke(withoutChecks(table.group, administrator), ida)
  table.run()
  expect(table.all(({ security }) => security().isAdmitted(ida.member.identity.keyPair.publicKey))).toBe(true)
})

test('P-116, P-025: revoke certificates that were issued under the own one', () => {
  const row: Row = [YES, YES, NO]
  const table = new Table('revoking what was issued')
  const honestly = (one: GroupMember, role: Role): boolean => {
    // A plain member can issue nothing that it could then revoke.
    const target = role === 'member' ? table.ann : table.group.add(['member'], one)
    table.run(20_000)
    table.group.revoke(one, target)
    table.run()
    return table.all(({ security }) => !security().isAdmitted(target.member.identity.keyPair.publicKey))
  }
  const force = (one: GroupMember): boolean => {
    const issuer = table.group.issuer(one)
    const { chain } = issuedWithoutRight(issuer, table.ann.member.identity.keyPair.publicKey, 'member', table.group)
    const before = table.creator.security().counters()['record-invalid-chain'] ?? 0
    // By hand: what reads a revocation verifies the chains in it.
    const { revocation } = encodeRevocation(crypto, issuer.chain, [chain], { children: [], records: [] })
    const expires = expirationOfProof(chain.at(-1)?.notAfter ?? 0, table.group.properties.longestRecordLife)
    write(one.member, REVOCATION_TYPE, revocation, expires)
    table.group.revoke(one, table.ann)
    table.run()
    expect(table.creator.security().counters()['record-invalid-chain']).toBeGreaterThan(before)
    return table.all(({ security }) => !security().isAdmitted(table.ann.member.identity.keyPair.publicKey))
  }
  table.judge(row, honestly, force)
})

/** The code with which this is refused. */
function codeOf(act: () => unknown): string {
  try {
    act()
  } catch (error) {
    if (error instanceof PeerageError) return error.code
    throw error
  }
  return 'done'
}

function textOf({ member }: GroupMember, id: RecordId): string | undefined {
  const found = member.node.store.live(id)
  return found && fromUtf8(found.record.payload)
}

function update({ member }: GroupMember, id: RecordId, text: string): void {
  const content = { encoding: 'text', payload: toUtf8(text) } as const
  const unchanged = { attributes: undefined, expires: undefined, refresh: undefined, ifVersion: undefined }
  member.node.update(id, { content, ...unchanged }, (outcome) => {
    if (outcome instanceof PeerageError) throw outcome
  })
}
