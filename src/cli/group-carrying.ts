/** `peerage group export` and `import`: the configuration of a group, its key, or its records, carried to another place. */
import { resolve } from 'node:path'
import { type Command, Option } from 'commander'
import type { Group } from '../peer-node/group.ts'
import type { PeerNode } from '../peer-node/peer-node.ts'
import type { CommandContext } from './command-context.ts'
import { findGroup, useGroup, WHOSE_OPTION } from './group-reference.ts'
import { readInput, readSecret, STANDARD_INPUT } from './input.ts'
import { printable } from './output.ts'
import { progressSteps } from './progress-steps.ts'
import { interruption } from './stop-signal.ts'

const PASSWORD = ['--password-file <file>', 'the password of the export (a file with it in one line, or -)'] as const

interface Choice {
  readonly key?: boolean
  readonly database?: string
  readonly passwordFile?: string
  readonly identity?: string
  readonly into?: string
}

export function addGroupCarryingCommands(group: Command, context: CommandContext): void {
  const { output, useNode } = context
  withChoice(group.command('export').argument('<group>'), 'write the records into this new file')
    .description('print the configuration of a group, which opens it for this identity in another place')
    .option(...WHOSE_OPTION)
    .action((reference: string, choice: Choice, command: Command) =>
      useGroup(context, { reference, identity: choice.identity }, async (exported) => {
        const { peerName } = exported
        if (choice.database !== undefined) {
          const file = resolve(choice.database)
          await exported.exportDatabase(file, { signal: interruption() })
          output.result({ group: peerName, file }, `The records are in ${printable(file)}.`)
          return
        }
        const text = await exportedText(exported, choice, command)
        output.result({ group: peerName, export: text }, text.trimEnd())
      }),
    )

  withChoice(group.command('import').argument('[file]', 'the text of the export', STANDARD_INPUT), 'add its records')
    .description('take over an export; of a key or a database for a group that is here')
    .option('--into <group>', 'the group that the key or the database is of')
    .option(...WHOSE_OPTION)
    .action((file: string, choice: Choice, command: Command) =>
      useNode(async (node, isRunning) => {
        if (choice.key === true || choice.database !== undefined) {
          if (choice.into === undefined) command.error('error: say with --into which group this is of')
          const found = await findGroup(node, choice.into, choice.identity)
          const { peerName, identity } = found
          if (choice.database === undefined) {
            const opened = await node.groups.open(peerName, { identity, offline: !isRunning })
            await opened.importKey(await readInput(file), await password(choice, command, { isNew: false }))
            output.result({ group: peerName, hasKey: true }, `The key of ${printable(peerName)} is here.`)
            return
          }
          await importDatabase(context, node, found, choice.database, isRunning)
          return
        }
        const text = await readInput(file)
        const info = await node.groups.importConfiguration(text, await password(choice, command, { isNew: false }))
        const { peerName, identity, friendlyName } = info
        // A running node looks for the members at once.
        if (isRunning) await node.groups.open(peerName, { identity })
        output.result({ group: peerName, friendlyName, identity }, `The group ${printable(peerName)} is here.`)
      }),
    )
}

function withChoice(command: Command, database: string): Command {
  return command
    .addOption(new Option('--key', 'the group key instead').conflicts('database'))
    .addOption(new Option('--database <file>', `the records instead: ${database}`).conflicts('passwordFile'))
    .option(...PASSWORD)
}

async function exportedText(group: Group, choice: Choice, command: Command): Promise<string> {
  const secret = await password(choice, command, { isNew: true })
  return choice.key === true ? group.exportKey(secret) : group.exportConfiguration(secret)
}

async function password(choice: Choice, command: Command, { isNew }: { readonly isNew: boolean }): Promise<string> {
  const secret = await readSecret(choice.passwordFile, `Password ${isNew ? 'for' : 'of'} the export`, { isNew })
  return secret ?? command.error('error: give the password of the export with --password-file')
}

async function importDatabase(
  { output }: CommandContext,
  { groups }: PeerNode,
  { peerName, identity }: Awaited<ReturnType<typeof findGroup>>,
  file: string,
  isRunning: boolean,
): Promise<void> {
  const options = { identity, signal: interruption(), onProgress: progressSteps(output) }
  const imported = await groups.importDatabase(peerName, resolve(file), options)
  await imported.close()
  // It was imported offline; a running node has its groups online.
  if (isRunning) await groups.open(peerName, { identity })
  output.result({ group: peerName, file: resolve(file) }, `The records are in ${printable(peerName)}.`)
}
