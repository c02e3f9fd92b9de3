/**
 * The options by which commands say in which clouds to work, and the joining of these clouds. As long as there is no
 * running node to ask, each command joins by itself and leaves at its end.
 */
import { type Command, InvalidArgumentError } from 'commander'
import type { PeerNode } from '../peer-node/peer-node.ts'
import { GLOBAL_CLOUD } from '../pnrp/cloud.ts'
import { toUtf8 } from '../runtime/bytes.ts'
import { PeerageError } from '../runtime/peerage-error.ts'
import type { NodeOptions } from './command-context.ts'
import { readSecret } from './input.ts'

/** What the options were. */
export interface CloudChoice {
  readonly cloud?: string
  readonly seed?: readonly string[]
  readonly range?: readonly string[]
  readonly secretFile?: string
  readonly pnrpPort?: number
}

/** Adds the options to a command. */
export function addCloudOptions(command: Command): Command {
  return command
    .option('--seed <host:port>', 'a member of the cloud to begin with; may be repeated', collect)
    .option('--range <range>', 'of a private cloud: addresses such as 10.0.0.0/8; may be repeated', collect)
    .option('--secret-file <file>', 'of a private cloud: a file with its secret in one line, or - for standard input')
    .option('--pnrp-port <port>', 'the UDP port to use (default: 3540, or a free one)', readPort)
}

/** What the node is to be opened with. */
export function nodeOptionsOf({ seed, pnrpPort }: CloudChoice): NodeOptions {
  return { seeds: seed, pnrpPort }
}

/**
 * Joins the cloud that is named; without a name `Global_` if there are seeds, and else the cloud of each link.
 *
 * @returns the name of the cloud, or undefined for those of the links
 */
export async function joinChosen(
  { clouds }: PeerNode,
  { cloud, seed, range, secretFile }: CloudChoice,
  { resolveOnly }: { readonly resolveOnly: boolean },
): Promise<string | undefined> {
  const name = cloud ?? (seed === undefined ? undefined : GLOBAL_CLOUD)
  if (name !== undefined) {
    const text = secretFile === undefined ? undefined : await readSecret(secretFile, 'Secret', { isNew: false })
    await clouds.open(name, { resolveOnly, ranges: range, secret: text === undefined ? undefined : toUtf8(text) })
    return name
  }
  let problem = new PeerageError('no-network', { cloud: 'LinkLocal_' })
  let opened = 0
  for (const link of await clouds.list({ scope: 'link-local' })) {
    try {
      await clouds.open(link.name, { resolveOnly })
      opened++
    } catch (error) {
      // An interface without an address is none that anybody can be found on.
      if (!PeerageError.is(error, 'no-network')) throw error
      problem = error
    }
  }
  if (opened === 0) throw problem
  return undefined
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
