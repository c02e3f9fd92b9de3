/**
 * Opens a stream to an endpoint on whichever link that is.
 *
 * An IPv6 link-local address says nothing of its link, and what a node is told of another one carries no interface, since each
 * machine has its own. So such an address is dialled on the links of this machine: on one, and as long as that has not
 * answered, after a pause on the next one beside it (as RFC 8305 does with the addresses of a host). The first stream that opens ends the
 * others. Another machine can have the same address on another link; whoever is there has to prove an identity, and
 * if it is a wrong one, the next attempt, which comes by itself, begins with a link that is drawn anew.
 */
import type { Clock, Timer } from '../runtime/clock.ts'
import { type Endpoint, formatEndpoint, isLinkLocalIpv6 } from '../runtime/endpoint.ts'
import type { InterfaceAddress, NetworkInterfaces } from '../runtime/network-interfaces.ts'
import { PeerageError } from '../runtime/peerage-error.ts'
import { type Random, shuffled } from '../runtime/random.ts'
import type { ByteStream, Streams } from '../runtime/streams.ts'

/** What opening streams stands on. */
export interface StreamOpeningPorts {
  readonly streams: Streams
  readonly networkInterfaces: Pick<NetworkInterfaces, 'list'>
  readonly clock: Pick<Clock, 'setTimer'>
  readonly random: Random
}

/** Links on which an address is dialled: together with the pauses between them they fit into the time that an opening has. */
export const MOST_LINKS_DIALLED = 16
/** After this time without an answer the next link is tried, in milliseconds: the shortest that RFC 8305 recommends (section 5). */
export const LINK_PAUSE = 100

/** @throws PeerageError `connection-failed`, `network-failed`; the signal's own reason when it aborts */
export async function openStream(ports: StreamOpeningPorts, to: Endpoint, signal: AbortSignal): Promise<ByteStream> {
  if (!isLinkLocalIpv6(to.host)) return ports.streams.connect(to, { signal })
  const links = shuffled(ports.random, linksOf(ports.networkInterfaces.list())).slice(0, MOST_LINKS_DIALLED)
  if (links.length === 0) throw failed(to, 'no interface of this machine has an IPv6 link-local address')
  return openOnLinks(ports, to, links, signal)
}

/** The interfaces from which a link-local address can be dialled. */
function linksOf(machine: readonly InterfaceAddress[]): readonly string[] {
  const able = machine.filter(({ address, loopback }) => isLinkLocalIpv6(address) && !loopback)
  return [...new Set(able.map(({ interface: name }) => name))]
}

function openOnLinks(
  { streams, clock }: StreamOpeningPorts,
  to: Endpoint,
  links: readonly string[],
  signal: AbortSignal,
): Promise<ByteStream> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted()
    const waiting = [...links]
    const reasons: string[] = []
    const others = new AbortController()
    let pause: Timer | undefined
    const settle = (): void => {
      pause?.cancel()
      signal.removeEventListener('abort', aborted)
      others.abort(signal.reason)
    }
    const fail = (reason: unknown): void => {
      settle()
      reject(reason)
    }
    const aborted = (): void => fail(signal.reason)
    const dialNext = (): void => {
      pause?.cancel()
      const zone = waiting.shift()
      if (zone === undefined) return
      if (waiting.length > 0) pause = clock.setTimer(LINK_PAUSE, dialNext)
      streams.connect({ ...to, zone }, { signal: others.signal }).then(
        (stream) => {
          // One of another link was faster, in the same turn.
          if (others.signal.aborted) {
            stream.destroy()
            return
          }
          settle()
          resolve(stream)
        },
        (error: unknown) => {
          if (others.signal.aborted) return
          if (!PeerageError.is(error, 'connection-failed')) {
            fail(error)
            return
          }
          reasons.push(links.length > 1 ? `${zone}: ${error.details.reason}` : error.details.reason)
          if (reasons.length < links.length) dialNext()
          else fail(failed(to, reasons.join('; ')))
        },
      )
    }
    signal.addEventListener('abort', aborted)
    dialNext()
  })
}

function failed(to: Endpoint, reason: string): PeerageError {
  return new PeerageError('connection-failed', { endpoint: formatEndpoint(to), reason })
}
