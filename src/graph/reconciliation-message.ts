/**
 * Messages by which two nodes make their records equal (DESIGN section 7): see reconciliation.ts.
 */
import type { WireReader } from '../wire/wire-reader.ts'
import type { WireWriter } from '../wire/wire-writer.ts'
import type { KindOfMessage } from './kind-of-message.ts'

/** The messages of reconciliation. */
export type ReconciliationMessage = Root

/** The root of the sender's trie. */
export interface Root {
  readonly kind: 'ROOT'
}

export const reconciliationKinds: Readonly<Record<ReconciliationMessage['kind'], KindOfMessage>> = {
  ROOT: { number: 0x10, longest: 64, priority: 'control' },
}

/** Writes a message's body. */
export function encodeReconciliationMessage(_writer: WireWriter, _message: ReconciliationMessage): void {}

/** Reads one message of a kind. @throws PeerageError `malformed` */
export function decodeReconciliationMessage(
  kind: ReconciliationMessage['kind'],
  _reader: WireReader,
): ReconciliationMessage {
  return { kind }
}
