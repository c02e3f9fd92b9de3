/** What people are told beside results: steps, summaries, and what the node does. */
import { expect, test } from 'vitest'
import { createOutput } from '../../src/cli/output.ts'
import { progressSteps } from '../../src/cli/progress-steps.ts'
import { verboseLog } from '../../src/cli/verbose-log.ts'
import { newPath } from '../nodejs/new-path.ts'
import { documents, peerage } from './command-process.ts'

/** An output, and what it has written on standard error. */
function told(options: { readonly json: boolean; readonly quiet: boolean }) {
  const lines: string[] = []
  const stderr = { write: (text: string) => lines.push(text) }
  return { lines, output: createOutput({ ...options, stdout: { write: () => undefined }, stderr }) }
}

test('a long wait is told a line a step, and a line for each tenth of what can be counted', () => {
  const { lines, output } = told({ json: false, quiet: false })
  const tell = progressSteps(output)
  tell({ phase: 'dialing', detail: '192.0.2.1:1' })
  tell({ phase: 'dialing', detail: '192.0.2.1:1' })
  tell({ phase: 'authenticating', detail: '192.0.2.1:1' })
  for (let done = 0; done <= 1000; done++)
    tell({ phase: 'synchronizing', detail: `${done} records`, done, total: 1000 })
  expect(lines.slice(0, 3)).toEqual([
    'connecting to 192.0.2.1:1\n',
    'proving who is who with 192.0.2.1:1\n',
    'copying 0 records\n',
  ])
  expect(lines).toHaveLength(2 + 11)
})

test('programs and those who want quiet are told of no steps', () => {
  for (const options of [
    { json: true, quiet: false },
    { json: false, quiet: true },
  ]) {
    const { lines, output } = told(options)
    output.step('looking for others')
    expect(lines).toEqual([])
  }
})

test('--verbose tells what the node does, and nothing in it steers the terminal', async () => {
  const lines: string[] = []
  const stderr = { write: (text: string) => lines.push(text) }
  verboseLog({ json: false, stderr }).warn('a link failed', { reason: '\u001b[2J' })
  verboseLog({ json: true, stderr }).info('a link came', { port: 7 })
  expect(lines).toEqual([
    'warn: a link failed reason=\\u{1b}[2J\n',
    '{"log":{"level":"info","message":"a link came","details":{"port":7}}}\n',
  ])
  const words = ['identity', 'create', '--name', 'Ann', '--data-dir', newPath(), '--json', '--verbose']
  const { stderr: log } = await peerage(words)
  const details = { peerName: expect.stringMatching(/\.peer$/) }
  expect(documents(log)).toEqual([{ log: { level: 'info', message: 'identity added', details } }])
}, 20_000)
