/** What a node keeps for programs that have gone: names; and what of an invitation crosses to it. */
import { afterEach, expect, test } from 'vitest'
import { connectRunningNode } from '../../src/control/connect-node.ts'
import { openServingNode } from '../../src/control/open-node.ts'
import { expectRejection } from '../../src/runtime/acceptance/acceptance.ts'
import { newPath } from '../nodejs/new-path.ts'
import { all } from '../peer-node/graph-settings.ts'

const opened: { close(): Promise<void> }[] = []
afterEach(async () => {
  for (const one of opened.splice(0).reverse()) await one.close()
})

/** A running node in a cloud of loopback, and its data directory. */
async function running(): Promise<string> {
  const dataDir = newPath()
  const { node } = await openServingNode({ dataDir, friendlyName: 'Ann' })
  opened.push(node)
  await node.clouds.open('test', { ranges: ['127.0.0.0/8'] })
  return dataDir
}

async function program(dataDir: string) {
  const connected = await connectRunningNode({ dataDir })
  opened.push(connected.node)
  return connected
}

test('a name that is kept outlives the program; one that the program registered does not', async () => {
  const dataDir = await running()
  const first = await program(dataDir)
  const endpoints = [{ host: '203.0.113.7', port: 80 }]
  const payload = new Uint8Array([1, 2])
  await first.keptNames.keep({ name: '0.kept', endpoints, comment: 'hello', payload, cloud: 'test' })
  await first.node.names.register({ name: '0.own', endpoints })
  await first.node.close()

  const { node, keptNames } = await program(dataDir)
  expect(await keptNames.list()).toEqual([
    { name: '0.kept', endpoints, comment: 'hello', payload, cloud: 'test', since: expect.any(Date) },
  ])
  const [found] = await all(node.names.resolve('0.kept', { limit: 1 }))
  expect(found).toMatchObject({ comment: 'hello', payload })
  const error = await expectRejection('name-not-kept', keptNames.release('0.own'), 'it ended with its program')
  expect(error.details).toEqual({ name: '0.own', kept: ['0.kept'] })
  await keptNames.release('0.kept')
  expect(await keptNames.list()).toEqual([])
  expect(await all(node.names.resolve('0.kept'))).toEqual([])
})

test('a name that cannot be registered is not kept', async () => {
  const { keptNames } = await program(await running())
  const kept = { name: '0.kept', endpoints: [], cloud: 'test' }
  await expectRejection('nothing-to-register', keptNames.keep(kept), 'no endpoint and no payload')
  expect(await keptNames.list()).toEqual([])
})

test('how long a membership lasts can be said through a running node', async () => {
  const dataDir = await running()
  const { node } = await program(dataDir)
  const group = await node.groups.create({ friendlyName: 'Choir' })
  const bob = await node.identities.create({ friendlyName: 'Bob' })
  const invitation = await group.invite({ for: await node.identities.certificate(bob.peerName), memberUntil: '12h' })
  await node.groups.join(invitation)
  const { expires } = await group.member(bob.peerName)
  const hours = (expires.getTime() - Date.now()) / 3_600_000
  expect(Math.round(hours)).toBe(12)
})
