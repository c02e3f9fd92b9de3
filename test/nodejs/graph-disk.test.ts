/** Graphs whose files are damaged, of a later release, in use or on a full disk, as an application sees them. */
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, statSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { openNode } from '../../src/nodejs/open-node.ts'
import { recordType } from '../../src/peer-node/application-types.ts'
import type { PeerNode } from '../../src/peer-node/peer-node.ts'
import { expectRejection } from '../../src/runtime/acceptance/acceptance.ts'
import { runInNamespace } from './child-process.ts'
import { newPath } from './new-path.ts'

const Note = recordType('test.note', { expires: '1h' })
const opened: PeerNode[] = []

afterEach(async () => {
  await Promise.all(opened.splice(0).map((node) => node.close()))
})

async function open(dataDir: string): Promise<PeerNode> {
  const node = await openNode({ dataDir, friendlyName: 'Ann' })
  opened.push(node)
  return node
}

/** A node with one graph of some records, which is closed. */
async function withClosedGraph() {
  const dataDir = newPath()
  const node = await open(dataDir)
  const graph = await node.graphs.create({ offline: true })
  const { graphId } = graph
  for (let index = 0; index < 40; index++) await graph.records.add(Note, new Uint8Array(1_000).fill(index))
  await graph.close()
  const folder = join(dataDir, 'graphs')
  const name = readdirSync(folder).find((file) => file.endsWith('.sqlite'))
  if (name === undefined) throw new Error('a graph has a database')
  return { dataDir, node, graphId, file: join(folder, name) }
}

describe('a graph', () => {
  test('G-008: that is deleted leaves no file behind', async () => {
    const { dataDir, node, graphId } = await withClosedGraph()
    const other = await node.graphs.create({ offline: true })
    await other.close()
    // The lock of the folder is of no graph.
    const files = (): string[] => readdirSync(join(dataDir, 'graphs')).filter((name) => name !== '.lock')
    const both = files()
    await node.graphs.delete(graphId)
    const left = files()
    expect(left.length).toBe(both.length / 2)
    expect((await node.graphs.list()).map((one) => one.graphId)).toEqual([other.graphId])
    await node.graphs.delete(other.graphId)
    expect(files()).toEqual([])
  })

  test('whose file was cut off is invalid-database, wherever that was, and harms no other graph', async () => {
    const { node, graphId, file } = await withClosedGraph()
    const { size } = statSync(file)
    for (let length = size - 1; length > 0; length -= 9_973) {
      truncateSync(file, length)
      const error = await expectRejection(
        'invalid-database',
        node.graphs.open(graphId, { offline: true }),
        `${length} bytes`,
      )
      expect(error.advice).not.toBe('')
    }
    const other = await node.graphs.create({ offline: true })
    await other.records.add(Note, Uint8Array.of(1))
    expect((await node.graphs.list()).map(({ isOpen }) => isOpen).sort()).toEqual([false, true])
    await node.graphs.delete(graphId)
    expect(await node.graphs.list()).toHaveLength(1)
  })

  test('whose file is of a later release is database-newer, and the file stays as it is', async () => {
    const { node, graphId, file } = await withClosedGraph()
    execFileSync('sqlite3', [file, 'PRAGMA user_version = 9; PRAGMA wal_checkpoint(TRUNCATE)'])
    const before = readFileSync(file)
    const error = await expectRejection('database-newer', node.graphs.open(graphId), 'opening')
    expect(error.details).toMatchObject({ schema: 9 })
    expect(readFileSync(file)).toEqual(before)
  })

  test('that another node has open is graph-in-use, and the one that has it goes on', async () => {
    const { dataDir, node, graphId } = await withClosedGraph()
    const graph = await node.graphs.open(graphId, { offline: true })
    const other = await open(dataDir)
    await expectRejection('graph-in-use', other.graphs.open(graphId), 'opening')
    await expectRejection('graph-in-use', other.graphs.delete(graphId), 'deleting')
    await graph.records.add(Note, Uint8Array.of(1))
    await graph.close()
    const again = await other.graphs.open(graphId, { offline: true })
    const [payloads, ids]: [number[], Set<string>] = [[], new Set()]
    for await (const { id, payload } of again.records.list(Note)) {
      ids.add(id)
      payloads.push(payload[0] ?? -1)
    }
    expect([ids.size, payloads.filter((first) => first === 1).length]).toEqual([41, 2])
  })
})

if (process.platform === 'linux') {
  test('on a full disk a graph takes no record that it cannot keep, shows those that it has acknowledged, and goes on with room', async () => {
    const path = newPath()
    const mount = `mkdir -p ${path} && mount -t tmpfs -o size=1500k,mode=700 tmpfs ${path}`
    const setUp = `${mount} && dd if=/dev/zero of=${path}/ballast bs=1k count=300 2>/dev/null`
    const result = await runInNamespace(
      '--mount',
      setUp,
      'fills-graph-disk.ts',
      join(path, 'data'),
      join(path, 'ballast'),
    )
    expect(result.stderr).toBe('')
    expect(JSON.parse(result.stdout)).toEqual({
      ...{ codes: ['disk-full'], some: true, showsAcknowledged: true, goesOn: true, isKept: true },
    })
  })
}
