/** What is changed of a group between running nodes. */
import { expect, test } from 'vitest'
import { newPath } from '../nodejs/new-path.ts'
import { peerage } from './command-process.ts'
import { failure, file, group, textOf } from './group-command.ts'
import { runNode } from './running-command.ts'

test('properties, renewal, links that are cancelled, the password that is removed, and addresses', async () => {
  const [ann, bob] = [newPath(), newPath()]
  const [, { ready: his }] = [await runNode(ann, 'Ann'), await runNode(bob, 'Bob')]
  const name = await textOf(group(ann, ['create', '--name', 'Choir']), 'group')
  const link = await textOf(group(ann, ['invite', 'Choir', '--uses', '5']), 'invitation')
  await group(bob, ['join', link])
  await group(ann, ['set', 'Choir', '--name', 'Town choir', '--comment', 'Mondays'])
  const commentAtBobs = async (): Promise<string> => textOf(group(bob, ['show', name]), 'comment')
  await expect.poll(commentAtBobs, { timeout: 10_000 }).toBe('Mondays')
  expect(await failure(bob, ['group', 'set', name, '--name', 'Mine'])).toEqual({ code: 1, error: 'group-key-not-here' })

  expect(await group(ann, ['renew', name, 'Bob'])).toEqual([{ group: name, peerName: his.peerName, renewed: true }])
  const until = ['--expires', '2030-01-31', '--invitation']
  const renewal = await textOf(group(ann, ['renew', name, 'Bob', ...until]), 'invitation')
  expect(await group(newPath(), ['read', renewal])).toMatchObject([
    { group: name, kind: 'identity', for: his.peerName.slice(0, 40), role: 'member' },
  ])

  const password = file('password', 'rain in spain\n')
  const byPassword = await textOf(group(ann, ['invite', name, '--password-file', password]), 'invitation')
  await group(ann, ['remove-password', name])
  await group(ann, ['cancel', name, '-'], link)
  const carl = newPath()
  await peerage(['identity', 'create', '--name', 'Carl', '--data-dir', carl])
  for (const words of [
    ['join', link],
    ['join', byPassword, '--password-file', password],
  ]) {
    expect(await failure(carl, ['group', ...words]), words.join(' ')).toEqual({ code: 1, error: 'not-let-in' })
  }
  const [{ addresses }] = (await group(ann, ['show', name])) as [{ addresses: readonly string[] }]
  expect(await group(bob, ['connect', name, ...addresses])).toEqual([{ group: name, addresses }])
  expect(await failure(bob, ['group', 'connect', name, 'nowhere'])).toEqual({ code: 1, error: 'invalid-argument' })
}, 60_000)
