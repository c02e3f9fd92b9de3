/** What the operating system's errors about files mean to whoever stores something. */
// As a whole: a Node.js that is too old lacks the name, and would say that instead of what Peerage needs.
import util from 'node:util'
import { PeerageError } from '../runtime/peerage-error.ts'
import { systemErrorCode } from './system-error.ts'

/** The error of the system in the terms of the storage port; any other error as it is. */
export function storageError(error: unknown, path: string, operation: string): unknown {
  const code = systemErrorCode(error)
  if (code === undefined) return error
  if (code === 'ENOSPC' || code === 'EDQUOT') return new PeerageError('disk-full', { path }, { cause: error })
  return new PeerageError(
    'storage-not-accessible',
    { path, operation, reason: reasonOf(error, code) },
    { cause: error },
  )
}

function reasonOf(error: unknown, code: string): string {
  if (!(error instanceof Error && 'errno' in error && typeof error.errno === 'number')) return code
  return `${util.getSystemErrorMessage(error.errno)} (${code})`
}
