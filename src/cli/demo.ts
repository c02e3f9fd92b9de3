/**
 * `peerage demo`: the first run. A seed and three peers, each a process of its own, go through the life of a group on this machine:
 * with nothing configured, without Internet, with temporary data. Each step is shown with how long it took; at the end the
 * databases are compared. Ctrl-C at any moment leaves nothing behind.
 */
import { setTimeout as pause } from 'node:timers/promises'
import { PeerageError } from '../runtime/peerage-error.ts'
import { DemoProcesses } from './demo-processes.ts'
import { DemoStory, type StepTeller } from './demo-story.ts'
import type { Output } from './output.ts'

/** How long one step may take, in milliseconds: a demo that hangs has failed. */
const LONGEST_STEP = 60_000
/** How much later this process may notice a signal that it shares with the others, in milliseconds. */
const SIGNAL_DELAY = 100
/** What ends a command from outside. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** Runs the demo. What it made is gone when it ends. @throws PeerageError `demo-failed`, `demo-stopped` */
export async function runDemo(output: Output): Promise<void> {
  const stopping = new AbortController()
  const processes = new DemoProcesses()
  const stop = (): void => {
    // At once, so that a second Ctrl-C finds nothing left to kill.
    processes.killAll()
    stopping.abort()
  }
  for (const signal of SIGNALS) process.on(signal, stop)
  try {
    await new DemoStory(processes, stepTeller(output, stopping.signal)).tell()
  } finally {
    await processes.end()
    for (const signal of SIGNALS) process.off(signal, stop)
  }
}

/** Shows the steps one after the other. */
function stepTeller(output: Output, stopping: AbortSignal): StepTeller {
  let number = 0
  return async (step, title, work) => {
    number++
    output.result({ event: 'begun', step, title }, `\n${number}. ${title}`)
    const began = performance.now()
    const signal = AbortSignal.any([stopping, AbortSignal.timeout(LONGEST_STEP)])
    try {
      const { document, text, value } = await orAborted(work(signal), signal)
      const milliseconds = Math.round(performance.now() - began)
      const lines = [...text, `took ${milliseconds} ms`].map((line) => `   ${line}`)
      output.result({ event: 'done', step, milliseconds, ...document }, lines.join('\n'))
      return value
    } catch (error) {
      // Ctrl-C reaches the other processes, too, and their end can be noticed before it.
      if (!signal.aborted) await pause(SIGNAL_DELAY)
      if (stopping.aborted) throw new PeerageError('demo-stopped', { step: title })
      const reason = error instanceof Error ? error.message : String(error)
      const problem = signal.aborted ? `it took longer than ${LONGEST_STEP / 1000} s` : reason
      throw new PeerageError('demo-failed', { step: title, problem }, { cause: error })
    }
  }
}

/** Some of what is waited for takes no signal, or ends late. */
function orAborted<Value>(work: Promise<Value>, signal: AbortSignal): Promise<Value> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) reject(signal.reason)
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
    work.then(resolve, reject)
  })
}
