import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type GapSearch, InstanceSearch } from '../../src/pnrp/instance-search.ts'
import { isCloser, makePnrpId, type PnrpId } from '../../src/pnrp/pnrp-id.ts'
import { isSought } from '../../src/pnrp/resolve-request.ts'
import { type Endpoint, formatEndpoint, ipAddressFromBytes } from '../../src/runtime/endpoint.ts'

const p2pId = new Uint8Array(16).fill(0xff)

function endpoint(last: number): Endpoint {
  return { host: ipAddressFromBytes(Uint8Array.of(10, 0, 0, last)), port: 3540 }
}

function isIn({ gap, target }: GapSearch, id: PnrpId): boolean {
  return isSought({ target, criterion: 'nearest', reason: 'application', within: gap }, id)
}

/** IDs of one name: anywhere, and side by side. */
const ids = fc
  .uniqueArray(
    fc.oneof(
      fc.uint8Array({ minLength: 16, maxLength: 16 }),
      fc.nat(20).map((last) => Uint8Array.of(...new Uint8Array(15).fill(7), last)),
      fc.constantFrom(new Uint8Array(16), new Uint8Array(16).fill(0xff)),
    ),
    { selector: (location) => location.join(), maxLength: 40 },
  )
  .map((locations) => locations.map((location) => makePnrpId(p2pId, location)))

describe('the search for all instances of a name', () => {
  test('N-69: finds each once by asking who is closest to the middle of a gap, with two searches for each and one more', () => {
    fc.assert(
      fc.property(ids, (instances) => {
        const search = new InstanceSearch(makePnrpId(p2pId, new Uint8Array(16).fill(3)))
        const found: PnrpId[] = []
        let searches = 0
        for (let next = search.next(); next !== undefined; next = search.next()) {
          const { target } = next
          searches++
          const [closest] = instances.toSorted((one, other) => (isCloser(target, one, other) ? -1 : 1))
          if (closest === undefined || !isIn(next, closest)) continue
          expect(found).not.toContain(closest)
          found.push(closest)
          search.add(closest, endpoint(1))
        }
        expect(found.toSorted()).toEqual(instances.toSorted())
        expect(searches).toBeLessThanOrEqual(2 * instances.length + 1)
      }),
    )
  })

  test('N-69: has whatever is in a gap closer to its middle than anything outside', () => {
    fc.assert(
      fc.property(ids, (instances) => {
        const search = new InstanceSearch(makePnrpId(p2pId, new Uint8Array(16)))
        const known = instances.filter((_, index) => index % 2 === 0)
        for (const id of known) search.add(id, endpoint(1))
        for (let next = search.next(); next !== undefined; next = search.next()) {
          const current = next
          const inside = instances.filter((id) => isIn(current, id))
          const outside = instances.filter((id) => !isIn(current, id))
          for (const one of inside) {
            for (const other of outside) expect(isCloser(current.target, one, other)).toBe(true)
          }
        }
      }),
    )
  })

  test('begins each search at the nearest nodes below and above that can be asked, one node once', () => {
    const at = (first: number): PnrpId => makePnrpId(p2pId, Uint8Array.of(first, ...new Uint8Array(15)))
    const search = new InstanceSearch(at(0))
    const asked = (): string[] | undefined => search.next()?.firstHops?.map(formatEndpoint)
    expect(asked()).toEqual([])
    search.add(at(0x10), endpoint(1))
    search.add(at(0x40), endpoint(2))
    search.add(at(0x30), undefined)
    search.add(at(0x50), endpoint(2))
    const [one, two] = [1, 2].map((last) => formatEndpoint(endpoint(last)))
    expect([asked(), asked(), asked(), asked(), asked(), asked()]).toEqual([
      [one],
      [one, two],
      [one, two],
      [two],
      [two],
      undefined,
    ])
  })

  test('searches a gap again after somebody there was silent, and at either end also from elsewhere', () => {
    const at = (first: number): PnrpId => makePnrpId(p2pId, Uint8Array.of(first, ...new Uint8Array(15)))
    const search = new InstanceSearch(at(0))
    search.add(at(0x10), endpoint(1))
    search.add(at(0x40), endpoint(2))
    const all = [search.next(), search.next(), search.next()]
    expect(search.next()).toBeUndefined()
    search.addSilent(at(0x20))
    expect(search.next()).toEqual(all[1])
    expect(search.next()).toBeUndefined()
    search.addSilent(at(0x50))
    expect(search.next()).toEqual(all[2])
    expect(search.next()).toEqual({ ...all[2], firstHops: undefined })
    expect(search.next()).toBeUndefined()
  })
})
