/**
 * The streams that this node has dialled and whose links are not open yet, by their channel bindings. A stream that comes in
 * with one of them was dialled by this very node (G-035).
 */
import { toHex } from '../runtime/bytes.ts'

/** The streams of one node. */
export class OwnDials {
  readonly #dials = new Map<string, () => void>()

  /** @param meetsItself Called if the stream leads back to this node. @returns what forgets the stream */
  add(channelBinding: Uint8Array, meetsItself: () => void): () => void {
    const key = toHex(channelBinding)
    this.#dials.set(key, meetsItself)
    return () => this.#dials.delete(key)
  }

  /** A stream came in. @returns whether this node has dialled it; then its other end is told */
  meets(channelBinding: Uint8Array): boolean {
    const meetsItself = this.#dials.get(toHex(channelBinding))
    meetsItself?.()
    return meetsItself !== undefined
  }
}
