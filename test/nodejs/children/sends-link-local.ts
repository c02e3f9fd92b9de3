/** Two links with a node on each: `left` sends to `right`, which answers. */
import { udpDatagrams } from '../../../src/nodejs/udp-datagrams.ts'
import type { DatagramSocket } from '../../../src/runtime/datagrams.ts'
import { address } from '../loopback.ts'

const right: DatagramSocket = await udpDatagrams.bind(
  { host: address('fe80::1:2'), port: 0, zone: 'right' },
  {
    received(bytes, from) {
      process.stdout.write(`right heard [${from.host}]\n`)
      right.send(bytes.slice(), from)
    },
  },
)
const left: DatagramSocket = await udpDatagrams.bind(
  { host: address('fe80::1'), port: 0, zone: 'left' },
  {
    received(_bytes, from) {
      process.stdout.write(`left heard [${from.host}]\n`)
      left.close()
      right.close()
    },
  },
)
left.send(Uint8Array.of(1), right.local)
