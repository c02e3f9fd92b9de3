/**
 * The `peerage` command: its global options, its nouns, and what happens when one fails.
 *
 * Exit codes: 0 done, 1 failed, 2 misuse.
 */
import { Command, CommanderError, InvalidArgumentError } from 'commander'
import { type ConnectedNode, connectRunningNode } from '../control/connect-node.ts'
import { defaultDataDirectory } from '../nodejs/data-directory.ts'
import type { Logger } from '../nodejs/guarded-log.ts'
import { openNode } from '../nodejs/open-node.ts'
import { packageVersion } from '../nodejs/package-version.ts'
import { storageError } from '../nodejs/storage-error.ts'
import { systemErrorCode } from '../nodejs/system-error.ts'
import { PeerageError } from '../runtime/peerage-error.ts'
import { addChatCommand } from './chat.ts'
import { addCloudCommands } from './cloud.ts'
import type { CommandContext } from './command-context.ts'
import { addDoctorCommand } from './doctor.ts'
import { addGraphCommands } from './graph.ts'
import { addGroupCommands } from './group.ts'
import { addIdentityCommands } from './identity.ts'
import { addNameCommands } from './name.ts'
import { createOutput, type Output } from './output.ts'
import { addRecordCommands } from './record.ts'
import { addSendCommands } from './send.ts'
import { CommandEnd } from './stop-signal.ts'
import { addUpCommands } from './up.ts'
import { verboseLog } from './verbose-log.ts'

const EXIT_FAILED = 1
const EXIT_MISUSE = 2

/** Runs one command line and sets the exit code of the process. */
export async function runCommand(words: readonly string[]): Promise<void> {
  const program = new Command('peerage')
    .description('Serverless peer networking: names, groups, and records that every member has.')
    .version(packageVersion())
    .option(
      '--data-dir <dir>',
      `where data is kept (default: PEERAGE_DATA_DIR, or ${defaultDataDirectory()})`,
      readDataDirectory,
    )
    .option('--json', 'print one JSON document a line, and errors as JSON')
    .option('--quiet', 'print no progress and no summaries')
    .option('--verbose', 'tell on standard error what the node does')
    .configureHelp({ showGlobalOptions: true })
    .showHelpAfterError('Run `peerage --help`, or add --help to a command, to see how it is used.')
  // Known before commander has read the line, so that a misused line is answered in JSON, too.
  const json = words.includes('--json')
  const output = createOutput({
    json,
    quiet: words.includes('--quiet'),
    stdout: process.stdout,
    stderr: process.stderr,
  })
  endWhenNothingCanBePrinted(output)
  const endNow = (problem: unknown): void => {
    output.error(problem)
    process.exit(EXIT_FAILED)
  }
  const end = new CommandEnd(endNow)
  const dataDirectory = (): string => {
    const { dataDir } = program.opts<{ dataDir?: string }>()
    const { PEERAGE_DATA_DIR: fromEnvironment } = process.env
    return dataDir ?? (fromEnvironment || defaultDataDirectory())
  }
  const log = words.includes('--verbose') ? verboseLog({ json, stderr: process.stderr }) : undefined
  const context: CommandContext = {
    output,
    log,
    dataDir: dataDirectory,
    useNode: async (body, options = {}) => {
      const dataDir = dataDirectory()
      const isAsked = Object.values(options).some((option) => option !== undefined)
      const running = isAsked ? undefined : await runningNode(dataDir, log)
      const node = running?.node ?? (await openNode({ ...options, dataDir, log }))
      await end.withNode(
        () => node.close(),
        () => body(node, running !== undefined),
      )
    },
    useRunningNode: async (body) => {
      const connected = await connectRunningNode({ dataDir: dataDirectory(), log })
      await end.withNode(
        () => connected.node.close(),
        () => body(connected),
      )
    },
  }
  addUpCommands(program, context)
  addDoctorCommand(program, context)
  addIdentityCommands(program, context)
  addCloudCommands(program, context)
  addNameCommands(program, context)
  addRecordCommands(program, context)
  addSendCommands(program, context)
  addChatCommand(program, context)
  addGroupCommands(program, context)
  addGraphCommands(program, context)
  program
    .command('demo')
    .description('the first run: four processes go through the life of a group on this machine')
    // Loaded only now: no other command needs a simulation.
    .action(async () => (await import('./demo.ts')).runDemo(output))
  exitWithCommanderErrors(program, json)
  try {
    await program.parseAsync(words, { from: 'user' })
  } catch (error) {
    // What the command was about may go on, such as reading from a terminal.
    if (PeerageError.is(error, 'interrupted')) endNow(error)
    process.exitCode = report(error, context, json)
  }
}

/** An empty one would be the folder where the command happens to run. */
function readDataDirectory(text: string): string {
  if (text === '') throw new InvalidArgumentError('It is the path of a folder.')
  return text
}

/** The node that runs on a data directory, if one does. */
async function runningNode(dataDir: string, log: Logger | undefined): Promise<ConnectedNode | undefined> {
  try {
    return await connectRunningNode({ dataDir, log })
  } catch (error) {
    if (PeerageError.is(error, 'node-not-running')) return undefined
    throw error
  }
}

function report(error: unknown, { output }: CommandContext, json: boolean): number {
  if (!(error instanceof CommanderError)) {
    output.error(error)
    return EXIT_FAILED
  }
  // Help and version were asked for: commander has printed them.
  if (error.exitCode === 0) return 0
  const isHelp = error.code === 'commander.help'
  if (json) output.misuse(isHelp ? 'a command is missing; see --help' : error.message.replace(/^error: /, ''))
  return EXIT_MISUSE
}

/** Makes commander throw instead of ending the process, and say nothing of its own where JSON is asked for. */
function exitWithCommanderErrors(command: Command, json: boolean): void {
  command.exitOverride()
  if (json) command.configureOutput({ writeErr: () => undefined })
  for (const subcommand of command.commands) exitWithCommanderErrors(subcommand, json)
}

/** `peerage ... | head` is no failure: whoever reads has read enough. Output that a full disk cuts short is one. */
function endWhenNothingCanBePrinted(output: Output): void {
  process.stdout.on('error', (error) => {
    if (systemErrorCode(error) === 'EPIPE') process.exit()
    output.error(storageError(error, 'standard output', 'write'))
    process.exit(EXIT_FAILED)
  })
  process.stderr.on('error', (error) => process.exit(systemErrorCode(error) === 'EPIPE' ? undefined : EXIT_FAILED))
}
