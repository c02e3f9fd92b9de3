/** `peerage graph`: open graphs, and those whose graph security provider the running node has under a name. */
import type { Command } from 'commander'
import type { Graph, NodeInfo, Status } from '../peer-node/graph.ts'
import type { GraphInfo } from '../peer-node/graphs.ts'
import type { PeerNode } from '../peer-node/peer-node.ts'
import { PeerageError } from '../runtime/peerage-error.ts'
import { collect } from './cloud-choice.ts'
import type { CommandContext } from './command-context.ts'
import { findGraph } from './graph-reference.ts'
import { findIdentity } from './identity-reference.ts'
import { type Column, printable } from './output.ts'
import { progressSteps } from './progress-steps.ts'
import { interruption } from './stop-signal.ts'

interface Row extends Pick<GraphInfo, 'identity' | 'provider' | 'isOpen'> {
  readonly graph: string
  readonly friendlyName: string
}

interface Membership {
  readonly identity?: string
  readonly provider?: string
}

const COLUMNS: readonly Column<Row>[] = [
  { heading: 'FRIENDLY NAME', cell: ({ friendlyName }) => friendlyName },
  { heading: 'GRAPH', cell: ({ graph }) => graph },
  { heading: 'IDENTITY', cell: ({ identity }) => identity },
  { heading: 'PROVIDER', cell: ({ provider }) => provider },
  { heading: 'OPEN', cell: ({ isOpen }) => (isOpen ? 'yes' : '') },
]

export function addGraphCommands(program: Command, context: CommandContext): void {
  const graph = program
    .command('graph')
    .description('graphs without groups: whoever knows the ID of one, and is let in by its provider, takes part')
    .addHelpText('after', '\nA graph is named by its ID, or by its friendly name if it is the only one of that name.')
  addBeginning(graph, context)
  addShowing(graph, context)
  addLeaving(graph, context)
}

function addBeginning(graph: Command, { output, useNode }: CommandContext): void {
  withMembership(graph.command('create'))
    .description('make a graph')
    .option('--name <name>', 'its friendly name')
    .option('--id <id>', 'its ID: 1 to 255 characters (default: one that nobody can guess)')
    .action((options: Membership & { name?: string; id?: string }) =>
      useNode(async (node, isRunning) => {
        const { name: friendlyName = '', id: graphId, provider } = options
        const identity = await identityIn(node, options)
        const made = await node.graphs.create({ friendlyName, graphId, provider, identity, offline: !isRunning })
        const addresses = isRunning ? await made.addresses() : []
        output.result(
          { graph: made.graphId, friendlyName, identity: made.identity, addresses },
          `The graph ${made.graphId} is there${addresses.length === 0 ? '.' : `, at ${addresses.join(' ')}`}`,
        )
        if (!isRunning) output.step('No node is running: `peerage up` takes the graph online.')
      }),
    )

  withMembership(graph.command('join').argument('<id>', 'the ID of the graph'))
    .description('join a graph whose ID and an address are known')
    .requiredOption('--address <host:port>', 'where a node of it is; may be repeated', collect)
    .action((graphId: string, options: Membership & { address: readonly string[] }) =>
      useNode(async (node, isRunning) => {
        const { address: addresses, provider } = options
        const [identity, signal] = [await identityIn(node, options), interruption()]
        const asked = { addresses, provider, identity, signal, onProgress: progressSteps(output) }
        const joined = await node.graphs.join(graphId, asked)
        const [{ friendlyName }, { state: status }] = [await joined.properties(), await joined.status()]
        output.result(
          { graph: graphId, status, friendlyName, identity: joined.identity },
          `You are in ${printable(friendlyName || graphId)} (${status}).`,
        )
        if (!isRunning) output.step('No node is running: `peerage up` stays in the graph.')
      }),
    )
}

function addShowing(graph: Command, context: CommandContext): void {
  const { output, useNode } = context
  graph
    .command('list')
    .description('print all graphs of this data directory; groups have a list of their own')
    .action(() =>
      useNode(async ({ graphs }) => {
        const rows = (await graphs.list()).map(
          ({ graphId, identity, provider, isOpen, properties: { friendlyName } }): Row => ({
            ...{ graph: graphId, friendlyName, identity, provider, isOpen },
          }),
        )
        output.table(rows, COLUMNS, `${rows.length} ${rows.length === 1 ? 'graph' : 'graphs'}`)
      }),
    )

  withWhose(graph.command('show').argument('<graph>'))
    .description('print what is known of a graph, and how it stands')
    .action((reference: string, options: Membership) =>
      useNode(async (node, isRunning) => {
        const { graphId, identity, provider } = await requireGraph(node, reference, options)
        const shown = await node.graphs.open(graphId, { identity, offline: !isRunning })
        await show(shown, provider, context)
        await shown.close()
      }),
    )
}

function addLeaving(graph: Command, { output, useNode }: CommandContext): void {
  withWhose(graph.command('leave').argument('<graph>'))
    .description('leave a graph and delete what is here of it')
    .action((reference: string, options: Membership) =>
      useNode(async (node) => {
        const { graphId, identity } = await requireGraph(node, reference, options)
        await node.graphs.delete(graphId, { identity })
        output.result({ graph: graphId, left: true }, `You have left ${printable(reference)}.`)
      }),
    )
}

async function show(shown: Graph, provider: string, { output }: CommandContext): Promise<void> {
  const { graphId, identity } = shown
  const [{ friendlyName, comment, ...properties }, status] = [await shown.properties(), await shown.status()]
  const nodes = await shown.nodes()
  const addresses = status.state === 'offline' ? [] : await shown.addresses()
  output.result(
    { graph: graphId, friendlyName, comment, identity, provider, ...status, addresses, nodes, properties },
    describe([
      ['friendly name', friendlyName],
      ['comment', comment],
      ['graph', graphId],
      ['identity', identity],
      ['provider', provider],
      ['state', stateOf(status, nodes)],
      ['addresses', addresses.join(' ')],
    ]),
  )
}

function describe(lines: readonly (readonly [label: string, text: string])[]): string {
  const shown = lines.filter(([, text]) => text !== '')
  return shown.map(([label, text]) => `${label.padEnd(13)}  ${printable(text)}`).join('\n')
}

function stateOf({ state, neighbors }: Status, nodes: readonly NodeInfo[]): string {
  return `${state}, ${neighbors} neighbors, ${nodes.length} nodes are online`
}

function withMembership(command: Command): Command {
  return command
    .option('--identity <identity>', 'who takes part (default: the default identity)')
    .option('--provider <name>', 'the graph security provider, as the node has it (default: none)')
}

function withWhose(command: Command): Command {
  return command.option('--identity <identity>', 'who takes part, if several identities are in the graph')
}

async function identityIn({ identities }: PeerNode, { identity }: Membership): Promise<GraphInfo['identity']> {
  return (await findIdentity(identities, identity)).peerName
}

/** @throws PeerageError `database-not-present`, `ambiguous` */
async function requireGraph(node: PeerNode, reference: string, { identity }: Membership): Promise<GraphInfo> {
  const found = await findGraph(node, reference, identity)
  if (found === undefined) throw new PeerageError('database-not-present', { graph: reference })
  return found
}
