/** What groups are on disk: their files, what is left when a process is killed, and databases that were changed by hand. */
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { openNode } from '../../src/nodejs/open-node.ts'
import { numberIn, openSqlite, prepareRows } from '../../src/nodejs/sqlite.ts'
import { recordType } from '../../src/peer-node/application-types.ts'
import type { Group } from '../../src/peer-node/group.ts'
import type { PeerNode } from '../../src/peer-node/peer-node.ts'
import { expectRejection } from '../../src/runtime/acceptance/acceptance.ts'
import { newPath } from './new-path.ts'

const Note = recordType('test.note', { expires: '1h' })
const opened: PeerNode[] = []

afterEach(async () => {
  await Promise.all(opened.splice(0).map((node) => node.close()))
})

async function open(dataDir: string, friendlyName = 'Ann'): Promise<PeerNode> {
  const node = await openNode({ dataDir, friendlyName })
  opened.push(node)
  return node
}

function filesIn(dataDir: string): readonly string[] {
  return readdirSync(join(dataDir, 'groups'))
    .filter((name) => name.endsWith('.json'))
    .map((name) => join(dataDir, 'groups', name))
}

async function payloads(group: Group): Promise<readonly number[]> {
  const values: number[] = []
  for await (const { payload } of group.records.list(Note)) values.push(payload[0] ?? -1)
  return values.sort((one, other) => one - other)
}

test('the file of a group is private and survives the process, and the group key in it is one that openssl reads', async () => {
  const dataDir = newPath()
  const ann = await open(dataDir)
  const { peerName } = await ann.groups.create({ friendlyName: 'Book club', offline: true })
  const [file = ''] = filesIn(dataDir)
  expect(filesIn(dataDir)).toHaveLength(1)
  expect(statSync(file).mode & 0o777).toBe(0o600)
  const { groupKey } = JSON.parse(readFileSync(file, 'utf8'))
  const printed = execFileSync('openssl', ['pkey', '-inform', 'DER', '-noout', '-text'], {
    input: Buffer.from(groupKey, 'base64'),
  })
  expect(String(printed)).toContain('ED25519')
  await ann.close()
  const again = await open(dataDir)
  expect(await again.groups.list()).toMatchObject([{ peerName, friendlyName: 'Book club', isOpen: false }])
  const group = await again.groups.open(peerName, { offline: true })
  expect(await group.status()).toMatchObject({ membership: 'in-force' })
  expect(await group.setProperties({ comment: 'Thursdays' })).toMatchObject({ comment: 'Thursdays' })
})

test('a damaged file and one of a later version are left as they are, and concern no other group', async () => {
  const dataDir = newPath()
  const ann = await open(dataDir)
  const [first, second] = [await ann.groups.create({ offline: true }), await ann.groups.create({ offline: true })]
  await Promise.all([first.close(), second.close()])
  const fileOf = (peerName: string): string => {
    const found = filesIn(dataDir).find((file) => readFileSync(file, 'utf8').includes(peerName))
    if (found === undefined) throw new Error('it has a file')
    return found
  }
  const file = fileOf(first.peerName)
  const whole = readFileSync(file, 'utf8')
  const cut = whole.replace(/"chain":"[^"]{20}/, '"chain":"')
  writeFileSync(file, cut)
  await expectRejection('group-file-damaged', ann.groups.open(first.peerName), 'a chain that was cut')
  expect(readFileSync(file, 'utf8')).toBe(cut)
  writeFileSync(file, whole.replace('"schema":1', '"schema":2'))
  expect((await ann.groups.list()).map(({ peerName }) => peerName)).toEqual([second.peerName])
  expect(readFileSync(file, 'utf8')).toContain('"schema":2')
  await ann.groups.open(second.peerName, { offline: true })
  writeFileSync(file, whole)
  await ann.groups.open(first.peerName, { offline: true })
})

test('P-027: what a process leaves behind that is killed while it makes a group is gone later', async () => {
  const dataDir = newPath()
  const ann = await open(dataDir)
  const group = await ann.groups.create({ offline: true })
  await group.close()
  const [file = ''] = filesIn(dataDir)
  // As it stands before the last step.
  writeFileSync(file, readFileSync(file, 'utf8').replace('"state":"member"', '"state":"beginning"'))
  const { peerName } = await ann.identities.get()
  expect(await ann.groups.list()).toEqual([])
  expect(filesIn(dataDir)).toEqual([])
  expect(readdirSync(join(dataDir, 'graphs'))).toEqual([])
  await ann.identities.delete(peerName)
})

test('P-027: a group that cannot be made, since the port that was asked for is taken, leaves nothing behind', async () => {
  const server = createServer().listen(0, '::')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('it has a port')
  const dataDir = newPath()
  const ann = await openNode({ dataDir, friendlyName: 'Ann', graphPort: address.port })
  opened.push(ann)
  await expectRejection('unable-to-listen', ann.groups.create(), 'a port that is taken')
  expect(await ann.groups.list()).toEqual([])
  expect(filesIn(dataDir)).toEqual([])
  expect(readdirSync(join(dataDir, 'graphs'))).toEqual([])
  server.close()
  await once(server, 'close')
  const group = await ann.groups.create({ classifier: 'books' })
  expect(group.graphId).toMatch(/^[0-9a-f]{32}$/)
  expect(group.peerName).toMatch(/^[0-9a-f]{40}\.books$/)
  expect(group.peerName.slice(0, 40)).not.toBe(group.identity.slice(0, 40))
  expect(await group.properties()).toMatchObject({ creator: group.identity })
  expect(await group.members()).toMatchObject([{ role: 'administrator', issuer: group.peerName }])
  expect((await group.addresses()).length).toBeGreaterThan(0)
})

test('P-107: in an import a record that was altered is left out, and the rest comes in', async () => {
  const dataDir = newPath()
  const ann = await open(dataDir)
  const group = await ann.groups.create({ offline: true })
  for (const value of [1, 2, 3]) await group.records.add(Note, Uint8Array.of(value))
  const file = newPath()
  await group.exportDatabase(file)
  const configuration = await group.exportConfiguration('secret')
  await group.leave({ losesGroupKey: true })
  await ann.groups.importConfiguration(configuration, 'secret')
  const database = openSqlite(file, { timeout: 0 })
  const row = prepareRows(database, 'SELECT number, bytes FROM records WHERE type = ?').get(Note.name)
  const bytes = row?.[1]
  if (row === undefined || !(bytes instanceof Uint8Array)) throw new Error('there are some')
  const changed = new Uint8Array(bytes)
  changed[changed.length - 1] = (changed.at(-1) ?? 0) ^ 1
  database.prepare('UPDATE records SET bytes = ? WHERE number = ?').run(changed, numberIn(row, 0))
  database.close()
  const again = await ann.groups.importDatabase(group.peerName, file)
  expect(await payloads(again)).toHaveLength(2)
  expect(await again.members()).toHaveLength(1)
  expect(await again.hasKey()).toBe(false)
})
