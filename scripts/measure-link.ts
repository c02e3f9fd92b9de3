/**
 * Measures links on real sockets: the round trip of a message of 256 bytes, and how much goes through, between two ends in
 * this one process on loopback; beside them plain `node:tls` with the same jobs in the same run.
 *
 *     npm run measure:link [-- ROUND_TRIPS [MEGABYTES]]
 *     node --cpu-prof scripts/measure-link.ts
 *
 * Figures swing between runs: compare them within one. CPU time is that of the whole process, both ends together.
 */
import { once } from 'node:events'
import { connect, createServer, type TLSSocket } from 'node:tls'
import type { GraphMessage } from '../src/graph/graph-message.ts'
import type { LinkHandler, LinkPort } from '../src/graph/link-port.ts'
import { LONGEST_DATA } from '../src/graph/message-kinds.ts'
import { throwAwayCertificate } from '../src/nodejs/throw-away-certificate.ts'
import { TlsNode } from '../test/graph/tls-links.ts'

const MESSAGE_LENGTH = 256
const WARM_UP = 3000
const ROUNDS = 3
const PIECE = new Uint8Array(LONGEST_DATA)
const [roundTrips = 20_000, megabytes = 400] = process.argv.slice(2).map(Number)

/** One way to talk: sends and takes payloads. */
interface Talk {
  readonly what: string
  /** Sends a payload to the far end. @returns false: stop, and go on when `ready` is called */
  send(payload: Uint8Array): boolean
  answer(payload: Uint8Array): void
  ready: () => void
  /** So many bytes came at the far end, and at the near one. */
  cameFar: (payload: Uint8Array) => void
  cameNear: (length: number) => void
  close(): void
}

async function talkOverLink(): Promise<Talk> {
  const far = new TlsNode('measured')
  const near = new TlsNode('measured')
  const accepted = new Promise<LinkPort>((resolve) => {
    far.onAccepted = resolve
  })
  const outcome = await near.dial(await far.listen())
  if (!('link' in outcome)) throw new Error(outcome.reason)
  const answering = await accepted
  const message = (payload: Uint8Array): GraphMessage =>
    payload.length > MESSAGE_LENGTH ? { kind: 'DATA', bytes: payload } : { kind: 'FLOOD', record: payload }
  const talk: Talk = {
    ...{ what: 'link', ready: () => undefined, cameFar: () => undefined, cameNear: () => undefined },
    send: (payload) => outcome.link.send(message(payload)),
    answer: (payload) => answering.send(message(payload)),
    close() {
      outcome.link.destroy('closed')
      far.close()
    },
  }
  attach(
    answering,
    (payload) => talk.cameFar(payload),
    () => undefined,
  )
  attach(
    outcome.link,
    (payload) => talk.cameNear(payload.length),
    () => talk.ready(),
  )
  return talk
}

function attach(link: LinkPort, came: (payload: Uint8Array) => void, ready: () => void): void {
  const handler: LinkHandler = {
    received(message) {
      if (message.kind === 'FLOOD') came(message.record)
      else if (message.kind === 'DATA') came(message.bytes)
    },
    ready,
    closed: () => undefined,
  }
  link.attach(handler)
}

async function talkOverTls(): Promise<Talk> {
  const accepted: TLSSocket[] = []
  const server = createServer({ ...throwAwayCertificate(), minVersion: 'TLSv1.3' }, (socket) => accepted.push(socket))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('a server has a port')
  const near = connect({ host: '127.0.0.1', port: address.port, rejectUnauthorized: false })
  await Promise.all([once(near, 'secureConnect'), once(server, 'secureConnection')])
  const [far] = accepted
  if (far === undefined) throw new Error('a connection is open at both ends')
  for (const socket of [near, far]) socket.setNoDelay(true).on('error', () => undefined)
  const talk: Talk = {
    ...{ what: 'node:tls', ready: () => undefined, cameFar: () => undefined, cameNear: () => undefined },
    send: (payload) => near.write(payload),
    answer: (payload) => far.write(payload),
    close() {
      near.destroy()
      far.destroy()
      server.close()
    },
  }
  far.on('data', (bytes: Buffer) => talk.cameFar(bytes))
  near.on('data', (bytes: Buffer) => talk.cameNear(bytes.length))
  near.on('drain', () => talk.ready())
  return talk
}

/** Microseconds of each round trip, ascending. */
async function measureRoundTrips(talk: Talk, count: number): Promise<number[]> {
  const times: number[] = []
  const payload = new Uint8Array(MESSAGE_LENGTH)
  talk.cameFar = (came) => talk.answer(came.slice())
  await new Promise<void>((resolve) => {
    let started = 0
    let missing = MESSAGE_LENGTH
    const send = (): void => {
      missing = MESSAGE_LENGTH
      started = performance.now()
      talk.send(payload.slice())
    }
    talk.cameNear = (length) => {
      missing -= length
      if (missing > 0) return
      times.push((performance.now() - started) * 1000)
      if (times.length < count) send()
      else resolve()
    }
    send()
  })
  return times.sort((one, other) => one - other)
}

/** Megabytes a second by the clock, and by CPU time. */
async function measureThroughput(talk: Talk): Promise<{ readonly byClock: number; readonly byCpu: number }> {
  const total = megabytes * 1e6
  const started = performance.now()
  const cpu = process.cpuUsage()
  await new Promise<void>((resolve) => {
    let sent = 0
    let came = 0
    talk.cameFar = (payload) => {
      came += payload.length
      if (came >= total) resolve()
    }
    talk.ready = () => {
      while (sent < total) {
        sent += PIECE.length
        if (!talk.send(PIECE)) return
      }
    }
    talk.ready()
  })
  const { user, system } = process.cpuUsage(cpu)
  return { byClock: megabytes / ((performance.now() - started) / 1000), byCpu: megabytes / ((user + system) / 1e6) }
}

for (let round = 0; round < ROUNDS; round++) {
  for (const talk of [await talkOverTls(), await talkOverLink()]) {
    await measureRoundTrips(talk, WARM_UP)
    const times = await measureRoundTrips(talk, roundTrips)
    const quantile = (part: number): string => (times[Math.floor(times.length * part)] ?? 0).toFixed(1)
    const { byClock, byCpu } = await measureThroughput(talk)
    talk.close()
    console.log(
      `${talk.what.padEnd(8)} round trip p50 ${quantile(0.5)} µs, p90 ${quantile(0.9)} µs; ` +
        `${byClock.toFixed(0)} MB/s, ${byCpu.toFixed(0)} MB per second of CPU`,
    )
  }
}
