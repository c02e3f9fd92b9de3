/**
 * A program's end of the control socket: calls and streams, by the method tables. When the socket closes, all that is
 * under way rejects with `node-connection-lost`, and so does whatever begins later.
 */
import { connect, type Socket } from 'node:net'
import { packageVersion } from '../nodejs/package-version.ts'
import { systemErrorCode } from '../nodejs/system-error.ts'
import { type Dialing, progressTeller } from '../peer-node/progress.ts'
import { iteration, type Waiting } from '../peer-node/waiting.ts'
import type { Log } from '../runtime/log.ts'
import { PeerageError } from '../runtime/peerage-error.ts'
import { FrameReader, writeFrame } from './control-frame.ts'
import {
  CONTROL_PROTOCOL,
  CONTROL_VERSION,
  errorFromNode,
  greetingShape,
  type Request,
  readAnswer,
} from './control-message.ts'
import { controlPath, requireOwnFolder } from './control-path.ts'
import { type ControlValue, crossing } from './control-value.ts'
import { stepShape } from './graph-methods.ts'
import type { CallMethod, StreamMethod } from './method.ts'

/** Items of a stream that are asked for ahead. */
const CREDIT = 64

/** What waits for answers. */
interface Pending {
  result(value: ControlValue): void
  item(value: ControlValue): void
  progress(step: ControlValue): void
  end(): void
  fail(error: unknown): void
}

/** A connection to a running node. */
export class NodeConnection {
  readonly #dataDir: string
  readonly #socket: Socket
  readonly #log: Log
  readonly #reader = new FrameReader()
  readonly #pending = new Map<number, Pending>()
  #last = 0
  #lost: PeerageError | undefined
  #isClosed = false
  #greeted: { resolve(): void; reject(error: unknown): void } | undefined

