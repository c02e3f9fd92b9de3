/** The documents that are made from the sources. */
import { globSync } from 'node:fs'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { expect, test } from 'vitest'
import { controlReference } from '../../scripts/reference/control.ts'
import { errorReference } from '../../scripts/reference/errors.ts'
import { limitReference, readLimits } from '../../scripts/reference/limits.ts'
import { errorCatalog } from '../../src/runtime/error-catalog.ts'

test('every error code has a row, with the names of its details where a message puts their values', () => {
  const reference = errorReference()
  for (const code of Object.keys(errorCatalog)) expect(reference).toContain(`\n| \`${code}\` | `)
  expect(reference).toContain('| a classifier has at most \\<limit\\> characters, this one has \\<length\\> |')
  expect(reference).toContain('\\<number of groups\\> groups: \\<groups\\>')
  expect(reference).not.toMatch(/undefined|\[object|function/)
})

test('bounds are read with their comment, which lines right below share', () => {
  const source = `
    /** How long a name is at most, in bytes ({@link Name}).
     *
     * More about it. */
    export const LONGEST_NAME = 4 * 16
    const MOST_NAMES = 2 ** 8 - LONGEST_NAME

    // In bytes,
    // without the header.
    const LARGEST_FILE = 1 // as the other side has it
    const LARGEST_NUMBER = LARGEST_FILE + 1

    /** No number. */
    const LONGEST_TEXT = 'text'
    /** No bound. */
    const SEED_LENGTH = 32
    /** In milliseconds. */
    export const READ_TIMEOUT = 10_000
    function inside() { const MOST_INSIDE = 1; return MOST_INSIDE }
  `.replaceAll('\n    ', '\n')
  expect(readLimits('some.ts', source)).toEqual([
    { name: 'LONGEST_NAME', value: '4 * 16', meaning: 'How long a name is at most, in bytes (Name).' },
    { name: 'MOST_NAMES', value: '2 ** 8 - LONGEST_NAME', meaning: 'How long a name is at most, in bytes (Name).' },
    { name: 'LARGEST_FILE', value: '1', meaning: 'In bytes, without the header.' },
    { name: 'LARGEST_NUMBER', value: 'LARGEST_FILE + 1', meaning: 'In bytes, without the header.' },
    { name: 'READ_TIMEOUT', value: '10_000', meaning: 'In milliseconds.' },
  ])
})

test('a bound that no comment explains is refused', () => {
  expect(() => readLimits('some.ts', '/** Names. */\nconst OTHER = 1\n\nconst MOST_NAMES = 2\n')).toThrow(
    'some.ts: MOST_NAMES is a bound, and no comment says of what',
  )
})

test('the document names the limits of each module that has any', () => {
  const limit = { name: 'MOST_NAMES', value: '2', meaning: 'Names | in all.' }
  const reference = limitReference(
    new Map([
      ['src/a.ts', [limit]],
      ['src/b.ts', []],
    ]),
  )
  expect(reference).toContain(
    '## src/a.ts\n\n| name | value | what it bounds |\n| --- | --- | --- |\n| `MOST_NAMES` | `2` | Names \\| in all. |',
  )
  expect(reference).not.toContain('src/b.ts')
})

test('every method of the control API is described, with what it takes and gives, and every event', async () => {
  const reference = controlReference()
  const tables = globSync(fileURLToPath(new URL('../../src/control/*-methods.ts', import.meta.url)))
  let methods = 0
  for (const file of tables) {
    const exported: Record<string, unknown> = await import(pathToFileURL(file).href)
    for (const [name, table] of Object.entries(exported)) {
      if (!name.endsWith('Methods') || typeof table !== 'object' || table === null) continue
      for (const method of Object.values(table)) {
        expect(reference).toContain(`\n### \`${method.name}\`\n\n${method.says}`)
        methods++
      }
    }
  }
  expect(reference.match(/^### /gm)).toHaveLength(methods)
  expect(reference.match(/^- gives /gm)).toHaveLength(methods)
  for (const event of ['connection-required', 'lagged', 'expiring']) expect(reference).toContain(`\n- \`${event}\`: `)
  expect(reference).not.toMatch(/undefined|\[object/)
})
