/**
 * How much memory a node in a cloud takes beside its cache:
 *
 *     node --expose-gc bench/scale/memory.ts [nodes] [minutes]
 *
 * All nodes join a cloud of `Global_` and stay in it for some minutes of virtual time. They are the engine alone, on
 * ports that deliver each datagram after {@link LATENCY} and keep nothing: no hosts, sockets or traces, which the
 * simulation has for each of its nodes. What is measured is the heap and all buffers: when there are ports and no nodes
 * yet, with the nodes, and after their caches have been taken away. What is due at the scheduler counts, too.
 */
import { platformCrypto } from '../../src/nodejs/crypto/crypto.ts'
import { makeCloud } from '../../src/pnrp/cloud.ts'
import { CloudNode, type CloudNodePorts } from '../../src/pnrp/cloud-node.ts'
import { NO_PNRP_ID } from '../../src/pnrp/pnrp-id.ts'
import { RouteCache } from '../../src/pnrp/route-cache.ts'
import type { Clock } from '../../src/runtime/clock.ts'
import { type Endpoint, type IpAddress, ipAddressFromBytes } from '../../src/runtime/endpoint.ts'
import { fakeCrypto } from '../../src/simulation/fake-crypto.ts'
import { Scheduler } from '../../src/simulation/scheduler.ts'
import { SeededRandom } from '../../src/simulation/seeded-random.ts'

/** Milliseconds one way, and between two nodes that join. */
const LATENCY = 10
const JOIN_PAUSE = 50
const MINUTE = 60_000
/** Nodes of a cloud that is thrown away before anything is measured: compiled code takes memory, too. */
const WARM_UP = 100
const PORT = 3540
const cloud = makeCloud('Global_')
const crypto = fakeCrypto(platformCrypto())
const { gc } = globalThis
if (gc === undefined) throw new Error('run it with --expose-gc')

const [nodeCount = 1000, minutes = 30] = process.argv.slice(2).map(Number)
const warmUp = new Scheduler()
grow(warmUp, makePlaces(warmUp, WARM_UP), minutes)
const scheduler = new Scheduler()
const places = makePlaces(scheduler, nodeCount)
const before = await memory()
const nodes = grow(scheduler, places, minutes)
const withCaches = await memory()
let entries = 0
const emptyCache = new RouteCache(NO_PNRP_ID, { limitsPrefixes: true, ownPrefixes: () => [] })
for (const { parts } of nodes) {
  entries += parts.cache.size
  Object.assign(parts, { cache: emptyCache })
}
const withoutCaches = await memory()
// The nodes and what is due for them are of use up to here: they were not collected.
runFor(scheduler, 0)
const each = (bytes: number): string => `${(bytes / 1024 / nodes.length).toFixed(1)} KB`
process.stdout.write(
  `${nodes.length} nodes for ${minutes} minutes: ${each(withCaches - before)} a node; ` +
    `${each(withCaches - withoutCaches)} of it is the cache with ${(entries / nodes.length).toFixed(0)} entries, ` +
    `${each(withoutCaches - before)} the rest\n`,
)

/** Where a node is to be. */
interface Place {
  readonly own: Endpoint
  readonly ports: CloudNodePorts
  node: CloudNode | undefined
}

/** Places for nodes, each with a network prefix of its own. */
function makePlaces(time: Scheduler, count: number): readonly Place[] {
  const random = new SeededRandom(`memory ${count}`)
  const clock: Clock = {
    monotonic: () => time.now,
    utc: () => Math.floor(time.now),
    setTimer: (delay, expired) => {
      let isSet = true
      const fire = (): void => {
        isSet = false
        expired()
      }
      const event = time.schedule(time.now + delay, { fire })
      return {
        cancel: () => {
          if (isSet) time.cancel(event)
          isSet = false
        },
      }
    },
  }
  const byAddress = new Map<IpAddress, Place>()
  for (let index = 0; index < count; index++) {
    const own = { host: addressOf(index), port: PORT }
    const seed: Endpoint[] = index === 0 ? [] : [{ host: addressOf(0), port: PORT }]
    const ports: CloudNodePorts = {
      ...{ clock, random, crypto, chains: { problem: () => 'none is expected' } },
      send: (bytes, { host }) => {
        const fire = (): void => byAddress.get(host)?.node?.received(bytes, own, host)
        time.schedule(time.now + LATENCY, { fire })
      },
      ...{ remembered: () => [], remember: () => undefined, browse: () => undefined, changed: () => undefined },
      ...{ slept: () => undefined, seeds: () => seed },
    }
    byAddress.set(own.host, { own, ports, node: undefined })
  }
  return [...byAddress.values()]
}

/** Nodes that joined one after the other, after some minutes. */
function grow(time: Scheduler, at: readonly Place[], duration: number): readonly CloudNode[] {
  const made = at.map((place) => {
    const { own, ports } = place
    place.node = new CloudNode({ cloud, addresses: [own.host], port: PORT, resolveOnly: false }, ports)
    place.node.start()
    runFor(time, JOIN_PAUSE)
    return place.node
  })
  runFor(time, duration * MINUTE)
  return made
}

function runFor(time: Scheduler, duration: number): void {
  const end = time.now + duration
  while (time.fireNext(end)) {
    // Until nothing is due any more.
  }
  time.moveTo(end)
}

function addressOf(index: number): IpAddress {
  return ipAddressFromBytes(Uint8Array.of(20 + (index >> 16), (index >> 8) & 0xff, index & 0xff, 1))
}

/** In bytes. What buffers took is given back some turns of the event loop after they were collected. */
async function memory(): Promise<number> {
  for (let round = 0; round < 5; round++) {
    gc?.()
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}
