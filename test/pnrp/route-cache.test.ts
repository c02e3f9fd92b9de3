import fc from 'fast-check'
import { expect, test } from 'vitest'
import { isCloser, type PnrpId, pnrpIdAt, pnrpIdFromBytes, sameP2pId } from '../../src/pnrp/pnrp-id.ts'
import { LEAF_SET_SIDE, RouteCache } from '../../src/pnrp/route-cache.ts'
import { parseIpAddress } from '../../src/runtime/endpoint.ts'

const host = parseIpAddress('192.0.2.1')
if (host === undefined) throw new TypeError('it is an address')
const addresses = [host]

function cacheOf(ids: readonly PnrpId[], centre = pnrpIdAt(0.123)): RouteCache {
  const cache = new RouteCache(centre, { limitsPrefixes: false, ownPrefixes: () => [] })
  cache.addLocalId(centre)
  for (const id of ids) {
    const entry = { id, port: 2000, addresses }
    cache.add({ entry, publicKey: new Uint8Array(32), notAfter: 0, lastHeard: 0 })
  }
  return cache
}

/** IDs of few names, so that many are of the same one. */
const anyId = fc
  .tuple(fc.integer({ min: 0, max: 3 }), fc.uint8Array({ minLength: 16, maxLength: 16 }))
  .map(([name, location]) => pnrpIdFromBytes(Uint8Array.of(...new Array<number>(16).fill(name * 80), ...location)))

test('N-59: a leaf set with all entries that there are spans the whole circle', () => {
  for (let count = 0; count < 2 * LEAF_SET_SIDE; count++) {
    const others = Array.from({ length: count }, (_, index) => pnrpIdAt(0.123 + (index + 1) / (count + 1)))
    const cache = cacheOf(others)
    for (let step = 0; step < 100; step++) expect(cache.isInLeafRange(pnrpIdAt(0.123_4 + step / 100))).toBe(true)
  }
})

test('the closest entries within a bound are the first of the closest of all', () => {
  fc.assert(
    fc.property(fc.array(anyId, { maxLength: 30 }), anyId, anyId, (ids, target, bound) => {
      const cache = cacheOf(ids)
      const all = cache.nearest(target, ids.length, () => true).map(({ id }) => id)
      const closer = all.filter((id) => isCloser(target, id, bound))
      expect(cache.nearest(target, 3, () => true, bound).map(({ id }) => id)).toEqual(closer.slice(0, 3))
    }),
  )
})

test('the instances of a target are the entries with its P2P ID', () => {
  fc.assert(
    fc.property(fc.array(anyId, { maxLength: 30 }), anyId, (ids, target) => {
      const cache = cacheOf(ids)
      const expected = [...cache.entries()].map(({ entry }) => entry.id).filter((id) => sameP2pId(id, target))
      expect(cache.instances(target).map(({ id }) => id)).toEqual(expected.sort())
    }),
  )
})
