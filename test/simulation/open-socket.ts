/**
 * A datagram socket of a simulated host that keeps what comes, for tests of the network.
 */
import type { DatagramSocket } from '../../src/runtime/datagrams.ts'
import { type Endpoint, formatEndpoint, type IpAddress, parseIpAddress } from '../../src/runtime/endpoint.ts'
import type { SimulatedHost } from '../../src/simulation/simulated-host.ts'

export const PORT = 3540

/** What came to a socket: when, by the monotonic clock of its host; from where; the first bytes, as one number. */
export interface Arrival {
  readonly time: number
  readonly from: string
  readonly number: number
}

/** A socket with everything that came to it. */
export interface OpenSocket {
  readonly socket: DatagramSocket
  readonly local: Endpoint
  readonly arrivals: Arrival[]
  /** Sends a datagram of 4 bytes or more that holds a number. */
  send(number: number, to: Endpoint, length?: number): void
  /** The numbers that came, in order. */
  numbers(): number[]
}

/** Opens a socket at an address of a host, by default at its IPv4 address. */
export function openSocket(host: SimulatedHost, address: IpAddress = host.ipv4, port: number = PORT): OpenSocket {
  const arrivals: Arrival[] = []
  const { clock, datagrams } = host.ports
  const start = clock.monotonic()
  const zone = host.attachment.addresses.find((one) => one.address === address)?.on.name
  const socket = datagrams.open(
    { host: address, port, ...(zone !== undefined && { zone }) },
    {
      received(bytes, from) {
        const number = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0)
        arrivals.push({ time: clock.monotonic() - start, from: formatEndpoint(from), number })
      },
    },
  )
  return {
    socket,
    local: socket.local,
    arrivals,
    send(number, to, length = 4) {
      const bytes = new Uint8Array(length)
      new DataView(bytes.buffer).setUint32(0, number)
      socket.send(bytes, to)
    },
    numbers: () => arrivals.map((arrival) => arrival.number),
  }
}

/** The address of a text that is one. */
export function ip(text: string): IpAddress {
  const address = parseIpAddress(text)
  if (address === undefined) throw new Error(`${text} is no address`)
  return address
}
