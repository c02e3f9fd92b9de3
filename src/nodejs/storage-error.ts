/** What the operating system's errors about files mean to whoever stores something. */
import { PeerageError } from '../runtime/peerage-error.ts'
import { reasonOf, systemErrorCode } from './system-error.ts'

/** The error of the system in the terms of the storage port; any other error as it is. */
export function storageError(error: unknown, path: string, operation: string): unknown {
  const code = systemErrorCode(error)
  if (code === undefined) return error
  if (code === 'ENOSPC' || code === 'EDQUOT') return new PeerageError('disk-full', { path }, { cause: error })
  return new PeerageError('storage-not-accessible', { path, operation, reason: reasonOf(error) }, { cause: error })
}
