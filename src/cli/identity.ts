/** `peerage identity`: the Identity Manager. */
import type { Command } from 'commander'
import type { Identities, Identity } from '../peer-node/identities.ts'
import type { CommandContext } from './command-context.ts'
import { findIdentity } from './identity-reference.ts'
import { readInput, readSecret, STANDARD_INPUT } from './input.ts'
import { type Column, printable } from './output.ts'

const ONE_LINE = '(a file with it in one line, or - for standard input)'

const COLUMNS: readonly Column<Identity>[] = [
  { heading: '', cell: ({ isDefault }) => (isDefault ? '*' : '') },
  { heading: 'FRIENDLY NAME', cell: ({ friendlyName }) => friendlyName },
  { heading: 'PEER NAME', cell: ({ peerName }) => peerName },
  { heading: 'CREATED', cell: ({ created }) => created.toISOString().slice(0, 10) },
  { heading: 'KEY', cell: keyState },
]

export function addIdentityCommands(program: Command, context: CommandContext): void {
  const identity = program
    .command('identity')
    .description('identities: keys with a friendly name')
    .addHelpText(
      'after',
      '\nAn identity is named by its peer name, its authority, the first digits of that (4 or more) or its friendly name.',
    )
  addMakingCommands(identity, context)
  addShowingCommands(identity, context)
  addChangingCommands(identity, context)
}

function addMakingCommands(identity: Command, context: CommandContext): void {
  identity
    .command('create')
    .description('make an identity with a new key; the first one becomes the default')
    .requiredOption('--name <name>', 'its friendly name')
    .option('--classifier <text>', 'what stands after the dot of its peer name (default: peer)')
    .option('--passphrase-file <file>', `encrypt its key with a passphrase ${ONE_LINE}`)
    .action((options: { name: string; classifier?: string; passphraseFile?: string }) =>
      context.useNode(async ({ identities }) => {
        const { name: friendlyName, classifier, passphraseFile } = options
        const passphrase = await newPassphrase(passphraseFile)
        show(await identities.create({ friendlyName, classifier, passphrase }), context)
      }),
    )

  identity
    .command('import')
    .description('keep the identity of an export')
    .argument('[file]', 'the text of the export', STANDARD_INPUT)
    .option('--password-file <file>', `the password of the export ${ONE_LINE}`)
    .option('--passphrase-file <file>', `encrypt the key here with a passphrase ${ONE_LINE}`)
    .action((file: string, options: { passwordFile?: string; passphraseFile?: string }, command: Command) =>
      context.useNode(async ({ identities }) => {
        const { passwordFile, passphraseFile } = options
        const text = await readInput(file)
        const password = await readSecret(passwordFile, 'Password of the export', { isNew: false })
        if (password === undefined) command.error('error: give the password of the export with --password-file')
        const passphrase = await newPassphrase(passphraseFile)
        show(await identities.import(text, { password, passphrase }), context)
      }),
    )

  identity
    .command('export')
    .description('print one text that carries an identity to another place, protected with a password')
    .argument('[identity]', 'the default identity if there is none')
    .option('--password-file <file>', `the password for the export ${ONE_LINE}`)
    .option('--passphrase-file <file>', `the passphrase of the identity, if it has one ${ONE_LINE}`)
    .action((reference: string | undefined, options: KeyOptions & { passwordFile?: string }, command: Command) =>
      context.useNode(async ({ identities }) => {
        const { peerName } = await unlocked(identities, reference, options)
        const password = await readSecret(options.passwordFile, 'Password for the export', { isNew: true })
        if (password === undefined) command.error('error: give a password for the export with --password-file')
        const text = await identities.export(peerName, password)
        context.output.result({ peerName, export: text }, text.trimEnd())
      }),
    )
}

function addShowingCommands(identity: Command, context: CommandContext): void {
  identity
    .command('list')
    .description('print all identities')
    .action(() =>
      context.useNode(async ({ identities }) => {
        const list = await identities.list()
        context.output.table(list, COLUMNS, `${list.length} ${list.length === 1 ? 'identity' : 'identities'}`)
        for (const problem of await identities.problems()) context.output.warning(problem)
      }),
    )

  identity
    .command('show')
    .description('print what is known of an identity')
    .argument('[identity]', 'the default identity if there is none')
    .action((reference: string | undefined) =>
      context.useNode(async ({ identities }) => show(await findIdentity(identities, reference), context)),
    )

  identity
    .command('info')
    .description('print the identity certificate (IDC), to give to others: X.509 in PEM')
    .argument('[identity]', 'the default identity if there is none')
    .option('--passphrase-file <file>', `the passphrase of the identity, if it has one ${ONE_LINE}`)
    .action((reference: string | undefined, options: KeyOptions) =>
      context.useNode(async ({ identities }) => {
        const { peerName } = await unlocked(identities, reference, options)
        const certificate = await identities.certificate(peerName)
        context.output.result({ peerName, certificate }, certificate.trimEnd())
      }),
    )
}

function addChangingCommands(identity: Command, context: CommandContext): void {
  identity
    .command('rename')
    .description('change the friendly name of an identity')
    .argument('<identity>')
    .argument('<name>', 'the new friendly name')
    .action((reference: string, friendlyName: string) =>
      context.useNode(async ({ identities }) => {
        const { peerName } = await findIdentity(identities, reference)
        show(await identities.rename(peerName, friendlyName), context)
      }),
    )

  identity
    .command('delete')
    .description('remove an identity and its key for ever')
    .argument('<identity>')
    .action((reference: string) =>
      context.useNode(async ({ identities }) => {
        const { peerName, friendlyName } = await findIdentity(identities, reference)
        await identities.delete(peerName)
        context.output.result(
          { peerName, deleted: true },
          `deleted: ${printable(friendlyName)}, ${printable(peerName)}`,
        )
      }),
    )

  identity
    .command('default')
    .description('make an identity the default, which is used where none is named; or print the default')
    .argument('[identity]')
    .action((reference: string | undefined) =>
      context.useNode(async ({ identities }) => {
        const found = await findIdentity(identities, reference)
        show(reference === undefined ? found : await identities.setDefault(found.peerName), context)
      }),
    )
}

interface KeyOptions {
  passphraseFile?: string
}

/** The identity, its key opened if it has a passphrase and that is given or can be asked for. */
async function unlocked(identities: Identities, reference: string | undefined, options: KeyOptions): Promise<Identity> {
  const identity = await findIdentity(identities, reference)
  if (!identity.locked && options.passphraseFile === undefined) return identity
  const question = `Passphrase of ${printable(identity.friendlyName)}`
  const passphrase = await readSecret(options.passphraseFile, question, { isNew: false })
  // Without one, what needs the key says that it is locked.
  return passphrase === undefined ? identity : identities.unlock(identity.peerName, passphrase)
}

async function newPassphrase(file: string | undefined): Promise<string | undefined> {
  return file === undefined ? undefined : readSecret(file, 'New passphrase of the identity', { isNew: true })
}

function show(identity: Identity, { output }: CommandContext): void {
  const { peerName, friendlyName, created, isDefault } = identity
  const lines = [
    ['friendly name', friendlyName],
    ['peer name', peerName],
    ['created', created.toISOString()],
    ['key', keyState(identity)],
    ['default', isDefault ? 'yes' : 'no'],
  ] as const
  output.result(identity, lines.map(([label, text]) => `${label.padEnd(13)}  ${printable(text)}`).join('\n'))
}

function keyState({ locked }: Identity): string {
  return locked ? 'locked' : 'ready'
}
