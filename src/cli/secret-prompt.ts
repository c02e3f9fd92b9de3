/** Asks for a secret at a terminal, without showing what is typed. */
import { PeerageError } from '../runtime/peerage-error.ts'

/** What of a terminal is needed. */
export interface Terminal {
  readonly input: TerminalInput
  readonly output: { write(text: string): unknown }
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

/**
 * What is typed until the end of the line.
 *
 * @throws PeerageError `interrupted` by Ctrl-C, of which the system knows nothing while the terminal is asking
 */
export function promptSecret(question: string, { input, output }: Terminal): Promise<string> {
  return new Promise((resolve, reject) => {
    let typed = ''
    const release = (): void => {
      input.off('data', take)
      input.off('end', finish)
      input.setRawMode(false)
      input.pause()
      output.write('\n')
    }
    const finish = (): void => {
      release()
      resolve(typed)
    }
    const take = (characters: string): void => {
      for (const character of characters) {
        if (character === CTRL_C) {
          release()
          reject(new PeerageError('interrupted', {}))
          return
        }
        if (LINE_ENDS.includes(character)) {
          finish()
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
