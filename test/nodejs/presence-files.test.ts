/** Presence is kept in memory only: no file holds any part of it, while nodes run and after they were killed. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { PRESENCE_TYPE } from '../../src/graph/presence-record.ts'
import { newPath } from './new-path.ts'
import { RemoteNode } from './remote-node.ts'

const started: RemoteNode[] = []

afterEach(async () => {
  await Promise.all(started.splice(0).map((node) => node.kill()))
})

async function start(dataDir: string): Promise<RemoteNode> {
  const node = await RemoteNode.start({ dataDir })
  started.push(node)
  return node
}

interface Listed {
  readonly peer: string
  readonly attributes: Readonly<Record<string, unknown>>
}

const WRITTEN = 'a note that is to be on the disk'
const STATUS = 'a status that is to be on no disk'

/** Which of the texts are in a file below a folder. */
function foundBelow(folder: string, texts: readonly string[]): string[] {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  expect(files.length).toBeGreaterThan(0)
  const contents = files.map(({ parentPath, name }) => readFileSync(join(parentPath, name)))
  return texts.filter((text) => contents.some((content) => content.includes(text)))
}

test('G-170: no file of a data directory and no export holds any part of presence; a node that was killed begins with an empty list', async () => {
  const dataDirs = [newPath(), newPath()] as const
  const ann = await start(dataDirs[0])
  const bob = await start(dataDirs[1])
  const made = (await ann.call('graph-create')) as { readonly graphId: string; readonly addresses: readonly string[] }
  await bob.call('graph-join', made.graphId, { addresses: made.addresses })
  for (const node of [ann, bob]) {
    await node.call('graph-presence', STATUS)
    await node.call('write', '', { texts: [WRITTEN] })
  }
  const listed = async (node: RemoteNode): Promise<readonly Listed[]> => (await node.call('graph-nodes')) as Listed[]
  for (const node of [ann, bob]) {
    await node.until('both show themselves', async () => {
      const nodes = await listed(node)
      return nodes.length === 2 && nodes.every(({ attributes }) => JSON.stringify(attributes).includes(STATUS))
    })
  }
  const searched = [WRITTEN, STATUS, PRESENCE_TYPE]
  for (const dataDir of dataDirs) expect(foundBelow(dataDir, searched)).toEqual([WRITTEN])
  const exported = newPath()
  await ann.call('graph-export', exported)
  const content = readFileSync(exported)
  expect(searched.filter((text) => content.includes(text))).toEqual([WRITTEN])
  await Promise.all([ann.kill(), bob.kill()])
  for (const dataDir of dataDirs) expect(foundBelow(dataDir, searched)).toEqual([WRITTEN])
  const again = await start(dataDirs[1])
  await again.call('graph-open', made.graphId, { offline: true })
  expect(await listed(again)).toEqual([])
  expect(await again.call('read')).toEqual([WRITTEN, WRITTEN])
  expect(foundBelow(dataDirs[1], searched)).toEqual([WRITTEN])
})
