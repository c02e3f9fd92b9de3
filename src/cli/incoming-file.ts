/**
 * A file that is being received: it is kept as `NAME.<beginning of its SHA-256>.part` until it is whole, so that what has come of it is there
 * after a cut. The digest in the name makes it the part of this very file, and none of anybody else's. Nothing that is there is ever
 * overwritten: a whole file takes the name that was wished for, or the first free one of `NAME (2)`, `NAME (3)`, …
 */
import { createHash, type Hash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { type FileHandle, lstat, open, rename, rm, statfs } from 'node:fs/promises'
import { join, parse } from 'node:path'
import { storageError } from '../nodejs/storage-error.ts'
import { systemErrorCode } from '../nodejs/system-error.ts'
import { equalBytes, toHex } from '../runtime/bytes.ts'
import { PeerageError } from '../runtime/peerage-error.ts'

/** Digits of the SHA-256 in the name of a part. */
const DIGEST_DIGITS = 16
/** Names that are tried. */
const MOST_NAMES = 1000

/** What is to come. */
export interface ExpectedFile {
  /** Safe (safe-file-name.ts). */
  readonly name: string
  readonly size: number
  readonly sha256: Uint8Array
}

/** Where the part of a file is kept. */
export function partOf(folder: string, { name, sha256 }: ExpectedFile): string {
  return join(folder, `${name}.${toHex(sha256).slice(0, DIGEST_DIGITS)}.part`)
}

/** The path of this very file, if it is there already under one of its names. @throws PeerageError `storage-not-accessible` */
export async function presentFile(folder: string, { name, size, sha256 }: ExpectedFile): Promise<string | undefined> {
  for (const path of namesOf(folder, name)) {
    try {
      const status = await statusOf(path)
      if (status === undefined) return undefined
      if (!status.isFile() || status.size !== size) continue
      const hash = createHash('sha256')
      await hashFile(path, hash)
      if (equalBytes(hash.digest(), sha256)) return path
    } catch (error) {
      throw storageError(error, path, 'read')
    }
  }
  return undefined
}

/** A file of which a part is here. */
export class IncomingFile {
  readonly #folder: string
  readonly #expected: ExpectedFile
  readonly #part: string
  readonly #handle: FileHandle
  readonly #hash: Hash
  #received: number

  private constructor(folder: string, expected: ExpectedFile, handle: FileHandle, hash: Hash, received: number) {
    this.#folder = folder
    this.#expected = expected
    this.#part = partOf(folder, expected)
    this.#handle = handle
    this.#hash = hash
    this.#received = received
  }

  /**
   * Goes on with the part that is there, or begins one.
   *
   * @throws PeerageError `storage-not-accessible`, `disk-full`
   */
  static async open(folder: string, expected: ExpectedFile): Promise<IncomingFile> {
    const part = partOf(folder, expected)
    const hash = createHash('sha256')
    try {
      const status = await statusOf(part)
      if (status?.isFile() === false) {
        throw new PeerageError('storage-not-accessible', { path: part, operation: 'use', reason: 'it is no file' })
      }
      const isUsable = status !== undefined && status.size <= expected.size
      const received = isUsable ? status.size : 0
      await requireSpace(folder, expected.size - received)
      if (isUsable) await hashFile(part, hash)
      // A part that is too long is none of this file.
      const handle = await open(part, isUsable ? 'a' : 'w')
      return new IncomingFile(folder, expected, handle, hash, received)
    } catch (error) {
      throw storageError(error, part, 'open')
    }
  }

  /** How many bytes are here. */
  get received(): number {
    return this.#received
  }

  get isWhole(): boolean {
    return this.#received === this.#expected.size
  }

  /** Takes the next bytes. @throws PeerageError `disk-full`, `storage-not-accessible`, `malformed` (there are too many) */
  async write(bytes: Uint8Array): Promise<void> {
    if (bytes.length > this.#expected.size - this.#received) {
      const problem = 'there are more bytes than were offered'
      throw new PeerageError('malformed', { structure: 'file', problem, offset: this.#expected.size })
    }
    try {
      await this.#handle.appendFile(bytes)
    } catch (error) {
      throw storageError(error, this.#part, 'write')
    }
    this.#hash.update(bytes)
    this.#received += bytes.length
  }

  /**
   * Gives the whole file its name. If it is not what was expected, it is removed.
   *
   * @returns its path; undefined if it was damaged
   * @throws PeerageError `disk-full`, `storage-not-accessible`
   */
  async finish(): Promise<string | undefined> {
    try {
      await this.#handle.sync()
      await this.#handle.close()
      if (equalBytes(this.#hash.digest(), this.#expected.sha256)) return await this.#named()
      await rm(this.#part)
      return undefined
    } catch (error) {
      throw storageError(error, this.#part, 'finish')
    }
  }

  /** Leaves what has come for another time. Twice does nothing. */
  async close(): Promise<void> {
    await this.#handle.close()
  }

  /** Takes the first name that is free by making an empty file of it, which nobody else can do then, and puts the part in its place. */
  async #named(): Promise<string> {
    for (const path of namesOf(this.#folder, this.#expected.name)) {
      try {
        await (await open(path, 'wx')).close()
      } catch (error) {
        if (systemErrorCode(error) === 'EEXIST') continue
        throw error
      }
      try {
        await rename(this.#part, path)
      } catch (error) {
        await rm(path)
        throw error
      }
      return path
    }
    const reason = `${MOST_NAMES} files of that name are there`
    throw new PeerageError('storage-not-accessible', { path: this.#part, operation: 'name', reason })
  }
}

function* namesOf(folder: string, name: string): Generator<string> {
  yield join(folder, name)
  const { name: stem, ext } = parse(name)
  for (let number = 2; number <= MOST_NAMES; number++) yield join(folder, `${stem} (${number})${ext}`)
}

/** Of the entry itself: a symbolic link is never followed to somewhere else. */
async function statusOf(path: string): Promise<{ isFile(): boolean; readonly size: number } | undefined> {
  try {
    return await lstat(path)
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined
    throw error
  }
}

async function requireSpace(folder: string, needed: number): Promise<void> {
  const { bavail, bsize } = await statfs(folder)
  if (bavail * bsize < needed) throw new PeerageError('disk-full', { path: folder })
}

async function hashFile(path: string, hash: Hash): Promise<void> {
  for await (const chunk of createReadStream(path)) hash.update(chunk)
}
