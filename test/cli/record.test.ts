/** `peerage record`, as processes: through a node that runs, and without one. */
import { writeFileSync } from 'node:fs'
import { afterEach, describe, expect, test } from 'vitest'
import { openNode } from '../../src/control/open-node.ts'
import { recordType } from '../../src/peer-node/application-types.ts'
import type { PeerNode } from '../../src/peer-node/peer-node.ts'
import { newPath } from '../nodejs/new-path.ts'
import { all } from '../peer-node/graph-settings.ts'
import { textSchema } from '../peer-node/schemas.ts'
import { type CommandResult, documents, ENTRANCE, peerage } from './command-process.ts'
import { start, startProgram } from './live-command.ts'

const Message = recordType('chat.message', { schema: textSchema, expires: '1h' })

const opened: PeerNode[] = []
afterEach(async () => {
  for (const node of opened.splice(0)) await node.close()
})

async function running(): Promise<{ dataDir: string; node: PeerNode }> {
  const dataDir = newPath()
  const node = await openNode({ dataDir, friendlyName: 'Ann' })
  opened.push(node)
  return { dataDir, node }
}

/** Runs `peerage record` with `--json`, and gives what it prints. */
async function record(dataDir: string, words: readonly string[], input?: string): Promise<Record<string, unknown>[]> {
  const { code, stdout, stderr } = await command(dataDir, words, input)
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  return documents(stdout) as Record<string, unknown>[]
}

function command(dataDir: string, words: readonly string[], input?: string): Promise<CommandResult> {
  return peerage(['--json', '--data-dir', dataDir, 'record', ...words], input === undefined ? {} : { input })
}

