/** Groups on disks that are full and hosts that crash. */
import { expect, test } from 'vitest'
import { recordType } from '../../src/peer-node/application-types.ts'
import { expectRejection } from '../../src/runtime/acceptance/acceptance.ts'
import { withSimulatedNodes } from './simulated-nodes.ts'

const Note = recordType('test.note', { expires: '1h' })

test('a full disk is said where something of a group is to be kept, and what was there before is there still', () =>
  withSimulatedNodes('full', async ({ addHost, openNode }) => {
    const host = addHost('ann')
    const ann = await openNode(host)
    const group = await ann.groups.create({ friendlyName: 'Book club' })
    const key = await group.exportKey('secret')
    host.disk.capacity = 0
    await expectRejection('disk-full', ann.groups.create(), 'making another one')
    expect(await ann.groups.list()).toHaveLength(1)
    host.disk.capacity = Number.POSITIVE_INFINITY
    await group.removeKey()
    host.disk.capacity = 0
    await expectRejection('disk-full', group.importKey(key, 'secret'), 'taking the key over')
    expect(await group.hasKey()).toBe(false)
    await group.close()
    host.disk.capacity = Number.POSITIVE_INFINITY
    const again = await ann.groups.open(group.peerName)
    expect(await again.status()).toMatchObject({ membership: 'in-force' })
    await again.importKey(key, 'secret')
    expect(await again.hasKey()).toBe(true)
  }))

test('a host that crashes goes on with its group where it was, and one that crashes in a join joins again', () =>
  withSimulatedNodes('crashing', async ({ addHost, openNode, advance, until }) => {
    const [annHost, bobHost] = [addHost('ann'), addHost('bob')]
    const hers = await (await openNode(annHost)).groups.create()
    const link = await hers.invite()
    for (let index = 0; index < 50; index++) await hers.records.add(Note, Uint8Array.of(index))
    // The join is cut off at different moments: before anybody was reached, and while records come.
    for (const moment of [5, 60, 130]) {
      const bob = await openNode(bobHost)
      void bob.groups.join(link).catch(() => undefined)
      await advance(moment)
      bobHost.restart()
    }
    const bob = await openNode(bobHost)
    const listed = await bob.groups.list()
    const his = listed.length === 0 ? await bob.groups.join(link) : await bob.groups.open(hers.peerName)
    await his.synchronized()
    const { id } = await his.records.add(Note, Uint8Array.of(100))
    await until(async () => (await hers.records.get(Note, id)) !== undefined, '120s')
    expect(await hers.members()).toHaveLength(2)
    bobHost.restart()
    const again = await (await openNode(bobHost)).groups.open(hers.peerName)
    expect((await again.records.get(Note, id))?.payload).toEqual(Uint8Array.of(100))
    await again.synchronized()
    expect(await again.status()).toMatchObject({ membership: 'in-force' })
  }))
