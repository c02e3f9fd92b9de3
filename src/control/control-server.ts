/**
 * The control API of a running node: a local socket for the programs of its owner. One process at a time serves a data directory, and
 * holds a lock as long as it does, so that a socket which a killed process has left is known as such.
 */
import { lstatSync, rmSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import { type HeldLock, takeLock } from '../nodejs/exclusive-lock.ts'
import { packageVersion } from '../nodejs/package-version.ts'
import { makePrivateFolder } from '../nodejs/private-file.ts'
import { storageError } from '../nodejs/storage-error.ts'
import type { Log } from '../runtime/log.ts'
import { PeerageError } from '../runtime/peerage-error.ts'
import { FrameReader, writeFrame } from './control-frame.ts'
import { type Answer, CONTROL_PROTOCOL, CONTROL_VERSION, greetingShape } from './control-message.ts'
import { controlPath, requireOwnFolder } from './control-path.ts'
import type { ControlValue } from './control-value.ts'
import type { Handlers } from './handlers.ts'
import { ProgramSession } from './program-session.ts'

/** Programs that are connected at once. */
export const MOST_PROGRAMS = 256
/** Bytes that wait for a program before its streams pause. */
const MOST_WAITING_BYTES = 256 * 1024
/** Bytes that may wait for a program at all: one that goes on asking without reading is cut off. */
const MOST_UNREAD_BYTES = 16 * 1024 * 1024

const LOCK_FILE = 'node.lock'
/** Rights of others are taken away while the socket is made, so that there is no moment at which they have any. */
const PRIVATE_MASK = 0o177

/** A node that serves programs. */
export interface ControlServer {
  /** Where. */
  readonly path: string
  /** Ends all sessions and removes the socket. */
  close(): Promise<void>
}

/**
 * Begins to serve.
 *
 * @throws PeerageError `node-already-running`, `storage-not-accessible`, `disk-full`
 */
export async function serveControl(dataDir: string, handlers: Handlers, log: Log): Promise<ControlServer> {
  const place = controlPath(dataDir)
  const { path, folder } = place
  prepareFolder(dataDir)
  requireOwnFolder(place)
  if (folder !== undefined) prepareFolder(folder)
  const lock = takeLock(join(dataDir, LOCK_FILE))
  if (lock === undefined) throw new PeerageError('node-already-running', { dataDir })
  const sessions = new Set<ConnectedProgram>()
  try {
    // Nobody else has the lock, so whoever made it is dead.
    if (folder !== undefined) rmSync(path, { force: true })
    const server = createServer((socket) => {
      if (sessions.size >= MOST_PROGRAMS) {
        socket.destroy()
        return
      }
      const program: ConnectedProgram = new ConnectedProgram(socket, handlers, log, () => sessions.delete(program))
      sessions.add(program)
    })
    await listen(server, path)
    return { path, close: () => close(server, sessions, lock) }
  } catch (error) {
    lock.release()
    throw storageError(error, path, 'listen')
  }
}

function prepareFolder(folder: string): void {
  try {
    makePrivateFolder(folder)
    const status = lstatSync(folder)
    if (status.isDirectory()) return
  } catch (error) {
    throw storageError(error, folder, 'make')
  }
  throw new PeerageError('storage-not-accessible', { path: folder, operation: 'use', reason: 'it is no folder' })
}

async function listen(server: Server, path: string): Promise<void> {
  const listening = new Promise<void>((resolve, reject) => {
    server.once('listening', resolve)
    server.once('error', reject)
  })
  const before = process.platform === 'win32' ? undefined : process.umask(PRIVATE_MASK)
  try {
    // The socket is made before this returns.
    server.listen(path)
  } finally {
    if (before !== undefined) process.umask(before)
  }
  await listening
}

async function close(server: Server, sessions: ReadonlySet<ConnectedProgram>, lock: HeldLock): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()))
  // Who sees its connection end can start another node.
  lock.release()
  await Promise.all([...sessions].map((session) => session.close()))
  await closed
}

/** The socket of one program. */
class ConnectedProgram {
  readonly #socket: Socket
  readonly #log: Log
  readonly #session: ProgramSession
  readonly #reader = new FrameReader()
  readonly #ended: () => void
  #hasGreeted = false
  #closing: Promise<void> | undefined

  constructor(socket: Socket, handlers: Handlers, log: Log, ended: () => void) {
    this.#socket = socket
    this.#log = log
    this.#ended = ended
    this.#session = new ProgramSession(
      handlers,
      {
        send: (answer) => this.#send(answer),
        drained: () => this.#drained(),
        close: (reason) => this.#refuse(reason),
      },
      log,
    )
    // A plain array over the same memory: the slice of a Buffer would be no copy.
    socket.on('data', (bytes: Buffer) => this.#received(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length)))
    // What broke it is of no interest: the program is gone.
    socket.on('error', () => undefined)
    socket.on('close', () => void this.close())
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    await this.#session.close()
    this.#socket.destroy()
    this.#ended()
  }

  #received(bytes: Uint8Array): void {
    const messages = this.#reader.add(bytes)
    if (messages === 'malformed') {
      this.#refuse('a frame is malformed')
      return
    }
    for (const message of messages) {
      if (this.#hasGreeted) this.#session.received(message)
      else this.#greeted(message)
    }
  }

  #greeted(message: ControlValue): void {
    this.#hasGreeted = true
    const own = { protocol: CONTROL_PROTOCOL, version: CONTROL_VERSION, release: packageVersion() }
    this.#write(own)
    try {
      const { protocol, version } = greetingShape.read(message, 'greeting')
      // The program says why, since it has got our version: it knows what it can do about it.
      if (protocol !== CONTROL_PROTOCOL || version !== CONTROL_VERSION) this.#socket.end()
    } catch (error) {
      if (!(error instanceof PeerageError)) throw error
      this.#refuse(error.message)
    }
  }

  #send(answer: Answer): boolean {
    return this.#write(answer)
  }

  #write(message: ControlValue): boolean {
    const frame = writeFrame(message)
    if (frame === undefined) return false
    this.#socket.write(frame)
    if (this.#socket.writableLength > MOST_UNREAD_BYTES) this.#refuse('it does not read what it has asked for')
    return true
  }

  async #drained(): Promise<void> {
    while (this.#socket.writableLength > MOST_WAITING_BYTES && !this.#socket.destroyed) {
      await new Promise<void>((resolve) => {
        const goOn = (): void => {
          this.#socket.off('drain', goOn)
          this.#socket.off('close', goOn)
          resolve()
        }
        this.#socket.on('drain', goOn)
        this.#socket.on('close', goOn)
      })
    }
  }

  #refuse(reason: string): void {
    this.#log.warn('a program was cut off', { reason })
    this.#socket.destroy()
  }
}
