/** `peerage up`: the clouds that the node is in, the providers that it has, and what it refuses. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { newPath } from '../nodejs/new-path.ts'
import { documents, peerage } from './command-process.ts'
import { runNode } from './running-command.ts'

async function run(
  dataDir: string,
  ...words: readonly string[]
): Promise<{ readonly code: number; readonly said: readonly Readonly<Record<string, unknown>>[] }> {
  const { code, stdout, stderr } = await peerage([...words, '--data-dir', dataDir, '--json'])
  const said = documents(code === 0 ? stdout : stderr)
  return { code, said: said.map((document) => ({ ...(typeof document === 'object' ? document : {}) })) }
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 100))
}

/** A file of its own folder. */
function file(name: string, content: string): string {
  const folder = newPath()
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, name), content)
  return join(folder, name)
}

test('P-132: two nodes on one host that use no multicast join by the invitation alone', async () => {
  const [hers, his] = [newPath(), newPath()]
  await runNode(hers, 'Ann', ['--no-lan'])
  await runNode(his, 'Bob', ['--no-lan'])
  await run(hers, 'group', 'create', '--name', 'Book club')
  const { said: invited } = await run(hers, 'group', 'invite', 'Book club')
  const joined = await run(his, 'group', 'join', String(invited[0]?.['invitation']))
  expect(joined).toMatchObject({ code: 0, said: [{ status: 'synchronized' }] })
  await run(hers, 'record', 'add', 'Book club', '--type', 'note', '--data', 'hello')
  await until(async () => (await run(his, 'record', 'list', 'Book club', '--type', 'note')).said.length === 1)
  // No cloud was opened for the group, either, and so nothing was sent to everybody.
  for (const dataDir of [hers, his]) {
    expect(await run(dataDir, 'status')).toMatchObject({ said: [{ peers: 1, groups: [{ online: 2 }], clouds: [] }] })
  }
  expect(await run(his, 'name', 'resolve', '0.demo')).toMatchObject({ said: [{ error: { code: 'cloud-not-found' } }] })
}, 60_000)

test('a private cloud has its ranges and its secret, and other commands use it as it is', async () => {
  const [ann, bob, eve] = [newPath(), newPath(), newPath()]
  const secret = file('club.secret', 'the secret of the club\n')
  const cloud = ['--no-lan', '--cloud', 'club', '--range', '127.0.0.0/8']
  const { ready } = await runNode(ann, 'Ann', [...cloud, '--secret-file', secret])
  const seed = ['--seed', `127.0.0.1:${ready.pnrpPort}`]
  await runNode(bob, 'Bob', [...cloud, ...seed, '--secret-file', secret])
  const described = { name: 'club', hasSecret: true, ranges: ['127.0.0.0/8'] }
  // The seed is of the cloud that is named, and no reason to be in another one.
  expect(await run(bob, 'status')).toMatchObject({ said: [{ clouds: [described] }] })
  expect((await run(bob, 'cloud', 'list')).said).toContainEqual(
    expect.objectContaining({ name: 'Global_', openCount: 0 }),
  )
  expect(await run(ann, 'name', 'register', '0.demo', '--endpoint', ':80', '--cloud', 'club')).toMatchObject({
    code: 0,
  })
  const { said: found } = await run(bob, 'name', 'resolve', '0.demo', '--cloud', 'club')
  expect(found).toMatchObject([{ peerName: '0.demo', cloud: 'club', endpoints: [{ host: '127.0.0.1' }] }])
  expect(await run(bob, 'cloud', 'show', 'club')).toMatchObject({
    said: [{ cloud: { ...described, state: 'active' } }],
  })

  const other = file('other.secret', 'the secret of another one')
  const asked = ['name', 'resolve', '0.demo', '--cloud', 'club', '--range', '127.0.0.0/8', ...seed]
  expect(await run(eve, ...asked, '--secret-file', other)).toMatchObject({
    said: [{ error: { code: 'name-not-found' } }],
  })
  expect(await run(eve, 'up', '--no-lan', '--secret-file', other)).toMatchObject({
    ...{ code: 1, said: [{ error: { code: 'invalid-cloud' } }] },
  })
  expect(await run(eve, 'name', 'resolve', '0.demo', '--secret-file', other)).toMatchObject({
    ...{ code: 1, said: [{ error: { code: 'invalid-cloud' } }] },
  })
}, 60_000)

