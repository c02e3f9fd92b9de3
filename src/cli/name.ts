/** `peerage name`: peer names to host names and back. */
import type { Command } from 'commander'
import { hostNameOf, peerNameOfHostName } from '../identity/host-name.ts'
import { parsePeerName } from '../identity/peer-name.ts'
import type { CommandContext } from './command-context.ts'
import { printable } from './output.ts'

export function addNameCommands(program: Command, { output }: CommandContext): void {
  const name = program.command('name').description('peer names')

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
