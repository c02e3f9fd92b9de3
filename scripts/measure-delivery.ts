/**
 * How fast records reach all nodes of a graph: 20 nodes in one process, links over TLS on loopback, every record signed, checked and
 * stored in SQLite by every node. No check is shared between the nodes.
 *
 *     npx node scripts/measure-delivery.ts [nodes]
 *
 * First one record at a time: from the call that adds it until the last of the other nodes has stored it. Then many at a time:
 * a window of records is kept under way, and deliveries (records times other nodes) are counted.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { GraphCounters } from '../src/graph/graph-counters.ts'
import { GraphNode } from '../src/graph/graph-node.ts'
import { DEFAULT_PROPERTIES } from '../src/graph/graph-properties.ts'
import { LinkAcceptor } from '../src/graph/link-acceptor.ts'
import { noSecurity } from '../src/graph/no-security.ts'
import { OwnDials } from '../src/graph/own-dials.ts'
import type { StreamDialer } from '../src/graph/stream-dialer.ts'
import { StreamLinkOpener } from '../src/graph/stream-link-opener.ts'
import { authorityOf } from '../src/identity/authority.ts'
import { makePeerName } from '../src/identity/peer-name.ts'
import { platformCrypto } from '../src/nodejs/crypto/crypto.ts'
import { SqliteRecordDatabases } from '../src/nodejs/sqlite-record-databases.ts'
import { systemClock } from '../src/nodejs/system-clock.ts'
import { systemRandom } from '../src/nodejs/system-random.ts'
import { tlsStreams } from '../src/nodejs/tls-streams.ts'
import { SignatureThread } from '../src/nodejs/worker-verifier.ts'
import { drawGraphId } from '../src/records/graph-id.ts'
import { SEED_LENGTH } from '../src/runtime/crypto.ts'
import { Deadlines } from '../src/runtime/deadlines.ts'
import { type Endpoint, parseIpAddress } from '../src/runtime/endpoint.ts'
import { silentLog } from '../src/runtime/log.ts'
import { PeerageError } from '../src/runtime/peerage-error.ts'
import { randomBytes } from '../src/runtime/random.ts'

const TYPE = 'measured.record'
const PAYLOAD = 256
const ONE_AT_A_TIME = 300
const AT_ONCE = 3000
const WINDOW = 64

const [nodeCount = 20] = process.argv.slice(2).map(Number)
const crypto = platformCrypto()
const folder = mkdtempSync(join(tmpdir(), 'peerage-delivery-'))
const signatures = new SignatureThread(silentLog)
const databases = new SqliteRecordDatabases(folder, { crypto, random: systemRandom })
const graph = drawGraphId(systemRandom)
const loopback = parseIpAddress('127.0.0.1')
if (loopback === undefined) throw new RangeError('no loopback')
/** How many nodes have stored a record, and who waits for all of them. */
const stored = new Map<string, { count: number; readonly done: () => void }>()

const dialer: StreamDialer = {
  dial(to, { opened, failed }) {
    const controller = new AbortController()
    tlsStreams.connect(to, { signal: controller.signal }).then(opened, (error: unknown) => {
      if (!controller.signal.aborted && error instanceof PeerageError) failed(error)
    })
    return () => controller.abort()
  },
}

async function open(index: number, at: readonly Endpoint[]): Promise<{ node: GraphNode; endpoint: Endpoint }> {
  const keyPair = crypto.signingKeyPair(randomBytes(systemRandom, SEED_LENGTH))
  const identity = { name: makePeerName(authorityOf(crypto, keyPair.publicKey), 'peer'), keyPair }
  const ports = { clock: systemClock, random: systemRandom, crypto, log: silentLog }
  const parts = { ...ports, deadlines: new Deadlines(systemClock), counters: new GraphCounters() }
  const ownDials = new OwnDials()
  const acceptor = new LinkAcceptor(parts, ownDials)
  const listener = await tlsStreams.listen({ host: loopback as Endpoint['host'], port: 0 }, (stream) =>
    acceptor.accept(stream),
  )
  let node: GraphNode | undefined
  node = new GraphNode(
    {
      ...{ id: graph, identity, provider: noSecurity, creates: index === 0 ? DEFAULT_PROPERTIES : undefined },
      ...{ prioritized: [], types: undefined, ranges: undefined, sharesAddresses: undefined, counts: undefined },
    },
    {
      ...ports,
      database: databases.create(`node-${index}`, { survivesPowerLoss: false }),
      verifier: (checked, keys) => signatures.verifier(checked, keys),
      opener: (opened) => new StreamLinkOpener(parts, opened, dialer, ownDials),
      accept: (opened, accepted) => acceptor.add({ ...opened, accepted }),
      applications: { acceptsProtocol: () => false, connected: () => undefined, messageCame: () => false },
      events: {
        statusChanged: ({ state }) => {
          if (state === 'synchronized') node?.listen([listener.local])
        },
        propertiesChanged: () => undefined,
        recordChanged: (change) => {
          if (change.kind === 'removed' || change.record.type !== TYPE) return
          const waiting = stored.get(change.record.id) ?? { count: 0, done: () => undefined }
          if (++waiting.count === nodeCount) {
            stored.delete(change.record.id)
            waiting.done()
          } else stored.set(change.record.id, waiting)
        },
        neighborConnected: () => undefined,
        neighborDisconnected: () => undefined,
        attempted: () => undefined,
        connectionRequired: () => undefined,
        nodeChanged: () => undefined,
        progressed: () => undefined,
        synchronized: () => undefined,
      },
    },
  )
  node.goOnline()
  if (node.isReady) node.listen([listener.local])
  node.addAddresses(at)
  return { node, endpoint: listener.local }
}

