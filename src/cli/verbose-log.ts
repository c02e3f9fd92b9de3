/** What the node does, told on standard error (`--verbose`): a line of text each, or with `--json` a JSON document. */
import type { Log, LogDetails } from '../runtime/log.ts'
import { printable, type Sink } from './output.ts'

export function verboseLog({ json, stderr }: { readonly json: boolean; readonly stderr: Sink }): Log {
  const entry =
    (level: keyof Log) =>
    (message: string, details: LogDetails = {}): void => {
      const facts = Object.entries(details).map(([name, value]) => ` ${name}=${value}`)
      const line = json
        ? JSON.stringify({ log: { level, message, details } })
        : printable(`${level}: ${message}${facts.join('')}`)
      stderr.write(`${line}\n`)
    }
  return { debug: entry('debug'), info: entry('info'), warn: entry('warn'), error: entry('error') }
}
