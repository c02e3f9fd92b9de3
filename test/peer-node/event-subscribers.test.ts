import { expect, test } from 'vitest'
import { EventSubscribers } from '../../src/peer-node/event-subscribers.ts'
import { silentLog } from '../../src/runtime/log.ts'

test('G-189: a listener that throws or rejects goes to the log, gets the next event, and holds up nobody', async () => {
  const logged: unknown[] = []
  const events = new EventSubscribers(
    { ...silentLog, warn: (message, details) => void logged.push([message, details]) },
    () => undefined,
  )
  const [thrown, rejected, heard]: [number[], number[], number[]] = [[], [], []]
  const listen = (listener: (missed: number) => void | Promise<void>): void => {
    events.on('synchronized', ({ type = '' }) => listener(type.length), undefined)
  }
  listen((length) => {
    thrown.push(length)
    throw new Error('no')
  })
  listen(async (length) => {
    rejected.push(length)
    throw new Error('never')
  })
  listen((length) => void heard.push(length))
  listen(() => new Promise(() => undefined))
  for (const type of ['a', 'ab']) events.raise('synchronized', { type })
  expect(heard).toEqual([])
  while (heard.length + thrown.length + rejected.length < 6) await Promise.resolve()
  expect([thrown, rejected, heard]).toEqual([
    [1, 2],
    [1, 2],
    [1, 2],
  ])
  while (logged.length < 4) await Promise.resolve()
  expect(logged).toContainEqual(['a listener of an event failed', { event: 'synchronized', reason: 'Error: no' }])
  expect(logged).toContainEqual(['a listener of an event failed', { event: 'synchronized', reason: 'Error: never' }])
})
