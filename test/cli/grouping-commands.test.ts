/** The commands that docs/grouping-api.md names for the functions of the original. */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { peerage } from './command-process.ts'

const table = readFileSync('docs/grouping-api.md', 'utf8')
const rows = [...table.matchAll(/^\| `(Peer\w+)` \| (.*?) \| (?:(.*?) )?\|/gm)].map(([, name, here, command]) => ({
  ...{ name, here: here ?? '', command: command ?? '' },
}))

test('P-108: each function that has an operation has a command, too, which is there, or a reason why it needs none', async () => {
  expect(rows.length).toBeGreaterThanOrEqual(16 + 37)
  const named = new Map<string, Set<string>>()
  for (const { name, here, command } of rows) {
    if (here.startsWith('not needed: ')) continue
    const [, noun, verb] = /^`peerage (\w+)(?: (\w+))?`$/.exec(command) ?? []
    if (noun === undefined) {
      expect(command, name).toMatch(/^not needed: /)
      continue
    }
    const verbs = named.get(noun) ?? new Set()
    if (verb !== undefined) verbs.add(verb)
    named.set(noun, verbs)
  }
  expect(named.size).toBeGreaterThan(4)
  for (const [noun, verbs] of named) {
    const { code, stdout } = await peerage([noun, '--help'])
    expect(code, noun).toBe(0)
    for (const verb of verbs) expect(stdout, `${noun} ${verb}`).toMatch(new RegExp(`^ {2}${verb}\\b`, 'm'))
  }
})
