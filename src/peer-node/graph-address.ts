/**
 * Where a node of a graph is, as applications write it: `host:port` with an IP address, IPv6 in brackets.
 */
import { type Endpoint, parseIpAddress } from '../runtime/endpoint.ts'
import { PeerageError } from '../runtime/peerage-error.ts'
import { DEFAULT_GRAPH_PORT } from './graph-sockets.ts'

/** Reads `203.0.113.7:3587` or `[2001:db8::7]:3587`; without a port, 3587 is meant. @throws PeerageError `invalid-argument` */
export function parseGraphAddress(text: string): Endpoint {
  const [, bracketed, plain, digits] = /^(?:\[([^\]]*)\]|([^:[\]]*))(?::([0-9]{1,5}))?$/.exec(text) ?? []
  const host = parseIpAddress(bracketed ?? plain ?? '')
  const port = digits === undefined ? DEFAULT_GRAPH_PORT : Number(digits)
  const isBracketedRight = host !== undefined && host.includes(':') === (bracketed !== undefined)
  if (host !== undefined && isBracketedRight && port >= 1 && port <= 65_535) return { host, port }
  const expected = 'host:port with an IP address, IPv6 in brackets; without a port, 3587 is meant'
  throw new PeerageError('invalid-argument', { name: 'the address', value: JSON.stringify(text), expected })
}