  private constructor(dataDir: string, socket: Socket, log: Log) {
    this.#dataDir = dataDir
    this.#log = log
    this.#socket = socket
    // A plain array over the same memory: the slice of a Buffer would be no copy.
    socket.on('data', (bytes: Buffer) => this.#received(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length)))
    socket.on('error', (error) => this.#end(error.message))
    socket.on('close', () => this.#end('the node has closed it'))
  }

  /**
   * Connects to the node of a data directory.
   *
   * @throws PeerageError `node-not-running`, `control-version-mismatch`, `storage-not-accessible` (it is somebody else's)
   */
  static async open(dataDir: string, log: Log, { signal }: Waiting): Promise<NodeConnection> {
    signal?.throwIfAborted()
    const place = controlPath(dataDir)
    requireOwnFolder(place)
    const { path } = place
    const socket = connect(path)
    await new Promise<void>((resolve, reject) => {
      const abort = (): void => {
        socket.destroy()
        reject(signal?.reason)
      }
      signal?.addEventListener('abort', abort, { once: true })
      const settle = (done: () => void) => (): void => {
        signal?.removeEventListener('abort', abort)
        done()
      }
      socket.once('connect', settle(resolve))
      socket.once('error', (error) => settle(() => reject(whyNotConnected(error, dataDir, path)))())
    })
    socket.removeAllListeners('error')
    const connection = new NodeConnection(dataDir, socket, log)
    const abort = (): void => connection.#broken('it was not waited for')
    signal?.addEventListener('abort', abort, { once: true })
    try {
      await connection.#greet()
      return connection
    } catch (error) {
      signal?.throwIfAborted()
      throw error
    } finally {
      signal?.removeEventListener('abort', abort)
    }
  }

  /** Whether the node is still there. */
  get isOpen(): boolean {
    return this.#lost === undefined
  }

  /** Makes a call. An abort of the signal ends the wait at once, and takes the request back. */
  async call<Params extends object, Result>(
    { name, gives }: CallMethod<Params, Result>,
    params: Params,
    { signal, onProgress }: Dialing = {},
  ): Promise<Result> {
    signal?.throwIfAborted()
    const tell = onProgress && progressTeller(onProgress, this.#log)
    return new Promise((resolve, reject) => {
      const id = this.#begin(name, {
        result: (value) => settle(() => resolve(gives.read(value, name))),
        progress: (step) => tell?.(stepShape.read(step, name)),
        fail: (error) => settle(() => reject(error)),
        item: () => undefined,
        end: () => undefined,
      })
      const abort = (): void => {
        this.#cancel(id)
        reject(signal?.reason)
      }
      const settle = (done: () => void): void => {
        this.#pending.delete(id)
        signal?.removeEventListener('abort', abort)
        try {
          done()
        } catch (error) {
          reject(error)
        }
      }
      signal?.addEventListener('abort', abort, { once: true })
      this.#request(id, { kind: 'call', id, method: name, params: crossing(params) })
    })
  }

  /** Reads a stream, of which little more is asked for than is read. */
  stream<Params extends object, Item>(
    method: StreamMethod<Params, Item>,
    params: Params,
    { signal }: Waiting = {},
  ): AsyncIterableIterator<Item, void, undefined> {
    return iteration(signal, (ended) => this.#items(method, params, ended))
  }

  /** Resolves when the connection has ended. */
  get ended(): Promise<void> {
    if (this.#socket.destroyed) return Promise.resolve()
    return new Promise((resolve) => this.#socket.once('close', () => resolve()))
  }

  /** What is under way rejects with `node-closed`, and what begins later. */
  close(): void {
    if (this.#lost === undefined) this.#isClosed = true
    this.#end('the program has closed it')
    this.#socket.end()
  }

  async *#items<Params extends object, Item>(
    { name, gives, ahead }: StreamMethod<Params, Item>,
    params: Params,
    ended: AbortSignal,
  ): AsyncGenerator<Item, void, undefined> {
    const items: ControlValue[] = []
    let outcome: { readonly error?: unknown } | undefined
    let goOn = (): void => undefined
    const finish = (over: { readonly error?: unknown }): void => {
      outcome ??= over
      this.#pending.delete(id)
      goOn()
    }
    const id = this.#begin(name, {
      item: (item) => {
        items.push(item)
        goOn()
      },
      end: () => finish({}),
      fail: (error) => finish({ error }),
      result: () => undefined,
      progress: () => undefined,
    })
    const wake = (): void => goOn()
    ended.addEventListener('abort', wake)
    try {
      const credit = ahead ? CREDIT : 1
      this.#request(id, { kind: 'stream', id, method: name, params: crossing(params), credit })
      for (let taken = 0; ; ) {
        ended.throwIfAborted()
        const item = items.shift()
        if (items.length > 0 || item !== undefined) {
          taken++
          if (ahead && taken % (CREDIT / 2) === 0) this.#write({ kind: 'credit', id, credit: CREDIT / 2 })
          yield gives.read(item, name)
          if (!ahead && outcome === undefined) this.#write({ kind: 'credit', id, credit: 1 })
          continue
        }
        if (outcome !== undefined) {
          if ('error' in outcome) throw outcome.error
          return
        }
        await new Promise<void>((resolve) => {
          goOn = resolve
        })
      }
    } finally {
      ended.removeEventListener('abort', wake)
      if (outcome === undefined) this.#cancel(id)
    }
  }

  #begin(operation: string, pending: Pending): number {
    if (this.#isClosed) throw new PeerageError('node-closed', { operation })
    if (this.#lost !== undefined) throw this.#lost
    this.#last++
    this.#pending.set(this.#last, pending)
    return this.#last
  }

  #cancel(id: number): void {
    this.#pending.delete(id)
    if (this.#lost === undefined) this.#write({ kind: 'cancel', id })
  }

  #request(id: number, request: Request): void {
    if (this.#write(request)) return
    const pending = this.#pending.get(id)
    this.#pending.delete(id)
    pending?.fail(new PeerageError('request-too-large', {}))
  }

  #write(request: Request): boolean {
    const frame = writeFrame(request)
    if (frame !== undefined) this.#socket.write(frame)
    return frame !== undefined
  }

  async #greet(): Promise<void> {
    const greeting = writeFrame({ protocol: CONTROL_PROTOCOL, version: CONTROL_VERSION, release: packageVersion() })
    if (greeting === undefined) throw new RangeError('a greeting is small')
    const answered = new Promise<void>((resolve, reject) => {
      this.#greeted = { resolve, reject }
    })
    this.#socket.write(greeting)
    await answered
  }

  #received(bytes: Uint8Array): void {
    const messages = this.#reader.add(bytes)
    if (messages === 'malformed') {
      this.#broken('it sent a malformed frame')
      return
    }
    for (const message of messages) {
      try {
        if (this.#greeted === undefined) this.#answered(message)
        else this.#wasGreeted(message)
      } catch (error) {
        if (!(error instanceof PeerageError)) throw error
        this.#broken(error.message)
      }
    }
  }

  #wasGreeted(message: ControlValue): void {
    const { protocol, version, release } = greetingShape.read(message, 'greeting')
    const greeted = this.#greeted
    this.#greeted = undefined
    if (protocol === CONTROL_PROTOCOL && version === CONTROL_VERSION) greeted?.resolve()
    else {
      greeted?.reject(new PeerageError('control-version-mismatch', { ours: CONTROL_VERSION, theirs: version, release }))
      this.close()
    }
  }

  #answered(message: ControlValue): void {
    const answer = readAnswer(message)
    // What was cancelled here may still be answered there.
    const pending = this.#pending.get(answer.id)
    switch (answer.kind) {
      case 'result':
        pending?.result(answer.result)
        break
      case 'progress':
        pending?.progress(answer.step)
        break
      case 'item':
        pending?.item(answer.item)
        break
      case 'end':
        pending?.end()
        break
      case 'error':
        pending?.fail(errorFromNode(answer.error))
        break
    }
  }

  #broken(reason: string): void {
    this.#end(reason)
    this.#socket.destroy()
  }

  #end(reason: string): void {
    if (this.#lost !== undefined) return
    this.#lost = new PeerageError('node-connection-lost', { dataDir: this.#dataDir, reason })
    this.#greeted?.reject(this.#lost)
    const pending = [...this.#pending.values()]
    this.#pending.clear()
    const error = this.#isClosed ? new PeerageError('node-closed', { operation: 'going on' }) : this.#lost
    for (const one of pending) one.fail(error)
  }
}

function whyNotConnected(error: Error, dataDir: string, path: string): PeerageError {
  switch (systemErrorCode(error)) {
    case 'ENOENT':
    case 'ECONNREFUSED':
      return new PeerageError('node-not-running', { dataDir }, { cause: error })
    default:
      return new PeerageError(
        'storage-not-accessible',
        { path, operation: 'connect to', reason: error.message },
        { cause: error },
      )
  }
}
