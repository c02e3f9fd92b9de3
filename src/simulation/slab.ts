/**
 * Copies of byte strings, many in one large array: an array of its own for each costs several times as
 * much. It also makes copies begin in the middle of their buffer, as they do on a platform, so that code
 * which overlooks `byteOffset` fails.
 */

const SLAB_LENGTH = 64 * 1024

/** Where copies are made. A slab lives as long as anything that was copied into it. */
export class Slab {
  #bytes = new Uint8Array(0)
  #used = 0

  /** @param bytes At most 64 KiB. */
  copy(bytes: Uint8Array): Uint8Array {
    const start = this.#used
    const end = start + bytes.length
    if (end > this.#bytes.length) {
      this.#bytes = new Uint8Array(SLAB_LENGTH)
      this.#used = 0
      return this.copy(bytes)
    }
    this.#bytes.set(bytes, start)
    this.#used = end
    return this.#bytes.subarray(start, end)
  }
}
