/** `peerage group`: the life of a group. What concerns invitations, members and exports is beside this, each in its own file. */
import type { Command } from 'commander'
import type { GroupProperties, GroupStatus, Member } from '../peer-node/group.ts'
import type { GroupInfo } from '../peer-node/groups.ts'
import type { CommandContext } from './command-context.ts'
import { addGroupCarryingCommands } from './group-carrying.ts'
import { addGroupChangingCommands } from './group-changing.ts'
import { addGroupMemberCommands } from './group-members.ts'
import { findGroup, useGroup, WHOSE_OPTION } from './group-reference.ts'
import { findIdentity } from './identity-reference.ts'
import { addInvitationCommands } from './invitation.ts'
import { type Column, printable } from './output.ts'

interface Row extends Pick<GroupInfo, 'friendlyName' | 'identity' | 'isOpen'> {
  readonly group: GroupInfo['peerName']
}

const COLUMNS: readonly Column<Row>[] = [
  { heading: 'FRIENDLY NAME', cell: ({ friendlyName }) => friendlyName },
  { heading: 'GROUP', cell: ({ group }) => group },
  { heading: 'IDENTITY', cell: ({ identity }) => identity },
  { heading: 'OPEN', cell: ({ isOpen }) => (isOpen ? 'yes' : '') },
]

export function addGroupCommands(program: Command, context: CommandContext): void {
  const group = program
    .command('group')
    .description('groups: graphs that only invited peers can enter')
    .addHelpText(
      'after',
      '\nA group or a member is named by its peer name, the first digits of that (4 or more) or its friendly name.',
    )
  addBeginning(group, context)
  addShowing(group, context)
  addInvitationCommands(group, context)
  addGroupMemberCommands(group, context)
  addGroupChangingCommands(group, context)
  addEnding(group, context)
  addGroupCarryingCommands(group, context)
}

function addBeginning(group: Command, { output, useNode }: CommandContext): void {
  group
    .command('create')
    .description('make a group; its key stays in this data directory')
    .requiredOption('--name <name>', 'its friendly name')
    .option('--identity <identity>', 'who makes it (default: the default identity)')
    .option('--cloud <cloud>', 'where its members find each other (default: every cloud that a member is in)')
    .action((options: { name: string; identity?: string; cloud?: string }) =>
      useNode(async (node, isRunning) => {
        const { name: friendlyName, cloud } = options
        const { peerName: identity } = await findIdentity(node.identities, options.identity)
        const made = await node.groups.create({ friendlyName, identity, cloud, offline: !isRunning })
        output.result(
          { group: made.peerName, friendlyName, identity, cloud },
          `The group ${printable(friendlyName)} is there: ${made.peerName}`,
        )
        if (!isRunning) output.step('No node is running: `peerage up` takes the group online.')
      }),
    )
}

function addShowing(group: Command, context: CommandContext): void {
  const { output, useNode } = context
  group
    .command('list')
    .description('print all groups of this data directory')
    .action(() =>
      useNode(async ({ groups }) => {
        const all = await groups.list()
        const rows = all.map(({ peerName: group, ...info }) => ({ group, ...info }))
        output.table(rows, COLUMNS, `${all.length} ${all.length === 1 ? 'group' : 'groups'}`)
      }),
    )

  group
    .command('show')
    .description('print what is known of a group, and how it stands')
    .argument('<group>')
    .option(...WHOSE_OPTION)
    .action((reference: string, options: { identity?: string }) =>
      useGroup(context, { reference, ...options }, async (shown) => {
        const { peerName, identity } = shown
        const [properties, status, hasKey] = [await shown.properties(), await shown.status(), await shown.hasKey()]
        const [members, addresses, links] = [await shown.members(), await shown.addresses(), await shown.links()]
        const own = members.find((member) => member.peerName === identity)
        const { friendlyName, comment, creator, cloud, ...rest } = properties
        output.result(
          {
            ...{ group: peerName, friendlyName, comment, identity, role: own?.role, expires: own?.expires },
            ...{ creator, cloud, ...status, members: members.length, online: onlineOf(members), hasKey, addresses },
            links,
            properties: rest,
          },
          describe({ group: peerName, identity }, properties, status, members, { own, hasKey, addresses }),
        )
      }),
    )
}

function addEnding(group: Command, context: CommandContext): void {
  const { output, useNode } = context
  group
    .command('leave')
    .description('leave a group and delete what is here of it; others list the member until its certificate ends')
    .argument('<group>')
    .option(...WHOSE_OPTION)
    .option('--lose-group-key', 'leave even if the group key is here, which is deleted then')
    .action((reference: string, { identity, loseGroupKey }: { identity?: string; loseGroupKey?: boolean }) =>
      useGroup(context, { reference, identity }, async (left) => {
        const { friendlyName } = await left.properties()
        await left.leave({ losesGroupKey: loseGroupKey })
        output.result({ group: left.peerName, left: true }, `You have left ${named(friendlyName, left.peerName)}.`)
      }),
    )

  group
    .command('delete')
    .description('delete what is here of a group: membership, records, and the group key if it is here')
    .argument('<group>')
    .option(...WHOSE_OPTION)
    .action((reference: string, options: { identity?: string }) =>
      useNode(async (node) => {
        const { peerName, friendlyName, identity } = await findGroup(node, reference, options.identity)
        await node.groups.delete(peerName, { identity })
        output.result({ group: peerName, deleted: true }, `deleted: ${named(friendlyName, peerName)}`)
      }),
    )
}

function describe(
  { group, identity }: { readonly group: string; readonly identity: string },
  { friendlyName, comment, creator, cloud }: GroupProperties,
  { state, neighbors, membership, found }: GroupStatus,
  members: readonly Member[],
  here: { readonly own: Member | undefined; readonly hasKey: boolean; readonly addresses: readonly string[] },
): string {
  const { own, hasKey, addresses } = here
  const lines = [
    ['friendly name', friendlyName],
    ['comment', comment],
    ['group', group],
    ['creator', creator],
    ['cloud', cloud ?? 'every cloud that a member is in'],
    ['identity', identity],
    ['membership', `${own?.role ?? 'none on record'}, ${membership}`],
    ['until', own?.expires.toISOString() ?? ''],
    ['group key', hasKey ? 'here' : 'not here'],
    ['members', `${members.length}, of which ${onlineOf(members)} are online`],
    ['state', `${state}, ${neighbors} neighbors, ${found}`],
    ['addresses', addresses.join(' ')],
  ] as const
  return lines
    .filter(([, text]) => text !== '')
    .map(([label, text]) => `${label.padEnd(13)}  ${printable(text)}`)
    .join('\n')
}

function onlineOf(members: readonly Member[]): number {
  return members.filter(({ connected }) => connected).length
}

function named(friendlyName: string, peerName: string): string {
  return `${printable(friendlyName || 'a group without a name')}, ${printable(peerName)}`
}
