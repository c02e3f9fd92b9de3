/** Making, joining, opening, listing, leaving and deleting groups. */
import { describe, expect, test } from 'vitest'
import { recordType } from '../../src/peer-node/application-types.ts'
import { expectRejection } from '../../src/runtime/acceptance/acceptance.ts'
import { all, settings } from './graph-settings.ts'

const Note = recordType('test.note', { expires: '1h' })
const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values)

describe.each(settings)('$name', ({ run }) => {
  test('a group is made, somebody joins by link, and both read what each writes', () =>
    run(async ({ open, until }) => {
      const [ann, bob] = [await open('ann'), await open('bob')]
      const hers = await ann.groups.create({ friendlyName: 'Book club' })
      expect(await hers.status()).toMatchObject({ membership: 'in-force' })
      const { id } = await hers.records.add(Note, bytes(1))
      const invitation = await hers.invite()
      const steps: string[] = []
      const his = await bob.groups.join(invitation, { onProgress: ({ phase }) => steps.push(phase) })
      expect(steps).toContain('synchronizing')
      expect(his.peerName).toBe(hers.peerName)
      expect((await his.records.get(Note, id))?.payload).toEqual(bytes(1))
      const written = await his.records.add(Note, bytes(2))
      await until(async () => (await hers.records.get(Note, written.id)) !== undefined)
      await until(async () => (await hers.members({ connected: true })).length === 2)
      expect(await bob.groups.list()).toEqual([
        { peerName: his.peerName, friendlyName: 'Book club', identity: his.identity, isOpen: true },
      ])
      expect(await all(his.records.list(Note))).toHaveLength(2)
      await expectRejection('already-a-member', bob.groups.join(invitation), 'joining again')
    }))
})
