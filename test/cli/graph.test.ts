/** `peerage graph`, driven as scripts drive it. */
import { expect, test } from 'vitest'
import { newPath } from '../nodejs/new-path.ts'
import { documents, peerage } from './command-process.ts'
import { runNode } from './running-command.ts'

async function graph(
  dataDir: string,
  ...words: readonly string[]
): Promise<{ code: number; said: readonly unknown[] }> {
  const { code, stdout, stderr } = await peerage(['graph', ...words, '--data-dir', dataDir, '--json'])
  return { code, said: documents(code === 0 ? stdout : stderr) }
}

test('an open graph is made by one running node, joined by another, shown, listed and left', async () => {
  const [ann, bob] = [newPath(), newPath()]
  const [{ ready: hers }] = [await runNode(ann, 'Ann'), await runNode(bob, 'Bob')]
  const made = await graph(ann, 'create', '--name', 'Square')
  expect(made).toMatchObject({ code: 0, said: [{ friendlyName: 'Square', identity: hers.peerName }] })
  const [{ graph: id, addresses }] = made.said as [{ graph: string; addresses: readonly [string] }]
  const address = `127.0.0.1:${/\d+$/.exec(addresses[0])?.[0]}`
  expect(await graph(bob, 'join', id, '--address', address)).toMatchObject({
    ...{ code: 0, said: [{ graph: id, status: 'synchronized', friendlyName: 'Square' }] },
  })
  expect(await graph(bob, 'list')).toMatchObject({
    ...{ code: 0, said: [{ graph: id, friendlyName: 'Square', provider: 'none', isOpen: true }] },
  })
  expect(await graph(ann, 'show', 'Square')).toMatchObject({
    ...{ code: 0, said: [{ graph: id, provider: 'none', state: 'synchronized', neighbors: 1, addresses }] },
  })
  expect(await graph(bob, 'leave', 'Square')).toEqual({ code: 0, said: [{ graph: id, left: true }] })
  expect(await graph(bob, 'show', 'Square')).toMatchObject({
    code: 1,
    said: [{ error: { code: 'database-not-present' } }],
  })
  expect(await graph(ann, 'create', '--provider', 'mine')).toMatchObject({
    ...{ code: 1, said: [{ error: { code: 'unknown-provider' } }] },
  })
}, 60_000)

test('without a running node a graph is made and shown, offline', async () => {
  const dataDir = newPath()
  await peerage(['identity', 'create', '--name', 'Ann', '--data-dir', dataDir])
  expect(await graph(dataDir, 'create', '--id', 'town square')).toMatchObject({
    ...{ code: 0, said: [{ graph: 'town square', addresses: [] }] },
  })
  expect(await graph(dataDir, 'show', 'town square')).toMatchObject({ code: 0, said: [{ state: 'offline' }] })
  expect(await graph(dataDir, 'join', 'other')).toMatchObject({ code: 2, said: [{ error: { code: 'misuse' } }] })
}, 30_000)
