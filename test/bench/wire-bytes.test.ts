import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { connect as connectTls, createServer as createTlsServer } from 'node:tls'
import { expect, onTestFinished, test } from 'vitest'
import { countWireBytes } from '../../bench/wire-bytes.ts'
import { throwAwayCertificate } from '../../src/nodejs/throw-away-certificate.ts'

const LENGTH = 100_000

function portOf(server: ReturnType<typeof createServer>): number {
  const address = server.address()
  if (address === null || typeof address === 'string') throw new TypeError('a listening TCP socket has a port')
  return address.port
}

test('both ends in one process: what one sends the other receives, and it stays counted after the end', async () => {
  const wireBytes = countWireBytes()
  const server = createServer((socket) => socket.resume().end(new Uint8Array(10)))
  onTestFinished(() => void server.close())
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const socket = connect(portOf(server), '127.0.0.1').resume()
  socket.end(new Uint8Array(LENGTH))
  await once(socket, 'close')
  await expect.poll(wireBytes).toEqual({ sent: LENGTH + 10, received: LENGTH + 10 })
})

test('with TLS it counts what encryption adds', async () => {
  const wireBytes = countWireBytes()
  const server = createTlsServer({ ...throwAwayCertificate() }, (socket) => socket.resume().end())
  onTestFinished(() => void server.close())
  await once(server.listen(0, '127.0.0.1'), 'listening')
  // As src/nodejs/tls-streams.ts does it: TLS over a connection that was opened before.
  const tcp = connect(portOf(server), '127.0.0.1')
  const socket = connectTls({ socket: tcp, rejectUnauthorized: false }).resume()
  socket.end(new Uint8Array(LENGTH))
  await once(socket, 'close')
  const { sent, received } = wireBytes()
  expect(sent).toBeGreaterThan(LENGTH)
  expect(sent).toBeLessThan(LENGTH + 10_000)
  expect(received).toBeGreaterThan(LENGTH)
})

test('what passed on connections from before is not counted', async () => {
  const server = createServer((socket) => socket.pipe(socket))
  onTestFinished(() => void server.close())
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const socket = connect(portOf(server), '127.0.0.1')
  await once(
    socket.on('error', () => undefined),
    'connect',
  )
  socket.write('a')
  await once(socket, 'data')
  const wireBytes = countWireBytes()
  socket.end('b')
  await once(socket, 'data')
  expect(wireBytes()).toEqual({ sent: 0, received: 0 })
})
