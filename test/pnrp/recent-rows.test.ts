/** The packed table in which a node keeps cookies, witnesses and pauses. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { RecentRows } from '../../src/pnrp/recent-rows.ts'
import { type IpAddress, ipAddressFromBytes } from '../../src/runtime/endpoint.ts'
import { networkPrefix, networkPrefixBytes, PREFIX_BYTES } from '../../src/runtime/network-prefix.ts'

const FORMAT = { keyLength: 2, valueLength: 3, most: 20 }
const HIGHEST_TIME = 2 ** 48 - 1

type Step =
  | { readonly do: 'set'; readonly key: number; readonly value: number; readonly later: number }
  | { readonly do: 'drop'; readonly age: number }
  | { readonly do: 'clear' }

const anyStep: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 20,
    arbitrary: fc.record({
      do: fc.constant('set' as const),
      key: fc.nat(40),
      value: fc.nat(0xffffff),
      later: fc.nat(5),
    }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('drop' as const), age: fc.nat(60) }) },
  { weight: 1, arbitrary: fc.constant({ do: 'clear' } as const) },
)

function keyBytes(key: number): Uint8Array {
  // The ends are alike, and so are the beginnings.
  return Uint8Array.of(key >> 3, key & 7)
}

function valueBytes(value: number): Uint8Array {
  return Uint8Array.of(value >> 16, value >> 8, value)
}

describe('a packed table', () => {
  test('N-100: holds what a map holds from which the oldest is taken when it is full', () => {
    fc.assert(
      fc.property(fc.array(anyStep, { maxLength: 200 }), fc.nat(HIGHEST_TIME - 2000), (steps, start) => {
        const rows = new RecentRows(FORMAT)
        const model = new Map<number, { value: Uint8Array; time: number }>()
        let now = start
        for (const step of steps) {
          if (step.do === 'clear') {
            rows.clear()
            model.clear()
          } else if (step.do === 'drop') {
            rows.dropUntil(now - step.age)
            for (const [key, { time }] of model) if (time <= now - step.age) model.delete(key)
          } else {
            now += step.later
            rows.set(keyBytes(step.key), valueBytes(step.value), now)
            model.delete(step.key)
            const [oldest] = model.keys()
            if (model.size === FORMAT.most && oldest !== undefined) model.delete(oldest)
            model.set(step.key, { value: valueBytes(step.value), time: now })
          }
          expect([...rows.rows()]).toEqual([...model.values()])
        }
        for (let key = 0; key <= 40; key++) expect(rows.get(keyBytes(key))).toEqual(model.get(key))
      }),
      { numRuns: 100 },
    )
  })
})

describe('a network prefix as bytes', () => {
  const ipv4 = fc.uint8Array({ minLength: 4, maxLength: 4 })
  const ipv6 = fc.uint8Array({ minLength: 16, maxLength: 16 })
  const sixToFour = ipv4.map((bytes) => Uint8Array.of(0x20, 0x02, ...bytes, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1))
  const anyAddress: fc.Arbitrary<IpAddress> = fc.oneof(ipv4, ipv6, sixToFour).map(ipAddressFromBytes)

  test('N-112: is the same for two addresses exactly if its text is', () => {
    const isAlike = (one: IpAddress, other: IpAddress): void => {
      const [bytes, others] = [networkPrefixBytes(one), networkPrefixBytes(other)]
      expect(bytes).toHaveLength(PREFIX_BYTES)
      expect(bytes.join() === others.join()).toBe(networkPrefix(one) === networkPrefix(other))
    }
    fc.assert(fc.property(anyAddress, anyAddress, isAlike))
    const chosen = ['1.2.0.4', '1.2.0.5', '1.2.3.4', '2002:102:4::1', '2002:102:304::1', '64:ff9b::1.2.0.9', '102::1']
    const more = ['::102:4', '2001:db8:1::1', '2001:db8:1:2::1', '2001:db8:2::1', '100::', '::']
    const all = [...chosen, ...more] as IpAddress[]
    for (const one of all) for (const other of all) isAlike(one, other)
  })
})
