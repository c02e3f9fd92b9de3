/** Where tests of graphs run: on simulated hosts in virtual time, and as nodes of this process over TLS with files. */
import { connectNode } from '../../src/control/connect-node.ts'
import { openServingNode } from '../../src/control/open-node.ts'
import { type OpenNodeOptions, openNode } from '../../src/nodejs/open-node.ts'
import type { Graph, NodeInfo } from '../../src/peer-node/graph.ts'
import type { CreateGraphOptions } from '../../src/peer-node/graphs.ts'
import type { PeerNode, PeerNodeOptions } from '../../src/peer-node/peer-node.ts'
import { newPath } from '../nodejs/new-path.ts'
import { withSimulatedNodes } from './simulated-nodes.ts'

/** What a test has. */
export interface Setting {
  /** Opens the node of a name, on the data of that name. */
  open(name: string, options?: PeerNodeOptions): Promise<PeerNode>
  until(condition: () => Promise<boolean> | boolean): Promise<void>
  /** A path where a file can be written that every node can read which is given it. */
  path(): string
}

export type Body = (setting: Setting) => Promise<void>

export const settings: readonly { readonly name: string; run(body: Body): Promise<void> }[] = [
  { name: 'simulated', run: simulated },
  { name: 'TLS and SQLite', run: (body) => real(body, (options) => openNode(options)) },
  { name: 'through a running node', run: (body) => real(body, openThrough) },
]

async function simulated(body: Body): Promise<void> {
  await withSimulatedNodes('graphs', async (nodes) => {
    let paths = 0
    await body({
      open: (name, options) => nodes.openNode(nodes.hosts.get(name) ?? nodes.addHost(name), options),
      until: (condition) => nodes.until(condition, '120s'),
      path: () => `export${paths++}`,
    })
  })
}

async function real(body: Body, openOne: (options: OpenNodeOptions) => Promise<PeerNode>): Promise<void> {
  const opened: PeerNode[] = []
  const paths = new Map<string, string>()
  try {
    await body({
      async open(name, options = {}) {
        const dataDir = paths.get(name) ?? newPath()
        paths.set(name, dataDir)
        const node = await openOne({ dataDir, friendlyName: name, ...options })
        opened.push(node)
        return node
      },
      async until(condition) {
        while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 10))
      },
      path: newPath,
    })
  } finally {
    await Promise.all(opened.map((node) => node.close()))
  }
}

/** A node that runs, as a program sees it that is connected to it. Closing it stops that node, too. */
async function openThrough(options: OpenNodeOptions): Promise<PeerNode> {
  const { node } = await openServingNode(options)
  const program = await connectNode({ dataDir: options.dataDir })
  const close = async (): Promise<void> => {
    await program.close()
    await node.close()
  }
  return { ...program, close, [Symbol.asyncDispose]: close }
}

/** Two nodes in one graph, synchronized. */
export async function pair(
  { open, until }: Setting,
  options: CreateGraphOptions = {},
): Promise<{ ann: Graph; bob: Graph; nodes: { ann: PeerNode; bob: PeerNode } }> {
  const nodes = { ann: await open('ann'), bob: await open('bob') }
  const ann = await nodes.ann.graphs.create(options)
  const bob = await nodes.bob.graphs.join(ann.graphId, { addresses: await ann.addresses() })
  await ann.synchronized()
  const listens = (listed: readonly NodeInfo[]): boolean =>
    listed.length === 2 && listed.every(({ addresses }) => addresses.length > 0)
  await until(async () => listens(await bob.nodes()) && listens(await ann.nodes()))
  return { ann, bob, nodes }
}

/** Resolves when what was begun to be read is read, by a node of another process, too: it does what it is asked for in order. */
export async function isReading(graph: Pick<Graph, 'status'>): Promise<void> {
  await graph.status()
  // What was begun before went out while this waited for the first answer, and is in front of the second question.
  await graph.status()
}

/** The first items of an iteration. */
export async function take<Item>(items: AsyncIterable<Item>, count: number): Promise<Item[]> {
  const taken: Item[] = []
  if (count === 0) return taken
  for await (const item of items) {
    taken.push(item)
    if (taken.length === count) break
  }
  return taken
}

/** Everything that an iteration gives. */
export async function all<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const given: Item[] = []
  for await (const item of items) given.push(item)
  return given
}
