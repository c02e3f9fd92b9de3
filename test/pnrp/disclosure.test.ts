import { expect, test } from 'vitest'
import { authorityOf } from '../../src/identity/authority.ts'
import { makePeerName, UNSECURED_AUTHORITY } from '../../src/identity/peer-name.ts'
import { toUtf8 } from '../../src/runtime/bytes.ts'
import { SimulatedCloud } from './simulated-cloud.ts'

/** Whether some bytes occur in a datagram, as they are in UTF-8 or in UTF-16 of either byte order. */
function holds(datagram: Uint8Array, text: string): boolean {
  const latin = (bytes: Iterable<number>): string => String.fromCharCode(...bytes)
  const inDatagram = latin(datagram)
  const units = Array.from({ length: text.length }, (_, index) => text.charCodeAt(index))
  const high = units.flatMap((unit) => [unit >> 8, unit & 0xff])
  const low = units.flatMap((unit) => [unit & 0xff, unit >> 8])
  return [toUtf8(text), high, low].some((form) => inDatagram.includes(latin(form)))
}

test('N-104: no message shows the classifier of a name that is not delegated, whatever is done with it', () => {
  const cloud = new SimulatedCloud({ seed: 'disclosure' })
  const datagrams: Uint8Array[] = []
  cloud.onSent = ({ bytes }) => datagrams.push(bytes)
  cloud.grow(8)
  const [one, two, three] = cloud.members
  if (one === undefined || two === undefined || three === undefined) throw new Error('the cloud has eight members')
  const content = { comment: 'the comment', payload: 'the payload' }
  const unsecured = makePeerName(UNSECURED_AUTHORITY, 'unsecured classifier')
  const first = one.register(unsecured, content)
  const second = two.registerSecured('secured classifier', content)
  cloud.world.runFor(30_000)
  for (const { name } of [first, second]) {
    expect(cloud.resolve(three, name)).toHaveLength(1)
    expect(cloud.resolve(three, name, { criterion: 'nearest', limit: 3 })).toHaveLength(1)
  }
  // Also of names that are sought in vain.
  const keyPair = three.drawKeyPair()
  const sought = ['sought classifier', 'sought secured'] as const
  expect(cloud.resolve(three, makePeerName(UNSECURED_AUTHORITY, sought[0]))).toEqual([])
  expect(cloud.resolve(three, makePeerName(authorityOf(cloud.crypto, keyPair.publicKey), sought[1]))).toEqual([])
  one.node.update(first, { ...first.content, comment: 'another comment' })
  expect(cloud.resolve(two, unsecured)).toHaveLength(1)
  one.node.unregister(first)
  two.close()
  cloud.world.runFor(30_000)
  const occurs = (text: string): boolean => datagrams.some((datagram) => holds(datagram, text))
  for (const text of ['unsecured classifier', 'secured classifier', ...sought]) expect(occurs(text), text).toBe(false)
  // What may be shown is found by the same search.
  for (const text of ['the comment', 'another comment', 'the payload']) expect(occurs(text), text).toBe(true)
})

test('N-104, N-83: the classifier of a delegated name is shown with its chain, and nowhere else', () => {
  const chain = toUtf8('a chain that everybody takes for good')
  const chains = { problem: () => undefined }
  const cloud = new SimulatedCloud({ seed: 'delegated' })
  const shown: Uint8Array[] = []
  cloud.onSent = ({ bytes }) => {
    if (holds(bytes, 'delegated classifier')) shown.push(bytes)
  }
  cloud.grow(5, { ports: { chains } })
  const [one, two] = cloud.members
  if (one === undefined || two === undefined) throw new Error('the cloud has five members')
  const owner = one.drawKeyPair()
  const name = makePeerName(authorityOf(cloud.crypto, owner.publicKey), 'delegated classifier')
  one.register(name, { certificateChain: chain })
  cloud.world.runFor(30_000)
  expect(cloud.resolve(two, name)).toHaveLength(1)
  expect(shown.length).toBeGreaterThan(0)
  for (const datagram of shown) expect(holds(datagram, 'a chain that everybody takes for good')).toBe(true)
})
