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

/**
 * Ends a command that does not wait for Ctrl-C itself: a node that it has open is closed before. Where a command does wait for it,
 * nothing happens here. A second Ctrl-C ends the process at once.
 */
export class CommandEnd {
  #openNodes = 0
  #interrupt = (): void => undefined
  readonly #interrupted = new Promise<never>((_, reject) => {
    this.#interrupt = () => reject(new PeerageError('interrupted', {}))
  })

  /** @param endNow Ends the process: nothing is open */
  constructor(endNow: (problem: PeerageError) => void) {
    // Who waits for it hears of it; without a node nobody does.
    this.#interrupted.catch(() => undefined)
    for (const signal of SIGNALS) {
      process.once(signal, () => {
        if (process.listenerCount(signal) > 0) return
        if (this.#openNodes > 0) this.#interrupt()
        else endNow(new PeerageError('interrupted', {}))
      })
    }
  }

  /** Runs a body that has a node open. @throws PeerageError `interrupted`, and what the body throws */
  async withNode(close: () => Promise<void>, body: () => Promise<void>): Promise<void> {
    this.#openNodes++
    try {
      await Promise.race([body(), this.#interrupted])
    } finally {
      await close()
      this.#openNodes--
    }
  }
}
