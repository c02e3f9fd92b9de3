import { describe, expect, test } from 'vitest'
import { newPath } from '../nodejs/new-path.ts'
import { documents, peerage } from './command-process.ts'
import { RunningCommand } from './running-command.ts'

const LOOPBACK = ['--cloud', 'test', '--range', '127.0.0.0/8']
/** Registers a name in a process that goes on, and gives the port to begin with. */
async function register(words: readonly string[]): Promise<{ command: RunningCommand; seed: readonly string[] }> {
  const dataDir = newPath()
  await peerage(['identity', 'create', '--name', 'Ann', '--data-dir', dataDir])
  const command = new RunningCommand(['name', 'register', ...words, ...LOOPBACK, '--data-dir', dataDir, '--json'])
  const { pnrpPort }: { pnrpPort: number } = JSON.parse(await command.line())
  return { command, seed: ['--seed', `127.0.0.1:${pnrpPort}`, ...LOOPBACK, '--data-dir', newPath()] }
}

describe('peerage name', () => {
  test('resolve joins, prints what register has registered, and leaves; after Ctrl-C the name is gone', async () => {
    const words = ['0.demo', '--endpoint', '203.0.113.7:80', '--endpoint', '[2001:db8::7]:53/udp', '--comment', 'hello']
    const { command, seed } = await register([...words, '--payload', 'more'])
    const json = await peerage(['name', 'resolve', '0.demo', ...seed, '--json'])
    expect(json).toMatchObject({ code: 0, stderr: '' })
    expect(documents(json.stdout)).toEqual([
      {
        ...{ peerName: '0.demo', secured: false, comment: 'hello', cloud: 'test', payload: { text: 'more' } },
        publisher: expect.stringMatching(/^[0-9a-f]{40}\.$/),
        endpoints: [
          { host: '203.0.113.7', port: 80, protocol: 6 },
          { host: '2001:db8::7', port: 53, protocol: 17 },
        ],
      },
    ])
    const people = await peerage(['name', 'resolve', '0.demo', ...seed, '--limit', '1'])
    expect(people.stdout).toMatch(
      /^203\.0\.113\.7:80\/tcp \[2001:db8::7\]:53\/udp {2}hello\n {2}unsecured, published by/,
    )
    const cloud = await peerage([
      'cloud',
      'show',
      'test',
      ...seed.filter((word) => word !== '--cloud' && word !== 'test'),
    ])
    expect(cloud).toMatchObject({ code: 0, stdout: expect.stringContaining('test (private): active') })
    expect(await command.interrupt()).toBe(0)
  })

  test('resolve says when there is nothing, and when the seed or the cloud is wrong', async () => {
    const { command, seed } = await register(['0.demo', '--endpoint', ':80'])
    const missing = await peerage(['name', 'resolve', '0.other', ...seed, '--json'])
    expect(missing).toMatchObject({ code: 1, stdout: '' })
    expect(documents(missing.stderr)).toEqual([{ error: expect.objectContaining({ code: 'name-not-found' }) }])
    expect(await command.interrupt()).toBe(0)
    const cases = [
      ['invalid-argument', ['--seed', 'a:b']],
      ['invalid-cloud', ['--cloud', 'Global']],
      ['no-network', ['--cloud', 'x', '--range', '198.51.100.0/24']],
    ] as const
    for (const [code, words] of cases) {
      const { stderr } = await peerage(['name', 'resolve', '0.a', ...words, '--data-dir', newPath(), '--json'])
      expect(documents(stderr)).toEqual([{ error: expect.objectContaining({ code }) }])
    }
  })

  test('register refuses what cannot be registered', async () => {
    const dataDir = ['--data-dir', newPath()]
    const cases = [
      ['invalid-argument', ['0.a', '--endpoint', 'nowhere']],
      ['identity-not-found', ['0.a', '--endpoint', ':80']],
      ['invalid-peer-name', ['a', '--endpoint', ':80']],
    ] as const
    for (const [code, words] of cases) {
      const { stderr } = await peerage(['name', 'register', ...words, ...LOOPBACK, ...dataDir, '--json'])
      expect(documents(stderr)).toEqual([{ error: expect.objectContaining({ code }) }])
    }
  })
})

test('peerage cloud list prints the standard clouds of this machine', async () => {
  const { stdout } = await peerage(['cloud', 'list', '--data-dir', newPath(), '--json'])
  const clouds = documents(stdout)
  for (const name of ['Global_', 'SiteLocal_1']) {
    expect(clouds).toContainEqual(expect.objectContaining({ name, state: 'not-started' }))
  }
})
