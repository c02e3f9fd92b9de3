/** Runs the acceptance suite of the network interfaces, changing the addresses of this network. */
import { execFileSync } from 'node:child_process'
import { systemNetworkInterfaces } from '../../../src/nodejs/system-network-interfaces.ts'
import { networkInterfacesAcceptance } from '../../../src/runtime/acceptance/network-interfaces.ts'
import { settle } from '../settle.ts'

let changes = 0
const subject = {
  networkInterfaces: systemNetworkInterfaces,
  settle,
  change: () => {
    changes++
    execFileSync('ip', ['address', 'add', `198.51.100.${changes}/32`, 'dev', 'lo'])
  },
}
for (const { name, run } of networkInterfacesAcceptance) {
  await run(subject)
  process.stdout.write(`passed: ${name}\n`)
}
