/** QR codes as a terminal shows them, read as a camera would: from the dark and light halves of the characters. */
import { expect, test } from 'vitest'
import { qrCode } from '../../src/cli/qr-code.ts'
import { LONGEST_INVITATION } from '../../src/group/invitation.ts'

const QUIET_ZONE = 4
/** Of version 2, in modules; its one alignment pattern is here, and its data are one block. */
const SIZE = 25
const ALIGNMENT = 18
const TIMING = 6
const BYTE_MODE = 4
const MASKS: readonly ((row: number, column: number) => boolean)[] = [
  (row, column) => (row + column) % 2 === 0,
  (row) => row % 2 === 0,
  (_, column) => column % 3 === 0,
  (row, column) => (row + column) % 3 === 0,
  (row, column) => (Math.floor(row / 2) + Math.floor(column / 3)) % 2 === 0,
  (row, column) => ((row * column) % 2) + ((row * column) % 3) === 0,
  (row, column) => (((row * column) % 2) + ((row * column) % 3)) % 2 === 0,
  (row, column) => (((row + column) % 2) + ((row * column) % 3)) % 2 === 0,
]

/** The dark modules of what is shown. */
function modulesOf(shown: string, inkIsDark: boolean): readonly (readonly boolean[])[] {
  return shown.split('\n').flatMap((line) => {
    const characters = [...line]
    const isDark = (inks: string) => characters.map((character) => inks.includes(character) === inkIsDark)
    return [isDark('█▀'), isDark('█▄')]
  })
}

/** The text in a code of version 2 (ISO/IEC 18004, 7.7 to 7.9 backwards; nothing is damaged, so nothing is corrected). */
function decode(all: readonly (readonly boolean[])[]): string {
  const dark = (row: number, column: number): boolean => all[row + QUIET_ZONE]?.[column + QUIET_ZONE] ?? false
  const number = (bits: readonly boolean[]): number => bits.reduce((sum, bit) => sum * 2 + Number(bit), 0)
  const mask = MASKS[number([2, 3, 4].map((column) => dark(8, column))) ^ 0b101]
  const isData = (row: number, column: number): boolean => {
    const inCorner = (row <= 8 && (column <= 8 || column >= SIZE - 8)) || (row >= SIZE - 8 && column <= 8)
    const inAlignment = Math.abs(row - ALIGNMENT) <= 2 && Math.abs(column - ALIGNMENT) <= 2
    return !inCorner && !inAlignment && row !== TIMING && column !== TIMING
  }
  const bits: boolean[] = []
  let upwards = true
  for (let right = SIZE - 1; right > 0; right -= 2) {
    if (right === TIMING) right--
    for (let step = 0; step < SIZE; step++) {
      const row = upwards ? SIZE - 1 - step : step
      for (const column of [right, right - 1]) {
        if (isData(row, column)) bits.push(dark(row, column) !== mask?.(row, column))
      }
    }
    upwards = !upwards
  }
  const byte = (at: number): number => number(bits.slice(at, at + 8))
  if (number(bits.slice(0, 4)) !== BYTE_MODE) throw new Error('no bytes')
  return String.fromCharCode(...Array.from({ length: byte(4) }, (_, index) => byte(12 + 8 * index)))
}

test('P-037: what is shown can be read, with the colours of the terminal turned round and without', () => {
  const text = 'peerage:AfYBAlFIHgIPTX4O_-bItb'
  const plain = qrCode(text, { colours: false })
  expect(plain.width).toBe(SIZE + 2 * QUIET_ZONE)
  expect(decode(modulesOf(plain.text, false))).toBe(text)
  const coloured = qrCode(text, { colours: true })
  const lines = coloured.text.split('\n')
  expect(lines.every((line) => line.startsWith('\u001b[30;107m') && line.endsWith('\u001b[0m'))).toBe(true)
  const inks = lines.map((line) => line.slice('\u001b[30;107m'.length, -'\u001b[0m'.length))
  expect(decode(modulesOf(inks.join('\n'), true))).toBe(text)
})

test('P-037: the longest invitation has a code', () => {
  const { text, width } = qrCode(`peerage:${'A'.repeat(LONGEST_INVITATION - 8)}`, { colours: false })
  const lines = text.split('\n')
  expect(lines).toHaveLength(Math.ceil(width / 2))
  expect(new Set(lines.map((line) => line.length))).toEqual(new Set([width]))
})
