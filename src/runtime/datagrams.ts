/**
 * The datagram port: UDP, or what a simulation has in its place. Datagrams can be lost, repeated,
 * delayed and overtaken; nothing here says whether one arrived.
 */
import type { Endpoint, ZonedEndpoint } from './endpoint.ts'
import type { FailureCounts } from './failure-counts.ts'

/** Opens datagram sockets. */
export interface Datagrams {
  /**
   * Opens a socket on exactly this local address; port 0 asks for a free one above 1024.
   *
   * @param local A link-local IPv6 address without its zone is `network-failed`.
   * @throws PeerageError `port-in-use`, `address-not-available`, `network-failed`
   */
  bind(local: ZonedEndpoint, receiver: DatagramReceiver): Promise<DatagramSocket>
}

/** What a socket tells its owner. */
export interface DatagramReceiver {
  /** A datagram came. Its bytes belong to the socket again once this returns: copy what is to be kept. */
  received(bytes: Uint8Array, from: Endpoint): void
}

/** An open socket. */
export interface DatagramSocket {
  /** Where this socket is bound, with the port that it really has. */
  readonly local: Endpoint
  /**
   * Sends one datagram and does not wait. The bytes belong to the socket from now on. What the network
   * refuses (no route, a full queue) is a lost datagram, counted in {@link DatagramSocket.refused}.
   *
   * @param bytes 1 to {@link LONGEST_DATAGRAM} bytes; more is a programming error.
   */
  send(bytes: Uint8Array, to: Endpoint): void
  /** How many datagrams the network refused to send. */
  readonly refused: number
  /** What failed so far, by reason: `send-…` for each datagram that was refused, `receive-…` for what could not be received. */
  readonly failures: FailureCounts
  /** Nothing is received or sent from now on. Closing twice does nothing. */
  close(): void
}

/** The largest datagram, in bytes: what IPv6 carries everywhere without fragments (1,280 less headers). */
export const LONGEST_DATAGRAM = 1232
