import { Socket } from 'node:dgram'
import { afterEach, expect, test, vi } from 'vitest'
import { udpDatagrams } from '../../src/nodejs/udp-datagrams.ts'
import { expectRejection } from '../../src/runtime/acceptance/acceptance.ts'
import { datagramsAcceptance } from '../../src/runtime/acceptance/datagrams.ts'
import type { DatagramReceiver, DatagramSocket } from '../../src/runtime/datagrams.ts'
import { type Endpoint, formatEndpoint } from '../../src/runtime/endpoint.ts'
import { runChild, runInNamespace } from './child-process.ts'
import { address, FOREIGN, IPV4_LOOPBACK, IPV6_LOOPBACK } from './loopback.ts'
import { settle } from './settle.ts'

const nobody: DatagramReceiver = { received: () => undefined }

const sockets: DatagramSocket[] = []
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.close()
  vi.restoreAllMocks()
})

async function bind(local: Endpoint & { zone?: string }, receiver = nobody): Promise<DatagramSocket> {
  const socket = await udpDatagrams.bind(local, receiver)
  sockets.push(socket)
  return socket
}

for (const { name, run } of datagramsAcceptance) {
  test(`acceptance: ${name}`, () =>
    run({ datagrams: udpDatagrams, ipv4: IPV4_LOOPBACK, ipv6: IPV6_LOOPBACK, foreign: FOREIGN, settle }))
}

test('a socket on all addresses of one family leaves the same port of the other family free', async () => {
  const ipv6 = await bind({ host: address('::'), port: 0 })
  const ipv4 = await bind({ host: address('0.0.0.0'), port: ipv6.local.port })
  expect(ipv4.local.port).toBe(ipv6.local.port)
})

test('what the network refuses is counted and harms no other datagram', async () => {
  const received: string[] = []
  const socket = await bind(
    { host: IPV4_LOOPBACK, port: 0 },
    { received: (bytes) => received.push(new TextDecoder().decode(bytes)) },
  )
  // No IPv6 from an IPv4 socket, no port 0, no broadcast, and from loopback no way to elsewhere.
  const refused = [
    { host: IPV6_LOOPBACK, port: 5000 },
    { host: IPV4_LOOPBACK, port: 0 },
    { host: address('255.255.255.255'), port: 5000 },
    { host: FOREIGN, port: 5000 },
  ]
  for (const to of refused) socket.send(Uint8Array.of(0x62), to)
  socket.send(Uint8Array.of(0x61), socket.local)
  await settle(() => received.length > 0 && socket.refused === refused.length)
  expect(received).toEqual(['a'])
  expect(socket.failures).toMatchObject({ 'send-other-family': 1, 'send-no-port': 1, 'send-eacces': 1 })
  expect(Object.values(socket.failures).reduce((sum, count) => sum + count, 0)).toBe(refused.length)
})

test('datagrams beyond what may wait are refused at once, and the others all arrive', async () => {
  let received = 0
  const receiver = await bind({ host: IPV4_LOOPBACK, port: 0 }, { received: () => received++ })
  const sender = await bind({ host: IPV4_LOOPBACK, port: 0 })
  const sent = 10_000
  for (let count = 0; count < sent; count++) sender.send(new Uint8Array(10), receiver.local)
  expect(sender.refused).toBeGreaterThan(0)
  expect(sender.failures).toEqual({ 'send-too-many-waiting': sender.refused })
  await settle(() => received + sender.refused === sent)
  expect(received).toBeGreaterThan(4000)
})

test('what cannot be received is counted by its reason, and the socket lives on', async () => {
  const original = Socket.prototype.setRecvBufferSize
  const system: Socket[] = []
  vi.spyOn(Socket.prototype, 'setRecvBufferSize').mockImplementation(function (this: Socket, size) {
    system.push(this)
    original.call(this, size)
  })
  let received = 0
  const socket = await bind({ host: IPV4_LOOPBACK, port: 0 }, { received: () => received++ })
  for (const code of ['ENOBUFS', 'ENOBUFS', 'ECONNREFUSED']) {
    system[0]?.emit('error', Object.assign(new Error('recvmsg failed'), { code, syscall: 'recvmsg' }))
  }
  system[0]?.emit('error', new Error('without a code'))
  expect(socket.failures).toEqual({ 'receive-enobufs': 2, 'receive-econnrefused': 1, 'receive-other': 1 })
  socket.send(Uint8Array.of(1), socket.local)
  await settle(() => received === 1)
})

test('what was sent before a close still goes out', async () => {
  let received = 0
  const receiver = await bind({ host: IPV4_LOOPBACK, port: 0 }, { received: () => received++ })
  const sender = await bind({ host: IPV4_LOOPBACK, port: 0 })
  for (let count = 0; count < 100; count++) sender.send(new Uint8Array(10), receiver.local)
  sender.close()
  await settle(() => received === 100)
})

test('a receive buffer of 4 MB is asked for, and the half again and again where the system refuses', async () => {
  const original = Socket.prototype.setRecvBufferSize
  const asked: number[] = []
  vi.spyOn(Socket.prototype, 'setRecvBufferSize').mockImplementation(function (this: Socket, size) {
    asked.push(size)
    if (size > 1_500_000) throw new Error('ENOBUFS')
    original.call(this, size)
  })
  await bind({ host: IPV4_LOOPBACK, port: 0 })
  expect(asked).toEqual([4_194_304, 2_097_152, 1_048_576])
})

test('a bind that fails for another reason is network-failed, with the reason', async () => {
  // A link-local address without its zone could be on any link.
  const local = { host: address('fe80::1'), port: 5000 }
  const error = await expectRejection('network-failed', bind(local), 'a bind without zone')
  expect(error.details).toEqual({ endpoint: formatEndpoint(local), reason: 'invalid argument (EINVAL)' })
})

test('a process that has closed its sockets ends', async () => {
  const { stdout, stderr, code } = await runChild('closes-sockets.ts')
  expect({ stdout, stderr, code }).toEqual({ stdout: 'closed\n', stderr: '', code: 0 })
})

if (process.platform === 'linux') {
  test('a socket on a link-local address is bound to its link and needs no zone to send or receive', async () => {
    const setUp = `
      ip link add left type veth peer name right
      for link in left right; do ip link set $link addrgenmode none up; done
      ip address add fe80::1/64 dev left nodad
      ip address add fe80::1:2/64 dev right nodad
      ip address add fe80::1/64 dev lo nodad
      ip link set lo up`
    const result = await runInNamespace('--net', setUp, 'sends-link-local.ts')
    expect(result).toMatchObject({ stdout: 'right heard [fe80::1]\nleft heard [fe80::1:2]\n', stderr: '', code: 0 })
  })

  test('free ports are above 1024 even where the system hands out reserved ones', async () => {
    const setUp = `
      ip link set lo up
      echo 0 > /proc/sys/net/ipv4/ip_unprivileged_port_start
      echo '1019 1028' > /proc/sys/net/ipv4/ip_local_port_range`
    const result = await runInNamespace('--net', setUp, 'takes-free-ports.ts')
    expect(result).toMatchObject({ stdout: 'udp 1025,1026,1027,1028\ntcp 1025,1026,1027,1028\n', stderr: '', code: 0 })
  })
}
