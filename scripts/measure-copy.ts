/**
 * How fast one node writes records, and how fast another one gets the first copy of all of them: two processes with SQLite and TLS
 * on loopback, each record signed by the one and checked by the other.
 *
 *     npm run measure:copy [records]
 *
 * Records have 300 bytes of payload and two attributes. Some are written one at a time, each call after the one before
 * has been acknowledged, the rest with many calls under way. The copy is timed from the call that joins until the graph
 * is synchronized, and what the taker's process used of the processor is told beside it.
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openNode } from '../src/nodejs/open-node.ts'
import { recordType } from '../src/peer-node/application-types.ts'
import type { Graph } from '../src/peer-node/graph.ts'

const PAYLOAD = 300
const ONE_AT_A_TIME = 5000
const WINDOW = 256
const MEASURED = recordType('measured.record', { expires: '7d' })

const [role, records = 100_000] = [
  process.argv[2] === 'writer' ? 'writer' : 'taker',
  Number(process.argv.at(-1)) || undefined,
]
const folder = mkdtempSync(join(tmpdir(), 'peerage-copy-'))
const node = await openNode({ dataDir: join(folder, 'data'), friendlyName: 'measured' })

if (role === 'writer') {
  const graph = await node.graphs.create()
  const before = performance.now()
  for (let index = 0; index < ONE_AT_A_TIME; index++) await write(graph, index)
  process.send?.({ perSecond: (1000 * ONE_AT_A_TIME) / (performance.now() - before) })
  let next = ONE_AT_A_TIME
  const start = performance.now()
  await Promise.all(
    Array.from({ length: WINDOW }, async () => {
      while (next < records) await write(graph, next++)
    }),
  )
  const perSecond = (1000 * (records - ONE_AT_A_TIME)) / (performance.now() - start)
  process.send?.({ perSecond, graphId: graph.graphId, addresses: await graph.addresses() })
  await once(process, 'message')
} else {
  const writer = fork(import.meta.filename, ['writer', String(records)])
  const [one] = await once(writer, 'message')
  say(`one at a time: ${one.perSecond.toFixed(0)} records/s`)
  const [{ perSecond, graphId, addresses }] = await once(writer, 'message')
  say(`${WINDOW} calls at a time: ${perSecond.toFixed(0)} records/s`)
  const used = process.cpuUsage()
  const start = performance.now()
  const graph = await node.graphs.join(graphId, { addresses })
  await graph.synchronized({ signal: AbortSignal.timeout(600_000) })
  const seconds = (performance.now() - start) / 1000
  const { user, system } = process.cpuUsage(used)
  let count = 0
  for await (const _ of graph.records.list(MEASURED)) count++
  say(
    `first copy: ${count} records in ${seconds.toFixed(1)} s, ${(count / seconds).toFixed(0)} records/s, ` +
      `${((user + system) / count).toFixed(1)} µs of CPU a record`,
  )
  const ended = once(writer, 'exit')
  writer.send('end')
  await ended
}
await node.close()
rmSync(folder, { recursive: true })

async function write(graph: Graph, index: number): Promise<void> {
  const payload = new Uint8Array(PAYLOAD).fill(index)
  await graph.records.add(MEASURED, payload, { attributes: { place: `place ${index % 1000}`, number: index } })
}

function say(text: string): void {
  process.stdout.write(`${text}\n`)
}
