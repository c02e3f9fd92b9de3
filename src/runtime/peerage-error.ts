/**
 * The one class of errors that Peerage throws. Its code is API: programs decide by it, never by the
 * message. The {@link errorCatalog} holds all codes, so that each exists once, with one wording.
 */
import { type ErrorDetails, errorCatalog } from './error-catalog.ts'

/** Every code that a {@link PeerageError} can carry. */
export type ErrorCode = keyof ErrorDetails

/** An error with a stable code, typed details, and what to do next. */
export class PeerageError<Code extends ErrorCode = ErrorCode> extends Error {
  /** Stable: decide by this. */
  readonly code: Code
  /** The values concerned and the limits that they broke. Never a secret. */
  readonly details: ErrorDetails[Code]
  /** What to do next, in one sentence. */
  readonly advice: string

  constructor(code: Code, details: ErrorDetails[Code], options?: ErrorOptions) {
    const entry = errorCatalog[code]
    super(entry.message(details), options)
    this.name = 'PeerageError'
    this.code = code
    this.details = details
    this.advice = entry.advice
  }

  /**
   * Whether a caught value is a Peerage error with this code. It looks at the code and not at the
   * class, so that it also holds for an error of another copy of the package or of a running node.
   */
  static is<Code extends ErrorCode>(error: unknown, code: Code): error is PeerageError<Code> {
    return error instanceof Error && 'advice' in error && 'code' in error && error.code === code
  }

  /** Whether a caught value is a Peerage error, with any code: also of another copy of the package or of a running node. */
  static isAny(error: unknown): error is PeerageError {
    return (
      error instanceof Error && 'advice' in error && 'code' in error && Object.hasOwn(errorCatalog, String(error.code))
    )
  }
}
