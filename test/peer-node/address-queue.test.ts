import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { AddressQueue, MOST_TRIED_ADDRESSES } from '../../src/peer-node/address-queue.ts'
import { type Endpoint, formatEndpoint } from '../../src/runtime/endpoint.ts'
import { networkPrefix } from '../../src/runtime/network-prefix.ts'
import { anyEndpoint } from '../wire/any-value.ts'
import { endpoint } from './endpoints.ts'

const queueOf = (...members: readonly (readonly string[])[]): AddressQueue => {
  const queue = new AddressQueue()
  for (const addresses of members) queue.add(addresses.map(endpoint))
  return queue
}

function drained(queue: AddressQueue, mayRepeat = true): readonly string[] {
  const taken: string[] = []
  for (let next = queue.next(mayRepeat); next !== undefined; next = queue.next(mayRepeat))
    taken.push(formatEndpoint(next))
  return taken
}

describe('the order in which addresses are tried', () => {
  test('P-051: one address of each /24 or /48 comes before a second of any, of both families', () => {
    const queue = queueOf(
      ['192.0.2.1:1'],
      ['192.0.2.200:1'],
      ['[2001:db8:1::1]:1'],
      ['[2001:db8:1:ffff::2]:1'],
      ['192.0.3.1:1'],
      ['[2001:db8:2::1]:1'],
      ['192.0.2.3:1'],
    )
    expect(drained(queue)).toEqual([
      ...['192.0.2.1:1', '[2001:db8:1::1]:1', '192.0.3.1:1', '[2001:db8:2::1]:1'],
      ...['192.0.2.200:1', '[2001:db8:1:ffff::2]:1'],
      '192.0.2.3:1',
    ])
  })

  test('an IPv6 address that carries an IPv4 address is of its prefix', () => {
    // 192.0.2.9 as 6to4 and behind NAT64.
    const queue = queueOf(['192.0.2.1:1'], ['[2002:c000:209::1]:1'], ['[64:ff9b::c000:209]:1'], ['198.51.100.1:1'])
    expect(drained(queue).slice(0, 2)).toEqual(['192.0.2.1:1', '198.51.100.1:1'])
  })

  test('the first addresses of all members come before the second one of any', () => {
    const queue = queueOf(['192.0.2.1:1', '[2001:db8:1::1]:1'], ['192.0.3.1:1', '[2001:db8:2::1]:1'], ['192.0.4.1:1'])
    expect(drained(queue)).toEqual([
      ...['192.0.2.1:1', '192.0.3.1:1', '192.0.4.1:1'],
      ...['[2001:db8:1::1]:1', '[2001:db8:2::1]:1'],
    ])
  })

  test('P-051: where more may come, a second address of a prefix waits', () => {
    const queue = queueOf(['192.0.2.1:1'], ['192.0.2.2:1'])
    expect(drained(queue, false)).toEqual(['192.0.2.1:1'])
    queue.add([endpoint('192.0.3.1:1')])
    expect(drained(queue, false)).toEqual(['192.0.3.1:1'])
    expect(queue.isEmpty).toBe(false)
    expect(drained(queue)).toEqual(['192.0.2.2:1'])
    expect(queue.isEmpty).toBe(true)
  })

  test('each address comes out once, and no more than the limit', () => {
    const queue = queueOf(['192.0.2.1:1', '192.0.2.1:1'], ['192.0.2.1:1'])
    expect(drained(queue)).toEqual(['192.0.2.1:1'])
    queue.add([endpoint('192.0.2.1:1')])
    expect(drained(queue)).toEqual([])
    for (let port = 2; port < 200; port++) queue.add([endpoint(`192.0.2.1:${port}`)])
    expect(drained(queue)).toHaveLength(MOST_TRIED_ADDRESSES - 1)
  })

  test('P-051: at every moment no prefix is two addresses ahead of one that still waits', () => {
    const someEndpoints = fc.array(fc.array(anyEndpoint, { maxLength: 4 }), { maxLength: 20 })
    fc.assert(
      fc.property(someEndpoints, (members) => {
        const queue = new AddressQueue()
        for (const member of members) queue.add(member)
        const order: Endpoint[] = []
        for (let next = queue.next(true); next !== undefined; next = queue.next(true)) order.push(next)
        const total = (prefix: string, until: number): number =>
          order.slice(0, until).filter(({ host }) => networkPrefix(host) === prefix).length
        for (const [place, { host }] of order.entries()) {
          const before = total(networkPrefix(host), place)
          const waiting = new Set(order.slice(place).map((one) => networkPrefix(one.host)))
          for (const prefix of waiting) expect(total(prefix, place)).toBeGreaterThanOrEqual(before)
        }
      }),
    )
  })
})
