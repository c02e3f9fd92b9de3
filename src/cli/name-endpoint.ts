/** Endpoints of names as people write them: `203.0.113.7:80`, `[2001:db8::7]:53/udp`, or `:80` for this machine. */
import type { EndpointToRegister } from '../peer-node/names.ts'
import { formatEndpoint, parseIpAddress } from '../runtime/endpoint.ts'
import { PeerageError } from '../runtime/peerage-error.ts'

/** IP protocol numbers (IANA). */
const PROTOCOLS = new Map([
  ['tcp', 6],
  ['udp', 17],
])
const TCP = 6

export function formatNameEndpoint({ host, port, protocol = TCP }: EndpointToRegister): string {
  const address = host === undefined ? undefined : parseIpAddress(host)
  const text = address === undefined ? `${host ?? ''}:${port}` : formatEndpoint({ host: address, port })
  const name = [...PROTOCOLS].find(([, number]) => number === protocol)?.[0] ?? String(protocol)
  return `${text}/${name}`
}

/** @throws PeerageError `invalid-argument` */
export function readNameEndpoint(text: string): EndpointToRegister {
  const [, bracketed, plain, digits, name = 'tcp'] =
    /^(?:\[([^\]]*)\]|([^:[\]]*)):([0-9]{1,5})(?:\/([a-z0-9]+))?$/.exec(text) ?? []
  const protocol = PROTOCOLS.get(name) ?? Number(name)
  if (digits === undefined || Number.isNaN(protocol)) {
    const expected = 'HOST:PORT, :PORT, or one of these with /udp or a protocol number'
    throw new PeerageError('invalid-argument', { name: 'the endpoint', value: JSON.stringify(text), expected })
  }
  const host = bracketed ?? plain ?? ''
  return { ...(host !== '' && { host }), port: Number(digits), protocol }
}
