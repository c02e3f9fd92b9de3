/** `peerage group set`, `renew`, `cancel`, `remove-password` and `connect`: what is needed less often. */
import type { Command } from 'commander'
import type { Duration } from '../runtime/duration.ts'
import { PeerageError } from '../runtime/peerage-error.ts'
import type { CommandContext } from './command-context.ts'
import { findMember, useGroup, WHOSE_OPTION } from './group-reference.ts'
import { readInput, STANDARD_INPUT } from './input.ts'
import { readExpires } from './option-values.ts'
import { printable } from './output.ts'

interface Whose {
  readonly identity?: string
}

export function addGroupChangingCommands(group: Command, context: CommandContext): void {
  addProperties(group, context)
  addRenewing(group, context)
  addEndingInvitations(group, context)
  addConnecting(group, context)
}

function addProperties(group: Command, context: CommandContext): void {
  group
    .command('set')
    .description('change what is said of a group, on every node; the group key has to be here')
    .argument('<group>')
    .option('--name <name>', 'its friendly name')
    .option('--comment <text>', 'what is said of it')
    .option(...WHOSE_OPTION)
    .action((reference: string, { identity, name, comment }: Whose & { name?: string; comment?: string }) =>
      useGroup(context, { reference, identity }, async (changed) => {
        const { peerName } = changed
        const changes = { ...(name !== undefined && { friendlyName: name }), ...(comment !== undefined && { comment }) }
        const said = await changed.setProperties(changes)
        context.output.result(
          { group: peerName, friendlyName: said.friendlyName, comment: said.comment },
          `${printable(peerName)} is ${printable(said.friendlyName)} now.`,
        )
      }),
    )
}

function addRenewing(group: Command, context: CommandContext): void {
  group
    .command('renew')
    .description('renew the certificate of a member before it ends; members who may do so do it by themselves, too')
    .argument('<group>')
    .argument('<member>')
    .option(
      '--expires <time>',
      'when the new one ends (default: as long after now as the former one lasted)',
      readExpires,
    )
    .option('--invitation', 'print an invitation that brings it, instead of leaving it to the group')
    .option(...WHOSE_OPTION)
    .action(
      (
        reference: string,
        peer: string,
        { identity, expires, invitation: byInvitation }: Whose & { expires?: Duration | Date; invitation?: boolean },
      ) =>
        useGroup(context, { reference, identity }, async (renewed) => {
          const { peerName } = await findMember(renewed, peer)
          const invitation = await renewed.renew(peerName, { expires, byInvitation })
          context.output.result(
            { group: renewed.peerName, peerName, renewed: true, invitation },
            invitation ?? `The membership of ${printable(peerName)} is renewed.`,
          )
        }),
    )
}

function addEndingInvitations(group: Command, context: CommandContext): void {
  group
    .command('cancel')
    .description('make a link of no more use, also for those who have not used it yet; who came by it stays')
    .argument('<group>')
    .argument('<invitation>', 'the text of the link, or - to read it from standard input')
    .option(...WHOSE_OPTION)
    .action((reference: string, given: string, { identity }: Whose) =>
      useGroup(context, { reference, identity }, async (inviting) => {
        await inviting.cancelInvitation(given === STANDARD_INPUT ? await readInput(given) : given)
        context.output.result({ group: inviting.peerName, cancelled: true }, 'Nobody joins by this link any more.')
      }),
    )

  group
    .command('remove-password')
    .description('let nobody join by the password any more')
    .argument('<group>')
    .option(...WHOSE_OPTION)
    .action((reference: string, { identity }: Whose) =>
      useGroup(context, { reference, identity }, async (changed) => {
        await changed.removePassword()
        context.output.result({ group: changed.peerName, password: false }, 'The group has no password any more.')
      }),
    )
}

function addConnecting(group: Command, context: CommandContext): void {
  group
    .command('connect')
    .description('tell the running node where members may be')
    .argument('<group>')
    .argument('<address...>', 'HOST:PORT')
    .option(...WHOSE_OPTION)
    .action((reference: string, addresses: readonly string[], { identity }: Whose) =>
      useGroup(context, { reference, identity }, async (connecting, isRunning) => {
        if (!isRunning) throw new PeerageError('node-not-running', { dataDir: context.dataDir() })
        await connecting.addAddresses(addresses)
        context.output.result(
          { group: connecting.peerName, addresses },
          'They are tried now: `peerage group show` says how the group stands.',
        )
      }),
    )
}
