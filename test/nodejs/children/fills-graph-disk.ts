/** Writes into a graph until its disk is full, makes room, and tells what became of the records: of a data directory and of a ballast file. */
import { rmSync } from 'node:fs'
import process from 'node:process'
import { openNode } from '../../../src/nodejs/open-node.ts'
import { recordType } from '../../../src/peer-node/application-types.ts'
import { PeerageError } from '../../../src/runtime/peerage-error.ts'

const [, , dataDir = '', ballast = ''] = process.argv
const Note = recordType('test.note', { expires: '1h' })
const PAYLOAD = new Uint8Array(8_000)
/** Far more than the disk holds. */
const MOST_WRITES = 1_000

const node = await openNode({ dataDir, friendlyName: 'Ann' })
const graph = await node.graphs.create({ offline: true })
const written: string[] = []
const codes = new Set<string>()
while (codes.size === 0 && written.length < MOST_WRITES) {
  try {
    written.push((await graph.records.add(Note, PAYLOAD)).id)
  } catch (error) {
    codes.add(error instanceof PeerageError ? error.code : String(error))
  }
}
const shown = async (): Promise<string[]> => {
  const ids: string[] = []
  for await (const { id } of graph.records.list(Note)) ids.push(id)
  return ids.sort()
}
const isSame = (ids: readonly string[]): boolean => ids.join() === [...written].sort().join()
const showsAcknowledged = isSame(await shown())
rmSync(ballast)
written.push((await graph.records.add(Note, PAYLOAD)).id)
const goesOn = isSame(await shown())
await node.close()
const again = await (await openNode({ dataDir })).graphs.open(graph.graphId, { offline: true })
const kept: string[] = []
for await (const { id } of again.records.list(Note)) kept.push(id)
await again.close()
process.stdout.write(
  JSON.stringify({
    codes: [...codes],
    some: written.length > 1,
    showsAcknowledged,
    goesOn,
    isKept: isSame(kept.sort()),
  }),
)
process.exit(0)
