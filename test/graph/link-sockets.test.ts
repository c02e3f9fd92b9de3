/** Links over TLS on real sockets: what passes, and what anybody else can see or do. */
import { once } from 'node:events'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import { afterEach, describe, expect, test } from 'vitest'
import { LONGEST_FRAME } from '../../src/graph/frame.ts'
import { MOST_STRANGERS_OF_PREFIX } from '../../src/graph/link-acceptor.ts'
import type { LinkPort } from '../../src/graph/link-port.ts'
import { LONGEST_DATA } from '../../src/graph/message-kinds.ts'
import { concatBytes, toHex, toUtf8 } from '../../src/runtime/bytes.ts'
import type { Endpoint } from '../../src/runtime/endpoint.ts'
import { randomBelow, randomBytes } from '../../src/runtime/random.ts'
import { SeededRandom } from '../../src/simulation/seeded-random.ts'
import { startChild } from '../nodejs/child-process.ts'
import { IPV4_LOOPBACK } from '../nodejs/loopback.ts'
import { opensslClient } from '../nodejs/openssl-client.ts'
import { recordingRelay } from '../nodejs/recording-relay.ts'
import { settle } from '../nodejs/settle.ts'
import {
  ADMITTED,
  contextOf,
  greetingMessage,
  identityOf,
  Noted,
  PRUNE,
  prune,
  type RawMessage,
} from './simulated-links.ts'
import { TlsNode } from './tls-links.ts'

const GRAPH = 'a graph that nobody may see'
const toClose: (() => void)[] = []
afterEach(() => {
  for (const close of toClose.splice(0)) close()
})

function makeNode(classifier: string): TlsNode {
  const node = new TlsNode(GRAPH, classifier)
  toClose.push(() => node.close())
  return node
}

/** A link that is open at both ends. */
async function openPair(ann: TlsNode, bob: TlsNode, to: Endpoint) {
  const nearNoted = new Noted()
  const farNoted = new Noted()
  bob.onAccepted = (link) => link.attach(farNoted)
  const outcome = await ann.dial(to)
  if (!('link' in outcome)) throw new Error(outcome.reason)
  const { link } = outcome
  toClose.push(() => link.destroy('closed'))
  link.attach(nearNoted)
  await settle(() => bob.accepted.length > 0)
  const far: LinkPort | undefined = bob.accepted.at(-1)
  if (far === undefined) throw new Error('the link is open')
  return { near: link, far, nearNoted, farNoted }
}

/** A TLS client that is not ours, and what it was sent. */
interface RawClient {
  readonly socket: TLSSocket
  bytes(): Uint8Array
  isOver(): boolean
}

async function dialTls(to: Endpoint): Promise<RawClient> {
  const socket = connectTls({ host: to.host, port: to.port, rejectUnauthorized: false })
  toClose.push(() => socket.destroy())
  const chunks: Uint8Array[] = []
  let isOver = false
  socket.on('data', (chunk: Buffer) => chunks.push(chunk))
  socket.on('error', () => undefined)
  socket.on('close', () => {
    isOver = true
  })
  await once(socket, 'secureConnect')
  return { socket, bytes: () => concatBytes(...chunks), isOver: () => isOver }
}

/** A frame with these messages, by hand. */
function frameOf(...messages: readonly RawMessage[]): Uint8Array {
  const bytes = messages.map(({ kind, body }) => {
    const size = body.length + 8
    return concatBytes(Uint8Array.of(0, size >> 16, size >> 8, size, 0x20, kind, 0, 0), body)
  })
  const content = concatBytes(...bytes)
  return concatBytes(Uint8Array.of(content.length >> 8, content.length, 0), content)
}

/** The fingerprint of the certificate that is shown there. */
async function fingerprintAt(port: number): Promise<string> {
  const socket = connectTls({ host: IPV4_LOOPBACK, port, rejectUnauthorized: false })
  toClose.push(() => socket.destroy())
  socket.on('error', () => undefined)
  await once(socket, 'secureConnect')
  return socket.getPeerCertificate().fingerprint256
}

