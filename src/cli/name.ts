/**
 * `peerage name`: peer names of an identity, and peer names to host names and back. Registering and resolving are beside this, each in
 * its own file.
 */
import type { Command } from 'commander'
import { hostNameOf, peerNameOfHostName } from '../identity/host-name.ts'
import { parsePeerName } from '../identity/peer-name.ts'
import type { CommandContext } from './command-context.ts'
import { findIdentity } from './identity-reference.ts'
import { addRegistrationCommands } from './name-registration.ts'
import { addResolutionCommands } from './name-resolution.ts'
import { printable } from './output.ts'

export function addNameCommands(program: Command, context: CommandContext): void {
  const { output } = context
  const name = program.command('name').description('peer names')
  addResolutionCommands(name, context)
  addRegistrationCommands(name, context)

  name
    .command('make <classifier>')
    .description('print another peer name of an identity; nothing is kept')
    .option('--identity <identity>', 'the default identity if there is none')
    .action((classifier: string, options: { identity?: string }) =>
      context.useNode(async ({ identities }) => {
        const identity = await findIdentity(identities, options.identity)
        const peerName = await identities.makePeerName(identity.peerName, classifier)
        output.result({ peerName }, printable(peerName))
      }),
    )

  name
    .command('host <name>')
    .description('print the host name of a peer name')
    .action((text: string) => {
      const peerName = parsePeerName(text)
      const hostName = hostNameOf(peerName)
      output.result({ peerName, hostName }, hostName)
    })

  name
    .command('from-host <host>')
    .description('print the peer name of a host name')
    .action((hostName: string) => {
      const peerName = peerNameOfHostName(hostName)
      output.result({ peerName, hostName: hostName.toLowerCase() }, printable(peerName))
    })
}
