/** `peerage demo` as people and scripts run it, to its end and to a Ctrl-C. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, expect, test } from 'vitest'
import { documents, ENTRANCE, peerage } from './command-process.ts'

const STEPS = [
  ...['start', 'meet', 'create', 'invite', 'find', 'join-by-invitation', 'join-by-link', 'publish', 'search', 'file'],
  ...['kill', 'return', 'revoke', 'compare', 'stop'],
]

/** Short, so that control sockets are in it, too. */
const temporary = mkdtempSync(join(tmpdir(), 'demo-'))
afterAll(() => rmSync(temporary, { recursive: true }))
const environment = { TMPDIR: temporary, TEMP: temporary, TMP: temporary }

/** The command lines that name the temporary folder: each process of a demo that is left has one. */
function left(): string[] {
  const lines = execFileSync('ps', ['-A', '-ww', '-o', 'args='], { encoding: 'utf8' }).split('\n')
  return lines.filter((line) => line.includes(temporary))
}

/** Waits until the demo has begun a step. */
async function begins(demo: ChildProcess, step: string): Promise<void> {
  if (demo.stdout === null) throw new Error('its output is not piped')
  for await (const line of createInterface({ input: demo.stdout })) {
    const document: unknown = JSON.parse(line)
    if (JSON.stringify(document).startsWith(`{"event":"begun","step":"${step}"`)) return
  }
  throw new Error(`it ended before ${step}`)
}

test('the demo goes from four processes to equal databases, says how long each step took, and leaves nothing', async () => {
  const { code, stdout, stderr } = await peerage(['demo', '--json'], { environment })
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  const events = documents(stdout)
  const expected = STEPS.flatMap((step) => [
    { event: 'begun', step, title: expect.any(String) },
    { event: 'done', step, milliseconds: expect.any(Number) },
  ])
  expect(events).toMatchObject(expected)
  expect(events).toContainEqual(
    expect.objectContaining({
      step: 'compare',
      equal: true,
      databases: [
        { friendlyName: 'Ann', records: 9, digest: expect.stringMatching(/^[0-9a-f]{64}$/) },
        { friendlyName: 'Bob', records: 9, digest: expect.stringMatching(/^[0-9a-f]{64}$/) },
        { friendlyName: 'Cleo', records: 8, digest: expect.stringMatching(/^[0-9a-f]{64}$/) },
      ],
    }),
  )
  expect(readdirSync(temporary)).toEqual([])
  expect(left()).toEqual([])
}, 120_000)

test.each([
  ['while processes start', 'start', 0],
  ['in the middle, twice', 'join-by-link', 1],
])(
  'Ctrl-C %s ends it with a sentence, exit code 1, no process and no data',
  async (_, step, repeated) => {
    const demo = spawn(process.execPath, [ENTRANCE, 'demo', '--json'], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...environment },
    })
    let stderr = ''
    demo.stderr?.on('data', (chunk) => {
      stderr += String(chunk)
    })
    await begins(demo, step)
    demo.stdout?.resume()
    for (let time = 0; time <= repeated; time++) demo.kill('SIGINT')
    await once(demo, 'close')
    expect({ code: demo.exitCode, signal: demo.signalCode }).toEqual({ code: 1, signal: null })
    expect(documents(stderr)).toEqual([{ error: expect.objectContaining({ code: 'demo-stopped' }) }])
    expect(readdirSync(temporary)).toEqual([])
    expect(left()).toEqual([])
  },
  60_000,
)

test('where there is no room for its data, that is said, and nothing starts', async () => {
  const nowhere = join(temporary, 'nowhere')
  const { code, stdout, stderr } = await peerage(['demo', '--json'], {
    environment: { TMPDIR: nowhere, TEMP: nowhere, TMP: nowhere },
  })
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
  expect(documents(stderr)).toEqual([{ error: expect.objectContaining({ code: 'storage-not-accessible' }) }])
})
