/** Files from one command to the other: the conversation, and what becomes of names and of what was there. */
import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { basename, join, posix, win32 } from 'node:path'
import fc from 'fast-check'
import { beforeEach, describe, expect, test } from 'vitest'
import { encodeFileMessage, type FileMessage, FileMessages, LARGEST_PIECE } from '../../src/cli/file-message.ts'
import { FileReceiving } from '../../src/cli/file-receiving.ts'
import { outgoingFile, sendFile } from '../../src/cli/file-sending.ts'
import { partOf } from '../../src/cli/incoming-file.ts'
import { LONGEST_FILE_NAME, safeFileName } from '../../src/cli/safe-file-name.ts'
import { sizeText } from '../../src/cli/size-text.ts'
import { type PeerName, parsePeerName } from '../../src/identity/peer-name.ts'
import type { DirectConnection } from '../../src/peer-node/direct-streams.ts'
import { expectRejection } from '../../src/runtime/acceptance/acceptance.ts'
import { newPath } from '../nodejs/new-path.ts'

const ANN = parsePeerName(`${'a'.repeat(40)}.ann`)
const BOB = parsePeerName(`${'b'.repeat(40)}.bob`)

let folder = ''
beforeEach(() => {
  folder = newPath()
  mkdirSync(folder)
})

/** The two ends of a connection in memory. */
function connected(): { readonly anns: DirectConnection; readonly bobs: DirectConnection } {
  const [there, back] = [new TransformStream<Uint8Array>(), new TransformStream<Uint8Array>()]
  const end = (peer: PeerName, readable: ReadableStream<Uint8Array>, writable: WritableStream<Uint8Array>) => {
    const close = async (): Promise<void> => {
      if (!writable.locked) await writable.close().catch(() => undefined)
    }
    return { peer, protocol: 'peerage.file/1', readable, writable, close, [Symbol.asyncDispose]: close }
  }
  return { anns: end(BOB, back.readable, there.writable), bobs: end(ANN, there.readable, back.writable) }
}

/** A file at the sender's. */
function written(name: string, content: Uint8Array): string {
  const path = newPath()
  mkdirSync(path)
  writeFileSync(join(path, name), content)
  return join(path, name)
}

/** The other side, played by the test. */
class Player {
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>
  readonly messages: FileMessages

  constructor({ readable, writable }: DirectConnection) {
    this.#writer = writable.getWriter()
    this.#writer.closed.catch(() => undefined)
    this.messages = new FileMessages(readable)
  }

  async say(message: FileMessage): Promise<void> {
    await this.bytes(encodeFileMessage(message))
  }

  async bytes(bytes: Uint8Array): Promise<void> {
    await this.#writer.write(bytes)
  }

  async leave(): Promise<void> {
    await this.#writer.close().catch(() => undefined)
    await this.messages.cancel()
  }
}

function sha256(content: Uint8Array): Uint8Array {
  return new Uint8Array(createHash('sha256').update(content).digest())
}

const content = Uint8Array.from({ length: 3 * LARGEST_PIECE + 17 }, (_, index) => (index * 7) % 251)

