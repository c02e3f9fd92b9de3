/** `peerage group invite`, `read` and `join`. */
import { type Command, Option } from 'commander'
import type { Role } from '../identity/role.ts'
import { readInvitation } from '../nodejs/read-invitation.ts'
import type { InvitationInfo, InviteOptions } from '../peer-node/group.ts'
import type { Duration } from '../runtime/duration.ts'
import type { CommandContext } from './command-context.ts'
import { useGroup, WHOSE_OPTION } from './group-reference.ts'
import { findIdentity } from './identity-reference.ts'
import { readInput, readSecret, STANDARD_INPUT } from './input.ts'
import { readCount, readExpires, readRole } from './option-values.ts'
import { type Output, printable } from './output.ts'
import { progressSteps } from './progress-steps.ts'
import { interruption } from './stop-signal.ts'

interface InviteChoice {
  readonly identity?: string
  readonly for?: string
  readonly passwordFile?: string
  readonly uses?: number
  readonly role?: Role
  readonly expires?: Duration | Date
  readonly qr?: boolean
}

const INVITATION = ['<invitation>', 'the text, or - to read it from standard input'] as const

export function addInvitationCommands(group: Command, context: CommandContext): void {
  addInvite(group, context)
  const { output } = context
  group
    .command('read')
    .description('print what an invitation says; it needs no network and changes nothing')
    .argument(...INVITATION)
    .action(async (given: string) => {
      const info = readInvitation(await invitationIn(given))
      output.result(info, describe(info))
    })

  group
    .command('join')
    .description('join a group with an invitation')
    .argument(...INVITATION)
    .option('--identity <identity>', 'who joins (default: whom the invitation is for, or the default identity)')
    .option('--password-file <file>', 'the password, if the invitation needs one (a file with it in one line, or -)')
    .action((given: string, options: { identity?: string; passwordFile?: string }, command: Command) =>
      context.useNode(async (node, isRunning) => {
        const invitation = await invitationIn(given)
        const info = readInvitation(invitation)
        output.step(`joining ${info.friendlyName || info.group}, invited by ${info.from}`)
        const password = info.needsPassword ? await passwordOf(info, options, command) : undefined
        const identity =
          options.identity === undefined ? undefined : (await findIdentity(node.identities, options.identity)).peerName
        const asked = { identity, password, signal: interruption(), onProgress: progressSteps(output) }
        const joined = await node.groups.join(invitation, asked)
        const { friendlyName } = await joined.properties()
        const { state: status } = await joined.status()
        const { role, expires } = await joined.member(joined.identity)
        output.result(
          { group: joined.peerName, status, friendlyName, identity: joined.identity, role, expires },
          `You are in ${printable(friendlyName || joined.peerName)}, as ${role}, until ${expires.toISOString()} (${status}).`,
        )
        if (!isRunning) output.step('No node is running: `peerage up` stays in the group.')
      }),
    )
}

function addInvite(group: Command, context: CommandContext): void {
  const { output } = context
  group
    .command('invite')
    .description('print an invitation: one line of text, by default a link for one member and 7 days')
    .argument('<group>')
    .option(...WHOSE_OPTION)
    .addOption(
      new Option('--for <file>', 'for one identity: its certificate, as `identity info` prints it there').conflicts([
        ...['passwordFile', 'uses'],
      ]),
    )
    .addOption(
      new Option('--password-file <file>', 'for who knows this password (a file with it in one line, or -)').conflicts(
        'uses',
      ),
    )
    .option('--uses <number>', 'how many can join by the link', readCount)
    .option('--role <role>', 'administrator, inviting-member or member', readRole)
    .option('--expires <time>', 'how long it can be used, such as 12h or 7d, or until when', readExpires)
    .option('--qr', 'print it as a QR code, too')
    .action((reference: string, choice: InviteChoice, command: Command) =>
      useGroup(context, { reference, identity: choice.identity }, async (inviting, isRunning) => {
        const invitation = await inviting.invite(await wayIn(choice, command))
        const info = readInvitation(invitation)
        const { group: peerName, kind, role, expires } = info
        const code = choice.qr === true ? `\n\n${await codeOf(invitation, output)}` : ''
        output.result({ invitation, group: peerName, kind, role, expires }, `${invitation}${code}`)
        output.step(adviceFor(info))
        if (!isRunning) output.step('No node is running: nobody is let in here before `peerage up` runs one.')
      }),
    )
}

/** How somebody is invited, by what was chosen. */
async function wayIn({ role, expires, ...way }: InviteChoice, command: Command): Promise<InviteOptions> {
  if (way.for !== undefined) return { role, expires, for: await readInput(way.for) }
  if (way.passwordFile !== undefined) {
    const password = await readSecret(way.passwordFile, 'Password of the group', { isNew: true })
    return { role, expires, password: password ?? command.error('error: give the password with --password-file') }
  }
  return way.uses === undefined ? { role, expires } : { role, expires, uses: way.uses }
}

function adviceFor({ kind, expires, role, for: invited }: InvitationInfo): string {
  const until = expires.toISOString()
  switch (kind) {
    case 'identity':
      return `${invited} alone can join by it as ${role}, until ${until}.`
    case 'link':
      return `Whoever has it can join as ${role}, until ${until}: give it to nobody else.`
    case 'password':
      return `Who knows the password can join by it as ${role}, until ${until}: give the two on different ways.`
  }
}

/** Loaded only now: no other command draws. */
async function codeOf(invitation: string, output: Output): Promise<string> {
  const { stdout } = process
  const { text, width } = (await import('./qr-code.ts')).qrCode(invitation, {
    colours: stdout.isTTY === true && stdout.hasColors(),
  })
  if (stdout.isTTY === true && stdout.columns < width) {
    output.step(`The terminal has ${stdout.columns} columns, and the code needs ${width}: make it wider.`)
  }
  return text
}

async function invitationIn(given: string): Promise<string> {
  return given === STANDARD_INPUT ? readInput(given) : given
}

async function passwordOf(
  { friendlyName, group }: InvitationInfo,
  { passwordFile }: { readonly passwordFile?: string },
  command: Command,
): Promise<string> {
  const question = `Password of ${printable(friendlyName || group)}`
  const password = await readSecret(passwordFile, question, { isNew: false })
  return password ?? command.error('error: this invitation needs a password: give it with --password-file')
}

function describe(info: InvitationInfo): string {
  const { group, friendlyName, from, role, expires, kind, cloud, addresses } = info
  const ways = { identity: 'for one identity', link: 'a link', password: 'with a password' }
  const lines = [
    ['group', friendlyName],
    ['peer name', group],
    ['from', from],
    ['kind', ways[kind]],
    ['for', info.for ?? ''],
    ['role', role],
    ['until', expires.toISOString()],
    ['cloud', cloud ?? 'every cloud that is open'],
    ['addresses', addresses.join(' ')],
  ] as const
  const shown = lines.filter(([, text]) => text !== '')
  const claim = 'All of this is a claim until joining has verified it.'
  return [...shown.map(([label, text]) => `${label.padEnd(9)}  ${printable(text)}`), claim].join('\n')
}
