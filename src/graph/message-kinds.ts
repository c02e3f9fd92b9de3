/**
 * The kinds of messages on an open link: the number that stands for each on the wire, its limit, and its priority. Numbers
 * are those of the specification where it has the message (MS-PPGRH 2.2.1.2).
 */
import type { MessageKind } from './graph-message.ts'
import type { KindOfMessage } from './kind-of-message.ts'
import { reconciliationKinds } from './reconciliation-message.ts'

/** In bytes: what a record may have beside payload and attributes, and a message beside its record. */
const RECORD_ALLOWANCE = 4096
const LARGEST_PAYLOAD = 65_536
/** A message that carries one record, in bytes. */
export const LONGEST_RECORD_MESSAGE = LARGEST_PAYLOAD + RECORD_ALLOWANCE
/** A message without anything large in it, in bytes. */
const SMALL = 8192
/** Of a part of a direct connection's bytes. */
export const LONGEST_DATA = 16_000

export const messageKinds: Readonly<Record<MessageKind, KindOfMessage>> = {
  CONNECT: { number: 0x02, longest: SMALL, priority: 'control' },
  WELCOME: { number: 0x03, longest: SMALL, priority: 'control' },
  REFUSE: { number: 0x04, longest: SMALL, priority: 'control' },
  DISCONNECT: { number: 0x05, longest: SMALL, priority: 'control' },
  SHUFFLE: { number: 0x20, longest: SMALL, priority: 'control' },
  SHUFFLE_REPLY: { number: 0x21, longest: SMALL, priority: 'control' },
  BECOME_NEIGHBOR: { number: 0x27, longest: SMALL, priority: 'control' },
  FLOOD: { number: 0x0b, longest: LONGEST_RECORD_MESSAGE, priority: 'flood' },
  ADVERTISE: { number: 0x09, longest: 2 * SMALL, priority: 'flood' },
  GRAFT: { number: 0x22, longest: SMALL, priority: 'control' },
  PRUNE: { number: 0x23, longest: SMALL, priority: 'control' },
  PROOF_REQUEST: { number: 0x24, longest: SMALL, priority: 'control' },
  PROOF: { number: 0x25, longest: LONGEST_RECORD_MESSAGE, priority: 'flood' },
  PT2PT: { number: 0x0d, longest: LONGEST_RECORD_MESSAGE, priority: 'flood' },
  PT2PT_ANSWER: { number: 0x26, longest: SMALL, priority: 'control' },
  DATA: { number: 0x30, longest: LONGEST_DATA + SMALL, priority: 'bulk' },
  DATA_END: { number: 0x31, longest: SMALL, priority: 'bulk' },
  ...reconciliationKinds,
}
