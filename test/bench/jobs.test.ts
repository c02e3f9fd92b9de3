import { existsSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { JOBS } from '../../bench/jobs.ts'

test('each job has a name of its own', () => {
  const names = JOBS.map(({ name }) => name)
  expect(new Set(names).size).toBe(names.length)
})

describe.each(JOBS)('$name', ({ name, contestants, absent, rounds, limit }) => {
  test.each(contestants)('$name has a program, and sizes to run it with', (contestant) => {
    expect(existsSync(new URL(`../../bench/jobs/${name}/${contestant.name}.ts`, import.meta.url))).toBe(true)
    expect(contestant.sizes.length).toBeGreaterThan(0)
  })

  test('Peerage takes part', () => {
    expect(contestants.map((contestant) => contestant.name)).toContain('peerage')
  })

  test('who is absent at a size does not run there, and there is a reason', () => {
    for (const absence of absent) {
      const sizes = contestants.flatMap(({ name, sizes }) => (name === absence.contestant ? sizes : []))
      expect(sizes).not.toContain(absence.size)
      expect(absence.reason).not.toBe('')
    }
  })

  test('it runs more than once, and ends', () => {
    expect(rounds).toBeGreaterThan(1)
    expect(limit).toBeGreaterThan(0)
  })
})
