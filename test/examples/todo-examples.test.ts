/** The to-do list of `examples/`, as a program between two folders. */
import { expect, test } from 'vitest'
import { folder, INVITATION, run } from './example-process.ts'

test('todo: a list that two folders share', async () => {
  const at = folder()
  expect(await run('todo.ts', at('ann'), 'add', 'buy milk').ended()).toBe(0)
  const ann = run('todo.ts', at('ann'), 'invite')
  const bob = run('todo.ts', at('bob'), 'join', await ann.line(INVITATION))
  await bob.line(/^\[ \] buy milk$/)
  expect(await bob.ended()).toBe(0)
  ann.interrupt()
  expect(await ann.ended()).toBe(0)
  const offline = run('todo.ts', at('bob'))
  expect(await offline.ended()).toBe(0)
  expect(offline.lines).toEqual(['[ ] buy milk'])
  const done = run('todo.ts', at('ann'), 'done', 'milk')
  expect(await done.ended()).toBe(0)
  expect(done.lines).toEqual([])
})
