import { expect, onTestFinished, test } from 'vitest'
import { type Partner, startPartner } from '../../bench/partner.ts'

function start(): Partner {
  const partner = startPartner(new URL('programs/partner.ts', import.meta.url), ['hello'])
  // It ends in place of an answer.
  onTestFinished(() => expect(partner.ask('end')).rejects.toThrow('partner.ts ended with'))
  return partner
}

test('it answers, in a process of its own', async () => {
  const answer = await start().ask('word')
  expect(answer('word')).toBe('hello')
  expect(Number(answer('process'))).not.toBe(process.pid)
})

test('a question comes with what belongs to it', async () => {
  const partner = start()
  expect((await partner.ask('echo', 'one'))('detail')).toBe('one')
  expect((await partner.ask('echo'))('detail')).toBe('')
})

test('what an answer lacks is an error that names it', async () => {
  const answer = await start().ask('word')
  expect(() => answer('length')).toThrow('partner.ts answered word without length')
})

test.each(['end', 'fail', 'what it does not know'])('a partner that ends answers nobody: %s', async (question) => {
  const partner = start()
  await expect(partner.ask(question)).rejects.toThrow(/^partner\.ts ended with [13]$/)
  await expect(partner.ask('word')).rejects.toThrow(/^partner\.ts ended with [13]$/)
})
