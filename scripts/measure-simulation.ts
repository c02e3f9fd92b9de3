/**
 * Prints how fast the simulation is on this machine: `npx node scripts/measure-simulation.ts`.
 *
 * - signature checks, which say how fast the machine was: compare only figures beside the same one;
 * - datagrams: hosts that answer each datagram with another one to the next host, through whole host
 *   sockets, with latency, jitter and loss on;
 * - events: the scheduler alone, with many events waiting;
 * - streams: bytes from one host to another;
 * - memory of an idle host that has one socket and one timer.
 */
import { performance } from 'node:perf_hooks'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { platformCrypto } from '../src/nodejs/crypto/crypto.ts'
import type { Endpoint } from '../src/runtime/endpoint.ts'
import { type Scheduled, Scheduler } from '../src/simulation/scheduler.ts'
import { SimulatedWorld, type WorldOptions } from '../src/simulation/simulated-world.ts'

const PORT = 3540
const SLAB = 64 * 1024

let slab = new Uint8Array(SLAB)
let slabUsed = 0

setFlagsFromString('--expose-gc')
const collectGarbage: () => void = runInNewContext('gc')

measureSignatureChecks()
measureDatagrams('checks off', { checks: false })
measureDatagrams('checks on', { checks: true })
measureDatagrams('checks off, digest of the trace', { checks: false, trace: 'digest' })
measureEvents(10_000)
measureEvents(1_000_000)
measureStream()
measureMemory()

function measureSignatureChecks(): void {
  const crypto = platformCrypto()
  const message = new Uint8Array(200)
  const { publicKey, secretKey } = crypto.signingKeyPair(new Uint8Array(32).fill(7))
  const signature = crypto.sign(message, secretKey)
  const count = 5000
  const started = performance.now()
  for (let checked = 0; checked < count; checked++) crypto.verify(signature, message, publicKey)
  const seconds = (performance.now() - started) / 1000
  console.log(`signature checks: ${rate(count / seconds)}/s`)
}

function measureDatagrams(name: string, options: Partial<WorldOptions>): void {
  const hosts = 1000
  const world = new SimulatedWorld({
    seed: 'measure',
    conditions: { latency: 20, jitter: 10, loss: 0.01 },
    ...options,
  })
  const endpoints: Endpoint[] = []
  const sockets = Array.from({ length: hosts }, (_, index) => {
    const host = world.addHost(`host-${index}`)
    const socket = host.ports.datagrams.open(
      { host: host.ipv4, port: PORT },
      {
        received(bytes) {
          const answer = newMessage(bytes.length)
          answer[0] = (bytes[0] ?? 0) + 1
          socket.send(answer, endpoints[(index * 7 + (bytes[0] ?? 0)) % hosts] ?? socket.local)
        },
      },
    )
    endpoints.push(socket.local)
    return socket
  })
  // What is lost is not replaced, so each host begins with several, and they grow fewer.
  const send = (): void => {
    for (const [index, socket] of sockets.entries()) {
      for (let count = 0; count < 10; count++) {
        socket.send(new Uint8Array(200).fill(count), endpoints[(index + count + 1) % hosts] ?? socket.local)
      }
    }
  }
  send()
  world.runFor(200)
  send()
  const delivered = world.network.fates.delivered
  const started = performance.now()
  world.runFor(2500)
  const seconds = (performance.now() - started) / 1000
  const count = world.network.fates.delivered - delivered
  console.log(`datagrams, ${name}: ${rate(count / seconds)} delivered/s (${count} of 200 bytes)`)
}

function measureEvents(waiting: number): void {
  const scheduler = new Scheduler()
  let state = 1
  const target: Scheduled = {
    fire() {
      state = (state * 48_271) % 2_147_483_647
      scheduler.schedule(scheduler.now + 10 + (state % 100_000) / 1000, target)
    },
  }
  for (let count = 0; count < waiting; count++) scheduler.schedule((count % 100_000) / 1000, target)
  for (let count = 0; count < waiting; count++) scheduler.fireNext()
  const count = 3_000_000
  const started = performance.now()
  for (let fired = 0; fired < count; fired++) scheduler.fireNext()
  const seconds = (performance.now() - started) / 1000
  console.log(`events, ${waiting} waiting: ${rate(count / seconds)} events/s`)
}

function measureStream(): void {
  const total = 400_000_000
  const world = new SimulatedWorld({ seed: 'measure', conditions: { latency: 1 }, checks: false })
  const ann = world.addHost('ann')
  const bob = world.addHost('bob')
  let received = 0
  const listener = bob.ports.streams.open({ host: bob.ipv4, port: PORT }, (stream) =>
    stream.attach({
      received: (bytes) => {
        received += bytes.length
      },
      drained: () => undefined,
      ended: () => undefined,
      closed: () => undefined,
    }),
  )
  const started = performance.now()
  ann.ports.streams.dial(listener.local, {
    opened(stream) {
      let sent = 0
      const send = (): void => {
        while (sent < total) {
          sent += 16_384
          if (!stream.write(new Uint8Array(16_384))) return
        }
      }
      stream.attach({ received: () => undefined, drained: send, ended: () => undefined, closed: () => undefined })
      send()
    },
    failed(error) {
      throw error
    },
  })
  world.runUntil(() => received >= total, 600_000)
  const seconds = (performance.now() - started) / 1000
  console.log(`stream: ${rate(received / seconds)} bytes/s in segments of 16 KiB`)
}

function measureMemory(): void {
  const hosts = 20_000
  const world = new SimulatedWorld({ seed: 'measure', checks: false })
  const before = memoryUsed()
  for (let index = 0; index < hosts; index++) {
    const host = world.addHost(`host-${index}`)
    host.ports.datagrams.open({ host: host.ipv4, port: PORT }, { received: () => undefined })
    host.ports.clock.setTimer(1000, () => undefined)
  }
  const after = memoryUsed()
  console.log(`memory: ${Math.round((after - before) / hosts)} bytes an idle host with one socket and one timer`)
  world.step()
}

function memoryUsed(): number {
  // What was freed may keep other things alive until the next time.
  for (let times = 0; times < 4; times++) collectGarbage()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

/** A part of a larger array, as an engine that sends much has it: an array of its own costs as much as all else. */
function newMessage(length: number): Uint8Array {
  if (slabUsed + length > slab.length) {
    slab = new Uint8Array(SLAB)
    slabUsed = 0
  }
  slabUsed += length
  return slab.subarray(slabUsed - length, slabUsed)
}

function rate(value: number): string {
  return Math.round(value).toLocaleString('en-GB')
}
