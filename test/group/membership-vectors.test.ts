/** The vectors of membership records. */
import { describe, expect, test } from 'vitest'
import { chainDigest } from '../../src/group/digests.ts'
import { encodeMembership, readMembership } from '../../src/group/membership-record.ts'
import { parsePeerName } from '../../src/identity/peer-name.ts'
import { toHex } from '../../src/runtime/bytes.ts'
import { crypto } from '../identity/platform.ts'
import { hex } from '../records/record-vectors.ts'
import { certificateCalled, chainBytes, memberCalled, membershipVectors, vectorGroup } from './group-vectors.ts'

const { digests, payloads, unknown, refused } = membershipVectors
const read = (payload: string): ReturnType<typeof readMembership> =>
  readMembership(crypto, vectorGroup, hex(payload), () => undefined)

test('certificates and chains have the digests that they should have', () => {
  for (const [name, digest] of Object.entries(digests.certificates)) expect(certificateCalled(name)).toBe(digest)
  for (const [name, digest] of Object.entries(digests.chains))
    expect(chainDigest(crypto, chainBytes(name))).toBe(digest)
})

describe('the payload of a membership record', () => {
  for (const { what, chain, peerName, friendlyName, payload } of payloads) {
    test(`states ${what}`, () => {
      const name = parsePeerName(peerName)
      expect(toHex(encodeMembership(chainBytes(chain), name, friendlyName ?? undefined))).toBe(payload)
      expect(read(payload)).toEqual({
        chain: memberCalled(chain),
        peerName: name,
        friendlyName: friendlyName ?? undefined,
      })
    })
  }

  test('fields that are not known are passed over', () => {
    expect(read(unknown)).toEqual(read(payloads[0]?.payload ?? ''))
  })

  for (const { what, error, payload } of refused) {
    test(`is refused ${what}`, () => {
      expect(() => read(payload)).toThrow(expect.objectContaining({ code: error }))
    })
  }
})
