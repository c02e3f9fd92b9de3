/** Whole minutes of peer time: what expires, what is refreshed, and what waits for the first comparison. */
import { describe, expect, test } from 'vitest'
import { REMOVALS_KEPT, SLEEP_NOTICED } from '../../src/graph/expiry.ts'
import { REFRESH_LEAD } from '../../src/graph/refreshing.ts'
import { toUtf8 } from '../../src/runtime/bytes.ts'
import { codeOf, HOUR, LoneRecords, MINUTE, providerWith } from './lone-records.ts'

/** What was reported as removed: texts are not known any more, so their IDs. */
function removed(node: LoneRecords): string[] {
  return node.changes.flatMap((change) => (change.kind === 'removed' ? [`${change.id} ${change.reason}`] : []))
}

describe('expired records', () => {
  test('G-057: are removed on the next whole minute, and each is reported once, also where the clock jumps', () => {
    const node = new LoneRecords()
    node.run(10_000)
    const records = [MINUTE - 10_000, MINUTE, 3 * MINUTE, 5 * MINUTE].map((life) => node.add({ life }))
    const [first, second, third, last] = records.map(({ id }) => `${id} expired`)
    node.run(49_999)
    expect(removed(node)).toEqual([])
    node.run(1)
    expect(removed(node)).toEqual([first])
    expect(node.records.store.trie.size).toBe(3)
    node.host.skewClock(3 * MINUTE)
    node.hasReconciled = true
    node.run(MINUTE)
    node.hasReconciled = true
    node.run(MINUTE)
    expect(removed(node)).toEqual([first, second, third, last])
    node.run(10 * MINUTE)
    expect(removed(node)).toHaveLength(4)
    expect([...node.records.store.database.leaves()]).toEqual([])
  })

  test('G-057: are noted as removed exactly once, whenever the process is killed', () => {
    // The moments of the minute at which something can happen: before it, at it, and in each step after it.
    for (const steps of [0, 1, 2, 3, 4, 5, 8]) {
      const node = new LoneRecords()
      const ids = Array.from({ length: 3 }, () => node.add({ life: MINUTE }).id)
      node.run(MINUTE - 1)
      for (let step = 0; step < steps; step++) node.world.step()
      node.restart()
      node.run(3 * MINUTE)
      const changes = node.records.store.database.changes(0, undefined, 100)
      const noted = changes.map((change) => (change.kind === 'removed' ? `${change.id} ${change.reason}` : change.kind))
      // What expires at the same minute goes in any order.
      expect(noted.sort()).toEqual(ids.map((id) => `${id} expired`).sort())
    }
  })

  test('G-057: are removed some at a time, however many there are', () => {
    const node = new LoneRecords()
    for (let index = 0; index < 1200; index++)
      node.arrive(node.made({ nonce: String(index), expires: node.now + MINUTE }))
    node.run(MINUTE - 1)
    expect(node.records.store.trie.size).toBe(1200)
    node.run(2)
    expect(new Set(removed(node)).size).toBe(1200)
    expect(removed(node)).toHaveLength(1200)
  })

  test('G-058: are hidden from reads before they are purged, and neither compared nor updated', () => {
    const node = new LoneRecords()
    node.hasReconciled = false
    const { id } = node.add({ life: MINUTE })
    node.run(MINUTE)
    expect(node.records.store.database.get(id)).toBeDefined()
    expect([node.texts(), node.records.store.live(id), node.records.store.trie.size]).toEqual([[], undefined, 0])
    expect(codeOf(() => node.update(id))).toBe('record-not-found')
    expect(removed(node)).toEqual([])
  })

  test('G-058: stay readable in a graph with deferred expiration for as long as there is no neighbor', () => {
    const node = new LoneRecords()
    node.defersExpiration = true
    const { id } = node.add({ life: MINUTE, text: 'old' })
    node.run(HOUR)
    expect([node.texts(), node.records.store.trie.size, removed(node)]).toEqual([['old'], 0, []])
    node.parts.neighbors.add(node.link('neighbor').session)
    expect(node.texts()).toEqual([])
    node.run(MINUTE)
    expect(removed(node)).toEqual([`${id} expired`])
  })

  test('G-182: stay until the first comparison after a start has ended, ephemeral ones too', () => {
    const node = new LoneRecords()
    const { id } = node.add({ life: MINUTE })
    const mood = node.add({ type: '~test.mood', life: 2 * MINUTE })
    node.hasReconciled = false
    node.run(HOUR)
    expect(removed(node)).toEqual([])
    node.hasReconciled = true
    node.expiry.purge()
    node.run()
    expect(removed(node).toSorted()).toEqual([`${id} expired`, `${mood.id} expired`].toSorted())
  })

  test('G-151: what was removed is forgotten after a named time, and readers from before it are told so', () => {
    const node = new LoneRecords()
    node.add({ life: MINUTE })
    const { database } = node.records.store
    const before = database.lastArrival
    node.run(2 * MINUTE)
    expect(database.changes(before, undefined, 10)).toHaveLength(1)
    node.run(REMOVALS_KEPT - HOUR)
    expect(database.firstComplete).toBe(0)
    node.run(3 * HOUR)
    expect(database.firstComplete).toBe(before + 1)
    expect(database.changes(before, undefined, 10)).toHaveLength(0)
  })
})

