/** `peerage group`, driven as scripts drive it: processes with `--json`, two of them running nodes. */
import { createServer, type Server } from 'node:net'
import { expect, test } from 'vitest'
import { newPath } from '../nodejs/new-path.ts'
import { peerage } from './command-process.ts'
import { failure, file, group, textOf } from './group-command.ts'
import { RunningCommand, runNode } from './running-command.ts'

test('between running nodes: invited by link, for an identity and by password; roles given; one revoked', async () => {
  const [ann, bob] = [newPath(), newPath()]
  const [{ ready: hers }, { ready: his }] = [await runNode(ann, 'Ann'), await runNode(bob, 'Bob')]
  const [made] = await group(ann, ['create', '--name', 'Book club'])
  expect(made).toEqual({
    ...{ group: expect.stringMatching(/^[0-9a-f]{40}\.$/), friendlyName: 'Book club', identity: hers.peerName },
  })
  const { group: name } = made as { group: string }

  const [link] = await group(ann, ['invite', 'Book club', '--role', 'inviting-member', '--expires', '12h'])
  const { invitation } = link as { invitation: string }
  expect(link).toEqual({ invitation, group: name, kind: 'link', role: 'inviting-member', expires: expect.any(String) })
  const [read] = await group(newPath(), ['read', invitation])
  expect(read).toMatchObject({
    ...{ group: name, friendlyName: 'Book club', from: hers.peerName, role: 'inviting-member', needsPassword: false },
    ...{ kind: 'link', addresses: expect.arrayContaining([expect.stringMatching(/:\d+$/)]) },
  })
  const [joined] = await group(bob, ['join', '-'], invitation)
  expect(joined).toEqual({
    ...{ group: name, status: 'synchronized', friendlyName: 'Book club', identity: his.peerName },
    ...{ role: 'inviting-member', expires: expect.any(String) },
  })
  const members = await group(bob, ['members', name.slice(0, 8)])
  expect(members).toHaveLength(2)
  expect(members).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ peerName: hers.peerName, role: 'administrator', connected: true }),
      expect.objectContaining({ peerName: his.peerName, role: 'inviting-member' }),
    ]),
  )

  // For one identity, which joins without a running node; and by password.
  const [carl, dora] = [newPath(), newPath()]
  await peerage(['identity', 'create', '--name', 'Carl', '--data-dir', carl])
  const { stdout: certificate } = await peerage(['identity', 'info', '--data-dir', carl])
  const forCarl = await textOf(group(ann, ['invite', name, '--for', file('pem', certificate)]), 'invitation')
  const byPassword = file('password', 'rain in spain\n')
  const forAll = await textOf(group(ann, ['invite', name, '--password-file', byPassword]), 'invitation')
  await peerage(['identity', 'create', '--name', 'Dora', '--data-dir', dora])
  await Promise.all([group(carl, ['join', forCarl]), group(dora, ['join', forAll, '--password-file', byPassword])])
  expect(await failure(newPath(), ['group', 'join', forAll])).toEqual({ code: 2, error: 'misuse' })

  const roleOf = async (friendlyName: string): Promise<unknown> => {
    const all = (await group(bob, ['members', 'Book club'])) as { friendlyName: string; role: string }[]
    return all.find((member) => member.friendlyName === friendlyName)?.role
  }
  await group(ann, ['role', 'Book club', 'Carl', 'administrator'])
  await expect.poll(() => roleOf('Carl'), { timeout: 10_000 }).toBe('administrator')
  await group(ann, ['revoke', 'Book club', 'Carl', '--keep', 'none'])
  await expect.poll(() => roleOf('Carl'), { timeout: 10_000 }).toBeUndefined()
  expect(await roleOf('Dora')).toBe('member')
  expect(await failure(bob, ['group', 'revoke', 'Book club', 'Ann'])).toEqual({ code: 1, error: 'not-authorized' })
  expect(await failure(bob, ['group', 'revoke', 'Book club', 'Carl'])).toEqual({ code: 1, error: 'member-not-found' })
  const [shown] = await group(bob, ['show', 'Book club'])
  expect(shown).toMatchObject({
    group: name,
    role: 'inviting-member',
    members: 3,
    hasKey: false,
    membership: 'in-force',
  })
  expect((shown as { links: readonly unknown[] }).links.length).toBeGreaterThan(0)
  expect(await group(bob, ['leave', 'Book club'])).toEqual([{ group: name, left: true }])
  expect(await group(bob, ['list'])).toEqual([])
}, 60_000)

test('bad words of the command line are misuse, and an invitation cut short is said to be', async () => {
  const dataDir = newPath()
  for (const words of [
    ['group', 'create'],
    ['group', 'invite', 'Choir', '--uses', '0'],
    ['group', 'invite', 'Choir', '--uses', '2', '--for', 'a.pem'],
    ['group', 'invite', 'Choir', '--role', 'king'],
    ['group', 'invite', 'Choir', '--expires', 'soon'],
    ['group', 'import', '--key'],
  ]) {
    expect(await failure(dataDir, words), words.join(' ')).toEqual({ code: 2, error: 'misuse' })
  }
  const cut = await failure(dataDir, ['group', 'read', 'peerage:AfYBAlFIHgIPTX4OYmIt'])
  expect(cut).toEqual({ code: 1, error: 'invalid-invitation' })
}, 30_000)

test('people are told of the steps, unless they want quiet; Ctrl-C ends a join that hangs, and leaves nothing', async () => {
  const [ann, bob] = [newPath(), newPath()]
  const { command } = await runNode(ann, 'Ann')
  await group(ann, ['create', '--name', 'Choir'])
  const made = await peerage(['group', 'invite', 'Choir', '--uses', '2', '--data-dir', ann])
  expect(made.stderr).toMatch(/^Whoever has it can join as member, until \d{4}-.*: give it to nobody else\.\n$/)
  const invitation = made.stdout.trim()
  await peerage(['identity', 'create', '--name', 'Bob', '--data-dir', bob])
  const join = ['group', 'join', invitation, '--data-dir', bob]
  const joined = await peerage(join)
  expect(joined.stdout).toMatch(/^You are in Choir, as member, until \d{4}-.*Z \(synchronized\)\.\n$/)
  expect(joined.stderr).toMatch(/^joining Choir, invited by .*\n(.*\n)*connecting to .*:\d+\n(.*\n)*No node is running/)
  const read = await peerage(['group', 'read', invitation])
  expect(read.stdout).toMatch(/^group +Choir\n(.*\n)*kind +a link\n(.*\n)*All of this is a claim/)

  // Whatever listens there now says nothing.
  const port = Number(/:(\d+)\n/.exec(joined.stderr)?.[1])
  await command.interrupt()
  const silent = await listening(port)
  const carl = newPath()
  await peerage(['identity', 'create', '--name', 'Carl', '--data-dir', carl])
  const hangs = new RunningCommand(['group', 'join', invitation, '--data-dir', carl])
  await expect.poll(() => hangs.errors, { timeout: 10_000 }).toContain('connecting to')
  expect(await hangs.interrupt()).toBe(1)
  silent.close()
  expect(hangs.errors).toMatch(/peerage: it was interrupted before it was done\.\n/)
  expect(await group(carl, ['list'])).toEqual([])
  const quiet = await peerage(['group', 'list', '--quiet', '--data-dir', carl])
  expect(quiet).toEqual({ code: 0, stdout: '', stderr: '' })
}, 60_000)

function listening(port: number): Promise<Server> {
  const server = createServer((socket) => socket.unref()).unref()
  return new Promise((resolve) => server.listen(port, () => resolve(server)))
}
