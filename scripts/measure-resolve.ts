/**
 * Measures resolving on real sockets: many nodes in this one process on loopback, each with a name of its own, and
 * resolves from random nodes for random names. No result is kept anywhere: each resolve ends with the publisher's own
 * signed answer, made and verified for it (N-121).
 *
 *     npm run measure:resolve [-- NODES [RESOLVES]]
 *     node --cpu-prof scripts/measure-resolve.ts
 *
 * Figures swing between runs: compare them within one, beside the calibration line.
 */
import { parsePeerName } from '../src/identity/peer-name.ts'
import { platformCrypto } from '../src/nodejs/crypto/crypto.ts'
import { systemClock } from '../src/nodejs/system-clock.ts'
import { systemRandom } from '../src/nodejs/system-random.ts'
import { udpDatagrams } from '../src/nodejs/udp-datagrams.ts'
import { makeCloud } from '../src/pnrp/cloud.ts'
import { CloudNode } from '../src/pnrp/cloud-node.ts'
import { NameResolution } from '../src/pnrp/name-resolution.ts'
import type { Crypto } from '../src/runtime/crypto.ts'
import type { DatagramSocket } from '../src/runtime/datagrams.ts'
import { type Endpoint, type IpAddress, parseIpAddress } from '../src/runtime/endpoint.ts'
import { randomBelow, randomBytes } from '../src/runtime/random.ts'

const IN_FLIGHT = 32
const WARM_UP = 2000
const SIGNATURES = 2000
const [nodeCount = 100, resolveCount = 5000] = process.argv.slice(2).map(Number)

const crypto = platformCrypto()
/** How many signatures were made and checked. */
let signed = 0
let verified = 0
const countingCrypto: Crypto = {
  ...crypto,
  sign: (message, secretKey) => {
    signed++
    return crypto.sign(message, secretKey)
  },
  verify: (signature, message, publicKey) => {
    verified++
    return crypto.verify(signature, message, publicKey)
  },
}
const loopback = requireAddress('127.0.0.1')
const cloud = makeCloud('measured')

interface Measured {
  readonly node: CloudNode
  readonly socket: DatagramSocket
}

async function startNode(seed: Endpoint | undefined): Promise<Measured> {
  let node: CloudNode | undefined
  const socket = await udpDatagrams.bind(
    { host: loopback, port: 0 },
    { received: (bytes, from) => node?.received(bytes, from, loopback) },
  )
  node = new CloudNode(
    { cloud, addresses: [socket.local.host], port: socket.local.port, resolveOnly: false },
    {
      ...{
        clock: systemClock,
        random: systemRandom,
        crypto: countingCrypto,
        chains: { problem: () => 'none is expected' },
      },
      send: (bytes, to) => socket.send(bytes, to),
      ...{ remembered: () => [], remember: () => undefined, browse: () => undefined, changed: () => undefined },
      slept: () => undefined,
      seeds: () => (seed === undefined ? [] : [seed]),
    },
  )
  node.start()
  return { node, socket }
}

function resolveOnce(from: CloudNode, index: number): Promise<number> {
  const name = parsePeerName(`0.name-${index}`)
  const started = performance.now()
  return new Promise((resolve, reject) => {
    let found = false
    new NameResolution(
      from,
      { name, criterion: 'any', limit: 1, prefix: new Uint8Array(8) },
      {
        found: (result) => {
          found = result.endpoints[0]?.port === 1 + index
        },
        ended: () => (found ? resolve(performance.now() - started) : reject(new Error(`${name} was not found`))),
      },
    )
  })
}

/** A node, and the name of another one. */
function draw(nodes: readonly Measured[]): [CloudNode, number] {
  const from = randomBelow(systemRandom, nodes.length)
  const other = (from + 1 + randomBelow(systemRandom, nodes.length - 1)) % nodes.length
  const node = nodes[from]?.node
  if (node === undefined) throw new Error('there are that many nodes')
  return [node, other]
}

const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds))

function calibrate(): number {
  const { publicKey, secretKey } = crypto.signingKeyPair(randomBytes(systemRandom, 32))
  const message = new Uint8Array(200)
  const signature = crypto.sign(message, secretKey)
  const started = performance.now()
  for (let index = 0; index < SIGNATURES; index++) crypto.verify(signature, message, publicKey)
  return (SIGNATURES / (performance.now() - started)) * 1000
}

const nodes: Measured[] = []
for (let index = 0; index < nodeCount; index++) {
  nodes.push(await startNode(nodes[0]?.socket.local))
  await pause(index < 20 ? 100 : 30)
}
const keyPair = crypto.signingKeyPair(randomBytes(systemRandom, 32))
for (const [index, { node }] of nodes.entries()) {
  const endpoints = [{ host: loopback, port: 1 + index, protocol: 6 }]
  node.register({ name: parsePeerName(`0.name-${index}`), keyPair, endpoints, comment: '', payload: undefined })
  await pause(10)
}
await pause(3000)
for (let count = 0; count < WARM_UP; count++) await resolveOnce(...draw(nodes))

const times: number[] = []
const alone = await measured(async () => {
  for (let count = 0; count < resolveCount; count++) times.push(await resolveOnce(...draw(nodes)))
})
times.sort((one, other) => one - other)
const quantile = (part: number): string => (times[Math.floor(times.length * part)] ?? 0).toFixed(3)

let begun = 0
const together = await measured(async () => {
  await Promise.all(
    Array.from({ length: IN_FLIGHT }, async () => {
      while (begun++ < resolveCount) await resolveOnce(...draw(nodes))
    }),
  )
})

console.log(`calibration: ${Math.round(calibrate())} signature checks/s (${crypto.implementation})`)
console.log(`${nodeCount} nodes in one process on loopback, ${resolveCount} resolves, no cache of results`)
console.log(`one at a time: p50 ${quantile(0.5)} ms, p90 ${quantile(0.9)} ms, p99 ${quantile(0.99)} ms; ${alone.costs}`)
console.log(
  `${IN_FLIGHT} in flight: ${Math.round((resolveCount / together.elapsed) * 1000)} resolves/s; ${together.costs}`,
)
for (const { node, socket } of nodes) {
  node.close()
  socket.close()
}

function requireAddress(text: string): IpAddress {
  const address = parseIpAddress(text)
  if (address === undefined) throw new TypeError(`${text} is no address`)
  return address
}

/** What resolves take in all, both ends and everything between: milliseconds, and what one of them costs. */
async function measured(resolves: () => Promise<void>): Promise<{ elapsed: number; costs: string }> {
  const before = { cpu: process.cpuUsage(), sent: datagramsSent(), signed, verified, started: performance.now() }
  await resolves()
  const elapsed = performance.now() - before.started
  const { user, system } = process.cpuUsage(before.cpu)
  const each = (count: number, digits: number): string => (count / resolveCount).toFixed(digits)
  return {
    elapsed,
    costs:
      `a resolve takes ${each(user + system, 0)} µs of CPU time (${each(system, 0)} of it in the system), ` +
      `${each(datagramsSent() - before.sent, 2)} datagrams, ` +
      `${each(signed - before.signed, 2)} signatures made, ${each(verified - before.verified, 2)} checked`,
  }
}

function datagramsSent(): number {
  return nodes.reduce((sum, { node }) => sum + (node.counters()['datagrams-sent'] ?? 0), 0)
}
