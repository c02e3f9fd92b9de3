import { spawn } from 'node:child_process'
import type { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { connect, createServer, Server, type Socket } from 'node:net'
import { connect as connectTls, createServer as createTlsServer } from 'node:tls'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { LONGEST_HANDSHAKE, MOST_HANDSHAKES } from '../../src/nodejs/handshakes.ts'
import { throwAwayCertificate } from '../../src/nodejs/throw-away-certificate.ts'
import { tlsStreams } from '../../src/nodejs/tls-streams.ts'
import { expectRejection } from '../../src/runtime/acceptance/acceptance.ts'
import { pattern, StreamEnd } from '../../src/runtime/acceptance/stream-end.ts'
import { linkLocalStreamsAcceptance, streamsAcceptance } from '../../src/runtime/acceptance/streams.ts'
import { concatBytes, toHex } from '../../src/runtime/bytes.ts'
import { type Endpoint, formatEndpoint } from '../../src/runtime/endpoint.ts'
import type { ByteStream, StreamListener } from '../../src/runtime/streams.ts'
import { runInNamespace, startChild } from './child-process.ts'
import { FOREIGN, IPV4_LOOPBACK, IPV6_LOOPBACK } from './loopback.ts'
import { newPath } from './new-path.ts'
import { settle } from './settle.ts'

const LOCAL: Endpoint = { host: IPV4_LOOPBACK, port: 0 }

for (const { name, run } of streamsAcceptance) {
  test(`acceptance: ${name}`, () =>
    run({ streams: tlsStreams, ipv4: IPV4_LOOPBACK, ipv6: IPV6_LOOPBACK, foreign: FOREIGN, settle }))
}

if (process.platform === 'linux') {
  test('acceptance: at a link-local address, which two interfaces have, in a network namespace', async () => {
    const setUp = `
      ip link add left type veth peer name right
      for link in left right; do ip link set $link addrgenmode none up; ip address add fe80::1/64 dev $link nodad; done
      ip link set lo up`
    const result = await runInNamespace('--net', setUp, 'streams-link-local.ts')
    const stdout = 'passed\n'.repeat(linkLocalStreamsAcceptance.length)
    expect(result).toMatchObject({ stdout, stderr: '', code: 0 })
  })
}

const toClose: (() => void)[] = []
afterEach(() => {
  for (const close of toClose.splice(0)) close()
  vi.useRealTimers()
})

/** A listener of ours, and the ends that it took; it can say one byte to each and end it. */
async function listen(endsStreams = false): Promise<{ listener: StreamListener; taken: StreamEnd[] }> {
  const taken: StreamEnd[] = []
  const listener = await tlsStreams.listen(LOCAL, (stream) => {
    const end = attached(stream)
    taken.push(end)
    if (!endsStreams) return
    end.write(Uint8Array.of(0x2e))
    end.end()
  })
  toClose.push(() => listener.close())
  return { listener, taken }
}

async function dial(to: Endpoint, signal = new AbortController().signal): Promise<StreamEnd> {
  return attached(await tlsStreams.connect(to, { signal }))
}

function attached(stream: ByteStream): StreamEnd {
  toClose.push(() => stream.destroy())
  const end = new StreamEnd(stream)
  end.attach()
  return end
}

/** A TCP server that is not ours. */
async function listenTcp(connected: (socket: Socket) => void): Promise<Endpoint> {
  const server: Server = createServer((socket) => {
    socket.on('error', () => undefined)
    toClose.push(() => socket.destroy())
    connected(socket)
  })
  server.listen(0, IPV4_LOOPBACK)
  await once(server, 'listening')
  toClose.push(() => server.close())
  const bound = server.address()
  if (bound === null || typeof bound === 'string') throw new TypeError('a TCP server has a port')
  return { host: IPV4_LOOPBACK, port: bound.port }
}

/** A TCP connection that is not ours. */
function dialTcp(to: Endpoint): Socket {
  const socket = connect(to.port, to.host)
  socket.on('error', () => undefined)
  toClose.push(() => socket.destroy())
  return socket
}

/** What `openssl s_client` shows of a connection that the listener ends. */
async function opensslClient(to: Endpoint, ...options: string[]): Promise<string> {
  const child = spawn('openssl', ['s_client', '-connect', `${to.host}:${to.port}`, ...options])
  let output = ''
  const collect = (chunk: unknown): void => {
    output += String(chunk)
  }
  child.stdout.on('data', collect)
  child.stderr.on('data', collect)
  await once(child, 'close')
  return output
}

/** The certificate that whoever connects there is shown. */
async function certificateAt(to: Endpoint): Promise<X509Certificate> {
  const socket = connectTls({ host: to.host, port: to.port, rejectUnauthorized: false })
  socket.on('error', () => undefined)
  toClose.push(() => socket.destroy())
  await once(socket, 'secureConnect')
  const certificate = socket.getPeerX509Certificate()
  if (certificate === undefined) throw new Error('a server shows a certificate')
  return certificate
}

describe('whoever listens', () => {
  test('P-060: speaks TLS 1.3 without ALPN, and asks for no certificate', async () => {
    const { listener, taken } = await listen(true)
    const output = await opensslClient(listener.local, '-alpn', 'h2', '-servername', 'example.org')
    expect(output).toContain('New, TLSv1.3, Cipher is TLS_')
    expect(output).toContain('No ALPN negotiated')
    expect(output).toContain('No client certificate CA names sent')
    expect(output).not.toContain('Acceptable client certificate')
    expect(taken.length).toBe(1)
  })

  test('P-060: refuses a client that offers at most TLS 1.2, and lives on', async () => {
    const { listener, taken } = await listen(true)
    const output = await opensslClient(listener.local, '-tls1_2')
    expect(output).toContain('alert protocol version')
    expect(output).toContain('no peer certificate available')
    expect(taken.length).toBe(0)
    await dial(listener.local)
    await settle(() => taken.length === 1)
  })

  test('P-060: resumes no session, whatever a client kept of the last one', async () => {
    const { listener } = await listen(true)
    const file = newPath()
    const first = await opensslClient(listener.local, '-sess_out', file)
    expect(first).toContain('New, TLSv1.3')
    // There is something to try it with: a number that OpenSSL gives to each session.
    expect(existsSync(file)).toBe(true)
    const second = await opensslClient(listener.local, '-sess_in', file)
    expect(second).toContain('New, TLSv1.3')
    expect(second).not.toContain('Reused')
  })

  test('P-060: shows a certificate that says nothing, the same in one process and another one in each', async () => {
    const own = [await listen(), await listen()]
    const children = [startChild('listens.ts'), startChild('listens.ts')]
    for (const child of children) toClose.push(() => child.kill())
    const ports = await Promise.all(
      children.map(async (child) => Number(String((await once(child.stdout ?? child, 'data'))[0]))),
    )
    const [one, same, second, third] = await Promise.all([
      ...own.map(({ listener }) => certificateAt(listener.local)),
      ...ports.map((port) => certificateAt({ host: IPV4_LOOPBACK, port })),
    ])
    expect(one?.raw).toEqual(same?.raw)
    const all = [one, second, third]
    for (const property of ['fingerprint256', 'serialNumber', 'subject'] as const) {
      expect(new Set(all.map((certificate) => certificate?.[property])).size).toBe(3)
    }
    expect(new Set(all.map((certificate) => certificate?.publicKey.export({ type: 'spki', format: 'pem' }))).size).toBe(
      3,
    )
    for (const certificate of all) {
      expect(certificate?.subject).toMatch(/^CN=[0-9a-f]{32}$/)
      expect(certificate?.issuer).toBe(certificate?.subject)
      expect(certificate?.validFromDate.getTime()).toBe(0)
      expect(certificate?.validToDate.getUTCFullYear()).toBe(9999)
      expect(certificate?.subjectAltName).toBeUndefined()
      expect(certificate?.publicKey.asymmetricKeyType).toBe('ed25519')
    }
  })

  test('has as channel binding the TLS exporter of RFC 9266, as openssl computes it', async () => {
    const { listener, taken } = await listen(true)
    const options = ['-keymatexport', 'EXPORTER-Channel-Binding', '-keymatexportlen', '32']
    const output = await opensslClient(listener.local, ...options)
    const binding = taken[0]?.stream.channelBinding ?? new Uint8Array(0)
    expect(output).toContain(`Keying material: ${toHex(binding).toUpperCase()}`)
  })

  test('ends what is no TLS, and lives on', async () => {
    const { listener, taken } = await listen()
    for (const junk of ['GET / HTTP/1.1\r\n\r\n', '\u0016\u0003\u0001\u0000\u0004junk', '\u0000'.repeat(70_000)]) {
      const socket = dialTcp(listener.local)
      let closed = false
      socket.on('close', () => {
        closed = true
      })
      socket.resume()
      socket.write(junk, 'latin1')
      await settle(() => closed)
    }
    expect(taken.length).toBe(0)
    await dial(listener.local)
    await settle(() => taken.length === 1)
  })

  test('ends a handshake that is not complete in time, even if bytes keep coming', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const { listener } = await listen()
    const closed: string[] = []
    const silent = dialTcp(listener.local).on('close', () => closed.push('silent'))
    const dripping = dialTcp(listener.local).on('close', () => closed.push('dripping'))
    // The first bytes of a client hello of 508 bytes.
    dripping.write(Uint8Array.of(0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3))
    await settle(() => silent.readyState === 'open' && vi.getTimerCount() === 2)
    for (let second = 1; second < 10; second++) {
      vi.advanceTimersByTime(LONGEST_HANDSHAKE / 10)
      await new Promise<void>((resolve) => dripping.write(Uint8Array.of(0), () => resolve()))
    }
    expect(closed).toEqual([])
    vi.advanceTimersByTime(LONGEST_HANDSHAKE / 10)
    await settle(() => closed.length === 2)
    await settle(() => listener.failures['handshake-econnreset'] === 2)
  })

  test('takes streams while strangers keep more handshakes open than it allows', async () => {
    const { listener, taken } = await listen()
    let closed = 0
    const strangers = Array.from({ length: MOST_HANDSHAKES + 20 }, () =>
      dialTcp(listener.local).on('close', () => {
        closed++
      }),
    )
    await settle(() => closed === 20)
    const near = await dial(listener.local)
    near.send(1000)
    await settle(() => taken[0]?.bytesReceived === 1000)
    expect(strangers.filter((socket) => socket.readyState === 'open').length).toBe(MOST_HANDSHAKES - 1)
  })

  test('ends the handshakes that are under way when it closes', async () => {
    const { listener, taken } = await listen()
    let closed = false
    const stranger = dialTcp(listener.local).on('close', () => {
      closed = true
    })
    await once(stranger, 'connect')
    const near = await dial(listener.local)
    await settle(() => taken.length === 1)
    listener.close()
    await settle(() => closed)
    near.send(1000)
    await settle(() => taken[0]?.bytesReceived === 1000)
  })
})

