import { expect, test } from 'vitest'
import { parsePeerName } from '../../src/identity/peer-name.ts'
import { platformCrypto } from '../../src/nodejs/crypto/crypto.ts'
import { PeerageError } from '../../src/runtime/peerage-error.ts'
import { SimulatedCloud } from './simulated-cloud.ts'

test.each([
  { what: 'one byte', payload: Uint8Array.of(7) },
  { what: '4,096 bytes', payload: Uint8Array.from({ length: 4096 }, (_, index) => index * 7) },
  { what: 'a text', payload: 'Grüße 🐎' },
  { what: 'a text of 4,095 bytes', payload: 'x'.repeat(4095) },
])(
  'N-84, N-35: $what arrive as the kind and with the bytes that were registered, over a bad network',
  ({ payload }) => {
    const cloud = new SimulatedCloud({
      seed: 'payload',
      crypto: platformCrypto(),
      conditions: { latency: 10, jitter: 40, loss: 0.02, duplicate: 0.2 },
    })
    const [, publisher, resolver] = cloud.grow(4)
    if (publisher === undefined || resolver === undefined) throw new Error('a cloud of four')
    const { name } = publisher.registerSecured('payload', { payload })
    cloud.world.runFor(5000)
    const [result] = cloud.resolve(resolver, name)
    expect(result?.payload).toEqual(payload)
  },
)

test.each([
  { what: '4,097 bytes', payload: new Uint8Array(4097), length: 4097 },
  { what: 'a text of 4,096 bytes', payload: 'x'.repeat(4096), length: 4097 },
  { what: 'a text of 4,097 bytes in 2,048 letters and one', payload: `${'é'.repeat(2048)}x`, length: 4098 },
  { what: 'no byte', payload: new Uint8Array(), length: 0 },
])(
  'N-84: $what are refused by a specific error, when they are registered and when they replace others',
  ({ payload, length }) => {
    const cloud = new SimulatedCloud({ seed: 'too long' })
    const member = cloud.add({ seeds: [] })
    const name = parsePeerName('0.payload')
    const refusal = (body: () => unknown): unknown => {
      try {
        body()
      } catch (error) {
        if (PeerageError.is(error, 'payload-too-long')) return error.details
        throw error
      }
      return 'accepted'
    }
    expect(refusal(() => member.register(name, { payload }))).toEqual({ length, limit: 4096 })
    const registration = member.register(name)
    expect(refusal(() => member.node.update(registration, { ...registration.content, payload }))).toEqual({
      length,
      limit: 4096,
    })
  },
)
