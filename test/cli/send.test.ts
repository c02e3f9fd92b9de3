/** `peerage send` and `peerage receive`, as processes, between two nodes. */
import { createHash, randomFillSync } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { openNode } from '../../src/control/open-node.ts'
import type { PeerNode } from '../../src/peer-node/peer-node.ts'
import { newPath } from '../nodejs/new-path.ts'
import { documents, peerage } from './command-process.ts'
import { type LiveCommand, start } from './live-command.ts'

const opened: PeerNode[] = []
afterEach(async () => {
  for (const node of opened.splice(0)) await node.close()
})

interface Party {
  readonly dataDir: string
  readonly node: PeerNode
}

async function running(friendlyName: string): Promise<Party> {
  const dataDir = newPath()
  const node = await openNode({ dataDir, friendlyName })
  opened.push(node)
  return { dataDir, node }
}

/** Two nodes that run, in one group. */
async function bookClub(): Promise<{ ann: Party; bob: Party; bobsName: string }> {
  const [ann, bob] = [await running('Ann'), await running('Bob')]
  const hers = await ann.node.groups.create({ friendlyName: 'Book club' })
  const his = await bob.node.groups.join(await hers.invite())
  while ((await hers.members({ connected: true })).length < 2) await new Promise((resolve) => setTimeout(resolve, 10))
  return { ann, bob, bobsName: his.identity }
}

async function receiver({ dataDir }: Party, into: string): Promise<LiveCommand> {
  const command = start(['--json', '--data-dir', dataDir, 'receive', 'Book club', '--into', into])
  expect(await command.document(() => true)).toEqual({ event: 'ready', into })
  return command
}

function sender({ dataDir }: Party, file: string): string[] {
  return ['--json', '--data-dir', dataDir, 'send', 'Book club', 'Bob', file]
}

function folder(): string {
  const path = newPath()
  mkdirSync(path)
  return path
}

function sha256(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex')
}

test('a file goes from one member to the other; where nobody receives, that is said', async () => {
  const { ann, bob, bobsName } = await bookClub()
  const file = join(folder(), 'photo.jpg')
  writeFileSync(file, randomFillSync(new Uint8Array(300_000)))
  const alone = await peerage(sender(ann, file))
  expect(alone.code).toBe(1)
  expect(documents(alone.stderr)).toMatchObject([{ error: { code: 'file-not-taken' } }])

  const into = folder()
  const receiving = await receiver(bob, into)
  const sent = await peerage(sender(ann, file))
  const [name, size, digest] = ['photo.jpg', 300_000, sha256(file)]
  expect({ code: sent.code, stderr: sent.stderr }).toEqual({ code: 0, stderr: '' })
  expect(documents(sent.stdout)).toEqual([{ sent: name, to: bobsName, size, sha256: digest, resumedFrom: 0 }])
  const received = await receiving.document(({ event }) => event === 'received')
  expect(received).toMatchObject({ name, size, sha256: digest, file: join(into, name), resumedFrom: 0 })
  expect(readFileSync(join(into, name)).equals(readFileSync(file))).toBe(true)

  // Without a running node the command goes online by itself. What is there already is not sent again.
  await ann.node.close()
  const again = await peerage(sender(ann, file))
  expect(documents(again.stdout)).toMatchObject([{ sent: name, resumedFrom: size }])
  await receiving.document(({ event, resumedFrom }) => event === 'received' && resumedFrom === size)
  expect(readdirSync(into)).toEqual([name])
  expect(await receiving.end('SIGINT')).toBe(0)

  for (const [words, code] of [
    [['send', 'Book club', 'Nobody', file], 'member-not-found'],
    [['send', 'Book club', 'Bob', `${file}x`], 'input-not-readable'],
    [['receive', 'Book club', '--into', file], 'storage-not-accessible'],
  ] as const) {
    const refused = await peerage(['--json', '--data-dir', ann.dataDir, ...words])
    expect(refused.code).toBe(1)
    expect(documents(refused.stderr)).toMatchObject([{ error: { code } }])
  }
})

test('a file whose receiver is killed goes on where it was, with the next receiver, in one sending', async () => {
  const { ann, bob } = await bookClub()
  const file = join(folder(), 'film.mp4')
  writeFileSync(file, randomFillSync(new Uint8Array(60_000_000)))
  const into = folder()
  const first = await receiver(bob, into)
  const sending = start(sender(ann, file))
  const part = join(into, `film.mp4.${sha256(file).slice(0, 16)}.part`)
  while (!existsSync(part) || statSync(part).size < 5_000_000) await new Promise((resolve) => setTimeout(resolve, 2))
  expect(await first.end('SIGKILL')).toBe('SIGKILL')
  expect(readdirSync(into)).toEqual([`film.mp4.${sha256(file).slice(0, 16)}.part`])
  const second = await receiver(bob, into)
  const received = await second.document(({ event }) => event === 'received')
  expect(received['resumedFrom']).toBeGreaterThanOrEqual(5_000_000)
  expect(await sending.ended).toBe(0)
  expect(sending.documents()).toMatchObject([{ sent: 'film.mp4', size: 60_000_000, resumedFrom: 0 }])
  expect(readdirSync(into)).toEqual(['film.mp4'])
  expect(sha256(join(into, 'film.mp4'))).toBe(sha256(file))
})