test('handshakes that break and connections that cannot be taken are counted by their reasons', async () => {
  const listening = vi.spyOn(Server.prototype, 'listen')
  const { listener } = await listen()
  const [server] = listening.mock.contexts
  listening.mockRestore()
  expect(listener.failures).toEqual({})
  const outOfFiles = Object.assign(new Error('accept failed'), { code: 'EMFILE', syscall: 'accept' })
  if (server instanceof Server) server.emit('error', outOfFiles)
  expect(listener.failures).toEqual({ 'accept-emfile': 1 })
  const broken = dialTcp(listener.local)
  await once(broken, 'connect')
  broken.resetAndDestroy()
  await settle(() => listener.failures['handshake-econnreset'] === 1)
  dialTcp(listener.local).write('GET / HTTP/1.0\r\n\r\n')
  await settle(() => Object.keys(listener.failures).some((name) => /^handshake-err-ssl-/.test(name)))
})

test('a stream that broke tells what broke it, where the system says so', async () => {
  const { listener, taken } = await listen()
  const causes: (string | undefined)[] = []
  const stream = await tlsStreams.connect(listener.local, { signal: new AbortController().signal })
  toClose.push(() => stream.destroy())
  const handler = { received: () => {}, drained: () => {}, ended: () => {} }
  stream.attach({ ...handler, closed: (reason, cause) => causes.push(reason, cause) })
  await settle(() => taken.length === 1)
  taken[0]?.stream.destroy()
  await settle(() => causes.length > 0)
  expect(causes).toEqual(['broken', 'connection reset by peer (ECONNRESET)'])
})

