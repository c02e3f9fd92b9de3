/**
 * A node in a process of its own that does what it is told: a line of JSON for each call, and a line for its answer.
 * The first line says how the node is opened.
 */
import { createInterface } from 'node:readline'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { parsePeerName } from '../../../src/identity/peer-name.ts'
import { openNode } from '../../../src/nodejs/open-node.ts'
import { recordType } from '../../../src/peer-node/application-types.ts'
import type { Graph } from '../../../src/peer-node/graph.ts'
import type { Group } from '../../../src/peer-node/group.ts'
import type { PeerNode } from '../../../src/peer-node/peer-node.ts'
import { PeerageError } from '../../../src/runtime/peerage-error.ts'
import { anything } from '../../peer-node/schemas.ts'

const handles = new Map<string, { close(): Promise<void> }>()
const lines = createInterface({ input: process.stdin })
let node: PeerNode | undefined
let graph: Graph | undefined
let group: Group | undefined
const Text = recordType('test.text', { schema: anything, expires: '1d' })

/** Bytes are base64 in JSON. */
function withBytes(value: object): object {
  return Object.fromEntries(
    Object.entries(value).map(([key, one]) => [
      key,
      one instanceof Uint8Array ? Buffer.from(one).toString('base64') : one,
    ]),
  )
}

/** What is still needed after collections, in bytes: what the first one frees outside the heap goes a little later. */
async function usedMemory(): Promise<number> {
  setFlagsFromString('--expose-gc')
  const collect: () => void = runInNewContext('gc')
  for (let time = 0; time < 3; time++) {
    collect()
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

async function perform(call: string, argument: string, options: Record<string, unknown>): Promise<unknown> {
  if (call === 'open') {
    const { pnrpPort, graphPort, seeds: given } = options
    const seeds = Array.isArray(given) ? given.map(String) : []
    const ports = {
      ...(typeof pnrpPort === 'number' ? { pnrpPort } : {}),
      ...(typeof graphPort === 'number' ? { graphPort } : {}),
    }
    node = await openNode({ dataDir: argument, friendlyName: 'A test', seeds, ...ports })
    return (await node.identities.get()).peerName
  }
  if (node === undefined) throw new Error('the node is not open')
  switch (call) {
    case 'join':
      await node.clouds.open(argument, options)
      return node.clouds.list()
    case 'list':
      return node.clouds.list()
    case 'inspect':
      return node.clouds.inspect(argument)
    case 'register': {
      const { payload, ...rest } = options
      const bytes = typeof payload === 'string' ? { payload: new Uint8Array(Buffer.from(payload, 'base64')) } : {}
      handles.set(argument, await node.names.register({ name: argument, endpoints: [{ port: 80 }], ...rest, ...bytes }))
      return undefined
    }
    case 'unregister':
      await handles.get(argument)?.close()
      return undefined
    case 'resolve': {
      const results: object[] = []
      for await (const result of node.names.resolve(argument, options)) results.push(withBytes(result))
      return results
    }
    case 'graph-create':
      graph = await node.graphs.create(options)
      return { graphId: graph.graphId, addresses: await graph.addresses() }
    case 'graph-join': {
      const { addresses } = options
      graph = await node.graphs.join(argument, { addresses: Array.isArray(addresses) ? addresses.map(String) : [] })
      return graph.addresses()
    }
    case 'graph-open':
      graph = await node.graphs.open(argument, options)
      return graph.status()
    case 'graph-import':
      graph = await node.graphs.importDatabase(argument)
      return graph.status()
    case 'graph-export':
      await graph?.exportDatabase(argument)
      return undefined
    case 'write': {
      const texts = options['texts']
      for (const text of Array.isArray(texts) ? texts : []) await graph?.records.add(Text, text)
      return undefined
    }
    case 'write-many': {
      // Many at the same time, as an application does that is busy.
      const [count, length] = [Number(options['count']), Number(options['length'])]
      let begun = 0
      const write = async (): Promise<void> => {
        while (begun++ < count) await graph?.records.add(Text, '.'.repeat(length))
      }
      await Promise.all(Array.from({ length: 64 }, write))
      return undefined
    }
    case 'read': {
      const texts: unknown[] = []
      if (graph !== undefined) for await (const { payload } of graph.records.list(Text)) texts.push(payload)
      return texts
    }
    case 'graph-status':
      return graph?.status()
    case 'graph-addresses':
      return graph?.addresses()
    case 'graph-add': {
      const { addresses } = options
      await graph?.addAddresses(Array.isArray(addresses) ? addresses.map(String) : [])
      return undefined
    }
    case 'graph-nodes':
      return graph?.nodes()
    case 'graph-presence':
      await graph?.setPresence({ publish: 'always', attributes: { status: argument } })
      return undefined
    case 'group-create':
      group = await node.groups.create(options)
      graph = group
      return group.peerName
    case 'group-join':
      group = await node.groups.join(argument, options)
      graph = group
      return group.peerName
    case 'group-open':
      group = await node.groups.open(parsePeerName(argument))
      graph = group
      return group.status()
    case 'group-invite':
      return group?.invite(options)
    case 'group-status':
      return group?.status()
    case 'group-members':
      return group?.members(options)
    case 'group-revoke':
      return group?.revoke(parsePeerName(argument), options)
    case 'group-leave':
      return group?.leave(options)
    case 'certificate':
      return node.identities.certificate()
    case 'group-list':
      return node.groups.list()
    case 'metrics':
      return node.metrics()
    case 'memory':
      return usedMemory()
    case 'processor-time': {
      const { user, system } = process.cpuUsage()
      return user + system
    }
    case 'close':
      await node.close()
      node = undefined
      lines.close()
      return undefined
    default:
      throw new Error(`there is no call ${call}`)
  }
}

for await (const line of lines) {
  const [call, argument, options]: [string, string, Record<string, unknown>] = JSON.parse(line)
  try {
    const result = await perform(call, argument, options)
    process.stdout.write(`${JSON.stringify({ result: result ?? null })}\n`)
  } catch (error) {
    if (!(error instanceof PeerageError)) throw error
    process.stdout.write(`${JSON.stringify({ code: error.code })}\n`)
  }
}
// Whoever told it what to do has died: it would live for ever.
if (node !== undefined) process.exit(1)
