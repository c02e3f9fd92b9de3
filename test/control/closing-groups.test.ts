/** Closing and deleting a group that several programs use. */
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { connectNode } from '../../src/control/connect-node.ts'
import { openServingNode } from '../../src/control/open-node.ts'
import { recordType } from '../../src/peer-node/application-types.ts'
import { expectRejection } from '../../src/runtime/acceptance/acceptance.ts'
import { newPath } from '../nodejs/new-path.ts'

const Note = recordType('test.note', { expires: '1h' })
const opened: { close(): Promise<void> }[] = []
afterEach(async () => {
  for (const one of opened.splice(0).reverse()) await one.close()
})

/** What a data directory has of groups and graphs, without locks. */
function filesOf(dataDir: string): readonly string[] {
  const folders = ['groups', 'graphs'].map((name) => join(dataDir, name)).filter((folder) => existsSync(folder))
  return folders.flatMap((folder) => readdirSync(folder)).filter((name) => !name.endsWith('.lock'))
}

test('P-108: closing ends only this program’s use; deleting waits for all, and takes database, chain and group key', async () => {
  const dataDir = newPath()
  const { node } = await openServingNode({ dataDir, friendlyName: 'Ann' })
  opened.push(node)
  const [first, second] = [await connectNode({ dataDir }), await connectNode({ dataDir })]
  opened.push(first, second)
  const hers = await first.groups.create({ friendlyName: 'Book club', offline: true })
  const { peerName } = hers
  const his = await second.groups.open(peerName, { offline: true })
  expect(await his.hasKey()).toBe(true)
  await hers.close()
  // The other program goes on, and what it writes is kept.
  const { id } = await his.records.add(Note, Uint8Array.of(1))
  expect((await his.records.get(Note, id))?.payload).toEqual(Uint8Array.of(1))
  await expectRejection('group-in-use', first.groups.delete(peerName), 'while another program has it open')
  expect(await first.groups.list()).toMatchObject([{ peerName, isOpen: true }])
  expect(filesOf(dataDir).length).toBeGreaterThanOrEqual(2)
  await his.close()
  await first.groups.delete(peerName)
  expect(await second.groups.list()).toEqual([])
  expect(filesOf(dataDir)).toEqual([])
  await expectRejection('group-not-found', second.groups.open(peerName), 'what was deleted')
})
