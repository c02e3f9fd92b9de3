/** The tables that compare the APIs for identities and groups with the original. */
import { existsSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { settings } from './graph-settings.ts'

const table = readFileSync('docs/grouping-api.md', 'utf8')
const rows = [...table.matchAll(/^\| `(Peer\w+)` \| (.*?) \| (?:.*? )?\| (.*?) ?\|$/gm)].map(
  ([, name, here, where]) => ({
    ...{ name, here: here ?? '', where: where ?? '' },
  }),
)

test('P-108: each of the 16 and 37 functions has an operation that exists and a test, or a reason why it needs none', async () => {
  expect(new Set(rows.map(({ name }) => name)).size).toBe(16 + 37)
  for (const { name, here, where } of rows) {
    if (!here.startsWith('not needed: ')) expect(existsSync(where), `${name}: ${where}`).toBe(true)
  }
  const [simulated] = settings
  await simulated?.run(async ({ open }) => {
    const { groups, identities } = await open('ann')
    const group = await groups.create({ offline: true })
    const named = [...table.matchAll(/`((?:group|groups|identities)\.[\w.]+)`/g)].map(([, path]) => path)
    expect(named.length).toBeGreaterThan(40)
    for (const path of named) {
      const found = path?.split('.').reduce<unknown>(member, { group, groups, identities })
      expect(typeof found, path).toBe('function')
    }
  })
})

function member(object: unknown, name: string): unknown {
  return typeof object === 'object' && object !== null ? Reflect.get(object, name) : undefined
}
