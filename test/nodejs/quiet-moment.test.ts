import { expect, test } from 'vitest'
import { atQuietMoment, noteActivity } from '../../src/nodejs/quiet-moment.ts'

/** One turn of the event loop. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

test('what is put off is done in the next turn if nothing else happens, and not before the call returns', async () => {
  const done: number[] = []
  atQuietMoment(() => done.push(1))
  atQuietMoment(() => done.push(2))
  expect(done).toEqual([])
  await turn()
  expect(done).toEqual([1, 2])
})

test('what is put off waits while something is read in each turn, and is done together when there is a quiet one', async () => {
  const done: number[] = []
  for (let index = 0; index < 3; index++) {
    atQuietMoment(() => done.push(index))
    noteActivity()
    await turn()
  }
  expect(done).toEqual([])
  await turn()
  expect(done).toEqual([0, 1, 2])
})

test('what is put off is done at last although it never becomes quiet', async () => {
  let isDone = false
  atQuietMoment(() => {
    isDone = true
  })
  let turns = 0
  while (!isDone) {
    noteActivity()
    turns++
    await turn()
  }
  expect(turns).toBeGreaterThan(1)
})
