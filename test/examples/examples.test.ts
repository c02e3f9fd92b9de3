/** Every program of `examples/` does what its first comment says. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { newPath } from '../nodejs/new-path.ts'
import { ExampleProcess } from './example-process.ts'

const started: ExampleProcess[] = []
afterEach(() => {
  for (const example of started.splice(0)) example.kill()
})

function run(name: string, ...words: readonly string[]): ExampleProcess {
  const example = new ExampleProcess(name, ...words)
  started.push(example)
  return example
}

/** A folder in which each name has its own. */
function folder(): (name: string) => string {
  const parent = newPath()
  mkdirSync(parent)
  return (name) => join(parent, name)
}

const INVITATION = /^peerage:/

test('hello-group: two programs meet by an invitation, and greet each other', async () => {
  const at = folder()
  const ann = run('hello-group.ts', at('ann'))
  const bob = run('hello-group.ts', at('bob'), await ann.line(INVITATION))
  expect(await Promise.all([ann.ended(), bob.ended()])).toEqual([0, 0])
  expect(ann.lines.slice(1)).toEqual(['hello from ann', 'hello from bob'])
  expect(bob.lines).toContain('hello from ann')
})

test('chat: messages with history, presence and whispers', async () => {
  const at = folder()
  const ann = run('chat.ts', at('ann'))
  ann.type('/invite')
  ann.type('first')
  const invitation = await ann.line(INVITATION)
  await ann.line(/ ann: first$/)
  const bob = run('chat.ts', at('bob'), invitation)
  await bob.line(/^\* ann is here$/)
  await bob.line(/ ann: first$/)
  await ann.line(/^\* bob is here$/)
  bob.type('/to eve psst')
  await bob.line(/^\* nobody here is called eve$/)
  bob.type('/to ann psst')
  await ann.line(/^\(bob: psst\)$/)
  bob.type('second')
  await ann.line(/ bob: second$/)
  expect(bob.lines.join()).not.toContain('(bob: psst)')
  bob.endInput()
  expect(await bob.ended()).toBe(0)
  await ann.line(/^\* bob is gone$/)
  ann.endInput()
  expect(await ann.ended()).toBe(0)
  const again = run('chat.ts', at('ann'))
  await again.line(/ bob: second$/)
  again.endInput()
  expect(await again.ended()).toBe(0)
})

test('todo: a list that two folders share', async () => {
  const at = folder()
  expect(await run('todo.ts', at('ann'), 'add', 'buy milk').ended()).toBe(0)
  const ann = run('todo.ts', at('ann'), 'invite')
  const bob = run('todo.ts', at('bob'), 'join', await ann.line(INVITATION))
  await bob.line(/^\[ \] buy milk$/)
  expect(await Promise.all([ann.ended(), bob.ended()])).toEqual([0, 0])
  const offline = run('todo.ts', at('bob'))
  expect(await offline.ended()).toBe(0)
  expect(offline.lines).toEqual(['[ ] buy milk'])
  const done = run('todo.ts', at('ann'), 'done', 'milk')
  expect(await done.ended()).toBe(0)
  expect(done.lines).toEqual([])
})

test('service-discovery: a service is found by its name, and asked', async () => {
  const at = folder()
  const printer = run('service-discovery.ts', 'serve', at('printer'))
  const [name = '', address = ''] = (await printer.line(/\.printer /)).split(' ')
  const ann = run('service-discovery.ts', 'find', at('ann'), name, address)
  expect(await ann.ended()).toBe(0)
  expect(ann.lines).toEqual(['second floor: ready to print'])
  printer.interrupt()
  expect(await printer.ended()).toBe(0)
})

test('presence: who is there, what they do, and that they have gone', async () => {
  const at = folder()
  const ann = run('presence.ts', at('ann'), 'reading')
  const bob = run('presence.ts', at('bob'), 'cooking', await ann.line(INVITATION))
  await ann.line(/^bob is cooking$/)
  await bob.line(/^ann is reading$/)
  bob.interrupt()
  expect(await bob.ended()).toBe(0)
  await ann.line(/^bob has gone$/)
  ann.interrupt()
  expect(await ann.ended()).toBe(0)
})

test('custom-security-provider: who knows the word is let in, and nobody else', async () => {
  const at = folder()
  const ann = run('custom-security-provider.ts', at('ann'), 'sesame')
  const [graph = '', ...addresses] = (await ann.line(/:\d+$/)).split(' ')
  const [bob, eve] = ['sesame', 'barley'].map((word) =>
    run('custom-security-provider.ts', at(word), word, graph, ...addresses),
  )
  expect(await Promise.all([bob?.ended(), eve?.ended()])).toEqual([0, 1])
  expect(bob?.lines).toEqual(['who reads this knew the word'])
  expect(eve?.lines.join()).toMatch(/^not-authenticated: .*the word is another one/)
  ann.interrupt()
  expect(await ann.ended()).toBe(0)
})
