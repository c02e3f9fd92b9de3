/**
 * What an application registers, checked, in the form that the engine takes; and endpoints without a host, which stand
 * for whatever addresses the node has.
 */
import { type ApplicationEndpoint, MOST_APPLICATION_ENDPOINTS } from '../pnrp/certified-peer-address.ts'
import type { RegistrationContent } from '../pnrp/registration.ts'
import { SERVICE_LOCATION_PREFIX_LENGTH } from '../pnrp/service-location.ts'
import { type IpAddress, parseIpAddress } from '../runtime/endpoint.ts'
import { PeerageError } from '../runtime/peerage-error.ts'
import type { EndpointToRegister, RegistrationUpdate } from './names.ts'

/** What is registered, in no cloud yet. */
export interface WantedContent {
  readonly endpoints: readonly WantedEndpoint[]
  readonly comment: string
  readonly payload: Uint8Array | string | undefined
}

interface WantedEndpoint {
  readonly host: IpAddress | undefined
  readonly port: number
  readonly protocol: number
}

/** TCP (IANA protocol numbers). */
const DEFAULT_PROTOCOL = 6
/** The highest IP protocol number: it has one byte. */
const HIGHEST_PROTOCOL = 255
/** The highest port (RFC 768). */
const HIGHEST_PORT = 65_535

/** An empty content, to begin with. */
export const NO_CONTENT: WantedContent = { endpoints: [], comment: '', payload: undefined }

/**
 * The content after a change.
 *
 * @throws PeerageError `invalid-argument`, `endpoint-kind-not-supported`
 */
export function changedContent(content: WantedContent, change: RegistrationUpdate): WantedContent {
  const { endpoints, comment, payload } = change
  return {
    endpoints: endpoints === undefined ? content.endpoints : endpoints.map(checkedEndpoint),
    comment: comment ?? content.comment,
    payload: payload === undefined ? content.payload : payload === null ? undefined : copyOf(payload),
  }
}

/** The content on a node with these addresses. */
export function contentOn(addresses: readonly IpAddress[], content: WantedContent): RegistrationContent {
  const endpoints = content.endpoints.flatMap(({ host, port, protocol }): ApplicationEndpoint[] =>
    (host === undefined ? addresses : [host]).map((one) => ({ host: one, port, protocol })),
  )
  // What is asked for has a limit that is checked; what addresses make of it is cut.
  const isExpanded = content.endpoints.some(({ host }) => host === undefined)
  return {
    endpoints: isExpanded
      ? endpoints.slice(0, Math.max(MOST_APPLICATION_ENDPOINTS, content.endpoints.length))
      : endpoints,
    comment: content.comment,
    payload: content.payload,
  }
}

/** @throws PeerageError `invalid-argument` */
export function checkedHint(hint: Uint8Array | undefined): Uint8Array | undefined {
  if (hint === undefined || hint.length === SERVICE_LOCATION_PREFIX_LENGTH) return hint?.slice()
  throw invalidArgument('the hint', `${hint.length} bytes long`, `${SERVICE_LOCATION_PREFIX_LENGTH} bytes long`)
}

function checkedEndpoint({
  host,
  port,
  protocol = DEFAULT_PROTOCOL,
  kind = 'address',
}: EndpointToRegister): WantedEndpoint {
  if (kind !== 'address') throw new PeerageError('endpoint-kind-not-supported', { kind })
  const address = host === undefined ? undefined : parseIpAddress(host)
  if (host !== undefined && address === undefined) {
    throw invalidArgument('the host of an endpoint', JSON.stringify(host), 'an IPv4 or IPv6 address')
  }
  if (!Number.isInteger(port) || port < 1 || port > HIGHEST_PORT) {
    throw invalidArgument('the port of an endpoint', String(port), `1 to ${HIGHEST_PORT}`)
  }
  if (!Number.isInteger(protocol) || protocol < 0 || protocol > HIGHEST_PROTOCOL) {
    throw invalidArgument('the protocol of an endpoint', String(protocol), `0 to ${HIGHEST_PROTOCOL}`)
  }
  return { host: address, port, protocol }
}

function copyOf(payload: Uint8Array | string): Uint8Array | string {
  return typeof payload === 'string' ? payload : new Uint8Array(payload)
}

function invalidArgument(name: string, value: string, expected: string): PeerageError {
  return new PeerageError('invalid-argument', { name, value, expected })
}
