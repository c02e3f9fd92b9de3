import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, test, vi } from 'vitest'
import { systemClock } from '../../src/nodejs/system-clock.ts'
import { clockAcceptance } from '../../src/runtime/acceptance/clock.ts'
import { settle } from './settle.ts'

for (const { name, run } of clockAcceptance) {
  test(`acceptance: ${name}`, () => run({ clock: systemClock, settle }))
}

test('utc is the time of day of the system', () => {
  const before = Date.now()
  const read = systemClock.utc()
  expect(read).toBeGreaterThanOrEqual(before)
  expect(read).toBeLessThanOrEqual(Date.now())
})

test('timers of 0 ms that set the next one leave the event loop its turns', async () => {
  let timers = 0
  let going = true
  const again = (): void => {
    timers++
    if (going) systemClock.setTimer(0, again)
  }
  again()
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve))
  going = false
  const reached = timers
  expect(reached).toBeGreaterThan(1)
  expect(reached).toBeLessThanOrEqual(22)
})

test('a timer that is set by another one waits for the next turn, even where the clock stands still', async () => {
  const now = vi.spyOn(performance, 'now').mockReturnValue(performance.now())
  let fired = 0
  const again = (): void => {
    if (++fired < 100) systemClock.setTimer(0, again)
  }
  systemClock.setTimer(0, again)
  await new Promise((resolve) => setImmediate(resolve))
  expect(fired).toBe(1)
  now.mockRestore()
  await settle(() => fired === 100)
})

test('a timer of 0 ms fires in the next turn, although the wake-up for another one is late', async () => {
  const start = performance.now()
  const now = vi.spyOn(performance, 'now').mockReturnValue(start)
  const fired: string[] = []
  systemClock.setTimer(50, () => fired.push('due before'))
  now.mockReturnValue(start + 51)
  systemClock.setTimer(0, () => fired.push('at once'))
  await new Promise((resolve) => setImmediate(resolve))
  now.mockRestore()
  expect(fired).toEqual(['due before', 'at once'])
})

test('no timer fires before its expiry on the monotonic clock, whatever fraction of a millisecond it has', async () => {
  let early = 0
  let fired = 0
  const count = 600
  for (let index = 0; index < count; index++) {
    const delay = 1 + index * 0.37
    const set = performance.now()
    systemClock.setTimer(delay, () => {
      fired++
      if (performance.now() < set + delay) early++
    })
  }
  await settle(() => fired === count)
  expect(early).toBe(0)
})

test('ten thousand timers fire in the order of their expiry, cancelled ones left out', async () => {
  const fired: number[] = []
  const expiries: { from: number; to: number }[] = []
  let cancelled = 0
  for (let index = 0; index < 10_000; index++) {
    const delay = ((index * 7919) % 10_007) / 100
    const before = performance.now()
    const timer = systemClock.setTimer(delay, () => fired.push(index))
    expiries.push({ from: before + delay, to: performance.now() + delay })
    if (index % 4 !== 0) {
      timer.cancel()
      cancelled++
    }
  }
  await settle(() => fired.length === 10_000 - cancelled)
  let latest = 0
  for (const index of fired) {
    const { from, to } = expiries[index] ?? { from: 0, to: 0 }
    expect(to).toBeGreaterThanOrEqual(latest)
    latest = Math.max(latest, from)
  }
})

test('a timer whose function throws takes no other timer with it', async () => {
  const { stdout, stderr } = await runScript(`
    process.on('uncaughtException', (error) => console.log('uncaught', error.message))
    for (const name of ['a', 'b', 'c']) {
      systemClock.setTimer(1, () => {
        console.log(name)
        if (name === 'b') throw new Error('of b')
      })
    }`)
  expect(stderr).toBe('')
  expect(stdout.split('\n').sort().join(' ').trim()).toBe('a b c uncaught of b')
})

test('a waiting timer keeps the process alive, a cancelled one does not', async () => {
  const { stdout } = await runScript(`
    systemClock.setTimer(1000000, () => console.log('never')).cancel()
    const first = systemClock.setTimer(5, () => console.log('cancelled'))
    systemClock.setTimer(20, () => console.log('fired'))
    first.cancel()
    process.on('exit', () => console.log('exit'))`)
  expect(stdout).toBe('fired\nexit\n')
})

function runScript(script: string): Promise<{ stdout: string; stderr: string }> {
  const module = JSON.stringify(new URL('../../src/nodejs/system-clock.ts', import.meta.url).href)
  const source = `import { systemClock } from ${module}\n${script}`
  return promisify(execFile)(process.execPath, ['--input-type=module', '--eval', source])
}
