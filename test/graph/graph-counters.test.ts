import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { countedEvents, dropReasons, GraphCounters } from '../../src/graph/graph-counters.ts'

test('the documentation lists every counter of a graph, once', () => {
  const text = readFileSync(new URL('../../docs/protocol/graph-counters.md', import.meta.url), 'utf8')
  const listed = [...text.matchAll(/^\| `([a-z-]+)` \|/gm)].map(([, name]) => name)
  expect(listed.toSorted()).toEqual([...countedEvents, ...dropReasons.map((reason) => `dropped-${reason}`)].toSorted())
})

test('counters that are zero are not shown', () => {
  const counters = new GraphCounters()
  expect(counters.read()).toEqual({})
  counters.dropped('record-malformed')
  counters.counted('bytes-sent', 12)
  counters.counted('bytes-sent', 30)
  expect(counters.read()).toEqual({ 'dropped-record-malformed': 1, 'bytes-sent': 42 })
})
