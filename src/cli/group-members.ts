/** `peerage group members`, `role` and `revoke`. */
import type { Command } from 'commander'
import type { Member, RevokeOptions } from '../peer-node/group.ts'
import { parseRecordId } from '../records/record-id.ts'
import { collect } from './cloud-choice.ts'
import type { CommandContext } from './command-context.ts'
import { findMember, useGroup, WHOSE_OPTION } from './group-reference.ts'
import { readRole } from './option-values.ts'
import { type Column, printable } from './output.ts'

const COLUMNS: readonly Column<Member>[] = [
  { heading: 'FRIENDLY NAME', cell: ({ friendlyName }) => friendlyName },
  { heading: 'PEER NAME', cell: ({ peerName }) => peerName },
  { heading: 'ROLE', cell: ({ role }) => role },
  { heading: 'ONLINE', cell: ({ connected }) => (connected ? 'yes' : '') },
  { heading: 'UNTIL', cell: ({ expires }) => expires.toISOString().slice(0, 10) },
]

interface Options {
  readonly identity?: string
  readonly keep?: readonly string[]
}

export function addGroupMemberCommands(group: Command, context: CommandContext): void {
  const { output } = context
  withWhose(group.command('members').argument('<group>'))
    .description('print the members')
    .option('--online', 'only those who are online')
    .action((reference: string, { identity, online }: Options & { online?: boolean }) =>
      useGroup(context, { reference, identity }, async (shown) => {
        const members = await shown.members({ connected: online })
        output.table(members, COLUMNS, `${members.length} ${members.length === 1 ? 'member' : 'members'}`)
      }),
    )

  withKeep(withWhose(group.command('role').argument('<group>').argument('<member>')))
    .argument('<role>', 'administrator, inviting-member or member', readRole)
    .description('give a member another role')
    .action((reference: string, peer: string, role: Member['role'], { identity, keep }: Options) =>
      useGroup(context, { reference, identity }, async (changed, isRunning) => {
        const { peerName } = await findMember(changed, peer)
        await changed.setRole(peerName, role, keepOf(keep))
        output.result({ group: changed.peerName, peerName, role }, `${printable(peerName)} is ${role} now.`)
        if (!isRunning) sayLater(context)
      }),
    )

  withKeep(withWhose(group.command('revoke').argument('<group>').argument('<member>')))
    .description('put a member out of the group; to come back it needs a new invitation')
    .action((reference: string, peer: string, { identity, keep }: Options) =>
      useGroup(context, { reference, identity }, async (changed, isRunning) => {
        const { peerName } = await findMember(changed, peer)
        await changed.revoke(peerName, keepOf(keep))
        output.result({ group: changed.peerName, peerName, revoked: true }, `${printable(peerName)} is revoked.`)
        if (!isRunning) sayLater(context)
      }),
    )
}

function withWhose(command: Command): Command {
  return command.option(...WHOSE_OPTION)
}

function withKeep(command: Command): Command {
  return command.option(
    '--keep <records>',
    'which records of the member stay: all (the default), none, or the ID of one; may be repeated',
    collect,
  )
}

function keepOf(keep: readonly string[] = []): RevokeOptions {
  const [only, ...others] = keep
  if (only === undefined) return {}
  if (others.length === 0 && (only === 'all' || only === 'none')) return { keep: only }
  return { keep: keep.map(parseRecordId) }
}

/** What was changed is on disk, and nobody else knows of it. */
function sayLater({ output }: CommandContext): void {
  output.step('No node is running: others learn of this when `peerage up` runs one.')
}
