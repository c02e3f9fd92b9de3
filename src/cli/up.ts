/**
 * `peerage up`, `status` and `down`: the node that goes on running, for all programs of its owner. It is in the clouds that were asked
 * for and in every group and graph of the data directory, and stays in those that programs make or join meanwhile.
 */
import { userInfo } from 'node:os'
import type { Command } from 'commander'
import type { ConnectedNode } from '../control/connect-node.ts'
import { openServingNode } from '../control/open-node.ts'
import { systemNetworkInterfaces } from '../nodejs/system-network-interfaces.ts'
import { tlsStreams } from '../nodejs/tls-streams.ts'
import type { CloudInfo } from '../peer-node/cloud-info.ts'
import type { Clouds } from '../peer-node/clouds.ts'
import type { Graph } from '../peer-node/graph.ts'
import { listenedAddresses } from '../peer-node/graph-listening.ts'
import type { PeerNode } from '../peer-node/peer-node.ts'
import { GLOBAL_CLOUD } from '../pnrp/cloud.ts'
import { PeerageError } from '../runtime/peerage-error.ts'
import {
  addPrivateCloudOptions,
  collect,
  joinLink,
  joinLinks,
  joinNamed,
  type PrivateCloudChoice,
  readPort,
  readPrivateOptions,
} from './cloud-choice.ts'
import type { CommandContext } from './command-context.ts'
import { type Output, printable } from './output.ts'
import { collectProvider, loadProviders, type ProviderModules } from './provider-option.ts'
import { stopSignal } from './stop-signal.ts'

interface UpOptions extends PrivateCloudChoice {
  readonly seed?: readonly string[]
  readonly cloud?: readonly string[]
  readonly pnrpPort?: number
  readonly port?: number
  readonly lan: boolean
  readonly provider?: ProviderModules
  readonly name?: string
}

const NO_NETWORK = 'in no cloud: this machine has no network now'
const NO_CLOUD = 'in no cloud: name one with --cloud, give a --seed, or leave out --no-lan'

export function addUpCommands(program: Command, context: CommandContext): void {
  const { output } = context
  const command = program
    .command('up')
    .description('run the node until Ctrl-C or `peerage down`; other commands and programs use it')
    .option('--pnrp-port <port>', 'the UDP port for names (default: 3540, or a free one)', readPort)
    .option('--port <port>', 'the TCP port for links (default: 3587, or a free one)', readPort)
    .option(
      '--seed <host:port>',
      'a member of the clouds that are named, or else of Global_, to begin with; may be repeated',
      collect,
    )
    .option('--cloud <name>', 'a cloud to be in, beside those of the links; may be repeated', collect)
  addPrivateCloudOptions(command)
    .option('--no-lan', 'stay out of the clouds of the links')
    .option(
      '--provider <name=module>',
      'a graph security provider: a module whose default export opens it for a graph; may be repeated',
      collectProvider,
    )
    .option(
      '--name <name>',
      'the friendly name of the first identity, if there is none yet (default: that of the user)',
    )
    .action((options: UpOptions) => up(context, options))
  program
    .command('status')
    .description('show what is running: peers, groups, clouds')
    .action(() => context.useRunningNode((connected) => showStatus(connected, output)))
  program
    .command('down')
    .description('stop the running node')
    .action(() =>
      context.useRunningNode(async (connected) => {
        const { processId } = await connected.info()
        await connected.stop()
        output.result({ stopped: processId }, `The node (process ${processId}) has stopped.`)
      }),
    )
}

async function up({ output, log, dataDir }: CommandContext, options: UpOptions): Promise<void> {
  const privateOptions = await readPrivateOptions(options)
  const securityProviders = await loadProviders(options.provider ?? {})
  const stopped = stopSignal()
  const { seed: seeds, cloud: named, lan, pnrpPort, port: graphPort, name } = options
  const friendlyName = name ?? userInfo().username
  const { node, closed, controlPath } = await openServingNode(
    { dataDir: dataDir(), seeds, lan, pnrpPort, graphPort, friendlyName, securityProviders, log },
    { servesOnly: true },
  )
  try {
    if (graphPort !== undefined) await requireFree(graphPort)
    const chosen = named ?? (seeds === undefined ? [] : [GLOBAL_CLOUD])
    await joinNamed(node, chosen, privateOptions)
    if (lan) await joinLinks(node.clouds)
    const [groups, graphs] = [await openGroups(node, output), await openGraphs(node, output)]
    const { peerName, friendlyName } = await node.identities.get()
    const listed = (await node.clouds.list()).filter(({ openCount }) => openCount > 0)
    output.result(
      {
        ...{ event: 'ready', peerName, processId: process.pid, controlPath, groups, graphs },
        clouds: listed.map(({ name, state, port }) => ({ name, state, port })),
        pnrpPort: listed.find(({ port }) => port !== undefined)?.port,
      },
      [
        `The node of ${printable(friendlyName)} is up (${peerName}).`,
        `  ${listed.map(describeCloud).join('\n  ') || (lan ? NO_NETWORK : NO_CLOUD)}`,
        `  ${groups} groups and ${graphs} graphs are open. Ctrl-C or \`peerage down\` stops it.`,
      ].join('\n'),
    )
    const following = lan ? followLinks(node.clouds, output) : undefined
    await Promise.race([stopped, closed])
    await node.close()
    await following
  } finally {
    await node.close()
  }
  output.result({ event: 'stopped' }, 'The node has stopped.')
}

