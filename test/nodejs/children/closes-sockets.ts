/** Opens datagram sockets, a listener and a stream, leaves a handshake under way, and closes what it opened. */
import { tlsStreams } from '../../../src/nodejs/tls-streams.ts'
import { udpDatagrams } from '../../../src/nodejs/udp-datagrams.ts'
import type { ByteStreamHandler } from '../../../src/runtime/streams.ts'
import { IPV4_LOOPBACK } from '../loopback.ts'

const local = { host: IPV4_LOOPBACK, port: 0 }
const nothing = { received: () => undefined, drained: () => undefined, ended: () => undefined }

const socket = await udpDatagrams.bind(local, nothing)
socket.send(Uint8Array.of(1), socket.local)

let closed = 0
const handler: ByteStreamHandler = {
  ...nothing,
  closed: () => {
    closed++
  },
}
const listener = await tlsStreams.listen(local, (stream) => {
  stream.attach(handler)
  stream.destroy()
})
const stream = await tlsStreams.connect(listener.local, { signal: new AbortController().signal })
await new Promise<void>((resolve) => {
  stream.attach({ ...nothing, closed: () => resolve() })
})
const pending = new AbortController()
const connecting = tlsStreams.connect(listener.local, { signal: pending.signal })

socket.close()
listener.close()
pending.abort(new Error('enough'))
await connecting.catch(() => undefined)
process.stdout.write(`closed\n`)
process.on('exit', (code) => {
  if (closed !== 1) throw new Error(`${closed} streams closed, exit code ${code}`)
})
