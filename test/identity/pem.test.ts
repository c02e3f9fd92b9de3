import fc from 'fast-check'
import { expect, test } from 'vitest'
import { encodePem, readPemBlock } from '../../src/identity/pem.ts'
import { PeerageError } from '../../src/runtime/peerage-error.ts'
import { openssl } from './openssl.ts'

const bytes = Uint8Array.from({ length: 70 }, (_, index) => index * 7)
const block = encodePem('SOME DATA', bytes)

function problemOf(text: string): string {
  try {
    readPemBlock(text)
  } catch (error) {
    if (PeerageError.is(error, 'malformed')) return error.details.problem
    throw error
  }
  return 'nothing was refused'
}

test('a block is read back, whatever it holds', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 300 }), (content) => {
      const text = encodePem('SOME DATA', content)
      expect(readPemBlock(text)).toEqual({ label: 'SOME DATA', bytes: content, start: 0, end: text.length })
    }),
  )
})

test('openssl reads what is written', () => {
  const { accepted, output } = openssl(['asn1parse', '-in', 'text'], {
    text: encodePem('SOME DATA', Uint8Array.of(4, 3, 65, 66, 67)),
  })
  expect(accepted).toBe(true)
  expect(output).toMatch(/OCTET STRING +:ABC/)
})

test('text before and after is passed over, and the place of the block told', () => {
  const before = 'Peer name: -----BEGIN nothing\n'
  expect(readPemBlock(`${before}${block}after`)).toEqual({
    label: 'SOME DATA',
    bytes,
    start: before.length,
    end: before.length + block.length,
  })
})

test('a text without a block is no error', () => {
  for (const text of ['', 'hello', ' -----BEGIN SOME DATA-----\n', '-----BEGIN']) {
    expect(readPemBlock(text)).toBeUndefined()
  }
})

test('lines may end in CR LF, and the last one in nothing', () => {
  expect(readPemBlock(block.replaceAll('\n', '\r\n'))?.bytes).toEqual(bytes)
  expect(readPemBlock(block.slice(0, -1))?.bytes).toEqual(bytes)
})

test('I-08: a block that is cut short is refused, wherever it is cut', () => {
  for (let length = '-----BEGIN '.length; length < block.length - 1; length++) {
    expect(problemOf(block.slice(0, length))).toMatch(/cut short/)
  }
})

test('a block in any other form is refused with the reason', () => {
  const [first = '', second = '', third = '', last = ''] = block.split('\n')
  const lines = (...given: string[]): string => problemOf(given.map((line) => `${line}\n`).join(''))
  expect(lines(first, second, third, last)).toBe('nothing was refused')
  expect(lines(first, second, third, '-----END OTHER DATA-----')).toMatch(/^its last line, END SOME DATA, is missing/)
  expect(lines(first.toLowerCase().replace('begin', 'BEGIN'), second, third, last)).toMatch(/^its first line/)
  expect(lines(first, second, third, `${last} `)).toBe('there is more in its last line')
  expect(lines(first, second.slice(0, 60), second.slice(60), third, last)).toMatch(/^its line 2 has 60 characters/)
  expect(lines(first, second + third, last)).toMatch(/^its line 2 has 96 characters/)
  expect(lines(first, second, '', third, last)).toMatch(/^its line 3 has 0 characters/)
  expect(lines(first, second, ` ${third}`, last)).toBe('its content is not canonical base64')
  expect(lines(first, second, third.replace('=', ''), last)).toBe('its content is not canonical base64')
  expect(lines(first, last)).toBe('its content is not canonical base64')
  expect(problemOf(`${first}\n${`${'A'.repeat(64)}\n`.repeat(400)}${last}\n`)).toMatch(/too long$/)
})

test('base64 with bits that mean nothing is refused: there is one text for each content', () => {
  expect(problemOf('-----BEGIN A-----\nAB==\n-----END A-----\n')).toBe('its content is not canonical base64')
  expect(readPemBlock('-----BEGIN A-----\nAA==\n-----END A-----\n')?.bytes).toEqual(Uint8Array.of(0))
})
