import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { admissionRefusals, refusalTexts } from '../../src/group/admission-refusal.ts'
import { groupRecordProblems } from '../../src/group/group-record-problem.ts'

test('the documentation lists every counter of a group, once, and says of each reason what it is', () => {
  const text = readFileSync(new URL('../../docs/protocol/group-counters.md', import.meta.url), 'utf8')
  const listed = [...text.matchAll(/^\| `([a-z-]+)` \| (.*) \|$/gm)].map(
    ([, name = '', meaning]) => [name, meaning] as const,
  )
  const problems = [...groupRecordProblems, 'revoked'].map((problem) => `record-${problem}`)
  expect(listed.map(([name]) => name).toSorted()).toEqual([...admissionRefusals, ...problems].toSorted())
  const meanings = new Map(listed)
  for (const refusal of admissionRefusals) expect(meanings.get(refusal)).toBe(refusalTexts[refusal])
})
