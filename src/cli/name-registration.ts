/**
 * `peerage name register`, `unregister` and `list`. A running node keeps a name until it is unregistered or the node is stopped.
 * Where none runs, or other clouds are asked for than it is in, the command joins a cloud itself and registers until Ctrl-C.
 */
import type { Command } from 'commander'
import type { KeptName } from '../control/kept-names.ts'
import type { NameRegistration } from '../peer-node/names.ts'
import type { PeerNode } from '../peer-node/peer-node.ts'
import { addCloudOptions, type CloudChoice, collect, joinChosen, nodeOptionsOf } from './cloud-choice.ts'
import type { CommandContext } from './command-context.ts'
import { findIdentity } from './identity-reference.ts'
import { formatNameEndpoint, readNameEndpoint } from './name-endpoint.ts'
import { documentOf } from './name-resolution.ts'
import { type Column, type Output, printable } from './output.ts'
import { stopSignal } from './stop-signal.ts'

interface RegisterChoice extends CloudChoice {
  readonly endpoint: readonly string[]
  readonly identity?: string
  readonly comment?: string
  readonly payload?: string
}

const COLUMNS: readonly Column<Omit<KeptName, 'payload'>>[] = [
  { heading: 'NAME', cell: ({ name }) => name },
  { heading: 'ENDPOINTS', cell: ({ endpoints }) => endpoints.map(formatNameEndpoint).join(' ') },
  { heading: 'COMMENT', cell: ({ comment = '' }) => comment },
  { heading: 'CLOUD', cell: ({ cloud = 'all that are open' }) => (typeof cloud === 'string' ? cloud : cloud.scope) },
  { heading: 'SINCE', cell: ({ since }) => since.toISOString() },
]

export function addRegistrationCommands(name: Command, context: CommandContext): void {
  const { output } = context
  addCloudOptions(name.command('register <name>'))
    .description('register a name: a running node keeps it; without one, until this command is stopped (Ctrl-C)')
    .requiredOption('--endpoint <endpoint>', 'HOST:PORT, or :PORT for this machine, with /udp for UDP; repeat', collect)
    .option(
      '--cloud <cloud>',
      'where to register (default: where the running node is; else Global_ with a seed, or the links of this machine)',
    )
    .option('--identity <identity>', 'of an unsecured name: who publishes it (default: the default identity)')
    .option('--comment <text>', 'at most 39 characters')
    .option('--payload <text>', 'a text of at most 4,095 bytes')
    .action((text: string, choice: RegisterChoice) =>
      context.useNode(async (node, isRunning) => {
        const { comment, payload, identity: reference } = choice
        const identity = reference === undefined ? undefined : (await findIdentity(node.identities, reference)).peerName
        const registration = {
          name: text,
          endpoints: choice.endpoint.map(readNameEndpoint),
          identity,
          comment,
          payload,
        }
        const { range, secretFile } = choice
        if (isRunning && range === undefined && secretFile === undefined) {
          await keepName(context, { ...registration, cloud: choice.cloud })
        } else await registerHere(node, choice, registration, output)
      }, nodeOptionsOf(choice)),
    )

  name
    .command('unregister <name>')
    .description('end what a running node keeps registered of a name')
    .action((text: string) =>
      context.useRunningNode(async ({ keptNames }) => {
        await keptNames.release(text)
        output.result({ unregistered: text }, `${printable(text)} is no longer registered.`)
      }),
    )

  name
    .command('list')
    .description('print the names that a running node keeps registered')
    .action(() =>
      context.useRunningNode(async ({ keptNames }) => {
        const kept = await keptNames.list()
        output.table(kept.map(documentOf), COLUMNS, `${kept.length} ${kept.length === 1 ? 'name' : 'names'}`)
      }),
    )
}

async function keepName({ output, useRunningNode }: CommandContext, registration: NameRegistration): Promise<void> {
  await useRunningNode(async ({ keptNames }) => {
    await keptNames.keep(registration)
    const { name } = registration
    output.result(
      { registered: name, kept: true },
      `${printable(name)} is registered. \`peerage name unregister\` or \`peerage down\` ends that.`,
    )
  })
}

async function registerHere(
  node: PeerNode,
  choice: RegisterChoice,
  given: NameRegistration,
  output: Output,
): Promise<void> {
  const { name } = given
  const stopped = stopSignal()
  const cloud = await joinChosen(node, choice, { resolveOnly: false })
  const registration = await node.names.register({ ...given, cloud })
  const [ofCloud] = (await node.clouds.list()).filter(({ port }) => port !== undefined)
  output.result(
    { registered: name, kept: false, pnrpPort: ofCloud?.port },
    `${printable(name)} is registered. Ctrl-C ends that.`,
  )
  await stopped
  await registration.close()
  output.result({ unregistered: name }, `${printable(name)} is no longer registered.`)
}
