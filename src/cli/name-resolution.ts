/** `peerage name resolve`. */
import { type Command, InvalidArgumentError } from 'commander'
import type { ResolvedName } from '../peer-node/names.ts'
import { PeerageError } from '../runtime/peerage-error.ts'
import { addCloudOptions, type CloudChoice, joinChosen, nodeOptionsOf } from './cloud-choice.ts'
import type { CommandContext } from './command-context.ts'
import { formatNameEndpoint } from './name-endpoint.ts'
import { printable } from './output.ts'

export function addResolutionCommands(name: Command, context: CommandContext): void {
  const { output } = context

  addCloudOptions(name.command('resolve <name>'))
    .description('find where a name is registered; each result is printed as soon as it is proven')
    .option(
      '--cloud <cloud>',
      'where to look (default: where the running node is; else Global_ with a seed, or the links of this machine)',
    )
    .option('--criteria <criteria>', 'any, nearest or nearest-64', readCriteria)
    .option('--limit <number>', 'the most results', readNumber)
    .action((text: string, choice: CloudChoice & { criteria?: 'any' | 'nearest' | 'nearest-64'; limit?: number }) =>
      context.useNode(async (node, isRunning) => {
        const { criteria, limit } = choice
        const isInClouds = isRunning && choice.cloud === undefined
        const cloud = isInClouds ? undefined : await joinChosen(node, choice, { resolveOnly: true })
        let count = 0
        for await (const result of node.names.resolve(text, { cloud, criteria, limit })) {
          count++
          output.result(documentOf(result), describe(result))
        }
        if (count === 0) throw new PeerageError('name-not-found', { name: text })
      }, nodeOptionsOf(choice)),
    )
}

/** The same with a payload that says whether it is text. */
export function documentOf<Given extends { readonly payload?: Uint8Array | string | undefined }>({
  payload,
  ...rest
}: Given): Omit<Given, 'payload'> & { readonly payload?: { readonly text: string } | { readonly base64: string } } {
  if (payload === undefined) return rest
  if (typeof payload === 'string') return { ...rest, payload: { text: payload } }
  return { ...rest, payload: { base64: Buffer.from(payload).toString('base64') } }
}

function describe({ endpoints, comment, secured, publisher, cloud }: ResolvedName): string {
  const where = endpoints.map(formatNameEndpoint).join(' ') || '(no endpoint)'
  const proof = secured ? 'proven by the key of the name' : 'unsecured'
  return `${where}${comment === '' ? '' : `  ${printable(comment)}`}\n  ${proof}, published by ${publisher} in ${printable(cloud)}`
}

function readCriteria(text: string): 'any' | 'nearest' | 'nearest-64' {
  if (text === 'any' || text === 'nearest' || text === 'nearest-64') return text
  throw new InvalidArgumentError('It is any, nearest or nearest-64.')
}

function readNumber(text: string): number {
  if (!/^[0-9]{1,5}$/.test(text)) throw new InvalidArgumentError('It is a number.')
  return Number(text)
}