describe('over TLS', () => {
  test('a link opens, and messages of any size pass in both directions', async () => {
    const ann = makeNode('ann')
    const bob = makeNode('bob')
    const { near, far, nearNoted, farNoted } = await openPair(ann, bob, await bob.listen())
    expect(near.peer.name).toBe(bob.graph.identity.name)
    expect(far.peer.name).toBe(ann.graph.identity.name)
    const records = [0, 1, 300, LONGEST_FRAME, 65_536].map((length, index) => new Uint8Array(length).fill(index))
    for (const record of records) {
      near.send({ kind: 'FLOOD', record })
      far.send({ kind: 'FLOOD', record })
    }
    await settle(() => [nearNoted, farNoted].every(({ messages }) => messages.length === records.length))
    for (const { messages } of [nearNoted, farNoted]) {
      expect(messages.map((message) => message.kind === 'FLOOD' && toHex(message.record))).toEqual(records.map(toHex))
    }
    near.end()
    await settle(() => nearNoted.closings.length + farNoted.closings.length === 2)
    expect([nearNoted.closings, farNoted.closings]).toEqual([['closed'], ['ended']])
  })

  test('G-143: control and floods go before all bulk that waits, and a reader that pauses bounds what waits', async () => {
    const ann = makeNode('ann')
    const bob = makeNode('bob')
    const { near, far, farNoted } = await openPair(ann, bob, await bob.listen())
    far.pause()
    let sent = 0
    // The systems below take some megabytes; then nothing more leaves.
    const isStuck = async (): Promise<boolean> => {
      while (near.send({ kind: 'DATA', bytes: new Uint8Array(LONGEST_DATA) })) sent++
      sent++
      const before = near.waiting('bulk')
      for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve))
      return near.waiting('bulk') === before
    }
    while (!(await isStuck())) {}
    const waiting = Math.floor(near.waiting('bulk') / LONGEST_DATA)
    expect(waiting).toBeGreaterThan(3)
    near.send({ kind: 'FLOOD', record: new Uint8Array(300) })
    near.send(prune)
    far.resume()
    await settle(() => farNoted.messages.length === sent + 2)
    const kinds = farNoted.messages.map(({ kind }) => kind)
    const second = kinds.indexOf('PRUNE')
    expect(kinds[second + 1]).toBe('FLOOD')
    // All that waited here came after them; one message may have been on its way into a frame.
    expect(kinds.length - (second + 2)).toBeGreaterThanOrEqual(waiting - 1)
  })

  test('G-141: the engine that runs over simulated streams runs here unchanged: another channel binding, no link', async () => {
    const bob = makeNode('bob')
    const to = await bob.listen()
    const { socket, bytes, isOver } = await dialTls(to)
    const label = 'EXPORTER-Channel-Binding'
    const channelBinding = new Uint8Array(socket.exportKeyingMaterial(32, label, Buffer.alloc(0)))
    const link = { ...contextOf({ channelBinding } as Parameters<typeof contextOf>[0], GRAPH) }
    socket.write(frameOf(greetingMessage('dialler', link, identityOf('carl'), undefined), ADMITTED))
    await settle(() => bob.accepted.length === 1)
    await settle(() => bytes().length > 100)
    const other = await dialTls(to)
    other.socket.write(frameOf(greetingMessage('dialler', link, identityOf('carl'), undefined)))
    await settle(other.isOver)
    expect(other.bytes().length).toBe(0)
    expect(isOver()).toBe(false)
  })
})