describe('whoever dials', () => {
  test('P-060: says no name and no protocol, resumes nothing, and offers TLS 1.3 alone', async () => {
    let hello: Uint8Array = new Uint8Array(0)
    const to = await listenTcp((socket) => {
      socket.on('data', (bytes) => {
        hello = concatBytes(hello, new Uint8Array(bytes))
      })
    })
    const controller = new AbortController()
    const dialling = expect(dial(to, controller.signal)).rejects.toThrow('seen enough')
    await settle(() => hello.length > 5 && hello.length >= 5 + uint16(hello, 3))
    controller.abort(new Error('seen enough'))
    await dialling
    const extensions = extensionsOf(hello)
    const SERVER_NAME = 0
    const APPLICATION_PROTOCOLS = 16
    const SESSION_TICKET = 35
    const PRE_SHARED_KEY = 41
    const EARLY_DATA = 42
    const SUPPORTED_VERSIONS = 43
    for (const type of [SERVER_NAME, APPLICATION_PROTOCOLS, SESSION_TICKET, PRE_SHARED_KEY, EARLY_DATA]) {
      expect([...extensions.keys()]).not.toContain(type)
    }
    expect(toHex(extensions.get(SUPPORTED_VERSIONS) ?? new Uint8Array(0))).toBe('020304')
  })

  test('is told with the reason when the other end is no TLS 1.3', async () => {
    const oldServer = createTlsServer({ ...throwAwayCertificate(), maxVersion: 'TLSv1.2' })
    const connected: Readonly<Record<string, (socket: Socket) => void>> = {
      'closes at once': (socket) => socket.end(),
      'closes within the handshake': (socket) => socket.once('data', () => socket.destroy()),
      'resets the connection': (socket) => socket.once('data', () => socket.resetAndDestroy()),
      'speaks something else': (socket) => socket.write('220 mail.example.org ESMTP\r\n'),
      'speaks TLS 1.2': (socket) => oldServer.emit('connection', socket),
    }
    for (const [what, act] of Object.entries(connected)) {
      const to = await listenTcp(act)
      const error = await expectRejection('connection-failed', dial(to), what)
      expect([what, error.details]).toEqual([
        what,
        { endpoint: formatEndpoint(to), reason: expect.stringMatching(/.{8}/) },
      ])
    }
  })

  test('is told in words that the connection was refused', async () => {
    const { listener } = await listen()
    listener.close()
    const error = await expectRejection('connection-failed', dial(listener.local), 'a closed port')
    expect(error.details.reason).toBe('connection refused (ECONNREFUSED)')
  })

  test('gives up when there is no answer in time', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    let closed = false
    let connected = false
    const to = await listenTcp((socket) => {
      connected = true
      socket.on('close', () => {
        closed = true
      })
      socket.resume()
    })
    const dialling = expectRejection('connection-failed', dial(to), 'a silent server')
    await settle(() => connected)
    vi.advanceTimersByTime(LONGEST_HANDSHAKE)
    expect((await dialling).details.reason).toBe(`no answer in ${LONGEST_HANDSHAKE} ms`)
    await settle(() => closed)
    expect(vi.getTimerCount()).toBe(0)
  })

  test('leaves no connection behind when the signal aborts', async () => {
    let open = 0
    const to = await listenTcp((socket) => {
      open++
      socket.on('close', () => {
        open--
      })
      socket.resume()
    })
    const controller = new AbortController()
    const dialling = expect(dial(to, controller.signal)).rejects.toBe('enough')
    await settle(() => open === 1)
    controller.abort('enough')
    await dialling
    await settle(() => open === 0)
  })
})

