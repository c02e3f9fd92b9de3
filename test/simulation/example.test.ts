import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
// Its tests are part of this file.
import '../../examples/simulation.test-example.ts'

test('docs/simulation.md shows the example as it is run here', () => {
  const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')
  const example = read('examples/simulation.test-example.ts')
  expect(read('docs/simulation.md')).toContain(`\`\`\`ts\n${example}\`\`\``)
})
