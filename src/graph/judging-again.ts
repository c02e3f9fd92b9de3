/**
 * Judges the stored records again: all at once when a graph is opened, before anything is shown or sent (G-009), and some
 * at a time after the security state has changed (G-190). What is not valid any more goes, with reason `revoked`;
 * should it become valid once more, a comparison brings it back from whoever still has it.
 */
import type { GraphRecord } from '../records/record.ts'
import type { Deadline } from '../runtime/deadlines.ts'
import type { GraphParts } from './graph-parts.ts'
import type { RecordJudge } from './record-judge.ts'
import type { RecordStore } from './record-store.ts'

/** Records that one step judges. */
export const JUDGED_AT_ONCE = 250

/**
 * What becomes of a record of which a proof is missing. At a start it stays: it was valid when it was stored, and nothing
 * says that it is not. After a change of the security state it goes, as it would not be taken from anybody now.
 */
type WithoutProof = 'stays' | 'goes'

/** A way through the order of arrival. What comes later is judged as it comes. */
interface Pass {
  /** undefined: all types. */
  readonly types: readonly string[] | undefined
  after: number
  readonly until: number
}

/** Judges what one node has stored. */
export class JudgingAgain {
  readonly #parts: Pick<GraphParts, 'provider' | 'deadlines'>
  readonly #store: RecordStore
  readonly #judge: RecordJudge
  #passes: Pass[] = []
  #step: Deadline | undefined

  constructor(parts: Pick<GraphParts, 'provider' | 'deadlines'>, store: RecordStore, judge: RecordJudge) {
    this.#parts = parts
    this.#store = store
    this.#judge = judge
  }

  /** Judges all that is stored, now. */
  all(): void {
    this.clear()
    this.#passes = this.#newPasses()
    while (this.#passes.length > 0) this.#judgeSome('stays')
  }

  /** Judges all that is stored, from the beginning: ephemeral records now, the others some at a time. */
  begin(): void {
    for (const record of [...this.#store.ephemeral.all()]) this.#judgeOne(record, 'goes')
    this.#passes = this.#newPasses()
    this.#arm()
  }

  clear(): void {
    this.#passes = []
    if (this.#step !== undefined) this.#parts.deadlines.cancel(this.#step)
    this.#step = undefined
  }

  /** What the provider itself lives on is judged before all others. */
  #newPasses(): Pass[] {
    const { firstTypes } = this.#parts.provider
    const until = this.#store.database.lastArrival
    const first = firstTypes.map((type): Pass => ({ types: [type], after: 0, until }))
    return [...first, { types: undefined, after: 0, until }]
  }

  #arm(): void {
    if (this.#passes.length === 0 || this.#step !== undefined) return
    this.#step = this.#parts.deadlines.set(0, () => {
      this.#step = undefined
      this.#judgeSome('goes')
      this.#arm()
    })
  }

  #judgeSome(withoutProof: WithoutProof): void {
    const [pass] = this.#passes
    if (pass === undefined) return
    const changes = this.#store.database.changes(pass.after, pass.types, JUDGED_AT_ONCE)
    pass.after = changes.at(-1)?.arrival ?? pass.until
    if (pass.after >= pass.until) this.#passes.shift()
    for (const change of changes) if (change.kind === 'stored') this.#judgeOne(change.record, withoutProof)
  }

  #judgeOne(record: GraphRecord, withoutProof: WithoutProof): void {
    const validity = this.#judge.judge(record)
    if (validity === 'valid' || (validity !== 'invalid' && withoutProof === 'stays')) return
    this.#store.remove(record, 'revoked')
  }
}
