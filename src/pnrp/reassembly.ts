/**
 * Puts the fragments of one AUTHORITY_BUFFER together again (MS-PNRP 3.1.5.6). One of these belongs to one
 * request of ours, so nobody can make us keep what we did not ask for, and it ends with that request.
 */

import { LONGEST_AUTHORITY_BUFFER } from './authority-buffer.ts'
import type { Authority } from './message.ts'

/**
 * How much of an AUTHORITY_BUFFER goes into one AUTHORITY, in bytes: what a datagram of 1,232 leaves beside
 * the header and all other fields, the authentication of a private cloud included.
 */
export const FRAGMENT_LENGTH = 1128

/** The fragments of a buffer, in order. */
export function splitAuthorityBuffer(buffer: Uint8Array): readonly { offset: number; fragment: Uint8Array }[] {
  const fragments: { offset: number; fragment: Uint8Array }[] = []
  for (let offset = 0; offset < buffer.length; offset += FRAGMENT_LENGTH) {
    fragments.push({ offset, fragment: buffer.subarray(offset, offset + FRAGMENT_LENGTH) })
  }
  return fragments
}

/** What came of a fragment: the whole buffer, not yet, or the end of it. */
export type ReassemblyOutcome = Uint8Array | 'incomplete' | 'bad-fragment'

/** The fragments of one AUTHORITY_BUFFER. */
export class Reassembly {
  #messageId = 0
  #buffer: Uint8Array | undefined
  #present: boolean[] = []
  #missing = 0

  /** Takes a fragment, in any order; one that was there already changes nothing. */
  take(authority: Authority): ReassemblyOutcome {
    const { size, offset, fragment, messageId } = authority
    const expected = Math.min(FRAGMENT_LENGTH, size - offset)
    if (
      size > LONGEST_AUTHORITY_BUFFER ||
      offset >= size ||
      offset % FRAGMENT_LENGTH !== 0 ||
      fragment.length !== expected
    ) {
      return this.#discard()
    }
    if (size <= FRAGMENT_LENGTH) return fragment
    if (this.#buffer === undefined || this.#messageId !== messageId) {
      // An answer to a second copy of our request has a Message ID of its own, and other content.
      this.#messageId = messageId
      this.#buffer = new Uint8Array(size)
      this.#missing = Math.ceil(size / FRAGMENT_LENGTH)
      this.#present = new Array<boolean>(this.#missing).fill(false)
    }
    if (this.#buffer.length !== size) return this.#discard()
    const index = offset / FRAGMENT_LENGTH
    if (this.#present[index] === false) {
      this.#present[index] = true
      this.#missing--
      this.#buffer.set(fragment, offset)
    }
    return this.#missing === 0 ? this.#buffer : 'incomplete'
  }

  #discard(): 'bad-fragment' {
    this.#buffer = undefined
    return 'bad-fragment'
  }
}
