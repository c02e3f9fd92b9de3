import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
// Its tests are part of this file.
import '../../examples/graph.test-example.ts'

test('docs/graphs.md shows the example as it is run here', () => {
  const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')
  const example = read('examples/graph.test-example.ts')
  expect(read('docs/graphs.md')).toContain(`\`\`\`ts\n${example}\`\`\``)
})
