/**
 * The middle of a tunnel that delays and loses packets. Arguments: the interface, the port, the delay in milliseconds, and the
 * loss in percent. A line of input is the address of one more host; the line `lost` is answered with how many packets were lost.
 */
import { createSocket } from 'node:dgram'
import { createInterface } from 'node:readline'

const [network = '', port, delay, loss] = process.argv.slice(2)
/** VXLAN, the destination and the source of the frame in it, in bytes (RFC 7348). */
const [HEADER, ADDRESS] = [8, 6]
const hosts = new Set<string>()
/** Where a network card was last heard. */
const places = new Map<string, string>()
const socket = createSocket({ type: 'udp6', recvBufferSize: 2 ** 22 })
let lost = 0

socket.on('message', (packet, { address: from }) => {
  const [to, card] = [HEADER, HEADER + ADDRESS].map((at) => packet.toString('hex', at, at + ADDRESS))
  if (to === undefined || card === undefined) return
  places.set(card, from)
  const place = places.get(to)
  for (const host of place === undefined ? hosts : [place]) {
    if (host === from) continue
    if (Math.random() * 100 < Number(loss)) lost++
    else setTimeout(() => socket.send(packet, Number(port), host), Number(delay))
  }
})
socket.bind({ address: '::', port: Number(port) }, () => process.stdout.write('ready\n'))

for await (const line of createInterface({ input: process.stdin })) {
  if (line === 'lost') process.stdout.write(`${lost}\n`)
  else hosts.add(`${line}%${network}`)
}
socket.close()