/** Adds a record and waits until every node has stored it. */
function deliver(node: GraphNode): Promise<void> {
  return new Promise((resolve, reject) => {
    const expires = node.now() + 3_600_000
    const payload = randomBytes(systemRandom, PAYLOAD)
    node.add({ type: TYPE, expires, refresh: false, encoding: 'bytes', payload, attributes: [] }, (outcome) => {
      if (outcome instanceof PeerageError) reject(outcome)
      else if (!stored.has(outcome.id)) stored.set(outcome.id, { count: 0, done: resolve })
      else stored.set(outcome.id, { count: stored.get(outcome.id)?.count ?? 0, done: resolve })
    })
  })
}

const nodes: GraphNode[] = []
let first: Endpoint | undefined
for (let index = 0; index < nodeCount; index++) {
  const { node, endpoint } = await open(index, first === undefined ? [] : [first])
  first ??= endpoint
  nodes.push(node)
  while (index > 0 && node.status().state !== 'synchronized') await pause(5)
}
await pause(2000)
const message = randomBytes(systemRandom, 300)
const keyPair = crypto.signingKeyPair(randomBytes(systemRandom, SEED_LENGTH))
const signature = crypto.sign(message, keyPair.secretKey)
const checksStart = performance.now()
for (let index = 0; index < 5000; index++) crypto.verify(signature, message, keyPair.publicKey)
say(`calibration: ${(5000 / ((performance.now() - checksStart) / 1000)).toFixed(0)} signature checks/s`)
say(`${nodeCount} nodes, ${nodes.map(({ parts }) => parts.neighbors.count).join(' ')} neighbors`)
for (let warmUp = 0; warmUp < 100; warmUp++) await deliver(nodes[warmUp % nodeCount] as GraphNode)

const times: number[] = []
for (let index = 0; index < ONE_AT_A_TIME; index++) {
  const start = performance.now()
  await deliver(nodes[index % nodeCount] as GraphNode)
  times.push(performance.now() - start)
}
times.sort((one, other) => one - other)
say(
  `one at a time: p50 ${times[times.length >> 1]?.toFixed(2)} ms, p95 ${times[Math.floor(times.length * 0.95)]?.toFixed(2)} ms`,
)

const receivedBefore = sum('records-received')
const newBefore = sum('records-new')
const cpu = process.cpuUsage()
const start = performance.now()
let begun = 0
await Promise.all(
  Array.from({ length: WINDOW }, async () => {
    while (begun < AT_ONCE) await deliver(nodes[begun++ % nodeCount] as GraphNode)
  }),
)
const seconds = (performance.now() - start) / 1000
const used = process.cpuUsage(cpu)
const deliveries = AT_ONCE * (nodeCount - 1)
say(
  `${WINDOW} at a time: ${(deliveries / seconds).toFixed(0)} deliveries/s, ${((used.user + used.system) / deliveries).toFixed(1)} µs of CPU a delivery`,
)
say(
  `${((sum('records-received') - receivedBefore) / (sum('records-new') - newBefore)).toFixed(3)} copies received for each that was needed`,
)
for (const node of nodes) await new Promise<void>((resolve) => node.close(resolve))
rmSync(folder, { recursive: true })
process.exit(0)

function sum(counter: string): number {
  return nodes.reduce((total, node) => total + (node.counters()[counter] ?? 0), 0)
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds))
}

function say(text: string): void {
  process.stdout.write(`${text}\n`)
}
