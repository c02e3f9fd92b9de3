/**
 * `peerage name register` and `peerage name resolve`. Each joins a cloud, does its work, and leaves. What needs a node
 * that goes on running (`unregister`, `list`) is not there yet.
 */
import { type Command, InvalidArgumentError } from 'commander'
import type { EndpointToRegister, NameEndpoint, ResolvedName } from '../peer-node/names.ts'
import { formatEndpoint, parseIpAddress } from '../runtime/endpoint.ts'
import { PeerageError } from '../runtime/peerage-error.ts'
import { addCloudOptions, type CloudChoice, collect, joinChosen, nodeOptionsOf } from './cloud-choice.ts'
import type { CommandContext } from './command-context.ts'
import { findIdentity } from './identity-reference.ts'
import { printable } from './output.ts'
import { stopSignal } from './stop-signal.ts'

const PROTOCOLS = new Map([
  ['tcp', 6],
  ['udp', 17],
])

export function addResolutionCommands(program: Command, context: CommandContext): void {
  const { output } = context
  const name = program.commands.find((command) => command.name() === 'name') ?? program.command('name')

  addCloudOptions(name.command('resolve <name>'))
    .description('find where a name is registered; each result is printed as soon as it is proven')
    .option('--cloud <cloud>', 'where to look (default: Global_ with a seed, else the links of this machine)')
    .option('--criteria <criteria>', 'any, nearest or nearest-64', readCriteria)
    .option('--limit <number>', 'the most results', readNumber)
    .action((text: string, choice: CloudChoice & { criteria?: 'any' | 'nearest' | 'nearest-64'; limit?: number }) =>
      context.useNode(async (node) => {
        const { criteria, limit } = choice
        const cloud = await joinChosen(node, choice, { resolveOnly: true })
        let count = 0
        for await (const result of node.names.resolve(text, { cloud, criteria, limit })) {
          count++
          output.result(documentOf(result), describe(result))
        }
        if (count === 0) throw new PeerageError('name-not-found', { name: text })
      }, nodeOptionsOf(choice)),
    )

  addCloudOptions(name.command('register <name>'))
    .description('register a name until this command is stopped (Ctrl-C)')
    .requiredOption('--endpoint <endpoint>', 'HOST:PORT, or :PORT for this machine, with /udp for UDP; repeat', collect)
    .option('--cloud <cloud>', 'where to register (default: Global_ with a seed, else the links of this machine)')
    .option('--identity <identity>', 'of an unsecured name: who publishes it (default: the default identity)')
    .option('--comment <text>', 'at most 39 characters')
    .option('--payload <text>', 'a text of at most 4,095 bytes')
    .action(
      (
        text: string,
        choice: CloudChoice & { endpoint: readonly string[]; identity?: string; comment?: string; payload?: string },
      ) =>
        context.useNode(async (node) => {
          const { comment, payload } = choice
          const endpoints = choice.endpoint.map(readEndpoint)
          const stopped = stopSignal()
          const identity =
            choice.identity === undefined ? undefined : (await findIdentity(node.identities, choice.identity)).peerName
          const cloud = await joinChosen(node, choice, { resolveOnly: false })
          const registration = await node.names.register({ name: text, endpoints, identity, cloud, comment, payload })
          const [ofCloud] = (await node.clouds.list()).filter(({ port }) => port !== undefined)
          output.result(
            { registered: text, pnrpPort: ofCloud?.port },
            `${printable(text)} is registered. Ctrl-C ends that.`,
          )
          await stopped
          await registration.close()
          output.result({ unregistered: text }, `${printable(text)} is no longer registered.`)
        }, nodeOptionsOf(choice)),
    )
}

function documentOf({ payload, ...rest }: ResolvedName): object {
  if (payload === undefined) return rest
  if (typeof payload === 'string') return { ...rest, payload: { text: payload } }
  return { ...rest, payload: { base64: Buffer.from(payload).toString('base64') } }
}

function describe({ endpoints, comment, secured, publisher, cloud }: ResolvedName): string {
  const where = endpoints.map(formatted).join(' ') || '(no endpoint)'
  const proof = secured ? 'proven by the key of the name' : 'unsecured'
  return `${where}${comment === '' ? '' : `  ${printable(comment)}`}\n  ${proof}, published by ${publisher} in ${printable(cloud)}`
}

function formatted({ host, port, protocol }: NameEndpoint): string {
  const address = parseIpAddress(host)
  const text = address === undefined ? `${host}:${port}` : formatEndpoint({ host: address, port })
  const name = [...PROTOCOLS].find(([, number]) => number === protocol)?.[0] ?? String(protocol)
  return `${text}/${name}`
}

/** Reads `203.0.113.7:80`, `[2001:db8::7]:53/udp` or `:80`. */
function readEndpoint(text: string): EndpointToRegister {
  const [, bracketed, plain, digits, name = 'tcp'] =
    /^(?:\[([^\]]*)\]|([^:[\]]*)):([0-9]{1,5})(?:\/([a-z0-9]+))?$/.exec(text) ?? []
  const protocol = PROTOCOLS.get(name) ?? Number(name)
  if (digits === undefined || Number.isNaN(protocol)) {
    const expected = 'HOST:PORT, :PORT, or one of these with /udp or a protocol number'
    throw new PeerageError('invalid-argument', { name: 'the endpoint', value: JSON.stringify(text), expected })
  }
  const host = bracketed ?? plain ?? ''
  return { ...(host !== '' && { host }), port: Number(digits), protocol }
}

function readCriteria(text: string): 'any' | 'nearest' | 'nearest-64' {
  if (text === 'any' || text === 'nearest' || text === 'nearest-64') return text
  throw new InvalidArgumentError('It is any, nearest or nearest-64.')
}

function readNumber(text: string): number {
  if (!/^[0-9]{1,5}$/.test(text)) throw new InvalidArgumentError('It is a number.')
  return Number(text)
}
