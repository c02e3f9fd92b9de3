/**
 * Files that only their owner can read, and how they get to the disk.
 *
 * On POSIX that is a matter of modes, which are set when a file is made and checked each time that it
 * is read. Windows has none: there the files inherit the rights of their folder, which is private
 * because it lies in the profile of its user.
 */
import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname } from 'node:path'
import { PeerageError } from '../runtime/peerage-error.ts'
import { systemErrorCode } from './system-error.ts'

const FOLDER_MODE = 0o700
const FILE_MODE = 0o600
/** The rights of everybody but the owner. */
const RIGHTS_OF_OTHERS = 0o077
const ALL_RIGHTS = 0o777

const isPosix = process.platform !== 'win32'

/**
 * The whole file. Whatever is no file is refused, links too, which could lead out of the folder.
 *
 * @throws PeerageError `file-not-private`, `file-too-large`, `storage-not-accessible`, and the system's errors
 */
export function readPrivateFile(path: string, limit: number): Uint8Array {
  // Windows has no O_NOFOLLOW; whoever could exchange a file for a link after this look owns the folder anyway.
  if (lstatSync(path).isSymbolicLink()) throw notAFile(path, 'it is a symbolic link')
  // Without O_NONBLOCK the open of a named pipe would wait for whoever writes into it.
  const descriptor = openSync(path, constants.O_RDONLY | (isPosix ? constants.O_NOFOLLOW | constants.O_NONBLOCK : 0))
  try {
    const status = fstatSync(descriptor)
    if (!status.isFile()) throw notAFile(path, 'it is no file')
    requirePrivateMode(path, status.mode)
    if (status.size > limit) throw new PeerageError('file-too-large', { file: path, size: status.size, limit })
    return readWhole(descriptor, status.size)
  } finally {
    closeSync(descriptor)
  }
}

/**
 * Fails unless this is a file that only its owner can reach. It is not opened.
 *
 * @throws PeerageError `file-not-private`, `storage-not-accessible`, and the system's errors
 */
export function requirePrivateFile(path: string): void {
  const status = lstatSync(path)
  if (!status.isFile()) throw notAFile(path, 'it is no file')
  requirePrivateMode(path, status.mode)
}

/** Removes a file. @returns false if there was none */
export function removeIfThere(path: string): boolean {
  try {
    unlinkSync(path)
    return true
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return false
    throw error
  }
}

/** Brings what was written into a file to the disk. Nobody may have a lock on it here: it would be lost. */
export function bringFileToDisk(path: string): void {
  const descriptor = openSync(path, 'r+')
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

/** Makes a new file and brings it to the disk. The name must be free. */
export function writePrivateFile(path: string, bytes: Uint8Array): void {
  const descriptor = openSync(path, 'wx', FILE_MODE)
  try {
    writeFileSync(descriptor, bytes)
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

/** Makes a folder, and those above it that are missing, for the owner alone, and brings them to the disk. */
export function makePrivateFolder(path: string): void {
  // The `recursive` of mkdir never returns where a folder that exists answers ENOENT to a new one, as /proc does.
  if (existsSync(path)) return
  const parent = dirname(path)
  if (parent !== path) makePrivateFolder(parent)
  try {
    mkdirSync(path, { mode: FOLDER_MODE })
  } catch (error) {
    // Another process made it at the same moment.
    if (systemErrorCode(error) !== 'EEXIST') throw error
  }
  bringFolderToDisk(parent)
}

/** Brings the names in a folder to the disk: what was made, renamed or removed in it. */
export function bringFolderToDisk(path: string): void {
  // Windows gives no way to, and NTFS keeps its names in a journal.
  if (!isPosix) return
  const descriptor = openSync(path, constants.O_RDONLY)
  try {
    fsyncSync(descriptor)
  } catch (error) {
    // Some network file systems cannot do this for a folder; others write it at once.
    if (systemErrorCode(error) !== 'EINVAL') throw error
  } finally {
    closeSync(descriptor)
  }
}

function requirePrivateMode(path: string, mode: number): void {
  if (!isPosix || (mode & RIGHTS_OF_OTHERS) === 0) return
  throw new PeerageError('file-not-private', { file: path, mode: asMode(mode) })
}

function readWhole(descriptor: number, size: number): Uint8Array {
  const bytes = new Uint8Array(size)
  let length = 0
  while (length < size) {
    const read = readSync(descriptor, bytes, length, size - length, length)
    if (read === 0) break
    length += read
  }
  return length === size ? bytes : bytes.slice(0, length)
}

function notAFile(path: string, reason: string): PeerageError {
  return new PeerageError('storage-not-accessible', { path, operation: 'read', reason })
}

function asMode(mode: number): string {
  return (mode & ALL_RIGHTS).toString(8).padStart(4, '0')
}
