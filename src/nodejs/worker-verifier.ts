/**
 * Checks signatures of records on the main thread as long as there are few, and on a worker when there are many (DESIGN section 3):
 * handing one check over costs more time than it takes, and a long queue keeps the main thread from everything else.
 * All graphs of a process share the worker, those of several nodes too; verdicts are not shared or kept. It is started once so
 * many records have had to wait that they would have paid for its start: until then, what waits is checked here, some in each turn.
 * It ends with the last graph that has asked.
 *
 * A worker that fails is given up: what it had is checked here, and so is everything after it.
 */
import { Worker } from 'node:worker_threads'
import type { RecordVerifier } from '../graph/record-verifier.ts'
import type { GraphKeys } from '../records/graph-id.ts'
import type { GraphRecord } from '../records/record.ts'
import type { SignatureProblem } from '../records/record-problem.ts'
import { type SignatureCheck, signatureChecks, verifyRecord } from '../records/verify-record.ts'
import type { Crypto } from '../runtime/crypto.ts'
import type { Log } from '../runtime/log.ts'
import { noteActivity } from './quiet-moment.ts'
import { packChecks } from './signature-batch.ts'

/** So many records are checked in one turn of the event loop on the main thread; the others of that turn go to the worker. */
export const CHECKED_INLINE = 16
/** So many records have to wait before the worker is started: to start it takes as long as about 1,000 checks, and memory besides. */
export const WORTH_A_WORKER = 1024
/** Batches that the worker has at a time: it has enough to do while the main thread stores and commits many records. */
const MOST_BATCHES = 32
/** Records of one batch: the first of them go on when all are checked, which should not take long. */
export const LARGEST_CHECK_BATCH = 32

type Done = (problem: SignatureProblem | undefined) => void

/** A graph that has asked: one that could not be opened never does, and is not closed either. */
interface Owner {
  readonly log: Log
}

interface Job {
  readonly checks: readonly SignatureCheck[]
  readonly owner: Owner
  readonly crypto: Crypto
  readonly keys: GraphKeys
  readonly record: GraphRecord
  readonly done: Done
}

/** The worker of a process, and what waits for it. */
export class SignatureThread {
  readonly #owners = new Set<Owner>()
  #worker: Worker | undefined
  #hasFailed = false
  #inline = 0
  #isTurnCounted = false
  /** Records that had to wait so far, up to {@link WORTH_A_WORKER}. */
  #late = 0
  #waiting: Job[] = []
  readonly #batches: Job[][] = []

  /** A verifier for one graph. @param log Is told if the worker fails */
  verifier(log: Log, crypto: Crypto, keys: GraphKeys): RecordVerifier {
    const owner = { log }
    return {
      verify: (record, done) => this.#verify({ owner, crypto, keys, record, done }),
      close: () => this.#forget(owner),
    }
  }

  /** Whether the worker runs. */
  get hasWorker(): boolean {
    return this.#worker !== undefined
  }

  #verify(job: Omit<Job, 'checks'>): void {
    const { owner, crypto, keys, record, done } = job
    this.#owners.add(owner)
    if (this.#hasFailed || (this.#isQuiet && this.#takesInline())) {
      done(verifyRecord(crypto, keys, record))
      return
    }
    this.#waiting.push({ ...job, checks: signatureChecks(crypto, keys, record) })
    if (!this.#isWorthWorker) this.#late++
    if (this.#waiting.length >= LARGEST_CHECK_BATCH && this.#isWorthWorker) this.#hand()
    this.#countTurn()
  }

  get #isWorthWorker(): boolean {
    return this.#late === WORTH_A_WORKER
  }

  get #isQuiet(): boolean {
    return this.#waiting.length === 0 && this.#batches.length === 0
  }

  #takesInline(): boolean {
    this.#countTurn()
    return this.#inline++ < CHECKED_INLINE
  }

  /** When the turn is over, what has gathered goes to the worker, or some of it is checked here. */
  #countTurn(): void {
    if (this.#isTurnCounted) return
    this.#isTurnCounted = true
    setImmediate(() => {
      this.#isTurnCounted = false
      this.#inline = 0
      if (this.#isWorthWorker) this.#hand()
      else this.#checkSome()
    })
  }

  #checkSome(): void {
    const jobs = this.#waiting.splice(0, CHECKED_INLINE)
    if (this.#waiting.length > 0) {
      noteActivity()
      this.#countTurn()
    }
    for (const { crypto, keys, record, done } of jobs) done(verifyRecord(crypto, keys, record))
  }

  #hand(): void {
    while (this.#waiting.length > 0 && this.#batches.length < MOST_BATCHES) {
      const batch = this.#waiting.splice(0, LARGEST_CHECK_BATCH)
      const bytes = packChecks(batch.flatMap(({ checks }) => checks))
      this.#batches.push(batch)
      this.#start().postMessage(bytes, [bytes.buffer])
    }
  }

  #start(): Worker {
    if (this.#worker !== undefined) return this.#worker
    // Its compiled form or, where TypeScript runs as it is, its source: found from here and from the chunks of a build alike.
    const ending = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
    const worker = new Worker(new URL(`../nodejs/signature-worker.${ending}`, import.meta.url))
    worker.on('message', (verdicts: Uint8Array) => this.#answered(verdicts))
    worker.on('error', (error) => this.#failed(worker, error.message))
    worker.on('exit', () => this.#failed(worker, 'it has ended'))
    // The process may end although the worker waits.
    worker.unref()
    this.#worker = worker
    return worker
  }

  #answered(verdicts: Uint8Array): void {
    noteActivity()
    const batch = this.#batches.shift() ?? []
    // The worker goes on while its verdicts are dealt with.
    this.#hand()
    let next = 0
    for (const { checks, done } of batch) {
      const wrong = checks.findIndex((_, index) => verdicts[next + index] !== 1)
      next += checks.length
      done(checks[wrong]?.problem)
    }
  }

  #failed(worker: Worker, reason: string): void {
    if (worker !== this.#worker) return
    this.#worker = undefined
    this.#hasFailed = true
    const message = 'the worker that checks signatures failed; they are checked without it'
    for (const log of new Set([...this.#owners].map((owner) => owner.log))) log.warn(message, { reason })
    const jobs = [...this.#batches.flat(), ...this.#waiting]
    this.#batches.length = 0
    this.#waiting = []
    for (const { crypto, keys, record, done } of jobs) done(verifyRecord(crypto, keys, record))
  }

  /** A graph is closed: its verdicts are not told any more. */
  #forget(owner: Owner): void {
    this.#owners.delete(owner)
    if (this.#owners.size === 0) this.#end()
    const silence = (jobs: Job[]): Job[] => jobs.map((job) => (job.owner === owner ? { ...job, done: () => {} } : job))
    this.#waiting = silence(this.#waiting)
    for (const [index, batch] of this.#batches.entries()) this.#batches[index] = silence(batch)
  }

  #end(): void {
    this.#waiting = []
    this.#batches.length = 0
    this.#late = 0
    const worker = this.#worker
    this.#worker = undefined
    void worker?.terminate()
  }
}

/** The one that all nodes of this process share. */
export const signatureThread = new SignatureThread()
