import { describe, expect, test } from 'vitest'
import { MOST_SEEDS, parseSeed, SEED_LOOKUP_INTERVAL, SeedList } from '../../src/peer-node/seeds.ts'
import type { IpAddress } from '../../src/runtime/endpoint.ts'
import { formatEndpoint, parseIpAddress } from '../../src/runtime/endpoint.ts'
import { PeerageError } from '../../src/runtime/peerage-error.ts'
import { SimulatedWorld } from '../../src/simulation/simulated-world.ts'

function addresses(...texts: readonly string[]): IpAddress[] {
  return texts.flatMap((text) => parseIpAddress(text) ?? [])
}

/** A list of seeds, on a clock and a name service of its own. */
function listOf(texts: readonly string[], known: Map<string, readonly IpAddress[]>) {
  const world = new SimulatedWorld({ seed: 'seeds' })
  const { clock } = world.addHost('node').ports
  const asked: string[] = []
  const lookup = {
    addressesOf: async (name: string) => {
      asked.push(name)
      return known.get(name) ?? []
    },
  }
  const seeds = new SeedList(texts.map(parseSeed), lookup, clock)
  return { world, seeds, asked, endpoints: () => seeds.endpoints().map(formatEndpoint) }
}

describe('the text of a seed', () => {
  test.each([
    ['203.0.113.7:4000', { host: { address: '203.0.113.7' }, port: 4000 }],
    ['203.0.113.7', { host: { address: '203.0.113.7' }, port: 3540 }],
    ['[2001:db8::7]:4000', { host: { address: '2001:db8::7' }, port: 4000 }],
    ['[2001:db8::7]', { host: { address: '2001:db8::7' }, port: 3540 }],
    ['seed.example.org:4000', { host: { name: 'seed.example.org' }, port: 4000 }],
    ['seed.example.org', { host: { name: 'seed.example.org' }, port: 3540 }],
  ])('N-20: %s is host and port, 3540 where none is given', (text, expected) => {
    expect(parseSeed(text)).toEqual(expected)
  })

  test.each([
    '',
    ':3540',
    '203.0.113.7:0',
    '203.0.113.7:65536',
    '203.0.113',
    '2001:db8::7',
    '[203.0.113.7]:1',
    'a b',
    'a:b',
  ])('N-20: %j is refused', (text) => {
    expect(() => parseSeed(text)).toThrow(expect.objectContaining({ code: 'invalid-argument' }))
  })
})

describe('the seeds of a cloud', () => {
  test('N-20: a name stands for all its addresses of both families, in the place of the seed', async () => {
    const known = new Map([['seed.example.org', addresses('2001:db8::1', '192.0.2.1', '192.0.2.2')]])
    const { seeds, endpoints } = listOf(['203.0.113.7:4000', 'seed.example.org', '203.0.113.8'], known)
    await seeds.refresh()
    expect(endpoints()).toEqual([
      '203.0.113.7:4000',
      '[2001:db8::1]:3540',
      '192.0.2.1:3540',
      '192.0.2.2:3540',
      '203.0.113.8:3540',
    ])
  })

  test('N-20: none is built in', () => {
    expect(listOf([], new Map()).endpoints()).toEqual([])
  })

  test('a name is looked up again after five minutes, and keeps its addresses while it has no new ones', async () => {
    const known = new Map([['seed.example.org', addresses('192.0.2.1')]])
    const { world, seeds, asked, endpoints } = listOf(['seed.example.org:1', 'seed.example.org:2'], known)
    await seeds.refresh()
    known.set('seed.example.org', [])
    world.runFor(SEED_LOOKUP_INTERVAL + 1)
    await seeds.refresh()
    expect(endpoints()).toEqual(['192.0.2.1:1', '192.0.2.1:2'])
    known.set('seed.example.org', addresses('192.0.2.2'))
    world.runFor(SEED_LOOKUP_INTERVAL + 1)
    // To be asked for them is enough; the answer comes later.
    endpoints()
    await expect.poll(endpoints).toEqual(['192.0.2.2:1', '192.0.2.2:2'])
    expect(asked).toEqual(['seed.example.org', 'seed.example.org', 'seed.example.org'])
  })

  test('too many are refused', () => {
    const many = Array.from({ length: MOST_SEEDS + 1 }, (_, index) => `203.0.113.7:${index + 1}`)
    expect(() => listOf(many, new Map())).toThrow(PeerageError)
    expect(listOf(many.slice(1), new Map()).endpoints()).toHaveLength(MOST_SEEDS)
  })
})
