/**
 * The data directory on Node.js: a folder, with the folders of each kind of data in it.
 */
import { type Dirent, lstatSync, readdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { DataDirectory } from '../runtime/data-directory.ts'
import { systemErrorCode } from './system-error.ts'

/** The data directory at a path. */
export function fileDataDirectory(path: string): DataDirectory {
  const absolute = resolve(path)
  return {
    path: absolute,
    lastChange() {
      const times = [absolute, ...subfolders(absolute)].flatMap(timesOfFiles)
      return times.length === 0 ? undefined : Math.max(...times)
    },
  }
}

function subfolders(folder: string): readonly string[] {
  return entriesOf(folder)
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => join(folder, name))
}

/** Of the files alone: a folder changes whenever something in it is tried. */
function timesOfFiles(folder: string): readonly number[] {
  return entriesOf(folder)
    .filter((entry) => entry.isFile())
    .flatMap(({ name }) => lstatSync(join(folder, name), { throwIfNoEntry: false })?.mtimeMs ?? [])
}

/** What cannot be read tells no time; that it cannot be read is found where it is needed. */
function entriesOf(folder: string): readonly Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error
    return []
  }
}
