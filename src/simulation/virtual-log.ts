/**
 * The log port of a simulation: keeps what every host logs, with the virtual time.
 */
import type { Log, LogDetails } from '../runtime/log.ts'

/** Something that was logged. */
export interface LogEntry {
  /** Milliseconds since the start of the simulation. */
  readonly time: number
  readonly host: string
  readonly level: keyof Log
  readonly message: string
  readonly details: LogDetails
}

/** How many entries are kept; the oldest are forgotten first. */
export const MOST_LOG_ENTRIES = 10_000

/** What all hosts logged. */
export class LogBook {
  #entries: LogEntry[] = []

  /** The latest entries, at most {@link MOST_LOG_ENTRIES}, in order. */
  get entries(): readonly LogEntry[] {
    return this.#entries.slice(-MOST_LOG_ENTRIES)
  }

  add(entry: LogEntry): void {
    this.#entries.push(entry)
    // Forgets in large steps, so that forgetting costs nothing an entry.
    if (this.#entries.length >= 2 * MOST_LOG_ENTRIES) this.#entries = this.#entries.slice(-MOST_LOG_ENTRIES)
  }
}

/** The log of one host. @param add Takes an entry without its time and host. */
export function virtualLog(add: (level: keyof Log, message: string, details: LogDetails) => void): Log {
  const entry = (level: keyof Log) => {
    return (message: string, details: LogDetails = {}): void => add(level, message, { ...details })
  }
  return { debug: entry('debug'), info: entry('info'), warn: entry('warn'), error: entry('error') }
}
