import { expect, test } from 'vitest'
import { encodeEndpoints } from '../../src/pnrp/certified-peer-address.ts'
import {
  anyServiceLocation,
  drawServiceLocation,
  nearestServiceLocation,
  serviceLocationPrefix,
} from '../../src/pnrp/service-location.ts'
import { concatBytes, toHex } from '../../src/runtime/bytes.ts'
import type { Random } from '../../src/runtime/random.ts'
import { SeededRandom } from '../../src/simulation/seeded-random.ts'
import { crypto } from '../identity/platform.ts'
import { address, endpointsOf, hex, idVectors } from './pnrp-vectors.ts'

/** Draws these bytes and no others. */
function drawing(bytes: Uint8Array): Random {
  return {
    fill: (target) => {
      expect(target.length).toBe(bytes.length)
      target.set(bytes)
    },
    uint32: () => {
      throw new Error('only bytes are drawn')
    },
  }
}

test.each(idVectors.prefixes)('N-07: the prefix of $address is $prefix', ({ address: text, prefix }) => {
  expect(toHex(serviceLocationPrefix(address(text)))).toBe(prefix)
})

test.each(idVectors.draws)('N-08: a hash over key, $endpoints and 16 random bytes', (vector) => {
  const { prefix, publicKey, salt, hashed, serviceLocation } = vector
  const endpoints = endpointsOf(vector.endpoints)
  expect(toHex(concatBytes(hex(publicKey), encodeEndpoints(endpoints), hex(salt)))).toBe(hashed)
  const ports = { crypto, random: drawing(hex(salt)) }
  expect(toHex(drawServiceLocation(ports, hex(prefix), hex(publicKey), endpoints))).toBe(serviceLocation)
})

test('N-08: two draws for the same registration differ', () => {
  const ports = { crypto, random: new SeededRandom('draws') }
  const draw = (): string => toHex(drawServiceLocation(ports, new Uint8Array(8), new Uint8Array(32), []))
  expect(new Set(Array.from({ length: 100 }, draw)).size).toBe(100)
})

test.each(idVectors.nearest)(
  'N-09: a resolve for the nearest with prefix $prefix aims at $serviceLocation',
  ({ prefix, serviceLocation }) => {
    expect(toHex(nearestServiceLocation(hex(prefix)))).toBe(serviceLocation)
  },
)

test('N-09: a resolve for any aims at 128 bits that are drawn anew', () => {
  const random = new SeededRandom('any')
  const drawn = Array.from({ length: 100 }, () => toHex(anyServiceLocation(random)))
  expect(new Set(drawn).size).toBe(100)
  for (const digits of drawn) expect(digits).toHaveLength(32)
})
