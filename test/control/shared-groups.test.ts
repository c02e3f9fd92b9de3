/** Graphs and groups of a running node, as several programs share them. */
import { afterEach, expect, test } from 'vitest'
import { connectNode } from '../../src/control/connect-node.ts'
import { openServingNode } from '../../src/control/open-node.ts'
import { RemoteGraph } from '../../src/control/remote-graph.ts'
import { RemoteGroup } from '../../src/control/remote-group.ts'
import { RemoteRecords } from '../../src/control/remote-records.ts'
import { recordType } from '../../src/peer-node/application-types.ts'
import { GraphRecords } from '../../src/peer-node/graph-records.ts'
import type { Group } from '../../src/peer-node/group.ts'
import { OpenGraph } from '../../src/peer-node/open-graph.ts'
import { OpenGroup } from '../../src/peer-node/open-group.ts'
import type { PeerNode } from '../../src/peer-node/peer-node.ts'
import { expectRejection } from '../../src/runtime/acceptance/acceptance.ts'
import { newPath } from '../nodejs/new-path.ts'
import { settings } from '../peer-node/graph-settings.ts'

const Note = recordType('test.note', { expires: '1h' })

const opened: { close(): Promise<void> }[] = []
afterEach(async () => {
  for (const one of opened.splice(0).reverse()) await one.close()
})

async function running(friendlyName: string, servesOnly = false): Promise<string> {
  const dataDir = newPath()
  const { node } = await openServingNode({ dataDir, friendlyName }, { servesOnly })
  opened.push(node)
  return dataDir
}

async function program(dataDir: string): Promise<PeerNode> {
  const node = await connectNode({ dataDir })
  opened.push(node)
  return node
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 5))
}

const operations = (type: { readonly prototype: object }): string[] =>
  Object.getOwnPropertyNames(type.prototype).filter((name) => name !== 'constructor')

test('G-198: what graphs, groups and records can do in the process they can do through a running node, shown by one suite', () => {
  expect(settings.map(({ name }) => name)).toContain('through a running node')
  const here = new Set([...operations(RemoteGraph), ...operations(RemoteGroup)])
  for (const name of ['status', 'nodes', 'send', 'messages', 'connect', 'connections', 'links', 'exportDatabase']) {
    expect(operations(OpenGraph), name).toContain(name)
    expect(here, name).toContain(name)
  }
  for (const name of ['invite', 'members', 'setRole', 'revoke', 'renew', 'leave', 'exportKey', 'removePassword']) {
    expect(operations(OpenGroup), name).toContain(name)
    expect(here, name).toContain(name)
  }
  // What a node is told by its engine is not for programs.
  const ofPrograms = operations(GraphRecords).filter((name) => name !== 'changed')
  expect(operations(RemoteRecords)).toEqual(expect.arrayContaining(ofPrograms))
})

test('P-055: programs of one node and identity share a group: one puts all online, and it is offline when the last has closed it', async () => {
  const [hers, his] = [await running('Ann'), await running('Bob')]
  const [first, second] = [await program(hers), await program(hers)]
  const made = await first.groups.create({ friendlyName: 'Book club', offline: true })
  const shared = await second.groups.open(made.peerName, { offline: true })
  expect([(await made.status()).state, (await shared.status()).state]).toEqual(['offline', 'offline'])
  // Offline records can be read and added, and all programs see them.
  const { id } = await made.records.add(Note, Uint8Array.of(1))
  expect((await shared.records.get(Note, id))?.payload).toEqual(Uint8Array.of(1))
  await expectRejection('duplicate-group', second.groups.open(made.peerName), 'twice in one program')
  await expectRejection('group-in-use', second.groups.delete(made.peerName), 'while others have it open')

  // Connecting by one puts all online.
  await shared.goOnline()
  await until(async () => (await made.addresses()).length > 0)
  const bob = await (await program(his)).groups.join(await shared.invite())
  await until(async () => (await made.status()).neighbors === 1)
  expect((await shared.links()).map(({ peerName }) => peerName)).toEqual([bob.identity])
  expect((await bob.records.get(Note, id))?.payload).toEqual(Uint8Array.of(1))

  // A third opens it, and is online at once.
  const third: Group = await (await program(hers)).groups.open(made.peerName)
  expect(await third.status()).toMatchObject({ state: 'synchronized', neighbors: 1 })

  // It is offline when the last has closed it.
  await made.close()
  await shared.close()
  expect(await bob.status()).toMatchObject({ neighbors: 1 })
  await third.close()
  await until(async () => (await bob.status()).neighbors === 0)
  expect(await first.groups.list()).toMatchObject([{ peerName: made.peerName, isOpen: false }])
})

test('a node that is there for programs alone keeps their groups open when they have gone', async () => {
  const dataDir = await running('Ann', true)
  const making = await connectNode({ dataDir })
  const { peerName } = await making.groups.create({ friendlyName: 'Book club' })
  await making.close()
  const later = await program(dataDir)
  expect(await later.groups.list()).toMatchObject([{ peerName, isOpen: true }])
  const group = await later.groups.open(peerName)
  expect((await group.addresses()).length).toBeGreaterThan(0)
  await expectRejection('group-key-would-be-lost', group.leave(), 'by the last who holds the key')
  await group.leave({ losesGroupKey: true })
  expect(await later.groups.list()).toEqual([])
})
