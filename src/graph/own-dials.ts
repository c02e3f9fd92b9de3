/**
 * The streams that this node has dialled and whose links are not open yet, by their channel bindings. A stream that comes in
 * with one of them was dialled by this very node (G-035): by one of its graphs, and another one of the same ID, in which the node is
 * with another identity, can answer.
 */
import { toHex } from '../runtime/bytes.ts'

/** A stream that this node has dialled. */
export interface OwnDial {
  /** As whom. */
  readonly publicKey: Uint8Array
  /** Called if nobody but who has dialled is at the other end. */
  meetsItself(): void
}

/** The streams of one node. */
export class OwnDials {
  readonly #dials = new Map<string, OwnDial>()

  /** @returns what forgets the stream */
  add(channelBinding: Uint8Array, dial: OwnDial): () => void {
    const key = toHex(channelBinding)
    this.#dials.set(key, dial)
    return () => this.#dials.delete(key)
  }

  /** A stream came in: the dial that led back here, if it is one of these. */
  find(channelBinding: Uint8Array): OwnDial | undefined {
    return this.#dials.get(toHex(channelBinding))
  }
}
