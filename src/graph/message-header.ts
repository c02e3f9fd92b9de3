/**
 * What every message on a link begins with (MS-PPGRH 2.2.1.2): its size, the version of the protocol, its kind, and two
 * reserved bytes, zero when sent and ignored when received.
 */

/** In bytes. */
export const MESSAGE_HEADER_LENGTH = 8
/** The version of the protocol that this release speaks. The original's is 0x10. */
export const PROTOCOL_VERSION = 0x20
/** The versions that this release speaks, ascending. */
export const protocolVersions: readonly number[] = [PROTOCOL_VERSION]

/**
 * The kinds of messages that open a link and keep it alive; message-kinds.ts has those of open links. AUTH_INFO is the
 * specification's, the others are ours.
 */
export const linkKinds = {
  /** The dialler names the graph and reveals its identity. */
  AUTH_INFO: 0x01,
  /** The responder reveals its identity. */
  AUTH_REPLY: 0x40,
  /** What one side's security provider tells the other's. */
  PROVIDER: 0x41,
  /** The sender's security provider admits the link. */
  ADMITTED: 0x42,
  /** A sign of life. */
  PING: 0x43,
} as const

/** Of a message of a kind or version that is not known here, and passed over, in bytes. */
export const LONGEST_PASSED_OVER = 1024 * 1024
