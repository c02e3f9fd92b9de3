/** Asks for a secret at a terminal, without showing what is typed. */

/** What of a terminal is needed. */
export interface Terminal {
  readonly input: TerminalInput
  readonly output: { write(text: string): unknown }
  /** Does what Ctrl-C does: the terminal does not do it by itself while it is asking. */
  interrupt(): void
}

/** The input of a terminal, as `process.stdin` is one. */
export interface TerminalInput {
  setRawMode(raw: boolean): unknown
  setEncoding(encoding: 'utf8'): unknown
  on(event: 'data', listener: (typed: string) => void): unknown
  on(event: 'end', listener: () => void): unknown
  off(event: 'data', listener: (typed: string) => void): unknown
  off(event: 'end', listener: () => void): unknown
  resume(): unknown
  pause(): unknown
}

// What a terminal in raw mode sends for these keys.
const CTRL_C = '\u0003'
const CTRL_D = '\u0004'
const BACKSPACES = ['\u0008', '\u007f']
const LINE_ENDS = ['\r', '\n', CTRL_D]

/** What is typed until the end of the line. */
export function promptSecret(question: string, { input, output, interrupt }: Terminal): Promise<string> {
  return new Promise((resolve) => {
    let typed = ''
    const finish = (): void => {
      input.off('data', take)
      input.off('end', finish)
      input.setRawMode(false)
      input.pause()
      output.write('\n')
      resolve(typed)
    }
    const take = (characters: string): void => {
      for (const character of characters) {
        if (character === CTRL_C) typed = ''
        if (character === CTRL_C || LINE_ENDS.includes(character)) {
          finish()
          if (character === CTRL_C) interrupt()
          return
        }
        typed = BACKSPACES.includes(character) ? [...typed].slice(0, -1).join('') : typed + character
      }
    }
    // Asked last: whoever is quick may answer at once.
    input.setRawMode(true)
    input.setEncoding('utf8')
    input.on('data', take)
    input.on('end', finish)
    input.resume()
    output.write(`${question}: `)
  })
}
