/** Waiting for somebody to end a command: Ctrl-C, or a signal of the system. */
import { PeerageError } from '../runtime/peerage-error.ts'

const SIGNALS = ['SIGINT', 'SIGTERM'] as const

/** Resolves when the command is to end. A second Ctrl-C ends the process at once. */
export function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of SIGNALS) process.once(signal, () => resolve())
  })
}

/** Aborts when the command is to end before its work is done. A second Ctrl-C ends the process at once. */
export function interruption(): AbortSignal {
  const controller = new AbortController()
  void stopSignal().then(() => controller.abort(new PeerageError('interrupted', {})))
  return controller.signal
}