test('a process that is killed ends or breaks its streams', async () => {
  const { listener, taken } = await listen()
  const child = startChild('dials.ts', String(listener.local.port))
  toClose.push(() => child.kill('SIGKILL'))
  await settle(() => (taken[0]?.bytesReceived ?? 0) >= 1000)
  child.kill('SIGKILL')
  await settle(() => taken[0] !== undefined && taken[0].endings + taken[0].closings.length > 0)
  // Once more is written the other end, which is no more, says so.
  taken[0]?.write(pattern(0, 1000))
  await settle(() => taken[0]?.write(pattern(0, 1)) === false && taken[0].closings.length > 0)
  expect(taken[0]?.closings).toEqual(['broken'])
})

function uint16(bytes: Uint8Array, offset: number): number {
  return ((bytes[offset] ?? 0) << 8) | (bytes[offset + 1] ?? 0)
}

/** The extensions of a client hello that is one TLS record (RFC 8446 section 4.1.2), by type. */
function extensionsOf(record: Uint8Array): Map<number, Uint8Array> {
  const HEADERS = 5 + 4
  const VERSION_AND_RANDOM = 2 + 32
  let offset = HEADERS + VERSION_AND_RANDOM
  offset += 1 + (record[offset] ?? 0)
  offset += 2 + uint16(record, offset)
  offset += 1 + (record[offset] ?? 0)
  const end = offset + 2 + uint16(record, offset)
  const extensions = new Map<number, Uint8Array>()
  for (offset += 2; offset < end; offset += 4 + uint16(record, offset + 2)) {
    extensions.set(uint16(record, offset), record.subarray(offset + 4, offset + 4 + uint16(record, offset + 2)))
  }
  expect(end).toBe(record.length)
  return extensions
}

test('a stream that is ended and then destroyed leaves no socket open, at neither end, however much it was sent', async () => {
  const { listener, taken } = await listen()
  for (const bytes of [0, 1, 100_000]) {
    for (const turns of [0, 1, 5]) {
      const count = taken.length
      const end = await dial(listener.local)
      await settle(() => taken.length > count)
      if (bytes > 0) end.write(new Uint8Array(bytes))
      end.end()
      for (let turn = 0; turn < turns; turn++) await new Promise(setImmediate)
      end.stream.destroy()
      taken.at(-1)?.stream.destroy()
    }
  }
  await settle(() => !process.getActiveResourcesInfo().includes('TCPSocketWrap'))
})
