/** `peerage chat`: at a pseudo terminal, in a pipe, and for programs. */
import { afterEach, expect, test } from 'vitest'
import { openNode } from '../../src/control/open-node.ts'
import { recordType } from '../../src/peer-node/application-types.ts'
import type { Group } from '../../src/peer-node/group.ts'
import type { PeerNode } from '../../src/peer-node/peer-node.ts'
import { newPath } from '../nodejs/new-path.ts'
import { textSchema } from '../peer-node/schemas.ts'
import { documents, peerage } from './command-process.ts'
import { start } from './live-command.ts'
import { atTerminal, visible } from './pseudo-terminal.ts'

const Message = recordType('chat.message', { schema: textSchema, expires: '1h' })

const opened: PeerNode[] = []
afterEach(async () => {
  for (const node of opened.splice(0)) await node.close()
})

async function running(friendlyName: string): Promise<{ dataDir: string; node: PeerNode }> {
  const dataDir = newPath()
  const node = await openNode({ dataDir, friendlyName })
  opened.push(node)
  return { dataDir, node }
}

/** Ann has made a group, and Bob has joined it. */
async function bookClub(): Promise<{ dataDir: string; hers: Group; his: Group; bob: PeerNode }> {
  const { dataDir, node } = await running('Ann')
  const hers = await node.groups.create({ friendlyName: 'Book club' })
  const { node: bob } = await running('Bob')
  const his = await bob.groups.join(await hers.invite())
  return { dataDir, hers, his, bob }
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 10))
}

async function texts(group: Group): Promise<string[]> {
  const found: string[] = []
  for await (const { payload } of group.records.list(Message)) found.push(payload.text)
  return found
}

test('at a terminal: history, presence, what others say above the line that is typed, and what is typed', async () => {
  const { dataDir, hers, his, bob } = await bookClub()
  await his.records.add(Message, { text: 'before' })
  await until(async () => (await texts(hers)).length === 1 && (await hers.nodes()).length === 2)
  const chat = atTerminal(['--data-dir', dataDir, 'chat', 'Book club'])
  const sees = (pattern: RegExp) => chat.until(() => pattern.test(visible(chat.stdout)))
  await sees(/\* here: Bob\n/)
  await sees(/\n> *\d\d:\d\d Bob: before\n/)

  chat.write('hel')
  await sees(/> hel$/)
  await his.records.add(Message, { text: 'in \u001b[2J between' })
  await sees(/Bob: in \\u\{1b\}\[2J between\n> hel$/)
  chat.write('lo\r')
  await sees(/\d\d:\d\d Ann: hello\n(?:> )+$/)
  await until(async () => (await texts(his)).includes('hello'))

  await bob.close()
  await sees(/\* Bob has gone\n/)
  chat.write('/who\r')
  await sees(/\* nobody else is here\n/)
  chat.write('/what\r')
  await sees(/\/quit ends the chat/)
  expect(await texts(hers)).toEqual(['before', 'in \u001b[2J between', 'hello'])
  chat.write('/quit\r')
  expect(await chat.ended).toBe(0)
})

test.each([
  ['Ctrl-C', '\u0003'],
  ['Ctrl-D', '\u0004'],
])('%s ends it', async (_, key) => {
  const { dataDir, node } = await running('Ann')
  await node.groups.create({ friendlyName: 'Book club' })
  const chat = atTerminal(['--data-dir', dataDir, 'chat', 'Book club'])
  await chat.until(() => visible(chat.stdout).includes('* nobody else is here'))
  chat.write(key)
  expect(await chat.ended).toBe(0)
  expect(chat.stdout).not.toContain('Error')
})

test('in a pipe each line is a message, also without a running node, and all are shown before it ends', async () => {
  const { dataDir, node } = await running('Ann')
  const group = await node.groups.create({ friendlyName: 'Book club' })
  await group.records.add(Message, { text: 'before' })
  const piped = await peerage(['--data-dir', dataDir, 'chat', 'Book club'], { input: 'one\n\n/who is no command\ntwo' })
  expect({ code: piped.code, stderr: piped.stderr }).toEqual({ code: 0, stderr: '' })
  expect(piped.stdout.replaceAll(/\d\d:\d\d/g, 'NOW')).toBe(
    '* nobody else is here\nNOW Ann: before\nNOW Ann: one\nNOW Ann: /who is no command\nNOW Ann: two\n',
  )
  expect(await texts(group)).toEqual(['before', 'one', '/who is no command', 'two'])
  await node.close()
  const alone = await peerage(['--json', '--data-dir', dataDir, 'chat', 'Book club'], { input: 'three\n' })
  expect(alone.code).toBe(0)
  const said = documents(alone.stdout)
  expect(said[0]).toEqual({ event: 'online', peers: [] })
  expect(said.at(-1)).toMatchObject({ event: 'message', text: 'three', peerName: group.identity, live: true })
  const missing = await peerage(['--json', '--data-dir', dataDir, 'chat', 'Nobody'])
  expect(missing.code).toBe(1)
  expect(documents(missing.stderr)).toMatchObject([{ error: { code: 'group-not-found' } }])
})

test('a program hears who comes and what is said, and is told when the node stops', async () => {
  const { dataDir, hers, his, bob } = await bookClub()
  await until(async () => (await hers.nodes()).length === 2)
  const chat = start(['--json', '--data-dir', dataDir, 'chat', 'Book club'])
  expect(await chat.document(() => true)).toEqual({ event: 'online', peers: [his.identity] })
  chat.write('from a program\n')
  const own = await chat.document(({ event }) => event === 'message')
  expect(own).toMatchObject({ text: 'from a program', peerName: hers.identity, live: true, version: 1 })
  await until(async () => (await texts(his)).length === 1)
  await bob.close()
  const gone = await chat.document(({ event }) => event === 'presence')
  expect(gone).toEqual({ event: 'presence', peerName: his.identity, change: 'disconnected' })
  for (const node of opened.splice(0)) await node.close()
  expect(await chat.ended).toBe(1)
  expect(JSON.parse(chat.stderr)).toMatchObject({
    error: { code: expect.stringMatching(/^(?:node-connection-lost|graph-shutting-down|invalid-graph)$/) },
  })
})
