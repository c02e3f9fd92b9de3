/**
 * The storage port on Node.js: a folder of a file system.
 *
 * A file is written under another name, brought to the disk, and then put in place, which the system
 * does at once or not at all; then the folder is brought to the disk too. Whoever changes something
 * holds the folder's lock. So there is one unfinished file at most, and one that the next holder of the
 * lock finds was left by a process that died.
 */
import { lstatSync, readdirSync, realpathSync, renameSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { STORAGE_NAME, type Storage } from '../runtime/storage.ts'
import { whileLocked } from './exclusive-lock.ts'
import {
  bringFolderToDisk,
  makePrivateFolder,
  readPrivateFile,
  removeIfThere,
  writePrivateFile,
} from './private-file.ts'
import { storageError } from './storage-error.ts'
import { systemErrorCode } from './system-error.ts'

/** Names that no stored file has, since those begin with a letter or digit. */
const LOCK = '.lock'
const UNFINISHED = '.unfinished'

/** The folders in whose exclusive section this thread is. */
const entered = new Set<string>()

/**
 * The files of a folder. The folder is made, for its owner alone, when something is to be changed in it
 * for the first time; until then one that is missing is empty.
 */
export function openFileStorage(directory: string): Storage {
  return new FileStorage(resolve(directory))
}

class FileStorage implements Storage {
  readonly #directory: string
  /** This thread is in a section of this very object. */
  #inside = false

  constructor(directory: string) {
    this.#directory = directory
  }

  read(name: string, limit: number): Uint8Array | undefined {
    const path = this.locate(name)
    try {
      return readPrivateFile(path, limit)
    } catch (error) {
      if (systemErrorCode(error) === 'ENOENT') return undefined
      throw storageError(error, path, 'read')
    }
  }

  write(name: string, bytes: Uint8Array): void {
    const path = this.locate(name)
    this.#change(() => {
      const unfinished = join(this.#directory, UNFINISHED)
      try {
        writePrivateFile(unfinished, bytes)
        renameSync(unfinished, path)
        bringFolderToDisk(this.#directory)
      } catch (error) {
        removeIfThere(unfinished)
        throw storageError(error, path, 'write')
      }
    })
  }

  remove(name: string): boolean {
    const path = this.locate(name)
    try {
      if (lstatSync(path, { throwIfNoEntry: false }) === undefined) return false
      return this.#change(() => {
        // Another process can have removed it meanwhile.
        const removed = removeIfThere(path)
        if (removed) bringFolderToDisk(this.#directory)
        return removed
      })
    } catch (error) {
      throw storageError(error, path, 'remove')
    }
  }

  list(): readonly string[] {
    try {
      // Links and pipes are listed, so that the attempt to read one says what is wrong; folders have other uses.
      return readdirSync(this.#directory, { withFileTypes: true })
        .filter((entry) => STORAGE_NAME.test(entry.name) && !entry.isDirectory())
        .map(({ name }) => name)
        .sort()
    } catch (error) {
      if (systemErrorCode(error) === 'ENOENT') return []
      throw storageError(error, this.#directory, 'list')
    }
  }

  locate(name: string): string {
    if (!STORAGE_NAME.test(name)) throw new RangeError(`${JSON.stringify(name)} is not the name of a stored file`)
    return join(this.#directory, name)
  }

  exclusively<Result>(body: () => Result): Result {
    const folder = this.#makeFolder()
    if (entered.has(folder)) throw new RangeError(`an exclusive section of ${folder} inside another one`)
    return whileLocked(join(folder, LOCK), () => {
      entered.add(folder)
      this.#inside = true
      try {
        // Whoever left it is dead, or would hold the lock.
        this.#removeUnfinished()
        return body()
      } finally {
        this.#inside = false
        entered.delete(folder)
      }
    })
  }

  #change<Result>(body: () => Result): Result {
    return this.#inside ? body() : this.exclusively(body)
  }

  #removeUnfinished(): void {
    const unfinished = join(this.#directory, UNFINISHED)
    try {
      removeIfThere(unfinished)
    } catch (error) {
      throw storageError(error, unfinished, 'remove')
    }
  }

  /** Makes the folder if there is none, and gives its true path. */
  #makeFolder(): string {
    try {
      makePrivateFolder(this.#directory)
      return realpathSync(this.#directory)
    } catch (error) {
      throw storageError(error, this.#directory, 'create')
    }
  }
}
