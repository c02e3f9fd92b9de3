/** What is drawn must be new: Message IDs of requests in flight, and IDs of registrations. */
import { expect, test } from 'vitest'
import { parsePeerName } from '../../src/identity/peer-name.ts'
import { NO_PNRP_ID } from '../../src/pnrp/pnrp-id.ts'
import type { Random } from '../../src/runtime/random.ts'
import { SeededRandom } from '../../src/simulation/seeded-random.ts'
import { ScriptedPeer } from './scripted-peer.ts'
import { SimulatedCloud } from './simulated-cloud.ts'

const SALT_LENGTH = 16

/** A random port that says now and then what a test wants it to say. */
class LoadedRandom implements Random {
  readonly #real: Random
  /** What the next numbers are. */
  readonly numbers: number[] = []
  /** How many of the next fills of the length of a salt give the same bytes. */
  sameSalts = 0
  /** How many salts were drawn. */
  salts = 0

  constructor(seed: string) {
    this.#real = new SeededRandom(seed)
  }

  uint32(): number {
    return this.numbers.shift() ?? this.#real.uint32()
  }

  fill(target: Uint8Array): void {
    if (target.length === SALT_LENGTH) this.salts++
    if (target.length === SALT_LENGTH && this.sameSalts > 0) {
      this.sameSalts--
      target.fill(0x5a)
    } else {
      this.#real.fill(target)
    }
  }
}

test('N-26: a Message ID is drawn again as long as it is that of a request in flight', () => {
  const random = new LoadedRandom('message IDs')
  const cloud = new SimulatedCloud({ seed: 'message IDs', conditions: { latency: 10 } })
  const member = cloud.add({ seeds: [], ports: { random } })
  const peer = new ScriptedPeer(cloud, 'silent')
  const inquire = (): void => {
    const flags = { wantsCpa: false, wantsPayload: false, wantsChain: false }
    const request = { type: 'INQUIRE', ...flags, validateId: NO_PNRP_ID } as const
    member.node.parts.exchange.inquire(peer.endpoint, request, { answered: () => {}, failed: () => {} }, 1)
  }
  random.numbers.push(7, 7, 7, 8, 8, 7, 9)
  for (let count = 0; count < 3; count++) inquire()
  cloud.world.runFor(100)
  expect(peer.heardOf('INQUIRE').map(({ message }) => message.messageId)).toEqual([7, 8, 9])
})

test('N-26: Message IDs come from the random port and use all 32 bits', () => {
  const cloud = new SimulatedCloud({ seed: 'all bits' })
  const ids = new Set<number>()
  cloud.onSent = ({ bytes }) => ids.add(new DataView(bytes.buffer, bytes.byteOffset).getUint32(8))
  cloud.grow(5)
  expect(ids.size).toBeGreaterThan(50)
  const [all, some] = [[...ids].reduce((one, other) => one & other), [...ids].reduce((one, other) => one | other)]
  expect([all >>> 0, some >>> 0]).toEqual([0, 0xffff_ffff])
})

test('N-08: a draw that gives an ID which this node has registered is repeated', () => {
  const random = new LoadedRandom('twin')
  const cloud = new SimulatedCloud({ seed: 'twin' })
  const member = cloud.add({ ports: { random } })
  const keyPair = cloud.crypto.signingKeyPair(new Uint8Array(32).fill(1))
  const name = parsePeerName('0.twin')
  random.sameSalts = 1
  const first = member.register(name, { keyPair })
  const { endpoints } = first.content
  // What it lists can change, and its ID does not; so the same can be registered once more.
  member.node.update(first, { ...first.content, endpoints: endpoints.map((one) => ({ ...one, port: 99 })) })
  expect(member.ids).toContain(first.id)
  ;[random.sameSalts, random.salts] = [3, 0]
  const second = member.register(name, { keyPair })
  expect(random.salts).toBe(4)
  expect(second.id).not.toBe(first.id)
})

test('N-08: a draw that gives an ID which this node has revoked is repeated until that revocation has expired', () => {
  const random = new LoadedRandom('revoked')
  const cloud = new SimulatedCloud({ seed: 'revoked' })
  const member = cloud.add({ ports: { random } })
  const keyPair = cloud.crypto.signingKeyPair(new Uint8Array(32).fill(1))
  const draws = (): { id: string; salts: number } => {
    ;[random.sameSalts, random.salts] = [1, 0]
    const registration = member.register(parsePeerName('0.revoked'), { keyPair })
    const { salts } = random
    random.sameSalts = 0
    member.node.unregister(registration)
    return { id: registration.id, salts }
  }
  const first = draws()
  expect(first.salts).toBe(1)
  const second = draws()
  expect(second.salts).toBe(2)
  expect(second.id).not.toBe(first.id)
  cloud.world.runFor(8 * 86_400_000)
  expect(draws()).toEqual(first)
})
