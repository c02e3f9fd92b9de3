/** What a node remembers of where others are: the passive view and the memory of seven days. */
import { describe, expect, test } from 'vitest'
import {
  AddressMemory,
  FEWEST_LISTED,
  MEMORY_LIFE,
  MOST_REMEMBERED,
  type RememberedAddress,
} from '../../src/graph/address-memory.ts'
import { isInScope } from '../../src/graph/graph-scope.ts'
import { knownNode } from '../../src/graph/known-node.ts'
import { MOST_NAMED_BY_ONE, PASSIVE_VIEW_SIZE, PassiveView } from '../../src/graph/passive-view.ts'
import { parseAddressRange } from '../../src/runtime/address-range.ts'
import { toHex } from '../../src/runtime/bytes.ts'
import { type Endpoint, parseIpAddress } from '../../src/runtime/endpoint.ts'
import { SeededRandom } from '../../src/simulation/seeded-random.ts'

function at(host: string, port = 3587): Endpoint {
  const address = parseIpAddress(host)
  if (address === undefined) throw new RangeError(host)
  return { host: address, port }
}

function keyOf(index: number): Uint8Array {
  const key = new Uint8Array(32)
  new DataView(key.buffer).setUint32(0, index)
  return key
}

function address(index: number, given: Partial<RememberedAddress> = {}): RememberedAddress {
  const publicKey = keyOf(index)
  const endpoint = at(`10.0.${index >> 8}.${index & 255}`)
  return { endpoint, publicKey, key: toHex(publicKey), confirmed: 1000 + index, isProven: true, ...given }
}

describe('the memory of seven days', () => {
  test('G-177: forgets an address seven days after it was last confirmed, and one where somebody else is', () => {
    const memory = new AddressMemory(() => false)
    memory.confirm(address(1, { confirmed: 0 }))
    memory.confirm(address(2, { confirmed: 0 }))
    memory.confirm(address(3, { confirmed: 5000 }))
    memory.confirm(address(1, { confirmed: 10_000 }))
    expect(memory.all(MEMORY_LIFE).length).toBe(3)
    expect(memory.all(MEMORY_LIFE + 1).map(({ key }) => key)).toEqual([address(3).key, address(1).key])
    memory.forget(address(3).endpoint, address(1).key)
    expect(memory.of(address(3).key, MEMORY_LIFE + 1).length).toBe(1)
    memory.forget(address(3).endpoint, address(3).key)
    expect(memory.all(MEMORY_LIFE + 1).map(({ key }) => key)).toEqual([address(1).key])
    expect(memory.of(address(1).key, MEMORY_LIFE + 10_001)).toEqual([])
  })

  test('G-177: what a presence record says of an address does not replace whom this node met there', () => {
    const memory = new AddressMemory(() => false)
    const { endpoint } = address(1)
    memory.confirm(address(1))
    memory.confirm(address(2, { endpoint, isProven: false }))
    expect(memory.all(0)).toEqual([address(1)])
    memory.confirm(address(1, { isProven: false, confirmed: 9000 }))
    expect(memory.all(0)).toEqual([address(1, { confirmed: 9000 })])
    memory.confirm(address(2, { endpoint }))
    expect(memory.all(0).map(({ key }) => key)).toEqual([address(2).key])
  })

  test('G-177: gives up what is known from presence alone first, and of that what the node list knows', () => {
    const listed = new Set([5, 6].map((index) => address(index).key))
    const memory = new AddressMemory((key) => listed.has(key))
    for (let index = 0; index < MOST_REMEMBERED; index++) memory.confirm(address(index, { isProven: index >= 10 }))
    const left = (): string[] => memory.all(0).map(({ key }) => key)
    memory.confirm(address(1000))
    expect(left()).not.toContain(address(5).key)
    memory.confirm(address(1001))
    expect(left()).not.toContain(address(6).key)
    memory.confirm(address(1002))
    expect(left()).not.toContain(address(0).key)
    for (let index = 0; index < 7; index++) memory.confirm(address(2000 + index))
    expect(memory.all(0).every(({ isProven }) => isProven)).toBe(true)
    expect(memory.all(0).length).toBe(MOST_REMEMBERED)
  })

  test('G-177: the addresses of a part that was cut off outlast it, however many others are met meanwhile', () => {
    const memory = new AddressMemory((key) => Number.parseInt(key.slice(0, 8), 16) >= 10_000)
    for (let index = 0; index < 20; index++) memory.confirm(address(index))
    for (let index = 10_000; index < 15_000; index++) {
      memory.confirm(address(index, { endpoint: at(`10.1.${(index >> 8) & 255}.${index & 255}`) }))
    }
    const left = memory.all(0).map(({ key }) => key)
    for (let index = 0; index < 20; index++) expect(left).toContain(address(index).key)
    expect(left.length).toBe(MOST_REMEMBERED)
    // Nor do those that are gone take all the room: a restart has to find somebody who is there.
    const other = new AddressMemory((key) => Number.parseInt(key.slice(0, 8), 16) < 200)
    for (let index = 0; index < 200; index++) other.confirm(address(index))
    for (let index = 200; index < 1000; index++) other.confirm(address(index))
    const listed = other.all(0).filter(({ key }) => Number.parseInt(key.slice(0, 8), 16) < 200)
    expect(listed.length).toBe(FEWEST_LISTED)
  })

  test('G-177: is kept and read again; what is damaged is refused, what a later release wrote is passed over', () => {
    const memory = new AddressMemory(() => false)
    for (let index = 0; index < MOST_REMEMBERED; index++) memory.confirm(address(index, { isProven: index % 2 === 0 }))
    const bytes = memory.encode()
    const again = new AddressMemory(() => false)
    again.decode(bytes)
    expect(again.all(0)).toEqual(memory.all(0))
    expect(again.encode()).toEqual(bytes)
    expect(() => new AddressMemory(() => false).decode(bytes.subarray(0, -1))).toThrow()
    const later = new AddressMemory(() => false)
    later.decode(Uint8Array.of(2, 1, 2, 3))
    expect(later.all(0)).toEqual([])
  })
})

