/**
 * Judges the stored records again: all at once when a graph is opened, before anything is shown or sent (G-009), and some
 * at a time after the security state has changed (G-190). What is not valid any more goes, with reason `revoked`;
 * should it become valid once more, a comparison brings it back from whoever still has it.
 */
import type { RecordId } from '../records/record-id.ts'
import type { Deadline } from '../runtime/deadlines.ts'
import type { GraphParts } from './graph-parts.ts'
import type { RecordJudge } from './record-judge.ts'
import type { RecordStore } from './record-store.ts'

/** Records that one step judges. */
export const JUDGED_AT_ONCE = 250

/** Judges what one node has stored. */
export class JudgingAgain {
  readonly #parts: Pick<GraphParts, 'provider' | 'deadlines'>
  readonly #store: RecordStore
  readonly #judge: RecordJudge
  /** What is not judged yet, the last one first. */
  #left: RecordId[] = []
  #step: Deadline | undefined

  constructor(parts: Pick<GraphParts, 'provider' | 'deadlines'>, store: RecordStore, judge: RecordJudge) {
    this.#parts = parts
    this.#store = store
    this.#judge = judge
  }

  /** Whether there are records left that are not judged yet. */
  get isUnderWay(): boolean {
    return this.#left.length > 0
  }

  /**
   * Judges all that is stored, now. A record of which a proof is missing stays: it was valid when it was stored, and
   * nothing says that it is not.
   */
  all(): void {
    this.clear()
    for (const id of this.#stored().toReversed()) this.#judgeOne(id, 'stays')
  }

  /** Judges all that is stored from the beginning: ephemeral records now, the others some at a time. */
  begin(): void {
    for (const { id } of [...this.#store.ephemeral.all()]) this.#judgeOne(id, 'goes')
    this.#left = this.#stored()
    this.#arm()
  }

  clear(): void {
    this.#left = []
    if (this.#step !== undefined) this.#parts.deadlines.cancel(this.#step)
    this.#step = undefined
  }

  /** The last one first. What the provider itself lives on comes before all others. */
  #stored(): RecordId[] {
    const { firstTypes } = this.#parts.provider
    const first = new Map<string, RecordId[]>(firstTypes.map((type) => [type, []]))
    const others: RecordId[] = []
    for (const { id, type } of this.#store.database.leaves()) (first.get(type) ?? others).push(id)
    return [...first.values(), others].flat().reverse()
  }

  #arm(): void {
    if (this.#left.length === 0 || this.#step !== undefined) return
    this.#step = this.#parts.deadlines.set(0, () => {
      this.#step = undefined
      for (const id of this.#left.splice(-JUDGED_AT_ONCE).reverse()) this.#judgeOne(id, 'goes')
      this.#arm()
    })
  }

  #judgeOne(id: RecordId, withoutProof: 'stays' | 'goes'): void {
    const record = this.#store.find(id)
    if (record === undefined) return
    const validity = this.#judge.judge(record)
    if (validity === 'valid' || (validity !== 'invalid' && withoutProof === 'stays')) return
    this.#store.remove(record, 'revoked')
  }
}
