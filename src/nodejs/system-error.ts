/** The errors of the operating system, as Node.js reports them. */

/** The name of the system's error, such as `ENOENT`, or undefined if this is no error of the system. */
export function systemErrorCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error) || !('syscall' in error)) return undefined
  return typeof error.code === 'string' ? error.code : undefined
}
