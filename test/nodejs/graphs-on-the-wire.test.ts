/** What whoever does not know a graph sees of its nodes: at their port, and on the wire between them. */
import { execFileSync } from 'node:child_process'
import { afterEach, expect, test } from 'vitest'
import { openNode } from '../../src/nodejs/open-node.ts'
import { messageType, recordType } from '../../src/peer-node/application-types.ts'
import type { PeerNode } from '../../src/peer-node/peer-node.ts'
import { fromHex, toHex, toUtf8 } from '../../src/runtime/bytes.ts'
import { formatEndpoint } from '../../src/runtime/endpoint.ts'
import { anything } from '../peer-node/schemas.ts'
import { IPV4_LOOPBACK } from './loopback.ts'
import { newPath } from './new-path.ts'
import { opensslClient } from './openssl-client.ts'
import { recordingRelay } from './recording-relay.ts'
import { settle } from './settle.ts'

const GRAPH_ID = 'nobody who listens may know'
const TITLE = 'The book club of the old town'
const PAYLOAD = 'On Tuesday we read about peers'
const Note = recordType('secret.notes', { schema: anything, expires: '1d' })
const Whisper = messageType('secret.whispers', { schema: anything })

const toClose: (() => unknown)[] = []
afterEach(async () => {
  for (const close of toClose.splice(0).reverse()) await close()
})

async function open(friendlyName: string): Promise<PeerNode> {
  const node = await openNode({ dataDir: newPath(), friendlyName })
  toClose.push(() => node.close())
  return node
}

/** All that names a node's identity, in bytes. */
async function namesOf(node: PeerNode, friendlyName: string): Promise<Uint8Array[]> {
  const { peerName } = await node.identities.get()
  const authority = peerName.slice(0, 40)
  const certificate = await node.identities.certificate()
  const publicKey = execFileSync('openssl', ['x509', '-pubkey', '-noout'], { input: certificate, encoding: 'utf8' })
  const key = Buffer.from(publicKey.split('\n')[1] ?? '', 'base64').subarray(-32)
  const authorityBytes = fromHex(authority)
  if (authorityBytes === undefined || key.length !== 32) throw new TypeError('it has a key')
  const texts = [peerName, authority, authority.slice(0, 16), friendlyName].map(toUtf8)
  return [...texts, authorityBytes, new Uint8Array(key)]
}

test('G-015, P-060: of whole nodes a listener on the way and a client of OpenSSL see TLS 1.3 and nothing else', async () => {
  const ann = await open('Ann of the Old Town')
  const bob = await open('Bob of the New Town')
  const graph = await ann.graphs.create({ graphId: GRAPH_ID, friendlyName: TITLE, comment: TITLE })
  const port = Number((await graph.addresses())[0]?.split(':').at(-1))
  const relay = await recordingRelay({ host: IPV4_LOOPBACK, port })
  toClose.push(relay.close)
  await graph.records.add(Note, PAYLOAD)
  const his = await bob.graphs.join(GRAPH_ID, { addresses: [formatEndpoint(relay.endpoint)] })
  const controller = new AbortController()
  const heard: unknown[] = []
  const listening = (async () => {
    for await (const { payload } of graph.messages(Whisper, { signal: controller.signal })) heard.push(payload)
  })().catch((error: unknown) => {
    if (!controller.signal.aborted) throw error
  })
  await his.records.add(Note, `${PAYLOAD}, he says`)
  await his.send(graph.identity, Whisper, `${PAYLOAD}, he whispers`)
  const texts: unknown[] = []
  await settle(() => heard.length === 1)
  while (texts.length < 2) {
    texts.length = 0
    for await (const { payload } of graph.records.list(Note)) texts.push(payload)
  }
  controller.abort()
  await listening

  const seen = relay.recorded()
  expect(seen.length).toBeGreaterThan(2000)
  const shown = toHex(seen)
  const secrets = [
    ...[GRAPH_ID, TITLE, PAYLOAD, 'secret.notes', 'secret.whispers', 'peerage'].map(toUtf8),
    ...(await namesOf(ann, 'Ann of the Old Town')),
    ...(await namesOf(bob, 'Bob of the New Town')),
  ]
  for (const secret of secrets) expect(shown).not.toContain(toHex(secret))

  const to = { host: IPV4_LOOPBACK, port }
  const answered = await opensslClient(to, '-alpn', 'h2', '-servername', 'example.org', '-showcerts')
  expect(answered).toContain('New, TLSv1.3, Cipher is TLS_')
  expect(answered).toContain('No ALPN negotiated')
  // The names in its certificate are random digits.
  expect(answered).toMatch(/subject=CN ?= ?[0-9a-f]{32}\n/)
  for (const secret of secrets) expect(answered).not.toContain(Buffer.from(secret).toString('latin1'))
  const refused = await opensslClient(to, '-tls1_2')
  expect(refused).toContain('no peer certificate available')
  // Nor did these strangers end anything.
  expect((await his.status()).neighbors).toBeGreaterThan(0)
})