const OPEN_TO_ALL = `export default () => ({
  admit: () => ({ verdict: 'admitted', reason: '', received: () => 'admitted' }),
  isAdmitted: () => true, secure: () => new Uint8Array(0), validate: () => 'valid', isAdministrator: () => false,
  rightEnds: () => undefined, firstTypes: [], proof: () => undefined, proofArrived: () => false, close: () => undefined,
})`

test('a graph names a provider that the node was given, also when it is started again', async () => {
  const dataDir = newPath()
  const provider = ['--no-lan', '--provider', `open-to-all=${file('provider.mjs', OPEN_TO_ALL)}`]
  const { command } = await runNode(dataDir, 'Ann', provider)
  expect(await run(dataDir, 'graph', 'create', '--provider', 'open-to-all', '--name', 'Square')).toMatchObject({
    code: 0,
  })
  expect(await command.interrupt()).toBe(0)
  await runNode(dataDir, 'Ann', provider)
  expect(await run(dataDir, 'graph', 'list')).toMatchObject({ said: [{ provider: 'open-to-all', isOpen: true }] })
}, 60_000)

test('a provider that is none, and an empty data directory, are refused with the reason', async () => {
  const cases = [
    [file('number.mjs', 'export default 7'), 'its default export is no function'],
    [file('broken.mjs', 'throw new Error("no luck")'), 'no luck'],
    [join(newPath(), 'missing.mjs'), 'Cannot find module'],
  ] as const
  for (const [module, reason] of cases) {
    expect(await run(newPath(), 'up', '--provider', `mine=${module}`)).toMatchObject({
      ...{ code: 1, said: [{ error: { code: 'input-not-readable', message: expect.stringContaining(reason) } }] },
    })
  }
  // An empty path would be the folder where the command happens to run.
  expect(await run('', 'status')).toMatchObject({ code: 2, said: [{ error: { code: 'misuse' } }] })
  expect(await run(newPath(), 'up', '--provider', 'mine')).toMatchObject({
    code: 2,
    said: [{ error: { code: 'misuse' } }],
  })
}, 60_000)

test('a second node on one data directory, and a port that is taken, are refused; one that nobody asked for is not', async () => {
  const [dataDir, other] = [newPath(), newPath()]
  const { ready } = await runNode(dataDir, 'Ann', ['--no-lan', '--cloud', 'club', '--range', '127.0.0.0/8'])
  expect(await run(dataDir, 'up')).toMatchObject({ code: 1, said: [{ error: { code: 'node-already-running' } }] })
  const cloud = ['--no-lan', '--cloud', 'club', '--range', '127.0.0.0/8']
  expect(await run(other, 'up', ...cloud, '--pnrp-port', `${ready.pnrpPort}`)).toMatchObject({
    ...{ code: 1, said: [{ error: { code: 'port-in-use' } }] },
  })
  const { ready: second } = await runNode(other, 'Bob', cloud)
  expect(second.pnrpPort).not.toBe(ready.pnrpPort)

  const taken = createServer()
  const port = await new Promise<number>((resolve) => {
    taken.listen(0, '0.0.0.0', () => {
      const address = taken.address()
      resolve(typeof address === 'object' && address !== null ? address.port : 0)
    })
  })
  expect(await run(newPath(), 'up', '--no-lan', '--port', `${port}`)).toMatchObject({
    ...{ code: 1, said: [{ error: { code: 'port-in-use', message: expect.stringContaining(`:${port} `) } }] },
  })
  taken.close()
  // What was there before is there after it.
  expect(readFileSync(join(dataDir, 'identities', `${ready.peerName.slice(0, 40)}.pem`), 'utf8')).toContain('KEY')
}, 60_000)
