/** Single messages, direct connections and events of graphs. */
import { describe, expect, test } from 'vitest'
import { parsePeerName } from '../../src/identity/peer-name.ts'
import { messageType, recordType } from '../../src/peer-node/application-types.ts'
import type { DirectConnection } from '../../src/peer-node/direct-streams.ts'
import { MOST_WAITING_EVENTS } from '../../src/peer-node/event-subscribers.ts'
import type { Graph, Status } from '../../src/peer-node/graph.ts'
import { MOST_UNREAD } from '../../src/peer-node/incoming.ts'
import { expectRejection } from '../../src/runtime/acceptance/acceptance.ts'
import { isReading, pair, settings, take } from './graph-settings.ts'
import { anything, textSchema } from './schemas.ts'

const Note = recordType('test.note', { expires: '1h' })
const Ping = messageType('test.ping')
const Chat = messageType('test.chat', { schema: textSchema })
const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values)
const stranger = parsePeerName(`${'0'.repeat(40)}.peer`)

/** Takes the next item, and says when the reader is there. */
function first<Item>(items: AsyncIterable<Item>): Promise<Item> {
  return take(items, 1).then(([item]) => {
    if (item === undefined) throw new Error('it ended')
    return item
  })
}

async function connect(from: Graph, to: Graph, protocol = 'test'): Promise<[DirectConnection, DirectConnection]> {
  const coming = first(to.connections(protocol))
  await isReading(to)
  return [await from.connect(to.identity, protocol), await coming]
}

async function collected({ readable }: DirectConnection): Promise<number[]> {
  const all: number[] = []
  for await (const chunk of readable) all.push(...chunk)
  return all
}

