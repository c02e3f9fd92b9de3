import fc from 'fast-check'
import { expect, test } from 'vitest'
import { LONGEST_AUTHORITY_BUFFER } from '../../src/pnrp/authority-buffer.ts'
import type { Authority } from '../../src/pnrp/message.ts'
import { FRAGMENT_LENGTH, Reassembly, splitAuthorityBuffer } from '../../src/pnrp/reassembly.ts'
import { messageCalled } from './pnrp-vectors.ts'

const authority = messageCalled('AUTHORITY', ' with a whole buffer')

function bufferOf(size: number): Uint8Array {
  return Uint8Array.from({ length: size }, (_, index) => 31 * index + (index >> 8))
}

/** The AUTHORITYs that carry a buffer. */
function messagesOf(buffer: Uint8Array, messageId = 5): Authority[] {
  return splitAuthorityBuffer(buffer).map((part) => ({ ...authority, messageId, size: buffer.length, ...part }))
}

test('N-34: all fragments but the last are of one size, at multiples of it', () => {
  for (const size of [1, FRAGMENT_LENGTH - 1, FRAGMENT_LENGTH, FRAGMENT_LENGTH + 1, 2000, LONGEST_AUTHORITY_BUFFER]) {
    const parts = splitAuthorityBuffer(bufferOf(size))
    expect(parts).toHaveLength(Math.ceil(size / FRAGMENT_LENGTH))
    for (const [index, { offset, fragment }] of parts.entries()) {
      expect(offset).toBe(index * FRAGMENT_LENGTH)
      expect(fragment.length).toBe(Math.min(FRAGMENT_LENGTH, size - offset))
    }
  }
})

test('N-35: fragments come in any order and any number of times, and the buffer is whole when all are there', () => {
  const anySize = fc.integer({ min: 1, max: LONGEST_AUTHORITY_BUFFER })
  fc.assert(
    fc.property(anySize, fc.infiniteStream(fc.nat()), (size, places) => {
      const buffer = bufferOf(size)
      const messages = messagesOf(buffer)
      const reassembly = new Reassembly()
      const taken = new Set<number>()
      for (const place of places) {
        const index = place % messages.length
        const message = messages[index]
        if (message === undefined) throw new Error('no message')
        taken.add(index)
        const outcome = reassembly.take(message)
        if (taken.size === messages.length) {
          expect(outcome).toEqual(buffer)
          return
        }
        expect(outcome).toBe('incomplete')
      }
    }),
  )
})

test('N-35: a fragment that ends beyond Size, or is not where and as long as one must be, discards everything', () => {
  const [first, second, third] = messagesOf(bufferOf(3000))
  if (first === undefined || second === undefined || third === undefined) throw new Error('three fragments')
  const wrong: readonly Partial<Authority>[] = [
    { offset: 3 * FRAGMENT_LENGTH },
    { offset: 2 * FRAGMENT_LENGTH },
    { offset: 4 },
    { fragment: second.fragment.subarray(1) },
    { fragment: new Uint8Array(FRAGMENT_LENGTH + 4) },
    { fragment: new Uint8Array() },
    { size: 0 },
    { size: 3001 },
    { size: LONGEST_AUTHORITY_BUFFER + 1 },
  ]
  for (const changes of wrong) {
    const reassembly = new Reassembly()
    expect(reassembly.take(first)).toBe('incomplete')
    expect({ changes, outcome: reassembly.take({ ...second, ...changes }) }).toEqual({
      changes,
      outcome: 'bad-fragment',
    })
    // The first one is forgotten, so the other two alone are not the whole.
    expect(reassembly.take(second)).toBe('incomplete')
    expect(reassembly.take(third)).toBe('incomplete')
    expect(reassembly.take(first)).toEqual(bufferOf(3000))
  }
})

test('N-35: nothing empty stands for a whole buffer', () => {
  const nothing = { ...authority, fragment: new Uint8Array() }
  for (const size of [0, 4, FRAGMENT_LENGTH]) {
    for (const offset of [0, size]) expect(new Reassembly().take({ ...nothing, size, offset })).toBe('bad-fragment')
  }
})

test('N-35: fragments of two answers are never mixed', () => {
  const one = messagesOf(bufferOf(2000), 1)
  const other = messagesOf(bufferOf(2000).reverse(), 2)
  const reassembly = new Reassembly()
  const take = (message: Authority | undefined) => message && reassembly.take(message)
  expect(take(one[0])).toBe('incomplete')
  expect(take(other[1])).toBe('incomplete')
  expect(take(other[0])).toEqual(bufferOf(2000).reverse())
})
