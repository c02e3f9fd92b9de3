/** What every command gets: where to print, and where data is kept. */
import type { Output } from './output.ts'

export interface CommandContext {
  readonly output: Output
  /** `--data-dir`, or `PEERAGE_DATA_DIR`, or the platform's place. */
  dataDirectory(): string
}
