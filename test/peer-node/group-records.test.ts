/** The records of a group, as applications write and read them. */
import { describe, expect, test } from 'vitest'
import { recordType } from '../../src/peer-node/application-types.ts'
import { expectRejection } from '../../src/runtime/acceptance/acceptance.ts'
import { all, settings } from './graph-settings.ts'
import { anything } from './schemas.ts'

const Note = recordType('test.note', { schema: anything, expires: '1h', attributes: () => ({ topic: 'chess' }) })
const Endless = recordType('test.endless', { schema: anything })

describe.each(settings)('$name', ({ run }) => {
  test('P-110: records are added, read, updated, deleted, listed and searched, and what proves them is set by Peerage', () =>
    run(async ({ open, until }) => {
      const [ann, bob] = [await open('ann'), await open('bob')]
      const hers = await ann.groups.create()
      const his = await bob.groups.join(await hers.invite())
      await expectRejection('invalid-expiration', hers.records.add(Endless, 'x'), 'no expiration at all')
      const until1 = new Date((await hers.now()).getTime() + 60_000)
      expect((await hers.records.add(Endless, 'x', { expires: until1 })).expires).toEqual(until1)
      const given = { id: 'f'.repeat(32), creator: hers.identity, modifier: hers.identity, created: new Date(0) }
      const before = await his.now()
      // A program that is not compiled can say what it likes.
      const added = await his.records.add(Note, 'one', Object.assign({ refresh: false }, given))
      expect(added).toMatchObject({ type: 'test.note', version: 1, creator: his.identity, payload: 'one' })
      expect(added.id).not.toBe(given.id)
      expect(added.created.getTime()).toBeGreaterThanOrEqual(before.getTime())
      expect(added.expires.getTime() - added.created.getTime()).toBeLessThanOrEqual(3_600_000)
      await until(async () => (await hers.records.get(Note, added.id)) !== undefined)
      // The creator of the group is an administrator, and may change what others wrote.
      const updated = await hers.records.update(Note, added.id, 'two')
      expect(updated).toMatchObject({ version: 2, creator: his.identity, modifier: hers.identity, payload: 'two' })
      await until(async () => (await his.records.get(Note, added.id))?.version === 2)
      const mine = await hers.records.add(Note, 'three')
      await until(async () => (await his.records.get(Note, mine.id)) !== undefined)
      await expectRejection('not-authorized', his.records.update(Note, mine.id, 'four'), 'a record of another member')
      await expectRejection('not-authorized', his.records.delete(mine.id), 'deleting that')
      const byCreator = { name: 'peercreatorid', is: '=', value: his.identity } as const
      expect(await all(hers.records.list(Note, { where: byCreator }))).toMatchObject([{ id: added.id }])
      expect(await all(hers.records.list(Note, { where: { name: 'topic', is: 'like', value: 'ch*' } }))).toHaveLength(2)
      expect(await all(his.records.list(Note))).toHaveLength(2)
      await hers.records.delete(added.id)
      await until(async () => (await his.records.get(Note, added.id)) === undefined)
      await expectRejection('record-not-found', his.records.update(Note, added.id, 'five'), 'what was deleted')
    }))

  test('a newcomer drops no record, although they can live longer in this group than in most', () =>
    run(async ({ open }) => {
      const [ann, bob] = [await open('ann'), await open('bob')]
      const hers = await ann.groups.create({ longestRecordLife: '36525d' })
      for (const text of ['one', 'two']) await hers.records.add(Note, text, { expires: '36000d' })
      const his = await bob.groups.join(await hers.invite())
      expect(await all(his.records.list(Note))).toHaveLength(2)
      expect(Object.keys(await bob.metrics())).not.toContain('graph-dropped-record-outlives')
    }))
})
