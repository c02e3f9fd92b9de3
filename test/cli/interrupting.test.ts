/** Ctrl-C while a command works that does not wait for it, and while somebody is asked for a secret. */
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { newPath } from '../nodejs/new-path.ts'
import { start } from './live-command.ts'
import { atTerminal } from './pseudo-terminal.ts'

test('a command that works with a node closes it, says that it was interrupted, and fails', async () => {
  const silent = createSocket('udp4').bind(0, '127.0.0.1')
  await once(silent, 'listening')
  const seed = `127.0.0.1:${silent.address().port}`
  const command = start([
    ...['name', 'resolve', '0.demo', '--cloud', 'test', '--range', '127.0.0.0/8', '--seed', seed],
    ...['--data-dir', newPath(), '--json'],
  ])
  // It looks for the cloud, where nobody answers.
  await once(silent, 'message')
  expect(await command.end('SIGINT')).toBe(1)
  silent.close()
  expect(command.stdout).toBe('')
  expect(JSON.parse(command.stderr)).toMatchObject({ error: { code: 'interrupted' } })
})

test('a secret that is not typed to its end is none, and nothing is made with it', async () => {
  const dataDir = newPath()
  const command = atTerminal(['identity', 'create', '--name', 'Ann', '--passphrase-file', '-', '--data-dir', dataDir])
  await command.until(() => command.stdout.includes('New passphrase'))
  command.write('secr\u0003')
  expect(await command.ended).toBe(1)
  expect(command.stdout).toContain('peerage: it was interrupted before it was done.')
  expect(() => readdirSync(join(dataDir, 'identities'))).toThrow('ENOENT')
})
