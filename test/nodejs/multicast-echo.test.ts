/** Multicast to oneself. That it comes back where it works is shown between real hosts: test/network/local-link.test.ts. */
import { expect, test } from 'vitest'
import { multicastEcho } from '../../src/nodejs/multicast-echo.ts'
import { systemClock } from '../../src/nodejs/system-clock.ts'
import { parseIpAddress } from '../../src/runtime/endpoint.ts'

test.each(['203.0.113.99', 'fe80::99'])(
  'on a link that this machine does not have, nothing is heard: %s',
  async (text) => {
    const address = parseIpAddress(text)
    if (address === undefined) return expect.unreachable()
    const at = { interface: 'none0', address, prefixLength: 24, loopback: false }
    expect(await multicastEcho(at, 'a-name-of-nobody', systemClock)).toMatch(/./)
  },
)
