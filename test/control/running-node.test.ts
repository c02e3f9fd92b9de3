/** A running node and the programs that are connected to it, over the control socket. */
import { chmodSync, existsSync, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { connectNode } from '../../src/control/connect-node.ts'
import { FrameReader, writeFrame } from '../../src/control/control-frame.ts'
import { CONTROL_PROTOCOL, CONTROL_VERSION } from '../../src/control/control-message.ts'
import { controlPath } from '../../src/control/control-path.ts'
import type { ControlValue } from '../../src/control/control-value.ts'
import { openNode, openServingNode } from '../../src/control/open-node.ts'
import { messageType, recordType } from '../../src/peer-node/application-types.ts'
import type { PeerNode } from '../../src/peer-node/peer-node.ts'
import { expectRejection } from '../../src/runtime/acceptance/acceptance.ts'
import { PeerageError } from '../../src/runtime/peerage-error.ts'
import { newPath } from '../nodejs/new-path.ts'
import { settle } from '../nodejs/settle.ts'

const Note = recordType('test.note', { expires: '1h' })
const Word = messageType('test.word')

const greeting = { protocol: CONTROL_PROTOCOL, version: CONTROL_VERSION, release: '1.0.0' }
const stream = (id: number) => ({ kind: 'stream', id, method: 'clouds.watch', params: {}, credit: 0 })

const opened: { close(): Promise<void> }[] = []
afterEach(async () => {
  for (const one of opened.splice(0).reverse()) await one.close()
})

function closing<Thing extends { close(): Promise<void> }>(thing: Thing): Thing {
  opened.push(thing)
  return thing
}

async function running(friendlyName = 'Ann'): Promise<{ node: PeerNode; dataDir: string; path: string }> {
  const dataDir = newPath()
  const { node, controlPath: path } = await openServingNode({ dataDir, friendlyName })
  closing(node)
  return { node, dataDir, path }
}

async function program(dataDir: string): Promise<PeerNode> {
  return closing(await connectNode({ dataDir }))
}

describe('one node a data directory', () => {
  test('a second one is refused, and the first goes on', async () => {
    const { node, dataDir } = await running()
    const error = await expectRejection('node-already-running', openNode({ dataDir }), 'a second node')
    expect(error.details).toEqual({ dataDir })
    expect(await (await program(dataDir)).identities.list()).toEqual(await node.identities.list())
  })

  test('its socket is for its owner alone', async () => {
    const { path } = await running()
    if (process.platform === 'win32') return
    expect(statSync(path).mode & 0o777).toBe(0o600)
  })

  test('where none runs, that is said', async () => {
    const dataDir = newPath()
    await expectRejection('node-not-running', connectNode({ dataDir }), 'no directory')
    const node = await openNode({ dataDir })
    await node.close()
    await expectRejection('node-not-running', connectNode({ dataDir }), 'after it was closed')
    expect(existsSync(controlPath(dataDir).path)).toBe(false)
  })

  test('a socket that a killed node has left is in nobody’s way', async () => {
    const { dataDir, path, node } = await running()
    await node.close()
    writeFileSync(path, '')
    await expectRejection('node-not-running', connectNode({ dataDir }), 'a file that is no socket')
    closing(await openNode({ dataDir }))
    expect(await (await program(dataDir)).identities.list()).toHaveLength(1)
  })

  test('a data directory of a long path gets a socket with a short one', async () => {
    const dataDir = join(newPath(), 'a-folder-with-a-long-name'.repeat(4), 'another-folder-with-a-long-name'.repeat(3))
    const { path } = controlPath(dataDir)
    expect(Buffer.byteLength(path)).toBeLessThan(104)
    closing(await openNode({ dataDir, friendlyName: 'Ann' }))
    expect(await (await program(dataDir)).identities.list()).toHaveLength(1)
  })

  test('a folder of somebody else, or one that others may enter, is not trusted with the socket of a long path', async () => {
    const dataDir = join(newPath(), 'a-folder-with-a-long-name'.repeat(8))
    const { folder } = controlPath(dataDir)
    if (folder === undefined || process.platform === 'win32') return
    mkdirSync(folder, { mode: 0o777 })
    try {
      chmodSync(folder, 0o777)
      await expectRejection('storage-not-accessible', openNode({ dataDir }), 'a node')
      await expectRejection('storage-not-accessible', connectNode({ dataDir }), 'a program')
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  test('on Windows it is a named pipe', () => {
    expect(controlPath('C:\\data', 'win32', {}).path).toMatch(/^\\\\\.\\pipe\\peerage-[0-9a-f]{20}$/)
  })

  test('a program can stop it, and it is closed for all', async () => {
    const dataDir = newPath()
    const { node, closed } = await openServingNode({ dataDir, friendlyName: 'Ann' })
    closing(node)
    const other = await program(dataDir)
    const raw = await rawProgram(dataDir)
    raw.send({ kind: 'call', id: 1, method: 'node.stop' })
    await closed
    await expectRejection('node-closed', node.identities.list(), 'the node itself')
    await expectRejection('node-connection-lost', other.identities.list(), 'a program')
  })
})

describe('several programs', () => {
  test('see one graph and one database, and each closes its own use of it', async () => {
    const { node, dataDir } = await running()
    const [first, second] = [await program(dataDir), await program(dataDir)]
    const hers = await node.graphs.create()
    const { graphId } = hers
    const his = await first.graphs.open(graphId)
    const theirs = await second.graphs.open(graphId)
    await expectRejection('duplicate-graph', second.graphs.open(graphId), 'twice in one program')
    await expectRejection('graph-in-use', second.graphs.delete(graphId), 'deleting what others use')
    const { id } = await his.records.add(Note, Uint8Array.of(1))
    expect((await hers.records.get(Note, id))?.payload).toEqual(Uint8Array.of(1))
    const watched = theirs.records.watch(Note)[Symbol.asyncIterator]()
    expect((await watched.next()).value).toMatchObject({ kind: 'added', record: { id } })
    await hers.close()
    await his.close()
    await his.close()
    const { id: another } = await theirs.records.add(Note, Uint8Array.of(2))
    expect((await watched.next()).value).toMatchObject({ kind: 'added', record: { id: another } })
    expect(await node.graphs.list()).toMatchObject([{ graphId, isOpen: true }])
    await theirs.close()
    expect(await watched.next()).toMatchObject({ done: true })
    expect(await node.graphs.list()).toMatchObject([{ graphId, isOpen: false }])
    await expectRejection('invalid-graph', hers.status(), 'a use that was closed')
  })

  test('one that dies leaves nothing open, and disturbs no other', async () => {
    const { node, dataDir } = await running()
    const survivor = await program(dataDir)
    const { graphId } = await survivor.graphs.create()
    const dying = await rawProgram(dataDir)
    dying.send({ kind: 'call', id: 1, method: 'graphs.create', params: { offline: true } })
    await settle(() => dying.received.length === 1)
    dying.send({ kind: 'call', id: 2, method: 'graphs.open', params: { graphId } })
    dying.send({ kind: 'stream', id: 3, method: 'clouds.watch', params: {}, credit: 1 })
    await settle(() => dying.received.length >= 2)
    expect((await node.graphs.list()).filter(({ isOpen }) => isOpen)).toHaveLength(2)
    dying.socket.destroy()
    await until(async () => (await node.graphs.list()).filter(({ isOpen }) => isOpen).length === 1)
    expect(await node.graphs.list()).toContainEqual(expect.objectContaining({ graphId, isOpen: true }))
    expect(await survivor.identities.list()).toHaveLength(1)
  })

  test('one that does not read holds up no other, and what waits for it is bounded by its credit', async () => {
    const { dataDir } = await running()
    const writer = await program(dataDir)
    const graph = await writer.graphs.create()
    const stalled = await rawProgram(dataDir)
    stalled.send({ kind: 'call', id: 1, method: 'graphs.open', params: { graphId: graph.graphId } })
    await settle(() => stalled.received.length === 1)
    const type = { name: Note.name, ephemeral: false, encoding: 'bytes' }
    stalled.send({ kind: 'stream', id: 2, method: 'records.watch', params: { graph: 1, type }, credit: 3 })
    for (let number = 0; number < 20; number++) await graph.records.add(Note, Uint8Array.of(number))
    await settle(() => stalled.received.length === 4)
    await writer.identities.list()
    expect(stalled.received).toHaveLength(4)
    stalled.send({ kind: 'credit', id: 2, credit: 100 })
    await settle(() => stalled.received.length === 21)
  })

  test('messages and direct connections reach the program that takes them, whole and in order', async () => {
    const [ann, bob] = [await running('Ann'), await running('Bob')]
    const [hers, his] = [await program(ann.dataDir), await program(bob.dataDir)]
    const made = await hers.graphs.create()
    const joined = await his.graphs.join(made.graphId, { addresses: await made.addresses() })
    const words = joined.messages(Word)[Symbol.asyncIterator]()
    const word = words.next()
    await until(async () => (await made.nodes()).length === 2)
    await untilDone(() => made.send(joined.identity, Word, Uint8Array.of(7)))
    expect((await word).value).toEqual({ from: made.identity, payload: Uint8Array.of(7) })
    const coming = joined.connections('test')[Symbol.asyncIterator]().next()
    const near = await untilDone(() => made.connect(joined.identity, 'test'))
    const far = (await coming).value
    if (far === undefined) throw new Error('none came')
    const sent = Uint8Array.from({ length: 3_000_000 }, (_, index) => index % 251)
    const writer = near.writable.getWriter()
    const written = writer.write(sent).then(() => writer.close())
    const chunks: Uint8Array[] = []
    for await (const chunk of far.readable) chunks.push(chunk)
    await written
    expect(Buffer.compare(Buffer.concat(chunks), sent)).toBe(0)
    await Promise.all([near.close(), far.close()])
  })
})

describe('what a program gets for bad input', () => {
  test('parameters of a wrong shape are an error of this request alone, which shows no value', async () => {
    const { dataDir } = await running()
    const raw = await rawProgram(dataDir)
    raw.send({ kind: 'call', id: 1, method: 'identities.create', params: { friendlyName: 5 } })
    raw.send({ kind: 'call', id: 2, method: 'identities.unlock', params: { identity: 'x', passphrase: 'secret' } })
    raw.send({ kind: 'call', id: 3, method: 'no.such' })
    raw.send({ kind: 'call', id: 4, method: 'graph.status', params: { graph: 9 } })
    raw.send({ kind: 'call', id: 5, method: 'identities.list' })
    await settle(() => raw.received.length === 5)
    const codes = raw.received.map((answer) => (answer.kind === 'error' ? answer.error?.code : answer.kind))
    expect(codes.sort()).toEqual(['invalid-argument', 'invalid-graph', 'invalid-peer-name', 'result', 'unknown-method'])
    expect(JSON.stringify(raw.received)).not.toContain('secret')
  })

  test.each([
    ['no greeting', [{ kind: 'call', id: 1, method: 'identities.list' }]],
    ['a greeting of another protocol', [{ protocol: 'http', version: 1, release: '1' }]],
    ['a kind of request that there is not', [greeting, { kind: 'shout', id: 1 }]],
    ['a number twice', [greeting, stream(1), stream(1)]],
  ])('%s ends the connection', async (_, messages) => {
    const { dataDir, node } = await running()
    const socket = connect(controlPath(dataDir).path)
    const over = new Promise((resolve) => socket.on('close', resolve))
    socket.on('error', () => undefined)
    socket.resume()
    for (const message of messages) socket.write(writeFrame(message) ?? '')
    await over
    expect(await node.identities.list()).toHaveLength(1)
  })

  test('random bytes end the connection, and harm nobody', async () => {
    const { dataDir, node } = await running()
    for (let round = 0; round < 20; round++) {
      const socket = connect(controlPath(dataDir).path)
      const over = new Promise((resolve) => socket.on('close', resolve))
      socket.on('error', () => undefined)
      socket.resume()
      if (round % 2 === 0) socket.write(writeFrame(greeting) ?? '')
      socket.end(Uint8Array.from({ length: 500 }, (_, index) => (index * 37 + round * 101) % 256))
      await over
    }
    expect(await (await program(dataDir)).identities.list()).toEqual(await node.identities.list())
  })

  test('a node that speaks another version is told apart from one that is not there', async () => {
    const dataDir = newPath()
    const made = await openNode({ dataDir })
    await made.close()
    const server = createServer((socket) => {
      socket.resume()
      socket.write(writeFrame({ protocol: CONTROL_PROTOCOL, version: 99, release: '9.9.9' }) ?? '')
    })
    await new Promise<void>((resolve) => server.listen(controlPath(dataDir).path, () => resolve()))
    const error = await expectRejection('control-version-mismatch', connectNode({ dataDir }), 'version 99')
    expect(error.details).toEqual({ ours: CONTROL_VERSION, theirs: 99, release: '9.9.9' })
    server.close()
  })
})

describe('waiting', () => {
  test('an abort rejects with the signal’s own reason at once, and the request is taken back', async () => {
    const { dataDir, node } = await running()
    const graph = await (await program(dataDir)).graphs.create()
    const controller = new AbortController()
    const reason = { because: 'the user went away' }
    const waiting = graph.connected({ signal: controller.signal })
    const watching = graph.records.watch(Note, { signal: controller.signal })[Symbol.asyncIterator]().next()
    controller.abort(reason)
    await expect(waiting).rejects.toBe(reason)
    await expect(watching).rejects.toBe(reason)
    expect(await graph.status()).toMatchObject({ neighbors: 0 })
    expect(await node.graphs.list()).toHaveLength(1)
  })

  test('when the node goes, all that waits rejects, and so does what comes later', async () => {
    const { dataDir, node } = await running()
    const remote = await program(dataDir)
    const graph = await remote.graphs.create()
    const waiting = graph.connected()
    const ended = expectRejection('graph-shutting-down', waiting, 'what waits')
    // The answer shows that the node has got the wait.
    await graph.status()
    await node.close()
    await ended
    await expectRejection('node-connection-lost', remote.identities.list(), 'later')
  })

  test('errors have the code, message, advice and details that they have at the node', async () => {
    const { dataDir, node } = await running()
    const remote = await program(dataDir)
    const there = await node.clouds.inspect('nowhere').catch((error: unknown) => error)
    const here = await remote.clouds.inspect('nowhere').catch((error: unknown) => error)
    if (!(there instanceof PeerageError) || !(here instanceof Error)) throw new Error('both fail')
    expect(here.message).toBe(there.message)
    expect(here).toMatchObject({ code: there.code, advice: there.advice, details: there.details })
  })
})

interface RawProgram {
  readonly socket: Socket
  readonly received: { readonly kind: string; readonly id: number; readonly error?: { readonly code: string } }[]
  send(message: ControlValue): void
}

/** A program that says what it likes. */
async function rawProgram(dataDir: string): Promise<RawProgram> {
  const socket = connect(controlPath(dataDir).path)
  opened.push({ close: async () => void socket.destroy() })
  const received: RawProgram['received'] = []
  const reader = new FrameReader()
  let hasGreeted = false
  socket.on('data', (bytes: Buffer) => {
    for (const message of reader.add(bytes)) {
      if (hasGreeted && isAnswer(message)) received.push(message)
      hasGreeted = true
    }
  })
  const send = (message: ControlValue): void => void socket.write(writeFrame(message) ?? '')
  send(greeting)
  await settle(() => hasGreeted)
  return { socket, received, send }
}

function isAnswer(message: unknown): message is RawProgram['received'][number] {
  return typeof message === 'object' && message !== null && 'kind' in message
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 5))
}

/** Until somebody takes it there. */
async function untilDone<Result>(action: () => Promise<Result>): Promise<Result> {
  for (;;) {
    try {
      return await action()
    } catch (error) {
      if (!PeerageError.is(error, 'message-not-taken') && !PeerageError.is(error, 'protocol-not-accepted')) throw error
    }
  }
}
