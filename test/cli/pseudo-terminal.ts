/** A command at a pseudo terminal, which `script` of the system makes. */
import { platform } from 'node:os'
import { ENTRANCE } from './command-process.ts'
import { type LiveCommand, startProgram } from './live-command.ts'

/** Starts `peerage` at a terminal: what is written to it is typed, and what it prints is the screen. */
export function atTerminal(words: readonly string[]): LiveCommand {
  const line = [process.execPath, ENTRANCE, ...words]
  if (platform() !== 'linux') return startProgram('script', ['-q', '/dev/null', ...line])
  const command = line.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ')
  return startProgram('script', ['--quiet', '--return', '--command', `exec ${command}`, '/dev/null'])
}

/** What of an output people see: without the sequences that steer the terminal. */
export function visible(output: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what terminals are steered with
  return output.replace(/\u001b\[[0-9;?]*[A-Za-z]|\r/g, '')
}
