/** Both ends of an opening against the bytes of a second implementation. */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { GraphCounters } from '../../src/graph/graph-counters.ts'
import type { Link } from '../../src/graph/link.ts'
import { type DiallerStart, Opening, type OpeningGraph, type ResponderStart } from '../../src/graph/opening.ts'
import { authorityOf } from '../../src/identity/authority.ts'
import { makePeerName } from '../../src/identity/peer-name.ts'
import { concatBytes, fromHex, toHex } from '../../src/runtime/bytes.ts'
import { Deadlines } from '../../src/runtime/deadlines.ts'
import { silentLog } from '../../src/runtime/log.ts'
import type { ByteStreamHandler } from '../../src/runtime/streams.ts'
import { SimulatedWorld } from '../../src/simulation/simulated-world.ts'
import { crypto } from '../identity/platform.ts'
import { admitAll, FakeStream, keysOf } from './simulated-links.ts'

interface Vectors {
  readonly graphId: string
  readonly channelBinding: string
  readonly seeds: { readonly dialler: string; readonly responder: string }
  readonly proof: string
  readonly greetings: readonly { readonly what: string; readonly classifier: string }[]
  readonly flights: readonly { readonly what: string; readonly from: 'dialler' | 'responder'; readonly bytes: string }[]
}

const file = new URL('../../docs/protocol/vectors/graph-links.json', import.meta.url)
const vectors: Vectors = JSON.parse(readFileSync(file, 'utf8'))

function hex(digits: string): Uint8Array {
  const bytes = fromHex(digits)
  if (bytes === undefined) throw new Error(`not hexadecimal: ${digits}`)
  return bytes
}

/** A stream whose other end is the test. */
class ScriptedStream extends FakeStream {
  override readonly channelBinding = hex(vectors.channelBinding)
  handler: ByteStreamHandler | undefined
  #written: Uint8Array[] = []

  override attach(handler?: ByteStreamHandler): void {
    this.handler = handler
  }

  override write(bytes?: Uint8Array): boolean {
    this.#written.push(bytes ?? new Uint8Array(0))
    return true
  }

  /** What was written since the last call, in hexadecimal digits. */
  take(): string {
    return toHex(concatBytes(...this.#written.splice(0)))
  }
}

/** One end of an opening; the other one is the vector. */
function begin(role: 'dialler' | 'responder') {
  const world = new SimulatedWorld({ seed: 'vectors' })
  const { clock } = world.addHost('node').ports
  const parts = { clock, crypto, log: silentLog, deadlines: new Deadlines(clock), counters: new GraphCounters() }
  const keyPair = crypto.signingKeyPair(hex(vectors.seeds[role]))
  const classifier = vectors.greetings[role === 'dialler' ? 0 : 2]?.classifier ?? ''
  const graph: OpeningGraph = {
    keys: keysOf(vectors.graphId),
    identity: { name: makePeerName(authorityOf(crypto, keyPair.publicKey), classifier), keyPair },
    provider: { admit: admitAll },
    counters: new GraphCounters(),
  }
  const start: DiallerStart | ResponderStart =
    role === 'dialler'
      ? { role, graph, expected: undefined }
      : { role, find: (_binding, proof) => (toHex(proof) === vectors.proof ? [graph] : 'opening-unknown-graph') }
  const stream = new ScriptedStream('192.0.2.1')
  const opened: Link[] = []
  new Opening(stream, parts, start, {
    opened: (link) => opened.push(link),
    failed: ({ reason }) => {
      throw new Error(reason)
    },
    closed: () => undefined,
  })
  return { world, stream, opened, other: role === 'dialler' ? vectors.seeds.responder : vectors.seeds.dialler }
}

for (const role of ['dialler', 'responder'] as const) {
  test(`G-016, G-017, G-022: a ${role} says byte for byte what the vectors have, and its link opens`, () => {
    const { world, stream, opened, other } = begin(role)
    for (const { from, bytes } of vectors.flights) {
      if (from === role) {
        world.runFor(1)
        expect(stream.take()).toBe(bytes)
      } else {
        // In two pieces, as a network may deliver it.
        stream.handler?.received(hex(bytes).subarray(0, 50))
        stream.handler?.received(hex(bytes).subarray(50))
      }
    }
    expect(opened.map(({ peer }) => peer.key)).toEqual([toHex(crypto.signingKeyPair(hex(other)).publicKey)])
    expect(stream.take()).toBe('')
  })
}
