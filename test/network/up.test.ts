/** Two hosts on one link with `peerage up` and nothing else: no seed, no cloud, no configuration. */
import { afterEach, expect, test } from 'vitest'
import { documents, peerage } from '../cli/command-process.ts'
import { runNode } from '../cli/running-command.ts'
import { newPath } from '../nodejs/new-path.ts'
import { type Host, Network } from './hosts.ts'

let network = new Network()

afterEach(async () => {
  await network.remove()
  network = new Network()
})

/** Runs one command on a data directory, and gives what it printed. */
async function run(dataDir: string, ...words: readonly string[]): Promise<Record<string, unknown>[]> {
  const { code, stdout, stderr } = await peerage([...words, '--data-dir', dataDir, '--json'])
  expect({ words, code, stderr }).toEqual({ words, code: 0, stderr: '' })
  return documents(stdout).map((document) => ({ ...(typeof document === 'object' ? document : {}) }))
}

function up(host: Host, dataDir: string, name: string) {
  return runNode(dataDir, name, [], ['ip', 'netns', 'exec', host.name])
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 200))
}

test('a group is made on one and joined on the other, and found again by its name alone', {
  timeout: 240_000,
}, async () => {
  const link = network.addLink()
  const [left, right] = [network.addHost(), network.addHost()]
  network.plug(left, link, 'lan0', ['192.168.7.1/24'])
  network.plug(right, link, 'lan0', ['192.168.7.2/24'])
  const [hers, his] = [newPath(), newPath()]
  await up(left, hers, 'Ann')
  const { command } = await up(right, his, 'Bob')

  const [made] = await run(hers, 'group', 'create', '--name', 'Book club')
  const [invited] = await run(hers, 'group', 'invite', 'Book club')
  const [joined] = await run(his, 'group', 'join', String(invited?.['invitation']))
  expect(joined).toMatchObject({ group: made?.['group'] })
  const [added] = await run(hers, 'record', 'add', 'Book club', '--type', 'note', '--data', 'hello', '--expires', '1h')
  const read = async (): Promise<unknown[]> => run(his, 'record', 'list', 'Book club', '--type', 'note')
  await until(async () => (await read()).length === 1)
  expect(await read()).toMatchObject([{ id: added?.['id'], payload: 'hello' }])

  // Bob comes back at another address: the clouds of the link tell the others where.
  await command.interrupt()
  right.removeAddress('lan0', '192.168.7.2/24')
  right.addAddress('lan0', '192.168.7.77/24')
  await up(right, his, 'Bob')
  const online = async (): Promise<unknown[]> =>
    (await run(hers, 'group', 'members', 'Book club')).filter(({ connected }) => connected === true)
  await until(async () => (await online()).length === 2)
})

test('a node that is started without a network is in the cloud of the link once there is one', {
  timeout: 60_000,
}, async () => {
  const link = network.addLink()
  const host = network.addHost()
  const dataDir = newPath()
  const { command } = await up(host, dataDir, 'Ann')
  expect(await run(dataDir, 'status')).toMatchObject([{ clouds: [] }])
  network.plug(host, link, 'lan0', ['192.168.7.1/24'])
  const clouds = async (): Promise<unknown> => (await run(dataDir, 'status'))[0]?.['clouds']
  await until(async () => JSON.stringify(await clouds()) !== '[]')
  expect(await clouds()).toMatchObject([{ name: 'LinkLocal_lan0' }])
  expect(await command.interrupt()).toBe(0)
  expect(command.errors).toBe('')
})
