/**
 * The stream port on Node.js: TLS 1.3 on TCP.
 *
 * TLS encrypts here and proves nothing (DESIGN section 7). Whoever is dialled shows a certificate that
 * is made anew for each process; nobody checks it, because both sides sign the channel binding inside
 * the stream, and whoever stands between them has another one on each side. Nothing that tells
 * anything about us goes over the wire: no server name, no ALPN, no certificate of the dialler, no
 * session that could be resumed.
 *
 * A listener takes TCP connections itself and hands them to a TLS server that does not listen. So the
 * connection stays in our hands: its deadline, its place among the handshakes, the reset at its end.
 */
import { constants } from 'node:crypto'
import { connect as connectTcp, createServer as createTcpServer, type Socket } from 'node:net'
import {
  connect as connectTls,
  createSecureContext,
  createServer as createTlsServer,
  type SecureContext,
} from 'node:tls'
import { type Endpoint, formatEndpoint, isIpv4, type ZonedEndpoint } from '../runtime/endpoint.ts'
import { PeerageError } from '../runtime/peerage-error.ts'
import type { ByteStream, StreamListener, Streams } from '../runtime/streams.ts'
import { bindAboveReserved, bindError } from './bind-error.ts'
import { FailureCounter, failureReason } from './failure-counter.ts'
import { Handshakes, LONGEST_HANDSHAKE } from './handshakes.ts'
import { addressFromSystem } from './system-address.ts'
import { reasonOf } from './system-error.ts'
import { type ThrowAwayCertificate, throwAwayCertificate } from './throw-away-certificate.ts'
import { TlsByteStream } from './tls-byte-stream.ts'

/** The TLS streams of this machine. */
export const tlsStreams: Streams = {
  listen: (local, accepted) => bindAboveReserved(local, () => listen(local, accepted)),
  connect,
}

const TLS_OPTIONS = {
  minVersion: 'TLSv1.3',
  maxVersion: 'TLSv1.3',
  // Who dials does not ask for tickets. Who listens still sends some (OpenSSL can leave them out, but Node.js cannot
  // tell it to), which are then random numbers of sessions; and as nobody keeps sessions, none is ever resumed.
  secureOptions: constants.SSL_OP_NO_TICKET,
} as const
const TCP_OPTIONS = { allowHalfOpen: true, noDelay: true } as const

/** Made when first needed and kept: making it for each stream would double the cost of a handshake. */
let certificate: ThrowAwayCertificate | undefined
let diallingContext: SecureContext | undefined

async function listen(local: ZonedEndpoint, accepted: (stream: ByteStream) => void): Promise<StreamListener> {
  certificate ??= throwAwayCertificate()
  const handshakes = new Handshakes<Socket>((tcp) => tcp.resetAndDestroy())
  const failures = new FailureCounter()
  const tlsServer = createTlsServer({ ...TLS_OPTIONS, ...certificate })
  tlsServer.on('tlsClientError', (error) => failures.count('handshake', failureReason(error)))
  tlsServer.on('secureConnection', (tls) => {
    const remote = remoteEndpoint(tls)
    const tcp = remote && handshakes.complete(remote)
    if (remote === undefined || tcp === undefined) tls.destroy()
    else accepted(new TlsByteStream(tls, tcp, remote))
  })

  const tcpServer = createTcpServer(TCP_OPTIONS, (tcp) => {
    // What breaks during a handshake is counted as its failure, with the TLS error; after that the stream knows.
    tcp.on('error', () => undefined)
    const remote = remoteEndpoint(tcp)
    if (remote === undefined) {
      tcp.destroy()
      return
    }
    handshakes.begin(remote, tcp)
    tcp.on('close', () => handshakes.closed(remote, tcp))
    tlsServer.emit('connection', tcp)
  })
  await new Promise<void>((resolve, reject) => {
    tcpServer.once('error', (error) => reject(bindError(error, local)))
    const { port } = local
    tcpServer.listen({ host: systemHost(local), port, ipv6Only: !isIpv4(local.host), exclusive: true }, resolve)
  })
  // A connection that the system could not hand over (no file descriptor is left) is a stranger's loss.
  tcpServer.on('error', (error) => failures.count('accept', failureReason(error)))

  const address = tcpServer.address()
  if (address === null || typeof address === 'string') throw new TypeError('a listening TCP socket has a port')
  return {
    local: { host: local.host, port: address.port },
    get failures() {
      return failures.read()
    },
    close() {
      tcpServer.close()
      handshakes.abandonAll()
    },
  }
}

function connect(to: ZonedEndpoint, { signal }: { readonly signal: AbortSignal }): Promise<ByteStream> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted()
    diallingContext ??= createSecureContext(TLS_OPTIONS)
    const tcp = connectTcp({ host: systemHost(to), port: to.port, ...TCP_OPTIONS })
    const tls = connectTls({
      socket: tcp,
      secureContext: diallingContext,
      // The certificate proves nothing; who is there is proven inside, over the channel binding.
      rejectUnauthorized: false,
    })
    const settle = (): void => {
      clearTimeout(deadline)
      signal.removeEventListener('abort', aborted)
      tls.off('close', closed)
    }
    const fail = (reason: unknown): void => {
      // Only the first reason counts, but each further error needs somebody who hears it.
      reject(reason)
      settle()
      tcp.destroy()
      tls.destroy()
    }
    const failBecause = (reason: string, cause?: unknown): void => {
      fail(new PeerageError('connection-failed', { endpoint: formatEndpoint(to), reason }, { cause }))
    }
    const failed = (error: Error): void => failBecause(reasonOf(error), error)
    const closed = (): void => failBecause('the other end closed the connection')
    const aborted = (): void => fail(signal.reason)
    const deadline = setTimeout(() => failBecause(`no answer in ${LONGEST_HANDSHAKE} ms`), LONGEST_HANDSHAKE)
    signal.addEventListener('abort', aborted)
    tcp.on('error', failed)
    tls.on('error', failed)
    tls.on('close', closed)
    tls.once('secureConnect', () => {
      settle()
      tcp.off('error', failed)
      tls.off('error', failed)
      resolve(new TlsByteStream(tls, tcp, { host: to.host, port: to.port }))
    })
  })
}

/** The address as the system takes it: with its zone. */
function systemHost({ host, zone }: ZonedEndpoint): string {
  return zone === undefined ? host : `${host}%${zone}`
}

function remoteEndpoint({
  remoteAddress,
  remotePort,
}: Pick<Socket, 'remoteAddress' | 'remotePort'>): Endpoint | undefined {
  // There is none once the connection is broken.
  if (remoteAddress === undefined || remotePort === undefined) return undefined
  return { host: addressFromSystem(remoteAddress), port: remotePort }
}
