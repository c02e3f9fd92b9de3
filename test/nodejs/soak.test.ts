import { expect, test } from 'vitest'
import { soak } from './soak.ts'

test('members that come, go, write, change and delete at random end with the same records', async () => {
  const { done, records } = await soak({ nodes: 4, duration: 0, steps: 300, pause: 1, seed: 'short' })
  expect(records).toBeGreaterThan(50)
  for (const what of ['added', 'changed', 'left', 'came back']) expect(done[what], what).toBeGreaterThan(0)
})
