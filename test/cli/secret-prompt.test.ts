import { EventEmitter } from 'node:events'
import { expect, test } from 'vitest'
import { promptSecret } from '../../src/cli/secret-prompt.ts'

/** A terminal at which somebody types. It shows what is typed unless it is in raw mode. */
class FakeTerminal extends EventEmitter {
  raw = false
  shown = ''
  readonly output = {
    write: (text: string): void => {
      this.shown += text
      this.rawWhenAsked ||= this.raw && text.startsWith('Password')
    },
  }
  rawWhenAsked = false
  readonly input = this
  setRawMode(raw: boolean): void {
    this.raw = raw
  }
  setEncoding(): void {}
  resume(): void {}
  pause(): void {}
  type(...chunks: string[]): void {
    for (const chunk of chunks) {
      if (!this.raw) this.shown += chunk
      this.emit('data', chunk)
    }
  }
}

test.each([
  ['in one go', ['secret\r']],
  ['key by key', ['s', 'e', 'c', 'r', 'e', 't', '\n']],
  ['with mistakes that are taken back', ['x\u007fsecrat\u007f\u0008et\r']],
  ['with more after the end of the line', ['secret\rand more']],
  ['and ended by Ctrl-D', ['secret\u0004']],
])('what is typed %s is not shown', async (_how, chunks) => {
  const terminal = new FakeTerminal()
  const answer = promptSecret('Password', terminal)
  terminal.type(...chunks)
  expect(await answer).toBe('secret')
  expect(terminal.shown).toBe('Password: \n')
  expect(terminal).toMatchObject({ raw: false, rawWhenAsked: true })
  expect(terminal.eventNames()).toEqual([])
})

test('a character outside of the basic plane is taken back as one', async () => {
  const terminal = new FakeTerminal()
  const answer = promptSecret('Password', terminal)
  terminal.type('a\u{1f600}\u007fb\r')
  expect(await answer).toBe('ab')
})

test('Ctrl-C interrupts, with the terminal as it was before', async () => {
  const terminal = new FakeTerminal()
  const answer = promptSecret('Password', terminal)
  terminal.type('sec\u0003')
  await expect(answer).rejects.toMatchObject({ code: 'interrupted' })
  expect(terminal).toMatchObject({ raw: false, shown: 'Password: \n' })
  expect(terminal.eventNames()).toEqual([])
})

test('the end of the input ends the answer', async () => {
  const terminal = new FakeTerminal()
  const answer = promptSecret('Password', terminal)
  terminal.type('secret')
  terminal.emit('end')
  expect(await answer).toBe('secret')
})