describe('whoever is not in the graph', () => {
  test('G-015, P-060: gets nothing by TLS 1.2, sees nothing on the wire, and another certificate of each process', async () => {
    const ann = makeNode('ann of the secret graph')
    const bob = makeNode('bob of the secret graph')
    const to = await bob.listen()
    const refused = await opensslClient(to, '-tls1_2')
    expect(refused).toMatch(/alert protocol version|wrong version|handshake failure/i)
    expect(refused).not.toContain('BEGIN CERTIFICATE')

    const relay = await recordingRelay(to)
    toClose.push(relay.close)
    const { near, farNoted } = await openPair(ann, bob, relay.endpoint)
    const record = toUtf8('a record that nobody may read')
    near.send({ kind: 'FLOOD', record })
    await settle(() => farNoted.messages.length === 1)
    const seen = toHex(relay.recorded())
    expect(relay.recorded().length).toBeGreaterThan(2000)
    const secrets = [toUtf8(GRAPH), record, ann.graph.keys.recordKey, ann.graph.keys.tag]
    for (const { identity } of [ann.graph, bob.graph]) {
      const [authority = '', classifier = ''] = identity.name.split('.')
      secrets.push(identity.keyPair.publicKey, toUtf8(classifier), toUtf8(authority), toUtf8(identity.name))
    }
    for (const secret of secrets) expect(seen).not.toContain(toHex(secret))
    // The same bytes are found where they do pass in the clear.
    expect(toHex(concatBytes(toUtf8('x'), record))).toContain(toHex(record))

    const ports = await Promise.all(
      [1, 2].map(async () => {
        const child = startChild('listens.ts')
        toClose.push(() => child.kill())
        const [line] = await once(child.stdout ?? child, 'data')
        return Number(String(line))
      }),
    )
    const fingerprints = await Promise.all([to.port, ...ports].map(fingerprintAt))
    expect(new Set(fingerprints).size).toBe(3)
  })

  test('G-140, P-128: no byte, whatever is sent, and the port lives on', async () => {
    const bob = makeNode('bob')
    const to = await bob.listen()
    const random = new SeededRandom('strangers on a live port')
    for (let round = 0; round < 60; round++) {
      const { socket, bytes, isOver } = await dialTls(to)
      const junk = randomBytes(random, 1 + randomBelow(random, 3000))
      // Half of them look like the beginning of an opening.
      if (round % 2 === 0) junk.set(frameOf({ kind: 1, body: new Uint8Array(600) }).subarray(0, junk.length))
      socket.write(junk)
      // Otherwise what was cut short would wait for the rest until its deadline.
      socket.end()
      await settle(isOver)
      expect(bytes().length).toBe(0)
    }
    await openPair(makeNode('ann'), bob, to)
  })

  test('G-020, G-021: random and mutated bytes after authentication end that link only', async () => {
    const bob = makeNode('bob')
    const to = await bob.listen()
    const beside = await openPair(makeNode('ann'), bob, to)
    const random = new SeededRandom('a member that sends junk')
    for (let round = 0; round < 30; round++) {
      const { socket, isOver } = await dialTls(to)
      const channelBinding = new Uint8Array(
        socket.exportKeyingMaterial(32, 'EXPORTER-Channel-Binding', Buffer.alloc(0)),
      )
      const link = contextOf({ channelBinding } as Parameters<typeof contextOf>[0], GRAPH)
      const accepted = bob.accepted.length
      socket.write(frameOf(greetingMessage('dialler', link, identityOf('carl'), undefined), ADMITTED))
      await settle(() => bob.accepted.length > accepted)
      const noted = new Noted()
      const carl = bob.accepted.at(-1)
      carl?.attach(noted)
      const bytes = concatBytes(frameOf(PRUNE, PRUNE), randomBytes(random, 500))
      for (let change = 0; change < 5; change++) bytes[randomBelow(random, bytes.length)] = randomBelow(random, 256)
      socket.write(bytes)
      // An announced frame that never comes is no mistake yet; the other end goes.
      socket.end()
      await settle(() => noted.closings.length === 1 && isOver())
    }
    beside.near.send(prune)
    await settle(() => beside.farNoted.messages.length === 1)
    expect(beside.farNoted.closings).toEqual([])
  })

  test('G-018: those who say nothing have a limit for each prefix, beyond which the oldest goes', async () => {
    const bob = makeNode('bob')
    const to = await bob.listen()
    const strangers: RawClient[] = []
    for (let index = 0; index < MOST_STRANGERS_OF_PREFIX + 2; index++) strangers.push(await dialTls(to))
    await settle(() => strangers.filter(({ isOver }) => isOver()).length === 2)
    expect(strangers.slice(0, 2).map(({ isOver }) => isOver())).toEqual([true, true])
    // There is still a place for who belongs here.
    await openPair(makeNode('ann'), bob, to)
  })
})
