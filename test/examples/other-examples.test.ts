/** The programs of `examples/` about names and graphs do what their first comments say. */
import { expect, test } from 'vitest'
import { folder, run } from './example-process.ts'

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
