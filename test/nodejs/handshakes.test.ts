import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Handshakes, LONGEST_HANDSHAKE, MOST_HANDSHAKES } from '../../src/nodejs/handshakes.ts'
import type { Endpoint } from '../../src/runtime/endpoint.ts'
import { address } from './loopback.ts'

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
})
afterEach(() => {
  vi.useRealTimers()
})

function from(host: string, port = 5000): Endpoint {
  return { host: address(host), port }
}

function abandoning(): { handshakes: Handshakes<string>; abandoned: string[] } {
  const abandoned: string[] = []
  return { handshakes: new Handshakes((connection) => abandoned.push(connection)), abandoned }
}

test('a handshake that is not finished in time is abandoned, once', () => {
  const { handshakes, abandoned } = abandoning()
  handshakes.begin(from('192.0.2.1'), 'slow')
  handshakes.begin(from('192.0.2.2'), 'fast')
  vi.advanceTimersByTime(LONGEST_HANDSHAKE - 1)
  expect(handshakes.complete(from('192.0.2.2'))).toBe('fast')
  expect(abandoned).toEqual([])
  vi.advanceTimersByTime(LONGEST_HANDSHAKE)
  expect(abandoned).toEqual(['slow'])
  expect(handshakes.complete(from('192.0.2.1'))).toBeUndefined()
  expect(vi.getTimerCount()).toBe(0)
})

test('a connection that closes takes along its own handshake alone', () => {
  const { handshakes, abandoned } = abandoning()
  handshakes.begin(from('192.0.2.1'), 'first')
  handshakes.begin(from('192.0.2.1'), 'second from the same endpoint')
  expect(abandoned).toEqual(['first'])
  handshakes.closed(from('192.0.2.1'), 'first')
  vi.advanceTimersByTime(LONGEST_HANDSHAKE - 1)
  expect(handshakes.complete(from('192.0.2.1'))).toBe('second from the same endpoint')
  handshakes.begin(from('192.0.2.1'), 'third')
  handshakes.closed(from('192.0.2.1'), 'third')
  expect(handshakes.complete(from('192.0.2.1'))).toBeUndefined()
  expect(abandoned).toEqual(['first'])
  expect(vi.getTimerCount()).toBe(0)
})

test('beyond the bound the oldest handshake of the fullest network makes room', () => {
  const { handshakes, abandoned } = abandoning()
  handshakes.begin(from('203.0.113.1'), 'honest')
  handshakes.begin(from('2001:db8:1:2::1'), 'honest too')
  for (let count = 2; count < MOST_HANDSHAKES; count++) {
    handshakes.begin(from(`192.0.2.${count % 250}`, 5000 + count), `attacker ${count}`)
  }
  expect(abandoned).toEqual([])
  for (let count = 0; count < 3; count++) handshakes.begin(from('198.51.100.1', 6000 + count), `late ${count}`)
  expect(abandoned).toEqual(['attacker 2', 'attacker 3', 'attacker 4'])
  handshakes.abandonAll()
  expect(abandoned.length).toBe(MOST_HANDSHAKES + 3)
  expect(vi.getTimerCount()).toBe(0)
})

test('a network is a /24 of IPv4 and a /48 of IPv6', () => {
  const { handshakes, abandoned } = abandoning()
  // Half of them from one /48, in as many /64; the others each from a /24 of their own.
  for (let count = 0; count < MOST_HANDSHAKES / 2; count++) {
    handshakes.begin(from(`198.18.${count}.1`), `apart ${count}`)
    handshakes.begin(from(`2001:db8:77:${count.toString(16)}::1`), `together ${count}`)
  }
  handshakes.begin(from('203.0.113.1'), 'one more')
  expect(abandoned).toEqual(['together 0'])
  handshakes.abandonAll()
})
