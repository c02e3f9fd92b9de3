/** Sends one file over a direct connection: offers it, and sends what the other side says that it does not have. */
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { basename } from 'node:path'
import { reasonOf, systemErrorCode } from '../nodejs/system-error.ts'
import type { DirectConnection } from '../peer-node/direct-streams.ts'
import { PeerageError } from '../runtime/peerage-error.ts'
import { encodeFileMessage, type FileMessage, FileMessages, LARGEST_PIECE } from './file-message.ts'

/** A file to send, as it is now. */
export interface OutgoingFile {
  readonly path: string
  readonly name: string
  readonly size: number
  readonly sha256: Uint8Array
}

/** How it went. */
export type SendingOutcome =
  | { readonly kind: 'sent' /** The bytes that were there already. */; readonly resumedFrom: number }
  | { readonly kind: 'refused'; readonly isDamaged: boolean; readonly reason: string }

/**
 * Reads a file through, for its digest.
 *
 * @throws PeerageError `input-not-readable`
 */
export async function outgoingFile(
  path: string,
  onProgress: (done: number, total: number) => void,
): Promise<OutgoingFile> {
  try {
    // Opened first: what is then done with it is done with one file, though its name may get another.
    await using file = await open(path, 'r')
    const status = await file.stat()
    if (!status.isFile()) throw new PeerageError('input-not-readable', { file: path, reason: 'it is no file' })
    const { size } = status
    const hash = createHash('sha256')
    let done = 0
    if (size > 0) {
      for await (const chunk of file.createReadStream({ end: size - 1, autoClose: false })) {
        hash.update(chunk)
        done += chunk.length
        onProgress(done, size)
      }
    }
    if (done < size) throw changed(path)
    return { path, name: basename(path), size, sha256: hash.digest() }
  } catch (error) {
    throw readingError(error, path)
  }
}

/**
 * Sends it.
 *
 * @param onProgress Is told how many bytes the other side has
 * @throws PeerageError `connection-lost`: it can be tried again; `malformed` (of what the other side says); `input-not-readable`
 */
export async function sendFile(
  connection: DirectConnection,
  file: OutgoingFile,
  onProgress: (done: number) => void,
): Promise<SendingOutcome> {
  const writer = connection.writable.getWriter()
  // Why it is broken is told by what fails then.
  writer.closed.catch(() => undefined)
  const messages = new FileMessages(connection.readable)
  const { name, size, sha256 } = file
  try {
    await writer.write(encodeFileMessage({ kind: 'offer', name, size, sha256 }))
    const answer = await expected(messages, connection, 'accept')
    if (answer.kind === 'refuse') return refusal(answer)
    const { offset } = answer
    if (offset > size) throw malformed(`it wants byte ${offset} of ${size}`)
    onProgress(offset)
    const over = expected(messages, connection, 'done')
    let isOver = false
    const end = (): void => {
      isOver = true
    }
    over.then(end, end)
    let sent = offset
    try {
      for await (const bytes of pieces(file, offset)) {
        if (isOver) break
        await writer.write(encodeFileMessage({ kind: 'piece', bytes }))
        sent += bytes.length
        onProgress(sent)
      }
    } catch (error) {
      if (PeerageError.is(error, 'input-not-readable')) {
        await writer.write(
          encodeFileMessage({ kind: 'refuse', isDamaged: false, reason: 'the file cannot be read to its end' }),
        )
        throw error
      }
      // The other side may have said why before it closed; if it has not, this rejects with the same.
      await over
      throw error
    }
    const last = await over
    return last.kind === 'refuse' ? refusal(last) : { kind: 'sent', resumedFrom: offset }
  } finally {
    await writer.close().catch(() => undefined)
    await messages.cancel()
    await connection.close()
  }
}

async function* pieces({ path, size }: OutgoingFile, offset: number): AsyncGenerator<Uint8Array> {
  if (offset === size) return
  let place = offset
  try {
    const stream = createReadStream(path, { start: offset, end: size - 1, highWaterMark: LARGEST_PIECE })
    for await (const chunk of stream) {
      place += chunk.length
      yield chunk
    }
  } catch (error) {
    throw readingError(error, path)
  }
  if (place < size) throw changed(path)
}

/** What the other side has to say next, unless it refuses. */
async function expected<Kind extends FileMessage['kind']>(
  messages: FileMessages,
  { peer }: DirectConnection,
  kind: Kind,
): Promise<MessageOf<Kind> | MessageOf<'refuse'>> {
  const message = await messages.next()
  if (message === undefined) throw new PeerageError('connection-lost', { peer, reason: 'the other side ended it' })
  if (isOf(message, kind)) return message
  if (isOf(message, 'refuse')) return message
  throw malformed(`${message.kind} came, and ${kind} was due`)
}

type MessageOf<Kind extends FileMessage['kind']> = Extract<FileMessage, { readonly kind: Kind }>

function isOf<Kind extends FileMessage['kind']>(message: FileMessage, kind: Kind): message is MessageOf<Kind> {
  return message.kind === kind
}

function refusal({ isDamaged, reason }: { readonly isDamaged: boolean; readonly reason: string }): SendingOutcome {
  return { kind: 'refused', isDamaged, reason }
}

function changed(path: string): PeerageError {
  return new PeerageError('input-not-readable', { file: path, reason: 'it became shorter meanwhile' })
}

function malformed(problem: string): PeerageError {
  return new PeerageError('malformed', { structure: 'conversation about a file', problem, offset: 0 })
}

function readingError(error: unknown, path: string): unknown {
  if (systemErrorCode(error) === undefined) return error
  return new PeerageError('input-not-readable', { file: path, reason: reasonOf(error) }, { cause: error })
}