describe('peerage record', () => {
  test('adds, finds, changes and deletes records of a group of the running node, beside its other programs', async () => {
    const { dataDir, node } = await running()
    const group = await node.groups.create({ friendlyName: 'Book club' })
    const attributes = ['--attr', 'year=1999', '--attr', 'read=2026-11-23', '--attr', 'code:text=7', '--attr', 'by=Ann']
    const expires = new Date(Date.now() + 7_200_000).toISOString()
    const [added] = await record(dataDir, [
      ...[
        'add',
        'Book club',
        '--type',
        'book',
        '--data',
        'a=b',
        '--expires',
        expires,
        ...attributes,
        '--attr',
        'by=Bob',
      ],
    ])
    const id = String(added?.['id'])
    expect(added).toEqual({
      ...{ id, type: 'book', version: 1, creator: group.identity, modifier: group.identity, payload: 'a=b' },
      attributes: { year: 1999, read: '2026-11-23T00:00:00.000Z', code: '7', by: ['Ann', 'Bob'] },
      ...{ created: expect.any(String), modified: added?.['created'], expires },
    })
    expect(await record(dataDir, ['get', group.peerName.slice(0, 12), id])).toEqual([added])

    const file = newPath()
    writeFileSync(file, Uint8Array.of(0, 255))
    const [binary] = await record(dataDir, ['add', 'Book club', '--type', 'blob', '--file', file])
    expect(binary).toMatchObject({ payload: 'AP8=', encoding: 'base64' })
    const [updated] = await record(dataDir, ['update', 'Book club', id, '-'], 'from standard input\n')
    expect(updated).toEqual({
      ...{ ...added, version: 2, payload: 'from standard input\n', modified: expect.any(String) },
    })
    expect(await record(dataDir, ['list', 'Book club'])).toEqual([binary, updated])
    expect(await record(dataDir, ['list', 'Book club', '--type', 'book', '--where', 'year < 2000'])).toEqual([updated])
    expect(await record(dataDir, ['list', 'Book club', '--where', 'code = 7'])).toEqual([])
    expect(await record(dataDir, ['delete', 'Book club', id])).toEqual([{ id, deleted: true }])
    const gone = await command(dataDir, ['get', 'Book club', id])
    expect(gone.code).toBe(1)
    expect(documents(gone.stderr)).toMatchObject([{ error: { code: 'record-not-found' } }])
  })

  test('writes JSON for programs with a schema, and keeps a record what it was', async () => {
    const { dataDir, node } = await running()
    const { records } = await node.graphs.create({ friendlyName: 'open to all' })
    const [{ id } = {}] = await record(dataDir, [
      ...['add', 'open to all', '--type', Message.name, '--as-json', '--data', '{"text":"hello"}'],
    ])
    const [message] = await all(records.list(Message))
    expect(message).toMatchObject({ id, payload: { text: 'hello' } })
    const written = await records.add(Message, { text: 'from a program' })
    await record(dataDir, ['update', 'open to all', written.id, '--data', '{"text":"changed"}'])
    expect(await records.get(Message, written.id)).toMatchObject({ version: 2, payload: { text: 'changed' } })
    const refused = await command(dataDir, ['update', 'open to all', written.id, '--data', '{'])
    expect(refused.code).toBe(1)
    expect(documents(refused.stderr)).toMatchObject([{ error: { code: 'invalid-argument' } }])
  })

  test('works without a running node, and is told plainly what is wrong', async () => {
    const { dataDir, node } = await running()
    await node.groups.create({ friendlyName: 'Book club' })
    await node.close()
    const [added] = await record(dataDir, ['add', 'Book club', '--type', 'note', '--data', 'offline'])
    expect(await record(dataDir, ['list', 'Book club'])).toEqual([added])
    const people = await peerage(['--data-dir', dataDir, 'record', 'get', 'Book club', String(added?.['id'])])
    const table = await peerage(['--data-dir', dataDir, 'record', 'list', 'Book club'])
    expect(table.stdout).toMatch(
      /^RECORD +MODIFIED +CREATOR +TYPE +PAYLOAD\n[0-9a-f]{32} .* note +offline\n1 record\n$/,
    )
    expect(people.stdout).toMatch(/^id {10}[0-9a-f]{32}\ntype {8}note\n[\s\S]*\n\noffline\n$/)
    for (const [words, code, error] of [
      [['list', 'No such club'], 1, 'group-not-found'],
      [['get', 'Book club', 'nonsense'], 1, 'invalid-argument'],
      [['list', 'Book club', '--where', 'year is'], 1, 'invalid-search'],
      [['add', 'Book club', '--type', 'note'], 2, 'misuse'],
      [['add', 'Book club', '--type', 'note', '--data', 'x', '-'], 2, 'misuse'],
      [['add', 'Book club', '--type', 'note', '--data', 'x', '--attr', 'nothing'], 2, 'misuse'],
    ] as const) {
      const result = await command(dataDir, words)
      expect({ words, code: result.code, stdout: result.stdout }).toEqual({ words, code, stdout: '' })
      expect(documents(result.stderr)).toMatchObject([{ error: { code: error } }])
    }
  })

  test('watches what is there and what comes, or only what comes, until Ctrl-C or the end of the pipe', async () => {
    const { dataDir, node } = await running()
    const { records } = await node.groups.create({ friendlyName: 'Book club' })
    const stored = await records.add(Message, { text: 'stored' })
    const words = ['--json', '--data-dir', dataDir, 'record', 'watch', 'Book club']
    const [watch, fromNow] = [start(words), start([...words, '--type', Message.name, '--from', 'now'])]
    const first = await watch.document(() => true)
    expect(first).toMatchObject({ kind: 'added', live: false, id: stored.id, type: Message.name })
    expect(first['payload']).toBe('{"text":"stored"}')
    // When it has begun to watch only what it then prints can tell.
    while (fromNow.documents().length === 0) {
      await records.add(Message, { text: 'again' })
      await new Promise((resolve) => setImmediate(resolve))
    }
    const { id } = await records.add(Message, { text: 'last' })
    await records.delete(id)
    for (const one of [watch, fromNow]) {
      await one.document((change) => change['kind'] === 'removed' && change['id'] === id)
      expect(one.documents()).toContainEqual(expect.objectContaining({ kind: 'added', live: true, id, version: 1 }))
      expect(await one.end('SIGINT')).toBe(0)
      expect(one.stderr).toBe('')
    }
    expect(fromNow.documents().every(({ live }) => live === true)).toBe(true)
    const program = [process.execPath, ENTRANCE, ...words].map((word) => `'${word}'`).join(' ')
    const pipe = startProgram('bash', ['-c', `set -o pipefail; ${program} | head -n 1`])
    await pipe.document(() => true)
    let ended: unknown
    void pipe.ended.then((outcome) => {
      ended = outcome
    })
    while (ended === undefined) {
      await records.add(Message, { text: 'nobody reads this' })
      await new Promise((resolve) => setImmediate(resolve))
    }
    expect({ ended, stderr: pipe.stderr }).toEqual({ ended: 0, stderr: '' })
    const cursor = String(first['cursor'])
    const resumed = start([...words, '--from', cursor])
    expect(await resumed.document(() => true)).toMatchObject({ kind: 'added', live: false, version: 1 })
    expect((await resumed.document(() => true))['id']).not.toBe(stored.id)
    await node.close()
    expect(await resumed.ended).toBe(1)
    expect(JSON.parse(resumed.stderr)).toMatchObject({
      error: { code: expect.stringMatching(/^(?:node-connection-lost|graph-shutting-down|invalid-graph)$/) },
    })
  })
})
