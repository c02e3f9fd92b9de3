/**
 * The storage port on a virtual disk: folders of small files that survive a crash of their host.
 *
 * The disk keeps the promises of the port and can be made to show each failure that the port knows:
 * it can be full, read-only, hold a file that others can read, be kept busy by another process, and its host
 * can be killed in the middle of any change, with the file as it was or as it was to become.
 */
import { PeerageError } from '../runtime/peerage-error.ts'
import { LONGEST_STORAGE_WAIT, STORAGE_NAME, type Storage } from '../runtime/storage.ts'

/** What a file is after a crash in the middle of changing it. */
export type FileAfterCrash = 'old' | 'new'

interface VirtualFile {
  readonly bytes: Uint8Array
  /** When, in milliseconds since 1970. */
  readonly written: number
  /** Whether other users can read it. */
  exposed: boolean
}

/** A folder, as every storage object on it sees it. */
interface Folder {
  readonly path: string
  readonly files: Map<string, VirtualFile>
  /** Whether somebody is in an exclusive section. */
  entered: boolean
}

/** What a disk has to know of the process that uses it. */
export interface DiskUser {
  /** Throws if the process is dead. */
  requireAlive(): void
  /** Kills the process: never returns. */
  die(): never
  /** Its time, in milliseconds since 1970. */
  utc(): number
}

/** The disk of a host. */
export class VirtualDisk {
  /** How many bytes the files may have together. */
  capacity = Number.POSITIVE_INFINITY
  /** Whether every change fails. */
  readOnly = false
  /** Whether another process is in an exclusive section of every folder. */
  busy = false
  readonly #host: string
  readonly #folders = new Map<string, Folder>()
  #changesToCrash = 0
  #afterCrash: FileAfterCrash = 'old'
  #changes = 0

  constructor(host: string) {
    this.#host = host
  }

  /** How many files were written or removed until now. */
  get changes(): number {
    return this.#changes
  }

  /** When one of its files was written last, by the clock of who did it. */
  get lastChange(): number | undefined {
    const times = [...this.#folders.values()].flatMap(({ files }) => [...files.values()].map(({ written }) => written))
    return times.length === 0 ? undefined : Math.max(...times)
  }

  /** Lets the host crash in the middle of a change: 1 is the next one. */
  crashDuring(change: number, file: FileAfterCrash): void {
    if (!(Number.isInteger(change) && change > 0)) throw new RangeError(`changes are counted from 1, not ${change}`)
    this.#changesToCrash = change
    this.#afterCrash = file
  }

  /** Lets other users read a file, which is to be there. */
  expose(folder: string, name: string): void {
    const file = this.#folders.get(folder)?.files.get(name)
    if (file === undefined) throw new RangeError(`there is no file ${name} in ${folder}`)
    file.exposed = true
  }

  /** A storage object on a folder, which is made if it is not there. */
  open(path: string, user: DiskUser): Storage {
    let folder = this.#folders.get(path)
    if (folder === undefined) {
      folder = { path: `/${this.#host}/${path}`, files: new Map(), entered: false }
      this.#folders.set(path, folder)
    }
    return new VirtualStorage(this, folder, user)
  }

  /** The disk is lost, and an empty one is in its place. */
  erase(): void {
    this.#folders.clear()
  }

  /** Makes a change, or half of it: the host may be killed before or after it. Called by the storage objects. */
  change(user: DiskUser, path: string, operation: string, added: number, make: () => void): void {
    if (this.readOnly) {
      throw new PeerageError('storage-not-accessible', { path, operation, reason: 'the disk is read-only' })
    }
    if (added > 0 && this.#used() + added > this.capacity) throw new PeerageError('disk-full', { path })
    this.#changes++
    const crashes = this.#changesToCrash > 0 && --this.#changesToCrash === 0
    if (!crashes || this.#afterCrash === 'new') make()
    if (crashes) user.die()
  }

  #used(): number {
    let used = 0
    for (const { files } of this.#folders.values()) for (const { bytes } of files.values()) used += bytes.length
    return used
  }
}

class VirtualStorage implements Storage {
  readonly #disk: VirtualDisk
  readonly #folder: Folder
  readonly #user: DiskUser

  constructor(disk: VirtualDisk, folder: Folder, user: DiskUser) {
    this.#disk = disk
    this.#folder = folder
    this.#user = user
  }

  read(name: string, limit: number): Uint8Array | undefined {
    const path = this.locate(name)
    this.#user.requireAlive()
    const file = this.#folder.files.get(name)
    if (file === undefined) return undefined
    if (file.exposed) throw new PeerageError('file-not-private', { file: path, mode: '0644' })
    const size = file.bytes.length
    if (size > limit) throw new PeerageError('file-too-large', { file: path, size, limit })
    return file.bytes.slice()
  }

  write(name: string, bytes: Uint8Array): void {
    const path = this.locate(name)
    this.#user.requireAlive()
    // The new file lies beside the old one until it takes its place, so it needs its whole room.
    this.#disk.change(this.#user, path, 'write', bytes.length, () => {
      this.#folder.files.set(name, { bytes: bytes.slice(), written: this.#user.utc(), exposed: false })
    })
  }

  remove(name: string): boolean {
    const path = this.locate(name)
    this.#user.requireAlive()
    if (!this.#folder.files.has(name)) return false
    this.#disk.change(this.#user, path, 'remove', 0, () => this.#folder.files.delete(name))
    return true
  }

  list(): readonly string[] {
    this.#user.requireAlive()
    return [...this.#folder.files.keys()].sort()
  }

  locate(name: string): string {
    if (!STORAGE_NAME.test(name)) throw new RangeError(`${JSON.stringify(name)} is no name of a file`)
    return `${this.#folder.path}/${name}`
  }

  exclusively<Result>(body: () => Result): Result {
    this.#user.requireAlive()
    if (this.#folder.entered) throw new RangeError('exclusive sections of one folder do not nest')
    if (this.#disk.busy) {
      throw new PeerageError('storage-busy', { path: this.#folder.path, waited: LONGEST_STORAGE_WAIT })
    }
    this.#folder.entered = true
    try {
      return body()
    } finally {
      this.#folder.entered = false
    }
  }
}
