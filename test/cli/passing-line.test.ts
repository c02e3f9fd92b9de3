/** The line that tells how far a long work is: at a terminal it is overwritten, and elsewhere there is none. */
import { expect, test } from 'vitest'
import { createOutput, type Output } from '../../src/cli/output.ts'
import { ProgressBar } from '../../src/cli/progress-bar.ts'

/** What a terminal of one line after the other shows, which knows carriage return and line feed alone. */
class PlainTerminal {
  readonly isTTY = true
  readonly columns: number
  readonly rows: string[] = ['']
  #column = 0

  constructor(columns: number) {
    this.columns = columns
  }

  write(text: string): void {
    for (const character of text) {
      const row = this.rows.at(-1) ?? ''
      if (character === '\r') this.#column = 0
      else if (character === '\n') this.rows.push('')
      else this.rows[this.rows.length - 1] = row.slice(0, this.#column) + character + row.slice(++this.#column)
      if (character === '\n') this.#column = 0
      expect(this.#column).toBeLessThan(this.columns)
    }
  }

  get screen(): string[] {
    return this.rows.map((row) => row.trimEnd())
  }
}

function outputAt(stderr: PlainTerminal | { write(text: string): unknown }, quiet = false): Output {
  return createOutput({ json: false, quiet, stdout: stderr, stderr })
}

test('each takes the place of the one before, and results stand where it was', () => {
  const terminal = new PlainTerminal(80)
  const output = outputAt(terminal)
  output.passing('a long line')
  expect(terminal.screen).toEqual(['a long line'])
  output.passing('short')
  expect(terminal.screen).toEqual(['short'])
  output.result({}, 'done')
  expect(terminal.screen).toEqual(['done', ''])
  output.passing('again')
  output.warning({ code: 'x', message: 'careful', advice: 'Do.' })
  expect(terminal.screen).toEqual(['done', 'peerage: warning: careful.', '  Do.', ''])
})

test('it is cut to the terminal, and cannot steer it', () => {
  const terminal = new PlainTerminal(12)
  const output = outputAt(terminal)
  output.passing('\u001b[2J and so on and on')
  expect(terminal.screen).toEqual(['\\u{1b}[2J a'])
})

test('nothing of it is in a pipe, in JSON, or with --quiet', () => {
  let written = ''
  const pipe = { write: (text: string) => (written += text) }
  outputAt(pipe).passing('x')
  outputAt(new PlainTerminal(80), true).passing('x')
  const stderr = new PlainTerminal(80)
  createOutput({ json: true, quiet: false, stdout: pipe, stderr }).passing('x')
  expect(written + stderr.screen.join('')).toBe('')
})

test('a bar tells the share, the bytes and, from the second time on, the speed', () => {
  const terminal = new PlainTerminal(120)
  const bar = new ProgressBar(outputAt(terminal), 'photo.jpg')
  bar.show(0, 4_000_000)
  expect(terminal.screen).toEqual([`photo.jpg  [${'-'.repeat(20)}]   0 %  0 bytes of 4.0 MB`])
  bar.show(4_000_000, 4_000_000)
  expect(terminal.screen[0]).toMatch(/^photo\.jpg {2}\[#{20}\] 100 % {2}4\.0 MB of 4\.0 MB {2}[0-9.]+ [kMGT]?B\/s$/)
  const empty = new ProgressBar(outputAt(new PlainTerminal(80)), 'empty')
  expect(() => empty.show(0, 0)).not.toThrow()
})