describe.each(settings)('$name', ({ run }) => {
  test('G-118, G-119: messages come in order, once, from a proven sender, and what nobody reads fails', () =>
    run(async (setting) => {
      const { ann, bob } = await pair(setting)
      await expectRejection('message-not-taken', ann.send(bob.identity, Ping, bytes(1)), 'nobody reads')
      const coming = take(bob.messages(Ping), 100)
      await isReading(bob)
      await Promise.all(Array.from({ length: 100 }, (_, index) => ann.send(bob.identity, Ping, bytes(index))))
      expect(await coming).toEqual(
        Array.from({ length: 100 }, (_, index) => ({ from: ann.identity, payload: bytes(index) })),
      )
      await expectRejection('node-not-found', ann.send(stranger, Ping, bytes(1)), 'a stranger')
      await expectRejection('connect-self', ann.send(ann.identity, Ping, bytes(1)), 'itself')
      const large = await expectRejection(
        'message-too-large',
        ann.send(bob.identity, Ping, new Uint8Array(65_537)),
        'large',
      )
      expect(large.advice).toContain('direct connection')
    }))

  test('G-119: a full queue makes the sender wait, and a reader that leaves gives the rest back', () =>
    run(async (setting) => {
      const { ann, bob } = await pair(setting)
      const reader = bob.messages(Ping)[Symbol.asyncIterator]()
      const firstOne = reader.next()
      await isReading(bob)
      await ann.send(bob.identity, Ping, bytes(0))
      await firstOne
      let sent = 0
      const sends = Array.from({ length: MOST_UNREAD + 2 }, (_, index) =>
        ann.send(bob.identity, Ping, bytes(index)).then(() => void sent++),
      )
      await setting.until(() => sent === MOST_UNREAD)
      await ann.records.add(Note, bytes(1))
      expect(sent).toBe(MOST_UNREAD)
      await reader.next()
      await setting.until(() => sent === MOST_UNREAD + 1)
      const last = expectRejection('message-not-taken', sends.at(-1) ?? Promise.resolve(), 'the last one')
      await reader.return?.()
      await last
    }))

  test('G-184: what a schema refuses is not sent, or not delivered and told', () =>
    run(async (setting) => {
      const { ann, bob } = await pair(setting)
      const coming = first(bob.messages(Chat))
      await isReading(bob)
      const unreadable: unknown[] = []
      bob.on('unreadable', (detail) => void unreadable.push(detail))
      const send = ann.send as (to: unknown, type: unknown, payload: unknown) => Promise<void>
      await expectRejection('refused-by-schema', send.call(ann, bob.identity, Chat, { text: 5 }), 'sending')
      const Loose = messageType(Chat.name, { schema: anything })
      await ann.send(bob.identity, Loose, { text: 5 })
      await ann.send(bob.identity, Chat, { text: 'fine' })
      expect(await coming).toEqual({ from: ann.identity, payload: { text: 'fine' } })
      expect(unreadable).toEqual([
        { from: ann.identity, type: Chat.name, issues: [{ message: 'this is no text', path: ['text'] }] },
      ])
    }))

  test('G-115, G-116: a direct connection is for a protocol that is taken there, and each is on its own', () =>
    run(async (setting) => {
      const { ann, bob } = await pair(setting)
      await expectRejection('protocol-not-accepted', ann.connect(bob.identity, 'test'), 'nobody takes it')
      await expectRejection('invalid-argument', ann.connect(bob.identity, ''), 'no label')
      await expectRejection('connect-self', ann.connect(ann.identity, 'test'), 'itself')
      await expectRejection('node-not-found', ann.connect(stranger, 'test'), 'a stranger')
      const coming = take(bob.connections('test'), 2)
      await isReading(bob)
      const [one, two] = [await ann.connect(bob.identity, 'test'), await ann.connect(bob.identity, 'test')]
      const [first, second] = await coming
      expect([one.peer, two.protocol, first?.peer, second?.protocol]).toEqual([
        bob.identity,
        'test',
        ann.identity,
        'test',
      ])
      expect((await ann.links()).filter(({ kind }) => kind === 'direct')).toHaveLength(2)
      expect((await bob.links()).find(({ kind }) => kind === 'direct')).toMatchObject({ isDialler: false })
      await Promise.all([one.close(), first?.close()])
      const writer = two.writable.getWriter()
      await writer.write(bytes(7))
      await writer.close()
      if (second === undefined) throw new Error('two came')
      expect(await collected(second)).toEqual([7])
    }))

  test('G-120: closing delivers what was written, ends the other side normally, and an abort does not', () =>
    run(async (setting) => {
      const { ann, bob } = await pair(setting)
      const [hers, his] = await connect(ann, bob)
      const writer = hers.writable.getWriter()
      void writer.write(bytes(1, 2))
      await writer.close()
      expect(await collected(his)).toEqual([1, 2])
      const back = his.writable.getWriter()
      await back.write(bytes(3))
      await back.close()
      expect(await collected(hers)).toEqual([3])
      await Promise.all([hers.close(), hers.close(), his.close()])
      const [other, broken] = await connect(ann, bob)
      await other.writable.abort()
      await expectRejection('connection-lost', collected(broken), 'reading')
      await expect(broken.writable.getWriter().write(bytes(1))).rejects.toMatchObject({ code: 'connection-lost' })
    }))

  test('G-183: who does not read stops the writer and nothing else, and gets all of it later', () =>
    run(async (setting) => {
      const { ann, bob } = await pair(setting)
      const [hers, his] = await connect(ann, bob)
      const writer = hers.writable.getWriter()
      const piece = new Uint8Array(16_384)
      let written = 0
      const pieces = 600
      const writing = (async () => {
        for (let index = 0; index < pieces; index++) {
          await writer.write(piece.fill(index % 251))
          written++
        }
        await writer.close()
      })()
      await setting.until(() => written > 0)
      const { id } = await ann.records.add(Note, bytes(1))
      await setting.until(async () => (await bob.records.get(Note, id)) !== undefined)
      expect(written).toBeLessThan(pieces)
      let [length, wrong] = [0, 0]
      for await (const chunk of his.readable) {
        for (const byte of chunk) if (byte !== Math.floor(length++ / piece.length) % 251) wrong++
      }
      await writing
      expect([length, wrong]).toEqual([pieces * piece.length, 0])
    }))

  test('G-124: each connection is told when it comes and once when it goes, and each address that is tried', () =>
    run(async (setting) => {
      const [annNode, bobNode] = [await setting.open('ann'), await setting.open('bob')]
      const ann = await annNode.graphs.create()
      const told: string[] = []
      ann.on(
        'neighbor',
        ({ peer, connected, reason }) => void told.push(`${peer} ${connected} ${reason !== undefined}`),
      )
      ann.on('direct', ({ protocol, connected }) => void told.push(`${protocol} ${connected}`))
      const bob = await bobNode.graphs.join(ann.graphId, { addresses: await ann.addresses() })
      const attempts: string[] = []
      bob.on('attempt', ({ endpoint, outcome }) => void attempts.push(`${endpoint} ${outcome}`))
      await setting.until(async () => (await ann.nodes()).length === 2 && (await bob.nodes()).length === 2)
      const [his, hers] = await connect(bob, ann)
      await Promise.all([his.close(), hers.close()])
      await bob.addAddresses(['127.0.0.1:9'])
      await setting.until(() => attempts.includes('127.0.0.1:9 connection-failed'))
      await bob.close()
      await setting.until(async () => (await ann.status()).neighbors === 0 && told.length >= 4)
      expect(told.filter((text) => text.startsWith('test'))).toEqual(['test true', 'test false'])
      const neighbor = told.filter((text) => text.startsWith(bob.identity))
      expect(neighbor).toEqual([`${bob.identity} true false`, `${bob.identity} false true`])
    }))

  test('the status event comes exactly when the status changes, and agrees with it', () =>
    run(async (setting) => {
      const ann = await (await setting.open('ann')).graphs.create({ offline: true })
      const told: Status[] = [await ann.status()]
      const mismatches: unknown[] = []
      ann.on('status', (status) => void told.push(status))
      await ann.goOnline()
      const bob = await (await setting.open('bob')).graphs.join(ann.graphId, { addresses: await ann.addresses() })
      await ann.synchronized()
      await bob.close()
      await setting.until(async () => (await ann.status()).neighbors === 0)
      await setting.until(async () => JSON.stringify(told.at(-1)) === JSON.stringify(await ann.status()))
      for (const [index, status] of told.entries()) {
        if (index > 0 && JSON.stringify(status) === JSON.stringify(told[index - 1])) mismatches.push(status)
      }
      expect(mismatches).toEqual([])
      const states = told.map(({ state }) => state)
      expect(states[0]).toBe('offline')
      expect(states).toContain('synchronizing')
      expect(states).toContain('synchronized')
      expect(states.lastIndexOf('offline')).toBe(0)
    }))

  test('G-186: a slow listener loses the oldest events and is told how many, a failing one harms nobody', () =>
    run(async (setting) => {
      const { ann, bob } = await pair(setting)
      const reader = take(bob.messages(Ping), 1)
      await isReading(bob)
      const Loose = messageType(Chat.name, { schema: anything })
      const chat = take(bob.messages(Chat), 1)
      await isReading(bob)
      const [slow, quick, lagged]: [number[], number[], unknown[]] = [[], [], []]
      let goOn = (): void => undefined
      const waiting = new Promise<void>((resolve) => {
        goOn = resolve
      })
      bob.on('unreadable', () => {
        throw new Error('a listener that fails')
      })
      const takeSlowly = async (): Promise<void> => {
        slow.push(quick.length)
        await waiting
      }
      bob.on('unreadable', takeSlowly)
      bob.on('unreadable', () => void quick.push(1))
      bob.on('lagged', (detail) => void lagged.push(detail))
      const count = MOST_WAITING_EVENTS + 10
      for (let index = 0; index < count; index++) await ann.send(bob.identity, Loose, { text: index })
      await setting.until(() => quick.length === count)
      expect(slow).toHaveLength(1)
      goOn()
      await setting.until(() => slow.length === 1 + MOST_WAITING_EVENTS)
      expect(lagged).toEqual([{ event: 'unreadable', missed: count - 1 - MOST_WAITING_EVENTS }])
      await ann.send(bob.identity, Chat, { text: 'still here' })
      expect(await chat).toHaveLength(1)
      await ann.send(bob.identity, Ping, bytes(1))
      expect(await reader).toHaveLength(1)
    }))

  test('G-121: what was subscribed to comes, and nothing after it was given up', () =>
    run(async (setting) => {
      const { ann, bob } = await pair(setting)
      const [kept, ended, aborted]: [string[], string[], string[]] = [[], [], []]
      const abort = new AbortController()
      ann.on('properties', ({ comment }) => void kept.push(comment))
      const end = ann.on('properties', ({ comment }) => void ended.push(comment))
      ann.on('properties', ({ comment }) => void aborted.push(comment), { signal: abort.signal })
      const elsewhere = new Promise((resolve) => bob.on('properties', resolve))
      await ann.setProperties({ comment: 'one' })
      expect(await elsewhere).toMatchObject({ comment: 'one' })
      await setting.until(() => kept.length === 1)
      end()
      abort.abort()
      await ann.setProperties({ comment: 'two' })
      await setting.until(() => kept.length === 2)
      expect([kept, ended, aborted]).toEqual([['one', 'two'], ['one'], ['one']])
      await expectRejection('not-authorized', bob.setProperties({ comment: 'mine' }), 'who did not make it')
    }))

  test('G-139: a node is found by its name, with what it says of itself', () =>
    run(async (setting) => {
      const { ann, bob } = await pair(setting)
      await ann.setPresence({ publish: 'always', attributes: { mood: 'good', born: new Date(0) } })
      await setting.until(async () => (await bob.node(ann.identity)).attributes['mood'] === 'good')
      expect(await bob.node(ann.identity)).toEqual({
        peerName: ann.identity,
        addresses: await ann.addresses(),
        attributes: { mood: 'good', born: new Date(0) },
      })
      await expectRejection('node-not-found', bob.node(stranger), 'a stranger')
      await ann.setPresence({ publish: 'never' })
      await setting.until(async () => (await bob.nodes()).every(({ peerName }) => peerName !== ann.identity))
    }))
})
