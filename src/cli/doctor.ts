/**
 * `peerage doctor`: finds out why nothing connects. The node that runs is asked; if none does, the doctor opens one for itself, with the
 * options of `up`. Either way all groups and graphs are open meanwhile. What a finding means is in docs/troubleshooting.md.
 */
import type { Command } from 'commander'
import { type ConnectedNode, connectRunningNode } from '../control/connect-node.ts'
import { openNode } from '../nodejs/open-node.ts'
import type { Closing } from '../peer-node/closing.ts'
import type { Finding } from '../peer-node/finding.ts'
import type { Group } from '../peer-node/group.ts'
import type { PeerNode } from '../peer-node/peer-node.ts'
import { type ErrorCode, PeerageError } from '../runtime/peerage-error.ts'
import { collect, readPort } from './cloud-choice.ts'
import type { CommandContext } from './command-context.ts'
import { findGroup, findMember } from './group-reference.ts'
import { printable } from './output.ts'
import { interruption } from './stop-signal.ts'

interface DoctorOptions {
  readonly seed?: readonly string[]
  readonly pnrpPort?: number
  readonly port?: number
}

/** How long a node that runs may take to answer at all, in milliseconds. */
const LONGEST_GREETING = 3000
const EXIT_FAILED = 1
/** What keeps a group or graph from being opened that the node finds itself, with more to say of it. */
const FOUND_BY_NODE: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  ...(['graph-in-use', 'invalid-database', 'database-newer', 'unable-to-listen', 'storage-not-accessible'] as const),
])

export function addDoctorCommand(program: Command, context: CommandContext): void {
  program
    .command('doctor [target]')
    .description('find out why nothing connects: this node, or also a group, a member, a name or an invitation')
    .option(
      '--seed <host:port>',
      'if no node runs: a member of the global cloud to begin with; may be repeated',
      collect,
    )
    .option('--pnrp-port <port>', 'if no node runs: the UDP port for names that is wanted', readPort)
    .option('--port <port>', 'if no node runs: the TCP port for links that is wanted', readPort)
    .action(async (target: string | undefined, options: DoctorOptions) => {
      if (await diagnose(context, target, options)) process.exitCode = EXIT_FAILED
    })
}

/** @returns whether something does not work */
async function diagnose(context: CommandContext, target: string | undefined, options: DoctorOptions): Promise<boolean> {
  const { output, log, dataDir } = context
  const signal = interruption()
  const counts = { ok: 0, warning: 0, failed: 0 }
  const print = (finding: Finding): void => {
    counts[finding.outcome]++
    output.result(finding, describe(finding))
  }
  const running = await findRunning(context, signal)
  print(running.finding)
  const { seed: seeds, pnrpPort, port: graphPort } = options
  if (running.connected !== undefined && Object.keys(options).length > 0) {
    await running.connected.node.close()
    throw new PeerageError('node-already-running', { dataDir: dataDir() })
  }
  const node = running.connected?.node ?? (await openNode({ dataDir: dataDir(), seeds, pnrpPort, graphPort, log }))
  try {
    const opened = await openAll(node)
    try {
      const meant = target === undefined ? undefined : await targetOf(node, opened.groups, target)
      output.step('This can take a minute.')
      for await (const finding of node.diagnose(meant, { signal })) print(finding)
      for (const finding of opened.problems) print(finding)
    } finally {
      for (const one of [...opened.groups, ...opened.graphs]) await one.close()
    }
  } finally {
    await node.close()
  }
  output.step(
    `${counts.failed} failed, ${counts.warning} ${counts.warning === 1 ? 'warning' : 'warnings'}, ${counts.ok} ok.${helpOf(counts)}`,
  )
  return counts.failed > 0
}

function helpOf({ failed, warning }: { readonly failed: number; readonly warning: number }): string {
  return failed + warning > 0 ? ' Begin with the first that is not ok; docs/troubleshooting.md explains each.' : ''
}

interface Running {
  readonly connected: ConnectedNode | undefined
  readonly finding: Finding
}

/** The node that runs, if one does and can be asked. */
async function findRunning({ log, dataDir }: CommandContext, signal: AbortSignal): Promise<Running> {
  const check = 'running-node'
  const tooLong = AbortSignal.timeout(LONGEST_GREETING)
  try {
    const connected = await connectRunningNode({ dataDir: dataDir(), log, signal: AbortSignal.any([signal, tooLong]) })
    const { processId, release } = await connected.info()
    return { connected, finding: { check, outcome: 'ok', found: `process ${processId} runs it, release ${release}` } }
  } catch (error) {
    signal.throwIfAborted()
    if (PeerageError.is(error, 'node-not-running')) {
      const found = `no node runs on ${dataDir()}: the doctor looks with one of its own`
      return { connected: undefined, finding: { check, outcome: 'ok', found } }
    }
    if (tooLong.aborted) {
      const found = `a node runs on ${dataDir()}, and has not answered within ${LONGEST_GREETING / 1000} s`
      const advice = 'It hangs, or was stopped. End its process, and start it again with `peerage up`.'
      return { connected: undefined, finding: { check, outcome: 'failed', found, advice } }
    }
    if (!(error instanceof PeerageError)) throw error
    const { message: found, advice } = error
    return { connected: undefined, finding: { check, outcome: 'failed', found, advice } }
  }
}

interface OpenedForDoctor {
  readonly groups: readonly Group[]
  readonly graphs: readonly Closing[]
  readonly problems: readonly Finding[]
}

/** Opens what is not open, as `up` would; what cannot be listed is found by the node. */
async function openAll(node: PeerNode): Promise<OpenedForDoctor> {
  const groups: Group[] = []
  const graphs: Closing[] = []
  const problems: Finding[] = []
  const attempt = async (check: string, what: string, open: () => Promise<void>): Promise<void> => {
    try {
      await open()
    } catch (error) {
      if (!(error instanceof PeerageError)) throw error
      if (FOUND_BY_NODE.has(error.code)) return
      const found = `${what} could not be opened: ${error.message}`
      problems.push({ check, outcome: 'failed', found, advice: error.advice })
    }
  }
  await attempt('group', 'the groups', async () => {
    for (const { peerName, identity, friendlyName } of await node.groups.list()) {
      await attempt('group', `the group ${friendlyName || peerName}`, async () => {
        groups.push(await node.groups.open(peerName, { identity }))
      })
    }
  })
  await attempt('graph', 'the graphs', async () => {
    for (const { graphId, identity, properties } of await node.graphs.list()) {
      await attempt('graph', `the graph ${properties.friendlyName || 'without a name'}`, async () => {
        graphs.push(await node.graphs.open(graphId, { identity }))
      })
    }
  })
  return { groups, graphs, problems }
}

/** An invitation and a peer name are as they are; anything else names a group or a member. */
async function targetOf(node: PeerNode, groups: readonly Group[], text: string): Promise<string> {
  if (/^\s*peerage:/i.test(text)) return text
  try {
    return (await findGroup(node, text)).peerName
  } catch (error) {
    // What keeps the groups from being read is found by the node.
    if (!(error instanceof PeerageError) || error.code === 'ambiguous') throw error
  }
  for (const group of groups) {
    try {
      return (await findMember(group, text)).peerName
    } catch (error) {
      if (!PeerageError.is(error, 'member-not-found')) throw error
    }
  }
  return text
}

function describe({ check, outcome, found, advice }: Finding): string {
  const line = `${outcome.padEnd('warning'.length)}  ${check}: ${printable(found)}`
  return advice === undefined ? line : `${line}\n         ${advice}`
}
