/**
 * Whether a graph is open, being closed or closed, and what that means for what is under way: it ends with
 * `graph-shutting-down`, what begins afterwards with `invalid-graph` (G-138).
 */
import type { Log } from '../runtime/log.ts'
import { PeerageError } from '../runtime/peerage-error.ts'
import { type Dialing, type Progress, progressTeller } from './progress.ts'
import { abortable, Wakeups } from './waiting.ts'

/** The life of one open graph. */
export class GraphLife {
  /** Woken when the status of the graph changes, and when it is being closed. */
  readonly changes = new Wakeups()
  state: 'open' | 'closing' | 'closed' = 'open'
  readonly #label: string
  readonly #log: Log
  readonly #progress = new Set<(step: Progress) => void>()

  /** @param label What names the graph in errors */
  constructor(label: string, log: Log) {
    this.#label = label
    this.#log = log
  }

  get isOpen(): boolean {
    return this.state === 'open'
  }

  /** @throws PeerageError `graph-shutting-down`, `invalid-graph` */
  requireOpen(): void {
    if (this.state === 'closing') throw this.#shuttingDown()
    if (this.state === 'closed') throw new PeerageError('invalid-graph', { graph: this.#label })
  }

  /** A promise that rejects when the graph is being closed. */
  async whileOpen<Result>(
    signal: AbortSignal | undefined,
    begin: (resolve: (result: Result) => void, reject: (error: unknown) => void) => () => void,
  ): Promise<Result> {
    const over = new AbortController()
    const closed = this.changes
      .until(() => !this.isOpen, over.signal)
      .then(() => {
        throw this.#shuttingDown()
      })
    try {
      return await Promise.race([abortable(signal, begin), closed])
    } catch (error) {
      throw this.isOpen || signal?.aborted === true ? error : this.#shuttingDown()
    } finally {
      over.abort()
    }
  }

  /** Waits until something holds that is looked at after each change of the status. */
  async reach(condition: () => boolean, options: Dialing): Promise<void> {
    this.requireOpen()
    await this.withProgress(options, async () => {
      if (!condition()) this.tell({ phase: 'resolving', detail: 'the addresses that are known' })
      await this.changes.until(() => !this.isOpen || condition(), options.signal)
    })
    if (!this.isOpen) throw this.#shuttingDown()
  }

  /** Runs a wait that tells its steps, those of the links that are opened meanwhile among them. */
  async withProgress<Result>({ onProgress }: Dialing, wait: () => Promise<Result>): Promise<Result> {
    if (onProgress === undefined) return wait()
    const tell = progressTeller(onProgress, this.#log)
    this.#progress.add(tell)
    try {
      return await wait()
    } finally {
      this.#progress.delete(tell)
    }
  }

  /** Tells a step to those who wait. */
  tell(step: Progress): void {
    for (const tell of this.#progress) tell(step)
  }

  #shuttingDown(): PeerageError {
    return new PeerageError('graph-shutting-down', { graph: this.#label })
  }
}
