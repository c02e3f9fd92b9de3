/**
 * Where the control socket of a data directory is: `control.sock` in it; where that path would be too long for a socket, in a folder
 * of its own for the owner alone, under a name that follows from the directory; on Windows a named pipe with such a name.
 */
import { createHash } from 'node:crypto'
import { lstatSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { join, resolve } from 'node:path'
import { PeerageError } from '../runtime/peerage-error.ts'

/** In bytes: macOS has room for 103, Linux for 107. */
const LONGEST_SOCKET_PATH = 100
const NAME_LENGTH = 20

/** Where a node of this data directory listens for programs. */
export interface ControlPath {
  readonly path: string
  /** The folder that has to be there; undefined for a named pipe. */
  readonly folder: string | undefined
  /** Whether this folder stands where every user of the machine can make one: then it has to be looked at before it is trusted. */
  readonly isShared: boolean
}

/** The rights of everybody but the owner. */
const RIGHTS_OF_OTHERS = 0o077

/** The place for a data directory. It follows from its absolute path, and nothing is opened. */
export function controlPath(
  dataDir: string,
  platform: NodeJS.Platform = process.platform,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): ControlPath {
  const absolute = resolve(dataDir)
  const name = createHash('sha256').update(absolute).digest('hex').slice(0, NAME_LENGTH)
  if (platform === 'win32') return { path: `\\\\.\\pipe\\peerage-${name}`, folder: undefined, isShared: false }
  const inside = join(absolute, 'control.sock')
  if (Buffer.byteLength(inside) <= LONGEST_SOCKET_PATH) return { path: inside, folder: absolute, isShared: false }
  const { XDG_RUNTIME_DIR: runtime } = environment
  const folder = join(runtime?.startsWith('/') ? runtime : tmpdir(), `peerage-${userInfo().uid}-${name}`)
  return { path: join(folder, 'control.sock'), folder, isShared: true }
}

/**
 * Fails if the folder of a socket is there and belongs to somebody else, who could stand in for the node, or lets others in.
 *
 * @throws PeerageError `storage-not-accessible`
 */
export function requireOwnFolder({ folder, isShared }: ControlPath): void {
  if (folder === undefined || !isShared) return
  const status = lstatSync(folder, { throwIfNoEntry: false })
  if (status === undefined) return
  const isOwn = status.isDirectory() && status.uid === userInfo().uid && (status.mode & RIGHTS_OF_OTHERS) === 0
  if (isOwn) return
  throw new PeerageError('storage-not-accessible', {
    ...{ path: folder, operation: 'trust', reason: 'it is not a private folder of this user' },
  })
}