describe('a file', () => {
  test.each([
    ['empty', new Uint8Array()],
    ['of one piece', content.subarray(0, 10)],
    ['of several', content],
  ])('that is %s comes as it was, under its name', async (_, bytes) => {
    const receiving = new FileReceiving(folder, () => undefined)
    const { anns, bobs } = connected()
    const file = await outgoingFile(written('photo.jpg', bytes), () => undefined)
    const seen: number[] = []
    const [outcome, received] = await Promise.all([
      sendFile(anns, file, (done) => seen.push(done)),
      receiving.receive(bobs),
    ])
    expect(outcome).toEqual({ kind: 'sent', resumedFrom: 0 })
    expect(received).toMatchObject({
      name: 'photo.jpg',
      path: join(folder, 'photo.jpg'),
      size: bytes.length,
      resumedFrom: 0,
    })
    expect(readFileSync(received.path).equals(bytes)).toBe(true)
    expect(readdirSync(folder)).toEqual(['photo.jpg'])
    expect(seen.at(-1)).toBe(bytes.length)
  })

  test('that was cut goes on where it was', async () => {
    const receiving = new FileReceiving(folder, () => undefined)
    const offer = { kind: 'offer', name: 'film.mp4', size: content.length, sha256: sha256(content) } as const
    const first = connected()
    const cut = expectRejection('file-not-received', receiving.receive(first.bobs), 'the first time')
    const player = new Player(first.anns)
    await player.say(offer)
    expect(await player.messages.next()).toEqual({ kind: 'accept', offset: 0 })
    await player.say({ kind: 'piece', bytes: content.subarray(0, LARGEST_PIECE) })
    await player.leave()
    expect((await cut).details).toMatchObject({ file: 'film.mp4', peer: ANN })
    expect(readFileSync(partOf(folder, offer)).length).toBe(LARGEST_PIECE)

    const second = connected()
    const file = await outgoingFile(written('film.mp4', content), () => undefined)
    const [outcome, received] = await Promise.all([
      sendFile(second.anns, file, () => undefined),
      receiving.receive(second.bobs),
    ])
    expect(outcome).toEqual({ kind: 'sent', resumedFrom: LARGEST_PIECE })
    expect(received.resumedFrom).toBe(LARGEST_PIECE)
    expect(readFileSync(join(folder, 'film.mp4')).equals(content)).toBe(true)
    expect(readdirSync(folder)).toEqual(['film.mp4'])
  })

  test('never takes the place of another, and is not sent twice', async () => {
    const receiving = new FileReceiving(folder, () => undefined)
    writeFileSync(join(folder, 'a.tar.gz'), 'something else')
    const transfer = async (bytes: Uint8Array) => {
      const { anns, bobs } = connected()
      const file = await outgoingFile(written('a.tar.gz', bytes), () => undefined)
      const [outcome, received] = await Promise.all([sendFile(anns, file, () => undefined), receiving.receive(bobs)])
      return { outcome, path: received.path }
    }
    expect((await transfer(content)).path).toBe(join(folder, 'a.tar (2).gz'))
    expect(await transfer(content)).toEqual({
      outcome: { kind: 'sent', resumedFrom: content.length },
      path: join(folder, 'a.tar (2).gz'),
    })
    expect((await transfer(content.subarray(1))).path).toBe(join(folder, 'a.tar (3).gz'))
    expect(readFileSync(join(folder, 'a.tar.gz'), 'utf8')).toBe('something else')
  })

  test('that is not what was offered is removed, and can be sent again', async () => {
    const receiving = new FileReceiving(folder, () => undefined)
    const { anns, bobs } = connected()
    const refused = expectRejection('file-not-received', receiving.receive(bobs), 'another file')
    const player = new Player(anns)
    await player.say({ kind: 'offer', name: 'x', size: 3, sha256: sha256(content) })
    await player.messages.next()
    await player.say({ kind: 'piece', bytes: Uint8Array.of(1, 2, 3) })
    expect(await player.messages.next()).toMatchObject({ kind: 'refuse', isDamaged: true })
    await player.leave()
    await refused
    expect(readdirSync(folder)).toEqual([])
  })

  test('is written by one sender at a time; the same one may begin again', async () => {
    const receiving = new FileReceiving(folder, () => undefined)
    const offer = { kind: 'offer', name: 'x', size: 3, sha256: sha256(Uint8Array.of(1, 2, 3)) } as const
    const begin = async (peer: PeerName) => {
      const { anns, bobs } = connected()
      const outcome = receiving.receive({ ...bobs, peer }).then(
        ({ path }) => path,
        (error: Error) => error.message,
      )
      const player = new Player(anns)
      await player.say(offer)
      return { outcome, player, answer: await player.messages.next() }
    }
    const first = await begin(ANN)
    await first.player.say({ kind: 'piece', bytes: Uint8Array.of(1) })
    const other = await begin(BOB)
    expect(other.answer).toMatchObject({ kind: 'refuse', isDamaged: false })
    expect(await other.outcome).toMatch(/received already/)
    const last = first.player.messages.next()
    const again = await begin(ANN)
    expect(await last).toMatchObject({ kind: 'refuse' })
    expect(await first.outcome).toMatch(/cut short/)
    expect(again.answer).toEqual({ kind: 'accept', offset: 1 })
    await again.player.say({ kind: 'piece', bytes: Uint8Array.of(2, 3) })
    expect(await again.player.messages.next()).toEqual({ kind: 'done' })
    expect(await again.outcome).toBe(join(folder, 'x'))
  })

  test.each<[string, (player: Player) => Promise<void>]>([
    ['nonsense', (player) => player.bytes(Uint8Array.of(0, 0, 0, 2, 99, 0))],
    ['a frame without an end', (player) => player.bytes(Uint8Array.of(255, 255, 255, 255))],
    ['a piece before an offer', (player) => player.say({ kind: 'piece', bytes: Uint8Array.of(1) })],
    [
      'more than was offered',
      async (player) => {
        await player.say({ kind: 'offer', name: 'x', size: 1, sha256: sha256(content) })
        await player.messages.next()
        await player.say({ kind: 'piece', bytes: Uint8Array.of(1, 2) })
      },
    ],
  ])('%s is refused', async (_, act) => {
    const receiving = new FileReceiving(folder, () => undefined)
    const { anns, bobs } = connected()
    const refused = expectRejection('file-not-received', receiving.receive(bobs), 'the sender')
    const player = new Player(anns)
    await act(player)
    expect(await player.messages.next()).toMatchObject({ kind: 'refuse' })
    await player.leave()
    await refused
    expect(readdirSync(folder).filter((name) => !name.endsWith('.part'))).toEqual([])
  })

  test('goes nowhere through a link that waits under the name of its part', async () => {
    const receiving = new FileReceiving(folder, () => undefined)
    const outside = written('precious', Uint8Array.of(1))
    const file = await outgoingFile(written('x', content), () => undefined)
    symlinkSync(outside, partOf(folder, file))
    const { anns, bobs } = connected()
    const [outcome, refused] = await Promise.all([
      sendFile(anns, file, () => undefined),
      expectRejection('file-not-received', receiving.receive(bobs), 'a link'),
    ])
    expect(outcome).toMatchObject({ kind: 'refused', isDamaged: false })
    expect(refused.message).toMatch(/no file/)
    expect(readFileSync(outside)).toHaveLength(1)
  })

  test('that becomes shorter, or is none, is told of', async () => {
    const path = written('x', content)
    const file = await outgoingFile(path, () => undefined)
    writeFileSync(path, 'short')
    const receiving = new FileReceiving(folder, () => undefined)
    const { anns, bobs } = connected()
    await Promise.all([
      expectRejection(
        'input-not-readable',
        sendFile(anns, file, () => undefined),
        'the sender',
      ),
      expectRejection('file-not-received', receiving.receive(bobs), 'the receiver'),
    ])
    await expectRejection(
      'input-not-readable',
      outgoingFile(folder, () => undefined),
      'a folder',
    )
    await expectRejection(
      'input-not-readable',
      outgoingFile(join(folder, 'none'), () => undefined),
      'nothing',
    )
  })
})

