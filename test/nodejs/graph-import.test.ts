/** Exported databases as files: made while work goes on, changed by hand, cut off, and imported. */
import { readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { afterEach, expect, test } from 'vitest'
import { openNode } from '../../src/nodejs/open-node.ts'
import { numberIn, openSqlite, prepareRows } from '../../src/nodejs/sqlite.ts'
import { recordType } from '../../src/peer-node/application-types.ts'
import type { Graph } from '../../src/peer-node/graph.ts'
import { OpenGraph } from '../../src/peer-node/open-graph.ts'
import type { PeerNode } from '../../src/peer-node/peer-node.ts'
import { expectRejection } from '../../src/runtime/acceptance/acceptance.ts'
import { toHex } from '../../src/runtime/bytes.ts'
import { newPath } from './new-path.ts'

const Note = recordType('test.note', { expires: '1h' })
const opened: PeerNode[] = []

afterEach(async () => {
  await Promise.all(opened.splice(0).map((node) => node.close()))
})

async function open(friendlyName: string): Promise<PeerNode> {
  const node = await openNode({ dataDir: newPath(), friendlyName })
  opened.push(node)
  return node
}

async function exported(count: number): Promise<{ file: string; graph: Graph }> {
  const graph = await (await open('Ann')).graphs.create()
  for (let index = 0; index < count; index++) await graph.records.add(Note, Uint8Array.of(index))
  const file = newPath()
  await graph.exportDatabase(file)
  return { file, graph }
}

async function firstBytes(graph: Graph): Promise<number[]> {
  const values: number[] = []
  for await (const { payload } of graph.records.list(Note)) values.push(payload[0] ?? -1)
  return values.sort((one, other) => one - other)
}

/** The hash over all records, tombstones included. */
function rootOf(graph: Graph): string {
  if (!(graph instanceof OpenGraph)) throw new Error('a node opens these')
  const { store, parts } = graph.engine
  store.advanceTrie(parts.peerTime.minute())
  return toHex(store.trie.hashAt('') ?? new Uint8Array())
}

test('G-131: an export is one state while writing goes on, and no broken file changes anything', async () => {
  const { file, graph } = await exported(20)
  const second = newPath()
  const writing = Array.from({ length: 50 }, (_, index) => graph.records.add(Note, Uint8Array.of(100 + index)))
  await graph.exportDatabase(second)
  await Promise.all(writing)
  const bob = await open('Bob')
  const his = await bob.graphs.importDatabase(file)
  expect(await his.properties()).toEqual(await graph.properties())
  const before = await firstBytes(his)
  expect(before).toHaveLength(20)
  for (const damage of [100, 4096, 20_000]) {
    const cut = newPath()
    writeFileSync(cut, readFileSync(second), { mode: 0o600 })
    truncateSync(cut, damage)
    await expectRejection('invalid-database', bob.graphs.importDatabase(cut), `cut to ${damage} bytes`)
  }
  const noise = newPath()
  writeFileSync(noise, 'this is no database', { mode: 0o600 })
  await expectRejection('invalid-database', bob.graphs.importDatabase(noise), 'noise')
  expect(await firstBytes(his)).toEqual(before)
  await bob.graphs.importDatabase(second)
  const after = await firstBytes(his)
  expect(after.slice(0, 20)).toEqual(before)
  await his.goOnline()
  await expectRejection('graph-in-use', bob.graphs.importDatabase(second), 'a graph that is online')
})

test('G-132: an import has the same records, tombstones and root; one changed by hand is left out and counted', async () => {
  const { graph } = await exported(20)
  const { id } = await graph.records.add(Note, Uint8Array.of(20))
  await graph.records.delete(id)
  const file = newPath()
  await graph.exportDatabase(file)
  const cleo = await (await open('Cleo')).graphs.importDatabase(file)
  expect(await firstBytes(cleo)).toEqual(await firstBytes(graph))
  expect(rootOf(cleo)).toBe(rootOf(graph))
  const database = openSqlite(file, { timeout: 0 })
  const row = prepareRows(database, 'SELECT number, bytes FROM records WHERE type = ? AND deleted = 0').get(Note.name)
  const bytes = row?.[1]
  if (row === undefined || !(bytes instanceof Uint8Array)) throw new Error('there are some')
  const changed = new Uint8Array(bytes)
  changed[changed.length - 1] = (changed.at(-1) ?? 0) ^ 1
  database.prepare('UPDATE records SET bytes = ? WHERE number = ?').run(changed, numberIn(row, 0))
  database.close()
  const bob = await open('Bob')
  const his = await bob.graphs.importDatabase(file)
  expect(await firstBytes(his)).toHaveLength(19)
  const dropped = Object.entries(await bob.metrics()).filter(([name]) => name.startsWith('graph-dropped-record-'))
  expect(dropped).toEqual([['graph-dropped-record-wrong-creator-signature', 1]])
})
