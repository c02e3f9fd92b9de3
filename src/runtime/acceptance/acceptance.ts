/**
 * The form of the acceptance suites of the ports, and the few assertions that they need.
 *
 * A suite is a list of checks that every implementation of a port must pass. It belongs to no test
 * framework and imports nothing of the platform, so that whoever writes an implementation can run it
 * with what they have: run each check on an implementation, and it passes if nothing is thrown.
 *
 * A check begins with the ID of the conformance row that it proves, if there is one.
 */
import { equalBytes, toHex } from '../bytes.ts'
import { type ErrorCode, PeerageError } from '../peerage-error.ts'

/** One thing that every implementation of a port does. */
export interface AcceptanceCheck<Subject> {
  /** What is proven. Unique in its suite. */
  readonly name: string
  /** Throws, or rejects, if the subject does otherwise. */
  run(subject: Subject): void | Promise<void>
}

/** Fails unless the condition holds. */
export function expectThat(condition: boolean, what: string): asserts condition {
  if (!condition) throw new Error(`not so: ${what}`)
}

/** Fails unless both values are the same, as `Object.is` has it. */
export function expectSame<Value>(actual: Value, expected: Value, what: string): void {
  if (!Object.is(actual, expected)) throw new Error(`${what}: ${String(actual)} instead of ${String(expected)}`)
}

/** Fails unless there are bytes and they are the expected ones. */
export function expectBytes(
  actual: Uint8Array | undefined,
  expected: Uint8Array,
  what: string,
): asserts actual is Uint8Array {
  if (actual !== undefined && equalBytes(actual, expected)) return
  throw new Error(`${what}: ${actual === undefined ? 'nothing' : toHex(actual)} instead of ${toHex(expected)}`)
}

/**
 * Fails if the bytes are of a platform's own kind. Node's Buffer, for one, has another `slice`: code
 * that keeps a copy by it would keep a view.
 */
export function expectPlainBytes(bytes: Uint8Array, what: string): void {
  if (Object.getPrototypeOf(bytes) !== Uint8Array.prototype) throw new Error(`${what}: no plain Uint8Array`)
}

/** Fails unless the action throws a RangeError, which is how a port answers a programming error. */
export function expectRangeError(action: () => unknown, what: string): void {
  const thrown = whatIsThrown(action)
  if (!(thrown instanceof RangeError)) throw new Error(`${what}: ${describe(thrown)} instead of a RangeError`)
}

/** Fails unless the action throws a PeerageError with this code. Returns the error. */
export function expectCode<Code extends ErrorCode>(
  code: Code,
  action: () => unknown,
  what: string,
): PeerageError<Code> {
  return withCode(code, whatIsThrown(action), what)
}

/** Fails unless the promise is rejected with a PeerageError with this code. Gives the error. */
export async function expectRejection<Code extends ErrorCode>(
  code: Code,
  promise: Promise<unknown>,
  what: string,
): Promise<PeerageError<Code>> {
  const thrown = await promise.then(
    () => undefined,
    (error: unknown) => error,
  )
  return withCode(code, thrown, what)
}

function whatIsThrown(action: () => unknown): unknown {
  try {
    action()
  } catch (error) {
    return error
  }
  return undefined
}

function withCode<Code extends ErrorCode>(code: Code, thrown: unknown, what: string): PeerageError<Code> {
  if (PeerageError.is(thrown, code)) return thrown
  throw new Error(`${what}: ${describe(thrown)} instead of an error '${code}'`, { cause: thrown })
}

function describe(thrown: unknown): string {
  if (thrown === undefined) return 'no error'
  return thrown instanceof Error ? `${thrown.name} (${thrown.message})` : String(thrown)
}
