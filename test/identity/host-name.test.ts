import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { hostNameOf, LONGEST_HOST_LABEL, LONGEST_HOST_NAME, peerNameOfHostName } from '../../src/identity/host-name.ts'
import { makePeerName, parsePeerName } from '../../src/identity/peer-name.ts'
import { PeerageError } from '../../src/runtime/peerage-error.ts'
import { AUTHORITY, anyPeerName, nameVectors } from './peer-name-samples.ts'

describe('host names of peer names', () => {
  test.each(nameVectors.names)('I-17, N-110: $name has host name $hostName', ({ name, hostName }) => {
    if (hostName === null) {
      expect(() => hostNameOf(parsePeerName(name))).toThrowError(
        expect.objectContaining({ code: 'host-name-too-long' }),
      )
    } else {
      expect(hostNameOf(parsePeerName(name))).toBe(hostName)
      expect(peerNameOfHostName(hostName)).toBe(name)
      expect(peerNameOfHostName(hostName.toUpperCase())).toBe(name)
    }
  })

  test.each(nameVectors.invalidHostNames)('I-17: %s is the host name of no peer', (hostName) => {
    expect(() => peerNameOfHostName(hostName)).toThrowError(expect.objectContaining({ code: 'invalid-host-name' }))
  })

  test('I-17, N-110: every legal name that fits has a legal host name and comes back from it, in either case', () => {
    fc.assert(
      fc.property(anyPeerName, (name) => {
        let host: string
        try {
          host = hostNameOf(name)
        } catch (error) {
          expect(PeerageError.is(error, 'host-name-too-long')).toBe(true)
          return
        }
        expect(host.length).toBeLessThanOrEqual(LONGEST_HOST_NAME)
        for (const label of host.split('.')) {
          expect(label).toMatch(/^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/)
          expect(label.length).toBeLessThanOrEqual(LONGEST_HOST_LABEL)
        }
        expect(peerNameOfHostName(host)).toBe(name)
        expect(peerNameOfHostName(host.toUpperCase())).toBe(name)
      }),
      { numRuns: 1000 },
    )
  })

  test('I-17: a host name that was altered is refused, or is the host name of another peer name', () => {
    const character = fc.constantFrom(...'abcxyz0127-.')
    fc.assert(
      fc.property(anyPeerName, fc.nat(), character, (name, place, replacement) => {
        if (name.length > 80) return
        let host: string
        try {
          host = hostNameOf(name)
        } catch (error) {
          expect(PeerageError.is(error, 'host-name-too-long')).toBe(true)
          return
        }
        const at = place % host.length
        const altered = host.slice(0, at) + replacement + host.slice(at + 1)
        try {
          expect(hostNameOf(peerNameOfHostName(altered))).toBe(altered)
        } catch (error) {
          expect(PeerageError.is(error, 'invalid-host-name')).toBe(true)
        }
      }),
      { numRuns: 1000 },
    )
  })

  test('I-17, N-110: a classifier of 149 lower-case letters fits with a secured authority, one of 149 accents does not', () => {
    expect(hostNameOf(makePeerName(AUTHORITY, 'x'.repeat(149))).length).toBeLessThanOrEqual(LONGEST_HOST_NAME)
    expect(() => hostNameOf(makePeerName(AUTHORITY, 'é'.repeat(149)))).toThrowError(
      expect.objectContaining({
        code: 'host-name-too-long',
        details: expect.objectContaining({ limit: LONGEST_HOST_NAME }),
      }),
    )
  })
})
