/** The errors of the operating system, as Node.js reports them. */
// As a whole: a Node.js that is too old lacks the name, and would say that instead of what Peerage needs.
import util from 'node:util'

/** The name of the system's error, such as `ENOENT`, or undefined if this is no error of the system. */
export function systemErrorCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error) || !('syscall' in error)) return undefined
  return typeof error.code === 'string' ? error.code : undefined
}

/** What went wrong, in words: "connection refused (ECONNREFUSED)", or the message of an error that is not the system's. */
export function reasonOf(error: unknown): string {
  const code = systemErrorCode(error)
  if (code !== undefined && error instanceof Error && 'errno' in error && typeof error.errno === 'number') {
    return `${util.getSystemErrorMessage(error.errno)} (${code})`
  }
  return error instanceof Error ? error.message : String(error)
}
