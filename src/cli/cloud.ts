/** `peerage cloud`: the clouds of this machine, and a look into one. */
import type { Command } from 'commander'
import type { CloudInfo } from '../peer-node/cloud-info.ts'
import type { PeerNode } from '../peer-node/peer-node.ts'
import { addCloudOptions, type CloudChoice, joinChosen, nodeOptionsOf } from './cloud-choice.ts'
import type { CommandContext } from './command-context.ts'
import { type Column, printable } from './output.ts'

const COLUMNS: readonly Column<CloudInfo>[] = [
  { heading: 'CLOUD', cell: ({ name }) => name },
  { heading: 'SCOPE', cell: ({ scope }) => scope },
  { heading: 'STATE', cell: ({ state }) => state },
  { heading: 'ADDRESSES', cell: ({ ranges }) => ranges?.join(' ') ?? 'every address of that scope' },
]

export function addCloudCommands(program: Command, context: CommandContext): void {
  const { output } = context
  const cloud = program.command('cloud').description('clouds: the nodes that can reach each other in one scope')

  cloud
    .command('list')
    .description('list the clouds that this machine could be in; private ones have any other name')
    .action(() =>
      context.useNode(async ({ clouds }) => {
        const list = await clouds.list()
        output.table(list, COLUMNS, `${list.length} clouds`)
      }),
    )

  addCloudOptions(cloud.command('show <name>'))
    .description('join a cloud, show what is found there, and leave')
    .action((name: string, choice: CloudChoice) =>
      context.useNode(async (node) => {
        await joinChosen(node, { ...choice, cloud: name }, { resolveOnly: true })
        await settled(node, name)
        const inspection = await node.clouds.inspect(name)
        output.result(inspection, describe(inspection.cloud, inspection.entries.length))
      }, nodeOptionsOf(choice)),
    )
}

/** Waits until the cloud has been looked for. */
async function settled({ clouds }: PeerNode, name: string): Promise<void> {
  for await (const { cloud } of clouds.watch()) if (cloud.name === name && cloud.state !== 'synchronizing') return
}

function describe(cloud: CloudInfo, entries: number): string {
  const { name, scope, state, port, addresses, observed, estimatedNodes } = cloud
  return [
    `${printable(name)} (${scope}): ${state}`,
    `  about ${estimatedNodes} ${estimatedNodes === 1 ? 'node' : 'nodes'}, of which ${entries} are known here`,
    `  this node: ${addresses.join(', ')}, port ${port}`,
    ...(observed === undefined ? [] : [`  others see it as ${observed}`]),
  ].join('\n')
}
