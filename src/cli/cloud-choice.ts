/**
 * The options by which commands say in which clouds to work, and the joining of these clouds. As long as there is no
 * running node to ask, each command joins by itself and leaves at its end.
 */
import { type Command, InvalidArgumentError } from 'commander'
import type { OpenCloudOptions } from '../peer-node/cloud-info.ts'
import type { Clouds } from '../peer-node/clouds.ts'
import type { PeerNode } from '../peer-node/peer-node.ts'
import { GLOBAL_CLOUD, LINK_LOCAL_PREFIX, makeCloud } from '../pnrp/cloud.ts'
import { toUtf8 } from '../runtime/bytes.ts'
import { type ErrorCode, PeerageError } from '../runtime/peerage-error.ts'
import type { NodeOptions } from './command-context.ts'
import { readSecret } from './input.ts'

/** What the options were. */
export interface CloudChoice extends PrivateCloudChoice {
  readonly cloud?: string
  readonly seed?: readonly string[]
  readonly pnrpPort?: number
}

/** What only private clouds have. */
export interface PrivateCloudChoice {
  readonly range?: readonly string[]
  readonly secretFile?: string
}

/** Why the cloud of a link may be left out. */
const PASSED_OVER: readonly ErrorCode[] = ['no-network', 'address-not-available', 'network-failed']

type PrivateCloudOptions = Pick<OpenCloudOptions, 'ranges' | 'secret'>

/** Adds the options to a command. */
export function addCloudOptions(command: Command): Command {
  return addPrivateCloudOptions(
    command.option('--seed <host:port>', 'a member of the cloud to begin with; may be repeated', collect),
  ).option('--pnrp-port <port>', 'the UDP port to use (default: 3540, or a free one)', readPort)
}

/** Adds what only private clouds have. */
export function addPrivateCloudOptions(command: Command): Command {
  return command
    .option('--range <range>', 'of a private cloud: addresses such as 10.0.0.0/8; may be repeated', collect)
    .option('--secret-file <file>', 'of a private cloud: a file with its secret in one line, or - for standard input')
}

/** What the node is to be opened with. */
export function nodeOptionsOf({ seed, pnrpPort }: CloudChoice): NodeOptions {
  return { seeds: seed, pnrpPort }
}

/** What private clouds are opened with. @throws PeerageError `input-not-readable` */
export async function readPrivateOptions({ range, secretFile }: PrivateCloudChoice): Promise<PrivateCloudOptions> {
  const secret = secretFile === undefined ? undefined : await readSecret(secretFile, 'Secret', { isNew: false })
  return { ranges: range, secret: secret === undefined ? undefined : toUtf8(secret) }
}

/**
 * Joins the cloud that is named; without a name `Global_` if there are seeds, and else the cloud of each link. A cloud that the node
 * has open already is taken as it is, unless something is said about it.
 *
 * @returns the name of the cloud, or undefined for those of the links
 */
export async function joinChosen(
  node: PeerNode,
  { cloud, seed, ...choice }: CloudChoice,
  { resolveOnly }: { readonly resolveOnly: boolean },
): Promise<string | undefined> {
  const name = cloud ?? (seed === undefined ? undefined : GLOBAL_CLOUD)
  const options = await readPrivateOptions(choice)
  if (name === undefined) {
    requireNone(options)
    const problem = await joinLinks(node.clouds, { resolveOnly })
    if (problem !== undefined) throw problem
  } else if (!(isEmpty(options) && (await isOpen(node, name)))) {
    await node.clouds.open(name, { resolveOnly, ...options })
  }
  return name
}

/** Joins all clouds that are named, the private ones among them with these options. */
export async function joinNamed(
  { clouds }: PeerNode,
  names: readonly string[],
  options: PrivateCloudOptions,
): Promise<void> {
  const isPrivate = (name: string): boolean => makeCloud(name).scope === 'private'
  if (!names.some(isPrivate)) requireNone(options)
  for (const name of names) await clouds.open(name, isPrivate(name) ? options : {})
}

async function isOpen({ clouds }: PeerNode, name: string): Promise<boolean> {
  return (await clouds.list()).some((one) => one.name === name && one.openCount > 0)
}

function isEmpty({ ranges, secret }: PrivateCloudOptions): boolean {
  return ranges === undefined && secret === undefined
}

/** @throws PeerageError `invalid-cloud` */
function requireNone(options: PrivateCloudOptions): void {
  if (isEmpty(options)) return
  const problem = 'only private clouds have ranges and a secret, and none is named'
  throw new PeerageError('invalid-cloud', { name: LINK_LOCAL_PREFIX, problem })
}

/** Joins the cloud of each link of this machine. @returns why there is none, or undefined if there is one */
export async function joinLinks(
  clouds: Clouds,
  options: Pick<OpenCloudOptions, 'resolveOnly'> = {},
): Promise<PeerageError | undefined> {
  const links = await clouds.list({ scope: 'link-local' })
  const problems: (PeerageError | undefined)[] = []
  for (const { name } of links) problems.push(await joinLink(clouds, name, options))
  if (problems.includes(undefined)) return undefined
  return problems.at(-1) ?? new PeerageError('no-network', { cloud: LINK_LOCAL_PREFIX })
}

/** Joins the cloud of a link. @returns why it cannot be used now, or undefined if it can */
export async function joinLink(
  clouds: Clouds,
  name: string,
  options: Pick<OpenCloudOptions, 'resolveOnly'>,
): Promise<PeerageError | undefined> {
  try {
    await clouds.open(name, options)
    return undefined
  } catch (error) {
    // An interface without an address, or with one that comes or goes just now, is none that anybody can be found on.
    if (PeerageError.isAny(error) && PASSED_OVER.includes(error.code)) return error
    throw error
  }
}

/** For an option that may be repeated. */
export function collect(value: string, former: readonly string[] | undefined): readonly string[] {
  return [...(former ?? []), value]
}

/** A port, as an option has it. */
export function readPort(text: string): number {
  if (!/^[0-9]{1,5}$/.test(text)) throw new InvalidArgumentError('A port is a number.')
  return Number(text)
}
