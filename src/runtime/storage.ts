/**
 * The storage port: a folder of small private files, such as identities. (Records have a database
 * of their own.) It is synchronous, because each operation is one small file and because a change
 * must not interleave with another one.
 *
 * What it promises is what the layers above build on: a file that was written is there after a loss
 * of power; a process killed at any instant leaves the old file or the new one, never a part; nobody
 * but the owner can read anything; and only one process at a time is in {@link Storage.exclusively}.
 */
export interface Storage {
  /**
   * The whole file, or undefined if there is none.
   *
   * @param limit The most bytes that a file of this kind may have.
   * @throws PeerageError `file-too-large`, `file-not-private` (others could read it), `storage-not-accessible`
   */
  read(name: string, limit: number): Uint8Array | undefined
  /**
   * Creates or replaces a file, all or nothing, on disk when it returns. It waits while another process
   * is in {@link Storage.exclusively}.
   *
   * @throws PeerageError `disk-full`, `storage-busy`, `storage-not-accessible`; the former file is then still there
   */
  write(name: string, bytes: Uint8Array): void
  /**
   * Removes a file, on disk when it returns; false if there was none. It waits as {@link Storage.write} does.
   *
   * @throws PeerageError `disk-full`, `storage-busy`, `storage-not-accessible`
   */
  remove(name: string): boolean
  /** The names of all files, sorted by code unit. @throws PeerageError `storage-not-accessible` */
  list(): readonly string[]
  /** What to call a file in an error: on a disk its full path. */
  locate(name: string): string
  /**
   * Runs `body` while no other process or storage object on this folder is inside its own call.
   * A process that dies inside frees it. Not to be nested.
   *
   * @throws PeerageError `storage-busy` after {@link LONGEST_STORAGE_WAIT} milliseconds, `disk-full`,
   *   `storage-not-accessible`
   */
  exclusively<Result>(body: () => Result): Result
}

/** How long {@link Storage.exclusively} waits for another process, in milliseconds. */
export const LONGEST_STORAGE_WAIT = 10_000

/** Names of files: lower-case letters, digits, dots and hyphens, legal on every platform; no leading dot. */
export const STORAGE_NAME = /^[a-z0-9][a-z0-9.-]{0,99}$/
