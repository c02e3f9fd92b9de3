/** Groups without a running node, and carried from one data directory to another. */
import { expect, test } from 'vitest'
import { newPath } from '../nodejs/new-path.ts'
import { peerage } from './command-process.ts'
import { failure, file, group, textOf } from './group-command.ts'

test('without a running node: made, carried to another place with key and records, left, deleted', async () => {
  const [here, there] = [newPath(), newPath()]
  expect(await failure(here, ['group', 'create', '--name', 'Choir'])).toEqual({ code: 1, error: 'identity-not-found' })
  await peerage(['identity', 'create', '--name', 'Ann', '--data-dir', here])
  const name = await textOf(group(here, ['create', '--name', 'Choir']), 'group')
  const password = file('password', 'rain in spain\n')
  const secret = ['--password-file', password]
  const configuration = await textOf(group(here, ['export', 'Choir', ...secret]), 'export')
  const key = await textOf(group(here, ['export', 'Choir', '--key', ...secret]), 'export')
  const database = `${newPath()}.db`
  expect(await group(here, ['export', 'Choir', '--database', database])).toEqual([{ group: name, file: database }])

  const identity = await peerage(['identity', 'export', ...secret, '--data-dir', here])
  await peerage(['identity', 'import', ...secret, '--data-dir', there], { input: identity.stdout })
  expect(await group(there, ['import', ...secret], configuration)).toMatchObject([{ group: name }])
  expect(await group(there, ['import', '--database', database, '--into', name])).toMatchObject([{ group: name }])
  expect(await group(there, ['show', name])).toMatchObject([{ friendlyName: 'Choir', hasKey: false, members: 1 }])
  expect(await group(there, ['import', '--key', '--into', 'Choir', ...secret], key)).toEqual([
    { group: name, hasKey: true },
  ])
  expect(await group(there, ['show', 'Choir'])).toMatchObject([{ group: name, hasKey: true, state: 'offline' }])

  expect(await failure(here, ['group', 'leave', 'Choir'])).toEqual({ code: 1, error: 'group-key-would-be-lost' })
  expect(await group(here, ['leave', 'Choir', '--lose-group-key'])).toEqual([{ group: name, left: true }])
  expect(await group(there, ['delete', name.slice(0, 12)])).toEqual([{ group: name, deleted: true }])
  expect(await failure(there, ['group', 'show', 'Choir'])).toEqual({ code: 1, error: 'group-not-found' })
}, 60_000)
