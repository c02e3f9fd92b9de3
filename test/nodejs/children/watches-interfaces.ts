/** Watches the network interfaces and has nothing else to do. */
import { systemNetworkInterfaces } from '../../../src/nodejs/system-network-interfaces.ts'

systemNetworkInterfaces.watch(() => undefined)
process.on('exit', () => process.stdout.write('exit\n'))
