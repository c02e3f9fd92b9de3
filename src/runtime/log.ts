/**
 * The log port. The library is silent unless an application hands it a logger. Keys, passphrases and
 * passwords are never given to it.
 */
export interface Log {
  debug(message: string, details?: LogDetails): void
  info(message: string, details?: LogDetails): void
  warn(message: string, details?: LogDetails): void
  error(message: string, details?: LogDetails): void
}

/** Facts beside a message, so that a message stays the same words whatever the values. */
export type LogDetails = Readonly<Record<string, string | number | boolean>>

function ignore(): void {}

/** The default: says nothing. */
export const silentLog: Log = { debug: ignore, info: ignore, warn: ignore, error: ignore }