describe('a wake', () => {
  test('G-182: is noticed where a timer comes late or the time of day jumps, and not otherwise', () => {
    const node = new LoneRecords()
    node.run(10 * MINUTE)
    node.host.skewClock(SLEEP_NOTICED - 1000)
    node.run(2 * MINUTE)
    expect(node.woke).toBe(0)
    node.host.skewClock(SLEEP_NOTICED + 1000)
    node.run(2 * MINUTE)
    expect(node.woke).toBe(1)
    node.host.skewClock(-5 * MINUTE)
    node.run(10 * MINUTE)
    expect(node.woke).toBe(2)
  })

  test('G-182: keeps what a clock that was set wrongly calls expired', () => {
    const node = new LoneRecords()
    node.add({ life: HOUR, text: 'alive' })
    node.host.skewClock(2 * HOUR)
    node.run(10 * MINUTE)
    expect([node.texts(), removed(node)]).toEqual([[], []])
    node.host.skewClock(-2 * HOUR)
    node.run(10 * MINUTE)
    node.hasReconciled = true
    node.run(10 * MINUTE)
    expect([node.texts(), removed(node)]).toEqual([['alive'], []])
  })
})

describe('a record marked for refresh', () => {
  test('G-059: is renewed when less than a quarter of its life is left, or less than two minutes', () => {
    for (const [life, lead] of [
      [4 * HOUR, HOUR],
      [6 * MINUTE, REFRESH_LEAD],
    ] as const) {
      const node = new LoneRecords()
      const attributes = [{ name: 'a', values: [{ type: 'integer', value: 1 }] }] as const
      const first = node.add({ life, refresh: true, text: 'same', attributes })
      node.run(life - lead)
      expect(node.records.store.find(first.id)?.version).toBe(1)
      node.run(MINUTE)
      const renewed = node.records.store.find(first.id)
      expect(renewed).toMatchObject({ version: 2, modified: node.now, expires: node.now + life })
      expect(renewed).toMatchObject({ payload: toUtf8('same'), attributes })
      node.run(10 * life)
      expect(node.texts()).toEqual(['same'])
    }
  })

  test('G-059: is renewed no further than its right or the longest life of the graph allows', () => {
    const limits: ((node: LoneRecords, limit: number) => void)[] = [
      (node, limit) => {
        node.longestLife = limit
      },
      (node, limit) => {
        ends = node.now + limit
      },
    ]
    let ends: number | undefined
    for (const limit of limits) {
      ends = undefined
      const node = new LoneRecords({ provider: providerWith({ rightEnds: () => ends }) })
      const start = node.now
      limit(node, 3 * HOUR)
      const { id } = node.add({ life: HOUR, refresh: true })
      node.run(2 * HOUR + 50 * MINUTE)
      expect(node.records.store.find(id)?.expires).toBe(start + 3 * HOUR)
      const version = node.records.store.find(id)?.version
      node.run(9 * MINUTE)
      expect(node.records.store.find(id)?.version).toBe(version)
      node.run(MINUTE)
      expect(node.texts()).toEqual([])
    }
  })

  test('G-060: stays marked over a restart, is renewed only here and online, and not before others were asked', () => {
    const node = new LoneRecords()
    const { id } = node.add({ life: HOUR, refresh: true })
    node.add({ life: HOUR, text: 'not marked' })
    node.restart()
    node.isOnline = false
    node.run(50 * MINUTE)
    expect(node.records.store.find(id)?.version).toBe(1)
    node.isOnline = true
    node.hasReconciled = false
    node.parts.neighbors.add(node.link('neighbor').session)
    node.run(2 * MINUTE)
    expect(node.records.store.find(id)?.version).toBe(1)
    node.hasReconciled = true
    node.run(2 * MINUTE)
    expect(node.records.store.find(id)?.version).toBe(2)
    node.run(3 * HOUR)
    expect(node.texts()).toEqual(['text'])
    expect(node.published.every(({ bytes }) => !new TextDecoder().decode(bytes).includes('refresh'))).toBe(true)
  })

  test('G-060: can be marked by who made it, and by nobody else; a deleted one is not renewed', () => {
    const node = new LoneRecords()
    const own = node.add({ life: HOUR })
    const other = node.made({ text: 'of another' })
    node.arrive(other)
    expect(codeOf(() => node.update(other.id, { refresh: true }))).toBe('not-authorized')
    node.update(own.id, { refresh: true })
    node.run(2 * HOUR)
    expect(node.texts()).toEqual(['updated'])
    node.update(own.id, { refresh: false })
    node.run(2 * HOUR)
    expect(node.texts()).toEqual([])
    const gone = node.add({ life: HOUR, refresh: true })
    node.delete(gone.id)
    const { length } = node.published
    node.run(2 * HOUR)
    expect(node.published).toHaveLength(length)
  })

  test('that the security provider does not let be renewed expires, and harms nothing else', () => {
    let isAllowed = true
    const node = new LoneRecords({
      provider: providerWith({
        secure: () => {
          if (!isAllowed) throw new Error('no')
          return new Uint8Array(0)
        },
      }),
    })
    node.add({ life: HOUR, refresh: true })
    isAllowed = false
    node.run(2 * HOUR)
    expect(node.texts()).toEqual([])
    expect(node.counters['dropped-refresh-failed']).toBeGreaterThan(0)
  })
})
