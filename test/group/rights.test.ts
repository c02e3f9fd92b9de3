/** What the roles of a group may do. */
import { describe, expect, test } from 'vitest'
import { hasRight, mayRevoke, type Right, requireRight } from '../../src/group/rights.ts'
import { mayGiveRole, ROLES, type Role } from '../../src/identity/role.ts'
import { PeerageError } from '../../src/runtime/peerage-error.ts'
import { groupKey, link, member } from './member-samples.ts'

/** The table of the specification: administrator, inviting member, member. */
const table: readonly (readonly [Right, boolean, boolean, boolean])[] = [
  ['publish', true, true, true],
  ['change-own-records', true, true, true],
  ['change-records-of-others', true, false, false],
  ['admit-by-link', true, true, true],
  ['set-password', true, false, false],
  ['change-properties', false, false, false],
  ['revoke-deeper', true, false, false],
  ['revoke-issued', true, true, false],
]

/** Which roles a role may issue, admit by password, and make links for. */
const given: readonly (readonly [Role, readonly Role[]])[] = [
  ['administrator', ['administrator', 'inviting-member', 'member']],
  ['inviting-member', ['inviting-member', 'member']],
  ['member', []],
]

describe('the table of rights', () => {
  for (const [right, ...allowed] of table) {
    for (const [column, role] of ROLES.entries()) {
      test(`${role}: ${right} ${allowed[column] ? 'allowed' : 'refused'}`, () => {
        expect(hasRight([role], right)).toBe(allowed[column])
        const attempt = (): void => requireRight([role], right, 'the operation')
        if (allowed[column]) expect(attempt).not.toThrow()
        else expect(attempt).toThrow(expect.objectContaining({ code: 'not-authorized' }))
      })
    }
  }

  for (const [role, roles] of given) {
    test(`${role}: gives ${roles.join(', ') || 'no role'}`, () => {
      expect(ROLES.filter((other) => mayGiveRole([role], other))).toEqual(roles)
    })
  }

  test('several roles add up, and none gives nothing', () => {
    expect(hasRight(['inviting-member', 'member'], 'revoke-issued')).toBe(true)
    expect(hasRight(['inviting-member', 'member'], 'set-password')).toBe(false)
    expect(hasRight([], 'publish')).toBe(false)
  })

  test('an error names who may, and the group key where no role may', () => {
    const said = (right: Right): string => {
      try {
        requireRight(['member'], right, 'it')
      } catch (error) {
        if (PeerageError.is(error, 'not-authorized')) return error.details.problem
      }
      return 'nothing'
    }
    expect(said('revoke-issued')).toBe('it is for administrators and inviting-members')
    expect(said('change-properties')).toBe('it takes the group key')
  })
})

describe('who may revoke', () => {
  const ann = member(groupKey, 1, ['administrator'])
  const ben = member(groupKey, 2, ['administrator'])
  const eve = member(ben, 3, ['administrator'])
  const ida = member(ben, 4, ['inviting-member'])
  const joe = member(ida, 5)
  const kim = member(eve, 6)
  const tie = member(link(ida, 7), 8)
  const may = (
    author: { readonly verified: Parameters<typeof mayRevoke>[0] },
    whom: typeof ann,
    index = whom.verified.depth,
  ): boolean => mayRevoke(author.verified, whom.verified.certificateDigests, index)

  test('the group key every certificate but the GRC', () => {
    for (const whom of [ann, ben, eve, ida, joe, kim, tie]) expect(may(groupKey, whom)).toBe(true)
    expect(may(groupKey, ann, 0)).toBe(false)
  })

  test('an administrator every deeper one, under other issuers too, and none of its own depth or above', () => {
    for (const whom of [eve, ida, joe, kim, tie]) expect(may(ann, whom)).toBe(true)
    for (const whom of [ann, ben]) expect(may(ann, whom)).toBe(false)
    expect(may(eve, joe)).toBe(true)
    for (const whom of [ann, ben, eve, ida]) expect(may(eve, whom)).toBe(false)
  })

  test('an inviting member those under its own certificate, links and who came by them among them, and no others', () => {
    expect(may(ida, joe)).toBe(true)
    expect(may(ida, tie)).toBe(true)
    expect(may(ida, tie, 3)).toBe(true)
    for (const whom of [ann, ben, eve, ida, kim]) expect(may(ida, whom)).toBe(false)
    expect(may(ida, joe, 2)).toBe(false)
  })

  test('a member nobody, and nobody a certificate that is not there', () => {
    const lou = member(ida, 9)
    const deep = member(member(ida, 10, ['inviting-member']), 11)
    for (const whom of [joe, deep]) expect(may(lou, whom)).toBe(false)
    expect(may(ann, joe, 4)).toBe(false)
  })

  test('an inviting member with another certificate of the same key only those under that one', () => {
    const renewed = member(ben, 4, ['inviting-member'])
    expect(may(renewed, joe)).toBe(false)
    expect(may(renewed, member(renewed, 5))).toBe(true)
  })
})
