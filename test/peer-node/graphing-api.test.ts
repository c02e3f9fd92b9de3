/** The tables that compare the API of graphs with the original. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { errorCatalog } from '../../src/runtime/error-catalog.ts'
import { settings } from './graph-settings.ts'

const table = readFileSync('docs/graphing-api.md', 'utf8')
const rows = [...table.matchAll(/^\| `(PeerGraph\w+)` \| (.*?) \| (.*?) ?\|$/gm)].map(([, name, here, where]) => ({
  ...{ name, here: here ?? '', where: where ?? '' },
}))

test('G-136: each of the 37 functions has an operation that exists and a test, or a reason why it needs none', async () => {
  expect(new Set(rows.map(({ name }) => name)).size).toBe(37)
  for (const { name, here, where } of rows) {
    if (!here.startsWith('not needed: ')) expect(existsSync(where), `${name}: ${where}`).toBe(true)
  }
  const [simulated] = settings
  await simulated?.run(async ({ open }) => {
    const { graphs } = await open('ann')
    const graph = await graphs.create()
    const named = rows.flatMap(({ here }) =>
      [...here.matchAll(/`((?:graph|graphs)\.[\w.]+)`/g)].map(([, path]) => path),
    )
    expect(named.length).toBeGreaterThan(20)
    for (const path of named) {
      const found = path?.split('.').reduce<unknown>(member, { graph, graphs })
      expect(typeof found, path).toBe('function')
    }
  })
})

/** Conditions that are not named as their codes are. */
const codesOfConditions: Readonly<Record<string, string>> = {
  'no common protocol version': 'no-common-version',
  'database of a later release': 'database-newer',
}
const conditions = [
  ...['graph not ready', 'graph in use', 'duplicate graph', 'database already present', 'database not present'],
  ...['invalid database', 'already listening', 'unable to listen', 'connect self', 'connection failed'],
  ...['not authenticated', 'refused', 'protocol not accepted', 'message not taken', 'message too large'],
  ...['node not found', 'record not found', 'invalid record', 'record too large', 'version conflict'],
  ...['refused by schema', 'cursor too old', 'invalid expiration', 'invalid attributes', 'too many attributes'],
  ...['invalid search', 'unknown provider', 'no common protocol version', 'database of a later release'],
  'not authorized',
]

describe('a condition has a code of its own, which is raised, documented, and says what to do next', () => {
  const catalog = new Map(Object.entries(errorCatalog))
  const codes = conditions.map((condition) => codesOfConditions[condition] ?? condition.replaceAll(' ', '-'))
  const sources = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'))
  const raised = sources
    .filter((file) => !file.endsWith('error-catalog.ts'))
    .map((file) => readFileSync(join('src', file), 'utf8'))
    .join('\n')
  const documented = readFileSync('docs/errors.md', 'utf8')

  test.each(conditions.map((condition, index) => ({ condition, code: codes[index] ?? '' })))(
    'G-137: $condition: $code',
    ({ code }) => {
      expect(catalog.get(code)?.advice).toMatch(/^[A-Z].*\.$/)
      expect(raised).toMatch(new RegExp(`PeerageError\\(\\s*'${code}'`))
      expect(documented).toContain(`\`${code}\``)
    },
  )

  test('G-137: there are 30 of them, and no two share a code', () => {
    expect(new Set(codes).size).toBe(30)
    expect(conditions).toHaveLength(30)
  })
})

function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
}
