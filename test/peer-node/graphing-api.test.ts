/** The tables that compare the API of graphs with the original. */
import { existsSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
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

test('G-137: each condition of the original, and each of ours, has a code of its own with a next step', () => {
  const codes = [
    ...['graph-not-ready', 'graph-in-use', 'duplicate-graph', 'database-already-present', 'database-not-present'],
    ...['invalid-database', 'already-listening', 'unable-to-listen', 'connect-self', 'connection-failed'],
    ...['not-authenticated', 'refused', 'protocol-not-accepted', 'message-not-taken', 'message-too-large'],
    ...['node-not-found', 'record-not-found', 'invalid-record', 'record-too-large', 'version-conflict'],
    ...['refused-by-schema', 'cursor-too-old', 'invalid-expiration', 'invalid-attributes', 'too-many-attributes'],
    ...['invalid-search', 'unknown-provider', 'no-common-version', 'database-newer', 'not-authorized'],
  ]
  const catalog = new Map(Object.entries(errorCatalog))
  for (const code of codes) expect(catalog.get(code)?.advice, code).toMatch(/^[A-Z].*\.$/)
  expect(codes).toHaveLength(30)
})

function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
}