describe('the name of a file from elsewhere', () => {
  test.each([
    ['photo.jpg', 'photo.jpg'],
    ['Ünïcödé 🎉 (1).tar.gz', 'Ünïcödé 🎉 (1).tar.gz'],
    ['../../etc/passwd', '___.._etc_passwd'],
    ['..\\..\\boot.ini', '___.._boot.ini'],
    ['/etc/passwd', '_etc_passwd'],
    ['C:\\Windows\\x', 'C__Windows_x'],
    ['file.txt:stream', 'file.txt_stream'],
    ['.bashrc', '_bashrc'],
    ['..', '__'],
    ['', 'file'],
    ['con.txt', '_con.txt'],
    ['NUL', '_NUL'],
    ['x. . ', 'x'],
    ['gpj.\u202eexe', 'gpj._exe'],
    ['a\u0000b\n', 'a_b_'],
  ])('%j becomes %j', (wish, name) => {
    expect(safeFileName(wish)).toBe(name)
  })

  test('is one plain name on every platform, whatever was sent, and safe as it is afterwards', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary', maxLength: 300 }), fc.string({ maxLength: 600 })), (wish) => {
        const name = safeFileName(wish)
        expect(safeFileName(name)).toBe(name)
        expect(name).not.toMatch(/^(?:|\..*)$/)
        expect(Buffer.byteLength(name)).toBeLessThanOrEqual(LONGEST_FILE_NAME)
        for (const path of [posix, win32]) {
          expect(path.basename(name)).toBe(name)
          expect(path.dirname(path.resolve('/folder', name))).toBe(path.resolve('/folder'))
        }
      }),
    )
  })

  test('keeps its extension when it is shortened', () => {
    const name = safeFileName(`${'é'.repeat(300)}.jpeg`)
    expect(name).toMatch(/^é+\.jpeg$/)
    expect(basename(name)).toBe(name)
  })
})

test('sizes are told in three or four digits', () => {
  expect([0, 1, 999, 1000, 999_949, 999_950, 1_234_567, 5e15].map(sizeText)).toEqual([
    ...['0 bytes', '1 byte', '999 bytes', '1.0 kB', '999.9 kB', '1.0 MB', '1.2 MB', '5.0 PB'],
  ])
})