describe('the passive view', () => {
  const node = (index: number, endpoint = address(index).endpoint) =>
    knownNode({ publicKey: keyOf(index), addresses: [endpoint] })

  test('G-031: holds 30 nodes, one for each identity or unknown address; a random one makes room', () => {
    const view = new PassiveView(new SeededRandom('view'))
    for (let index = 0; index < 100; index++) view.add(node(index), `neighbor ${index % 10}`)
    expect(view.size).toBe(PASSIVE_VIEW_SIZE)
    expect(view.nodes().some(({ name }) => name === node(99).name)).toBe(true)
    const [present] = view.nodes()
    if (present === undefined) throw new RangeError('it is full')
    const moved = { ...present, addresses: [at('10.9.9.9')] }
    view.add(moved, undefined)
    expect(view.size).toBe(PASSIVE_VIEW_SIZE)
    expect(view.nodes().filter(({ name }) => name === present.name)).toEqual([moved])
    const unknown = new PassiveView(new SeededRandom('unknown'))
    for (const endpoint of [at('10.0.0.1'), at('10.0.0.1'), at('10.0.0.2')]) {
      unknown.add(knownNode({ publicKey: undefined, addresses: [endpoint] }), undefined)
    }
    expect(unknown.size).toBe(2)
    unknown.remove(knownNode({ publicKey: undefined, addresses: [at('10.0.0.1')] }).name)
    expect(unknown.size).toBe(1)
  })

  test('G-032: what one neighbor names fills a share of it only', () => {
    const view = new PassiveView(new SeededRandom('share'))
    for (let index = 0; index < 20; index++) view.add(node(index), undefined)
    for (let index = 100; index < 200; index++) view.add(node(index), 'liar')
    const named = view.nodes().filter(({ name }) => Number.parseInt(name.slice(0, 8), 16) >= 100)
    expect(named.length).toBe(MOST_NAMED_BY_ONE)
    expect(MOST_NAMED_BY_ONE).toBeLessThan(PASSIVE_VIEW_SIZE / 2)
  })
})

describe('the scope', () => {
  test.each([
    ['global', '198.51.100.7', true],
    ['global', '2001:db8::7', true],
    ['global', '10.0.0.7', true],
    ['site-local', '10.0.0.7', true],
    ['site-local', '172.31.0.1', true],
    ['site-local', 'fd00::1', true],
    ['site-local', '198.51.100.7', false],
    ['link-local', '169.254.1.1', true],
    ['link-local', 'fe80::1', true],
    ['global', 'fe80::1', false],
    ['site-local', 'fe80::1', false],
    [undefined, 'fe80::1', true],
    [undefined, '198.51.100.7', true],
    ['link-local', '10.0.0.7', false],
    ['link-local', '127.0.0.1', true],
  ] as const)('%s has %s: %s', (scope, host, expected) => {
    expect(isInScope(scope, undefined, at(host))).toBe(expected)
  })

  test('G-032: never has port 0, nor what is not an address of one machine; ranges stand in its place', () => {
    expect(isInScope('global', undefined, at('198.51.100.7', 0))).toBe(false)
    for (const host of ['0.0.0.0', '0.1.2.3', '224.0.0.1', '255.255.255.255', '::', 'ff02::1', '::ffff:224.0.0.1']) {
      expect(isInScope('global', undefined, at(host))).toBe(false)
    }
    const ranges = [parseAddressRange('203.0.113.0/24')]
    expect(isInScope('global', ranges, at('203.0.113.9'))).toBe(true)
    expect(isInScope('global', ranges, at('198.51.100.7'))).toBe(false)
  })
})
