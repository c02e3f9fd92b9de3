/**
 * Receives files into one folder, each over a direct connection of its own. What comes from outside is judged here: a name is made safe, no more
 * bytes are taken than were offered, and a sender that says nothing for long loses its place.
 */
import type { PeerName } from '../identity/peer-name.ts'
import type { DirectConnection } from '../peer-node/direct-streams.ts'
import { PeerageError } from '../runtime/peerage-error.ts'
import { encodeFileMessage, type FileMessage, FileMessages, LONGEST_REASON } from './file-message.ts'
import { type ExpectedFile, IncomingFile, partOf, presentFile } from './incoming-file.ts'
import { safeFileName } from './safe-file-name.ts'

/** Files that are received at once. */
const MOST_AT_ONCE = 16
/** How long a sender may say nothing, in milliseconds. */
const LONGEST_SILENCE = 60_000
/** How long a sender may take to read the last word, in milliseconds. */
const LONGEST_FAREWELL = 5000
const DAMAGED = 'what came is not what was offered, and was removed'
/** What stands for a name before there is one. */
const NAMELESS = 'a file'

/** A file that came. */
export interface ReceivedFile extends ExpectedFile {
  readonly path: string
  /** The bytes that were here already; all of them if nothing had to be sent. */
  readonly resumedFrom: number
}

/** Is told how many bytes of a file are here. */
export type OnReceiving = (file: ExpectedFile, done: number) => void

/** The receiving of all files. */
export class FileReceiving {
  readonly #folder: string
  readonly #onReceiving: OnReceiving
  /** By the path of the part, who sends it. */
  readonly #underWay = new Map<string, Sender>()
  readonly #senders = new Set<Sender>()

  constructor(folder: string, onReceiving: OnReceiving) {
    this.#folder = folder
    this.#onReceiving = onReceiving
  }

  /**
   * Receives one file. What fails leaves the part that has come; the sender is told why, if it can be told.
   *
   * @throws PeerageError `file-not-received`
   */
  async receive(connection: DirectConnection): Promise<ReceivedFile> {
    const sender = new Sender(connection)
    this.#senders.add(sender)
    try {
      const offer = await sender.next()
      if (offer.kind !== 'offer') throw sender.problem(`${offer.kind} came, and an offer was due`)
      const file = { name: safeFileName(offer.name), size: offer.size, sha256: offer.sha256.slice() }
      sender.file = file.name
      const received = await this.#receive(file, sender)
      if (received === undefined) {
        sender.refuse(DAMAGED, true)
        throw sender.problem(DAMAGED)
      }
      await sender.say({ kind: 'done' })
      return received
    } catch (error) {
      if (!PeerageError.isAny(error)) throw error
      sender.refuse(error.message, false)
      throw PeerageError.is(error, 'file-not-received') ? error : sender.problem(error.message, error)
    } finally {
      this.#senders.delete(sender)
      await sender.close()
    }
  }

  /** Ends all that is under way. */
  async close(): Promise<void> {
    await Promise.all([...this.#senders].map((sender) => sender.cancel()))
  }

  /** @returns undefined: it is not what was offered */
  async #receive(expected: ExpectedFile, sender: Sender): Promise<ReceivedFile | undefined> {
    const present = await presentFile(this.#folder, expected)
    if (present !== undefined) {
      await sender.say({ kind: 'accept', offset: expected.size })
      return { ...expected, path: present, resumedFrom: expected.size }
    }
    const part = partOf(this.#folder, expected)
    await this.#begin(part, sender)
    try {
      const file = await IncomingFile.open(this.#folder, expected)
      try {
        const resumedFrom = file.received
        await sender.say({ kind: 'accept', offset: resumedFrom })
        this.#onReceiving(expected, resumedFrom)
        while (!file.isWhole) {
          await file.write(await sender.piece())
          this.#onReceiving(expected, file.received)
        }
        const path = await file.finish()
        return path === undefined ? undefined : { ...expected, path, resumedFrom }
      } finally {
        await file.close()
      }
    } finally {
      this.#underWay.delete(part)
      sender.release()
    }
  }

  /** One sender at a time writes a part: the same one may begin again, when it knows of a cut before it is known here. */
  async #begin(part: string, sender: Sender): Promise<void> {
    const present = this.#underWay.get(part)
    if (present?.peer === sender.peer) {
      await present.cancel()
      await present.released
    }
    if (this.#underWay.has(part)) throw sender.problem('it is being received already')
    if (this.#underWay.size >= MOST_AT_ONCE) throw sender.problem(`${MOST_AT_ONCE} files are being received already`)
    this.#underWay.set(part, sender)
  }
}

/** Who sends a file. */
class Sender {
  readonly peer: PeerName
  /** The name of the file, once it is known. */
  file = NAMELESS
  /** Resolves when it writes its part no more. */
  readonly released: Promise<void>
  release: () => void = () => undefined
  readonly #connection: DirectConnection
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>
  readonly #messages: FileMessages
  #isRefused = false

  constructor(connection: DirectConnection) {
    this.peer = connection.peer
    this.#connection = connection
    this.#writer = connection.writable.getWriter()
    // Why it is broken is told by what fails then.
    this.#writer.closed.catch(() => undefined)
    this.#messages = new FileMessages(connection.readable)
    this.released = new Promise((resolve) => {
      this.release = resolve
    })
  }

  /** @throws PeerageError `file-not-received`, `malformed`, `connection-lost` */
  async next(): Promise<FileMessage> {
    let isSilent = false
    const timer = setTimeout(() => {
      isSilent = true
      void this.cancel()
    }, LONGEST_SILENCE)
    try {
      const message = await this.#messages.next()
      if (message !== undefined) return message
    } finally {
      clearTimeout(timer)
    }
    throw this.problem(isSilent ? `nothing came for ${LONGEST_SILENCE / 1000} s` : 'the sending was cut short')
  }

  async piece(): Promise<Uint8Array> {
    const message = await this.next()
    if (message.kind === 'piece') return message.bytes
    throw this.problem(message.kind === 'refuse' ? message.reason : `${message.kind} came, and a piece was due`)
  }

  async say(message: FileMessage): Promise<void> {
    await this.#writer.write(encodeFileMessage(message))
  }

  /** Says why there is no going on, once. */
  refuse(reason: string, isDamaged: boolean): void {
    if (this.#isRefused) return
    this.#isRefused = true
    // Characters have up to four bytes each.
    const shortened = reason.slice(0, LONGEST_REASON / 4).toWellFormed()
    // Closing waits for it.
    this.say({ kind: 'refuse', isDamaged, reason: shortened }).catch(() => undefined)
  }

  problem(reason: string, cause?: unknown): PeerageError {
    return new PeerageError('file-not-received', { file: this.file, peer: this.peer, reason }, { cause })
  }

  /** Nothing more is read: what waits for it fails. */
  async cancel(): Promise<void> {
    await this.#messages.cancel()
  }

  async close(): Promise<void> {
    const timer = setTimeout(() => void this.#writer.abort().catch(() => undefined), LONGEST_FAREWELL)
    await this.#writer.close().catch(() => undefined)
    await this.cancel()
    await this.#connection.close()
    clearTimeout(timer)
  }
}
