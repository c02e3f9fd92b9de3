/**
 * The local-link port on Node.js: DNS service discovery over multicast DNS, with one socket for each interface and
 * address family that anybody uses.
 */
import { toHex } from '../runtime/bytes.ts'
import type { Clock } from '../runtime/clock.ts'
import { isIpv4 } from '../runtime/endpoint.ts'
import type { LocalLink } from '../runtime/local-link.ts'
import type { Log } from '../runtime/log.ts'
import type { InterfaceAddress } from '../runtime/network-interfaces.ts'
import { type Random, randomBytes } from '../runtime/random.ts'
import { MulticastDnsPort } from './multicast-dns-port.ts'
import { multicastEcho } from './multicast-echo.ts'

/** Of the random names of instances and hosts, in bytes. */
const NAME_LENGTH = 8

/** The links of this machine. */
export function multicastDnsLink(random: Random, clock: Clock, log: Log): LocalLink {
  const ports = new Map<string, MulticastDnsPort>()

  /** Does something on each link of these addresses, until what this returns is called. */
  function onLinks(
    addresses: readonly InterfaceAddress[],
    begin: (port: MulticastDnsPort, onLink: readonly InterfaceAddress[]) => () => void,
  ): () => void {
    const links = Map.groupBy(
      addresses,
      ({ interface: name, address }) => `${isIpv4(address) ? 'IPv4' : 'IPv6'} ${name}`,
    )
    const ends = [...links].map(([key, onLink]) => {
      const [first] = onLink
      const port = ports.get(key) ?? (first && new MulticastDnsPort(first, { random, clock, log }))
      if (port === undefined) return () => undefined
      ports.set(key, port)
      const end = begin(port, onLink)
      return () => {
        end()
        if (port.isUsed || ports.get(key) !== port) return
        ports.delete(key)
        port.close()
      }
    })
    return () => {
      for (const end of ends.splice(0)) end()
    }
  }

  const name = (): string => toHex(randomBytes(random, NAME_LENGTH))
  return {
    announce: ({ cloudTag, port, addresses }) =>
      onLinks(addresses, (link, onLink) =>
        link.announce({
          ...{ instance: name(), host: name(), cloudTag: cloudTag.slice(), port },
          addresses: onLink.map(({ address }) => address),
        }),
      ),
    browse: (cloudTag, on, found) => onLinks(on, (link) => link.browse(cloudTag, found)),
    echo: (at) => multicastEcho(at, name(), clock),
  }
}
