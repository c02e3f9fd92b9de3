/** `peerage name register`, `list` and `unregister` with a running node, which keeps the name. */
import { expect, test } from 'vitest'
import { newPath } from '../nodejs/new-path.ts'
import { documents, peerage } from './command-process.ts'
import { runNode } from './running-command.ts'

/** Runs `peerage name` on a data directory. */
async function name(dataDir: string, ...words: readonly string[]): Promise<{ code: number; said: readonly unknown[] }> {
  const { code, stdout, stderr } = await peerage(['name', ...words, '--data-dir', dataDir, '--json'])
  return { code, said: documents(code === 0 ? stdout : stderr) }
}

test('a running node keeps a name when the command has gone, until it is unregistered', async () => {
  const [ann, bob] = [newPath(), newPath()]
  const { ready } = await runNode(ann, 'Ann', ['--no-lan', '--cloud', 'test'])
  const seed = `127.0.0.1:${ready.pnrpPort}`
  const { ready: his } = await runNode(bob, 'Bob', ['--no-lan', '--cloud', 'test', '--seed', seed])
  const endpoint = ['--endpoint', '203.0.113.7:80', '--comment', 'hello', '--payload', 'more']
  expect(await name(bob, 'register', '0.demo', ...endpoint, '--cloud', 'test')).toEqual({
    ...{ code: 0, said: [{ registered: '0.demo', kept: true }] },
  })
  const { said: found } = await name(ann, 'resolve', '0.demo', '--cloud', 'test')
  expect(found).toMatchObject([{ peerName: '0.demo', comment: 'hello', cloud: 'test' }])
  expect(await name(bob, 'register', `${his.peerName}2`, '--endpoint', ':81', '--cloud', 'test')).toMatchObject({
    code: 0,
  })
  const { said: listed } = await name(bob, 'list')
  expect(listed).toMatchObject([
    {
      ...{ name: '0.demo', comment: 'hello', cloud: 'test', payload: { text: 'more' }, since: expect.any(String) },
      endpoints: [{ host: '203.0.113.7', port: 80, protocol: 6 }],
    },
    { name: `${his.peerName}2`, endpoints: [{ port: 81 }] },
  ])

  expect(await name(bob, 'unregister', '0.demo')).toEqual({ code: 0, said: [{ unregistered: '0.demo' }] })
  expect(await name(ann, 'resolve', '0.demo', '--cloud', 'test')).toMatchObject({
    ...{ code: 1, said: [{ error: { code: 'name-not-found' } }] },
  })
  expect(await name(bob, 'unregister', '0.demo')).toMatchObject({
    ...{ code: 1, said: [{ error: { code: 'name-not-kept' } }] },
  })
  expect(await name(bob, 'register', '0.demo', '--endpoint', ':80', '--cloud', 'other')).toMatchObject({
    ...{ code: 1, said: [{ error: { code: 'cloud-not-found' } }] },
  })
  expect(await name(newPath(), 'list')).toMatchObject({ code: 1, said: [{ error: { code: 'node-not-running' } }] })
}, 60_000)
