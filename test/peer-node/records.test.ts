/** Records, as applications write, read, search and watch them. */
import { describe, expect, test } from 'vitest'
import { recordType } from '../../src/peer-node/application-types.ts'
import type { Graph } from '../../src/peer-node/graph.ts'
import type { Cursor, RecordChange } from '../../src/peer-node/records.ts'
import { parseRecordId } from '../../src/records/record-id.ts'
import { expectRejection } from '../../src/runtime/acceptance/acceptance.ts'
import { PeerageError } from '../../src/runtime/peerage-error.ts'
import { all, pair, settings, take } from './graph-settings.ts'
import { anything, textSchema } from './schemas.ts'

const Note = recordType('test.note', { expires: '1h' })
const Message = recordType('test.message', {
  schema: textSchema,
  expires: '1h',
  attributes: ({ text }) => ({ length: text.length, word: text.split(' ') }),
})
const Flash = recordType('test.flash', { expires: '10m', ephemeral: true })
const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values)

describe.each(settings)('$name', ({ run }) => {
  test('a type without a schema carries bytes, one with a schema JSON, and each reader gets what was written', () =>
    run(async (setting) => {
      const { ann, bob } = await pair(setting)
      const payload = bytes(0, 255, 7)
      const note = await ann.records.add(Note, payload)
      payload[0] = 9
      const message = await ann.records.add(Message, { text: 'ñandú' })
      expect(note).toMatchObject({
        version: 1,
        creator: ann.identity,
        modifier: ann.identity,
        payload: bytes(0, 255, 7),
      })
      expect(message.payload).toEqual({ text: 'ñandú' })
      await setting.until(async () => (await bob.records.get(Message, message.id)) !== undefined)
      expect(await bob.records.get(Message, message.id)).toEqual(message)
      expect(await bob.records.get(Note, note.id)).toEqual(note)
      expect(await bob.records.get(Note, message.id)).toBeUndefined()
    }))

  test('G-148: what the schema refuses is not stored, and attributes follow the payload', () =>
    run(async ({ open }) => {
      const graph = await (await open('ann')).graphs.create()
      const { records } = graph
      const wrong: unknown = { text: 5 }
      const add = records.add as (type: unknown, payload: unknown) => Promise<unknown>
      const error = await expectRejection('refused-by-schema', add.call(records, Message, wrong), 'adding')
      expect(error.details).toEqual({ type: 'test.message', issues: ['text: this is no text'] })
      for (const payload of [undefined, 5n, 'text']) {
        await expectRejection('refused-by-schema', add.call(records, Message, payload), 'adding')
      }
      await expectRejection('refused-by-schema', add.call(records, Note, 'text'), 'no bytes')
      expect(await all(records.list('all'))).toEqual([])
      const { id } = await records.add(Message, { text: 'to be' }, { attributes: { author: 'Will' } })
      expect((await records.get(Message, id))?.attributes).toEqual({ author: 'Will', length: 5, word: ['to', 'be'] })
      const updated = await records.update(Message, id, { text: 'not' })
      expect(updated.attributes).toEqual({ author: 'Will', length: 3, word: 'not' })
      const update = records.update as (type: unknown, id: unknown, payload: unknown) => Promise<unknown>
      await expectRejection('refused-by-schema', update.call(records, Message, id, wrong), 'updating')
      expect((await records.get(Message, id))?.version).toBe(2)
    }))

  test('G-139: what is not there reads as nothing, and cannot be changed', () =>
    run(async ({ open }) => {
      const { records } = await (await open('ann')).graphs.create()
      const unknown = parseRecordId('0'.repeat(32))
      expect(await records.get(Note, unknown)).toBeUndefined()
      await expectRejection('record-not-found', records.update(Note, unknown, bytes()), 'an unknown one')
      await expectRejection('record-not-found', records.delete(unknown), 'an unknown one')
      const { id } = await records.add(Note, bytes(1))
      await expectRejection('version-conflict', records.update(Note, id, bytes(), { ifVersion: 2 }), 'a version')
      await expectRejection('record-not-found', records.update(Message, id, { text: '' }), 'of another type')
      await records.delete(id)
      expect(await records.get(Note, id)).toBeUndefined()
      await expectRejection('record-not-found', records.delete(id), 'a deleted one')
      await expectRejection('invalid-expiration', records.add(recordType('x'), bytes()), 'no expiration')
      await expectRejection('invalid-expiration', records.add(Note, bytes(), { expires: '1000000d' }), 'too late')
      await expectRejection('record-too-large', records.add(Note, new Uint8Array(65_537)), 'too large')
    }))

  test('G-133, G-134: records are listed by type, creator and query, in both orders, in parts, while others change', () =>
    run(async (setting) => {
      const { ann, bob } = await pair(setting)
      const { records } = bob
      for (let index = 0; index < 230; index++) await records.add(Message, { text: `number ${index}` })
      const hers = await ann.records.add(Message, { text: 'hers' })
      await setting.until(async () => (await records.get(Message, hers.id)) !== undefined)
      const texts = async (options: Parameters<Graph['records']['list']>[1]): Promise<string[]> =>
        (await all(records.list(Message, options))).map(({ payload }) => payload.text)
      const numbers = Array.from({ length: 230 }, (_, index) => `number ${index}`)
      expect(await texts({})).toEqual([...numbers, 'hers'])
      expect(await texts({ newestFirst: true })).toEqual([...numbers, 'hers'].reverse())
      expect(await texts({ creator: ann.identity })).toEqual(['hers'])
      expect(await texts({ creator: bob.identity, limit: 2 })).toEqual(['number 0', 'number 1'])
      expect(await texts({ where: { name: 'length', is: '=', value: 4 } })).toEqual(['hers'])
      expect(await texts({ where: 'word like "2?" and length < 10' })).toEqual(numbers.slice(20, 30))
      const [first] = await all(records.list(Message, { limit: 1, newestFirst: true }))
      expect(await texts({ after: first?.id, newestFirst: true, limit: 2 })).toEqual(['number 229', 'number 228'])
      await expectRejection('invalid-search', texts({ where: 'word is' }), 'a query')
      await expectRejection(
        'record-not-found',
        texts({ after: parseRecordId('0'.repeat(32)) }),
        'after what is not there',
      )
      await expectRejection('invalid-argument', texts({ limit: -1 }), 'a limit')
      const listed: string[] = []
      for await (const { id, payload } of records.list(Message)) {
        listed.push(payload.text)
        if (listed.length <= 3) await records.update(Message, id, { text: `changed ${listed.length}` })
        if (listed.length === 50) await records.add(Message, { text: 'late' })
      }
      expect(listed).toEqual([...numbers, 'hers'])
      expect((await all(records.list('all', { limit: 3 }))).map(({ type }) => type)).toEqual(
        Array(3).fill(Message.name),
      )
    }))

  test('G-188: a watch gives what is stored, then what comes, without gap or repetition', () =>
    run(async (setting) => {
      const { ann, bob } = await pair(setting)
      const added: string[] = []
      for (let index = 0; index < 120; index++) added.push((await ann.records.add(Note, bytes(index))).id)
      await ann.records.add(Message, { text: 'of another type' })
      await setting.until(async () => (await all(bob.records.list(Note))).length === 120)
      const seen: RecordChange<Uint8Array>[] = []
      const reading = (async () => {
        for await (const change of bob.records.watch(Note)) {
          seen.push(change)
          if (change.kind !== 'removed' && change.live) {
            const now = await bob.records.get(Note, change.record.id)
            expect(now === undefined || now.version >= change.record.version).toBe(true)
          }
          if (change.kind === 'removed') break
        }
      })()
      await setting.until(() => seen.length === 120)
      const late = await bob.records.add(Note, bytes(200))
      await setting.until(() => seen.length === 121)
      await bob.records.update(Note, late.id, bytes(201))
      await setting.until(() => seen.length === 122)
      await setting.until(async () => (await ann.records.get(Note, late.id))?.version === 2)
      await ann.records.delete(late.id)
      await reading
      expect(seen.slice(0, 120).map(({ kind, live }) => `${kind} ${live}`)).toEqual(Array(120).fill('added false'))
      expect(new Set(seen.slice(0, 120).map((change) => (change.kind === 'removed' ? '' : change.record.id)))).toEqual(
        new Set(added),
      )
      expect(seen.slice(120)).toMatchObject([
        { kind: 'added', live: true, record: { id: late.id, payload: bytes(200) } },
        { kind: 'updated', live: true, record: { version: 2, payload: bytes(201) } },
        { kind: 'removed', live: true, id: late.id, reason: 'deleted' },
      ])
    }))

  test('G-151: a watch goes on from a cursor after the graph was closed, with what went meanwhile', () =>
    run(async ({ open }) => {
      const { graphs } = await open('ann')
      const graph = await graphs.create()
      const [one, two] = [await graph.records.add(Note, bytes(1)), await graph.records.add(Note, bytes(2))]
      const [, second] = await take(graph.records.watch(Note), 2)
      const cursor = second?.cursor
      if (cursor === undefined) throw new Error('two were stored')
      await graph.records.delete(one.id)
      const three = await graph.records.add(Note, bytes(3))
      await graph.records.update(Note, three.id, bytes(4))
      await graph.close()
      const again = await graphs.open(graph.graphId)
      await again.records.update(Note, two.id, bytes(5))
      expect(await take(again.records.watch(Note, { from: cursor }), 3)).toMatchObject([
        { kind: 'removed', id: one.id, reason: 'deleted', live: false },
        { kind: 'added', record: { id: three.id, version: 2, payload: bytes(4) } },
        { kind: 'updated', record: { id: two.id, payload: bytes(5) } },
      ])
      const other = await graphs.create()
      for (const strange of [cursor, 'nonsense' as Cursor]) {
        const error = await expectRejection(
          'cursor-too-old',
          take(other.records.watch(Note, { from: strange }), 1),
          strange,
        )
        expect(error.advice).toContain('stored')
      }
    }))

  test('ephemeral records are watched as they are now, one change of each', () =>
    run(async (setting) => {
      const { ann, bob } = await pair(setting)
      const first = await ann.records.add(Flash, bytes(1))
      expect(first.type).toBe('~test.flash')
      await setting.until(async () => (await bob.records.get(Flash, first.id)) !== undefined)
      const seen: string[] = []
      const reading = (async () => {
        for await (const change of bob.records.watch(Flash)) {
          seen.push(`${change.kind} ${change.live}`)
          if (change.kind === 'removed') return change
        }
        return undefined
      })()
      await setting.until(() => seen.length === 1)
      await ann.records.update(Flash, first.id, bytes(2))
      await setting.until(() => seen.length === 2)
      await ann.records.delete(first.id)
      const last = await reading
      expect(last).toMatchObject({ kind: 'removed', id: first.id, reason: 'deleted' })
      expect(seen).toEqual(['added false', 'updated true', 'removed true'])
      const from = last?.cursor
      await expectRejection('cursor-too-old', take(bob.records.watch(Flash, { from }), 1), 'a cursor')
    }))

  test('without a type, all records of applications are got, listed and watched, as bytes that say what they were', () =>
    run(async (setting) => {
      const { ann, bob } = await pair(setting)
      const note = await ann.records.add(Note, bytes(1))
      const message = await ann.records.add(Message, { text: 'hello' })
      await setting.until(async () => (await bob.records.get('all', message.id)) !== undefined)
      const json = new TextEncoder().encode('{"text":"hello"}')
      expect(await bob.records.get('all', note.id)).toEqual({ ...note, encoding: 'bytes' })
      expect(await bob.records.get('all', message.id)).toEqual({ ...message, encoding: 'json', payload: json })
      expect(await bob.records.get(recordType(Message.name), message.id)).toMatchObject({ payload: json })
      const watched = bob.records.watch('all')[Symbol.asyncIterator]()
      expect([(await watched.next()).value, (await watched.next()).value]).toMatchObject([
        { kind: 'added', live: false, record: { id: note.id } },
        { kind: 'added', live: false, record: { id: message.id, payload: json } },
      ])
      await bob.setPresence({ publish: 'always', attributes: { mood: 'good' } })
      await ann.records.add(Flash, bytes(1))
      await ann.records.delete(note.id)
      expect((await watched.next()).value).toMatchObject({
        kind: 'removed',
        live: true,
        id: note.id,
        reason: 'deleted',
      })
      await watched.return?.()
      const [reserved] = await all(bob.records.list('all', { where: 'peerrecordtype like "peerage.*"' }))
      expect(reserved).toBeUndefined()
    }))

  test('G-187: what the schema of a reader refuses is told once, left out and kept', () =>
    run(async (setting) => {
      const { ann, bob } = await pair(setting)
      const Loose = recordType(Message.name, { schema: anything, expires: '1h' })
      const unreadable: unknown[] = []
      bob.on('unreadable', (detail) => void unreadable.push(detail))
      const odd = await ann.records.add(Loose, { text: 5 })
      const good = await ann.records.add(Message, { text: 'good' })
      await setting.until(async () => (await bob.records.get(Message, good.id)) !== undefined)
      expect(await bob.records.get(Message, odd.id)).toBeUndefined()
      expect((await all(bob.records.list(Message))).map(({ id }) => id)).toEqual([good.id])
      expect(await take(bob.records.watch(Message), 1)).toMatchObject([{ record: { id: good.id } }])
      await setting.until(() => unreadable.length > 0)
      expect(unreadable).toEqual([{ id: odd.id, issues: [{ message: 'this is no text', path: ['text'] }] }])
      expect((await bob.records.get(Loose, odd.id))?.payload).toEqual({ text: 5 })
    }))

  test('G-197: a signal ends a listing and a watch with its own reason, and leaving one ends it at once', () =>
    run(async ({ open }) => {
      const { records } = await (await open('ann')).graphs.create()
      await records.add(Note, bytes(1))
      const reason = new Error('enough')
      const abort = new AbortController()
      const watching = all(records.watch(Note, { signal: abort.signal }))
      await Promise.resolve()
      abort.abort(reason)
      await expect(watching).rejects.toBe(reason)
      await expect(all(records.list(Note, { signal: abort.signal }))).rejects.toBe(reason)
      const items = records.watch(Note, { from: 'now' })[Symbol.asyncIterator]()
      const next = items.next()
      await items.return?.()
      expect(await next).toEqual({ done: true, value: undefined })
      expect(await all(records.list(Note))).toHaveLength(1)
    }))

  test('G-193: an export is imported elsewhere, checked, and undoes nothing that is newer', () =>
    run(async (setting) => {
      const { open, path } = setting
      const [ann, bob] = [await open('ann'), await open('bob')]
      const hers = await ann.graphs.create({ friendlyName: 'Book club' })
      const kept = await hers.records.add(Message, { text: 'old' })
      const gone = await hers.records.add(Note, bytes(1))
      await hers.records.add(Flash, bytes(1))
      await hers.records.delete(gone.id)
      const file = path()
      await hers.exportDatabase(file)
      await expectRejection('input-not-readable', hers.exportDatabase(file), 'a file that is there')
      await hers.records.update(Message, kept.id, { text: 'new' })
      await expectRejection('graph-in-use', ann.graphs.importDatabase(file), 'one that is online')
      const his = await bob.graphs.importDatabase(file)
      expect(await his.status()).toMatchObject({ state: 'offline' })
      expect(his.graphId).toBe(hers.graphId)
      expect(await his.properties()).toMatchObject({ friendlyName: 'Book club' })
      expect((await his.records.get(Message, kept.id))?.payload).toEqual({ text: 'old' })
      expect(await his.records.get(Note, gone.id)).toBeUndefined()
      expect(await all(his.records.list(Flash))).toEqual([])
      const again = path()
      await his.exportDatabase(again)
      await hers.close()
      const offline = await ann.graphs.importDatabase(again)
      expect((await offline.records.get(Message, kept.id))?.payload).toEqual({ text: 'new' })
      await expectRejection('input-not-readable', bob.graphs.importDatabase(path()), 'no file')
    }))
})

test('names of types are checked where types are made', () => {
  const codes = ['~x', 'peerage.x', '', 'x'.repeat(65)].map((name) => {
    try {
      return recordType(name).name
    } catch (error) {
      return error instanceof PeerageError ? error.code : error
    }
  })
  expect(codes).toEqual(['invalid-argument', 'not-authorized', 'invalid-record-type', 'invalid-record-type'])
})