/**
 * The port for links is taken when the first graph is opened. Whoever asks for one is told now that others have it.
 *
 * @throws PeerageError `port-in-use`
 */
async function requireFree(port: number): Promise<void> {
  for (const at of listenedAddresses(systemNetworkInterfaces.list(), [])) {
    try {
      const listener = await tlsStreams.listen({ ...at, port }, (stream) => stream.destroy())
      listener.close()
    } catch (error) {
      // An address that comes or goes just now is no matter of the port.
      if (!PeerageError.isAny(error) || error.code === 'port-in-use') throw error
    }
  }
}

/** One that cannot be opened keeps no other from it. @returns how many are open */
async function openGroups({ groups }: PeerNode, output: Output): Promise<number> {
  let open = 0
  for (const { peerName, identity, friendlyName } of await groups.list()) {
    open += await opened(output, `the group ${friendlyName || peerName}`, () => groups.open(peerName, { identity }))
  }
  return open
}

async function openGraphs({ graphs }: PeerNode, output: Output): Promise<number> {
  let open = 0
  for (const { graphId, identity, properties } of await graphs.list()) {
    const what = `the graph ${properties.friendlyName || graphId}`
    open += await opened(output, what, () => graphs.open(graphId, { identity }))
  }
  return open
}

async function opened(output: Output, what: string, open: () => Promise<unknown>): Promise<number> {
  try {
    await open()
    return 1
  } catch (error) {
    warn(output, what, error)
    return 0
  }
}

function warn(output: Output, what: string, error: unknown): void {
  if (!PeerageError.isAny(error)) throw error
  const { code, message, advice } = error
  output.warning({ code, message: `${what} could not be opened: ${message}`, advice })
}

/** Joins the clouds of links that come later, as when a machine connects to a network, until the node is closed. */
async function followLinks(clouds: Clouds, output: Output): Promise<void> {
  for await (const { kind, cloud } of clouds.watch({ scope: 'link-local' })) {
    if (kind !== 'added' || cloud.openCount > 0) continue
    try {
      await joinLink(clouds, cloud.name, {})
    } catch (error) {
      warn(output, `the cloud ${cloud.name}`, error)
    }
  }
}

async function showStatus({ node, info }: ConnectedNode, output: Output): Promise<void> {
  const { started, ...running } = await info()
  const uptime = Math.round((Date.now() - started) / 1000)
  const peers = new Set<string>()
  const groups: object[] = []
  const lines: string[] = []
  for (const { peerName, friendlyName, identity } of await node.groups.list()) {
    const group = await node.groups.open(peerName, { identity })
    const { state, neighbors, membership, found } = await group.status()
    await notePeers(group, peers)
    const members = await group.members()
    const online = members.filter(({ connected }) => connected).length
    groups.push({
      group: peerName,
      friendlyName,
      identity,
      state,
      neighbors,
      membership,
      found,
      members: members.length,
      online,
    })
    lines.push(`group ${printable(friendlyName || peerName)}: ${state}, ${online} of ${members.length} members online`)
    await group.close()
  }
  const graphs: object[] = []
  for (const { graphId, identity, properties } of await node.graphs.list()) {
    const graph = await node.graphs.open(graphId, { identity })
    const { state, neighbors } = await graph.status()
    await notePeers(graph, peers)
    graphs.push({ friendlyName: properties.friendlyName, identity, state, neighbors })
    lines.push(`graph ${printable(properties.friendlyName || 'without a name')}: ${state}, ${neighbors} neighbors`)
    await graph.close()
  }
  const clouds = (await node.clouds.list()).filter(({ openCount }) => openCount > 0)
  output.result(
    { ...running, started: new Date(started).toISOString(), uptime, peers: peers.size, groups, graphs, clouds },
    [
      `The node on ${running.dataDir} (process ${running.processId}, release ${running.release}) is up for ${uptime} s, with links to ${peers.size} ${peers.size === 1 ? 'peer' : 'peers'}.`,
      ...lines.map((line) => `  ${line}`),
      ...clouds.map((cloud) => `  ${describeCloud(cloud)}`),
    ].join('\n'),
  )
}

async function notePeers(graph: Pick<Graph, 'links'>, peers: Set<string>): Promise<void> {
  for (const { peerName } of await graph.links()) peers.add(peerName)
}

function describeCloud({ name, state, estimatedNodes, port }: CloudInfo): string {
  return `cloud ${printable(name)}: ${state}, ${nodesText(estimatedNodes)}${port === undefined ? '' : `, port ${port}`}`
}

function nodesText(estimated: number): string {
  return `about ${estimated} ${estimated === 1 ? 'node' : 'nodes'}`
}
