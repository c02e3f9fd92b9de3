/**
 * What is fixed about a kind of message, whatever family it belongs to: message-kinds.ts has the table.
 */
import type { LinkPriority } from './link-port.ts'

/** One kind of message. */
export interface KindOfMessage {
  /** On the wire: 1 to 255. */
  readonly number: number
  /** Of the body, in bytes: checked before memory is taken. */
  readonly longest: number
  readonly priority: LinkPriority
}
