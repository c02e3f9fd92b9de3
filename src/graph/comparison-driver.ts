/**
 * The end of a reconciliation that drives: it has the other one's description, goes through the stages, and asks where both
 * have something that differs.
 *
 * What is still to be asked is a stack, so that one part of the trie is gone through after the other and little waits.
 */
import { equalBytes } from '../runtime/bytes.ts'
import { typePath } from './merkle-trie.ts'
import { RangeComparison, type RangeDifference } from './range-comparison.ts'
import type { ComparisonOwner, ComparisonTools } from './reconciliation.ts'
import { type Answer, MOST_NAMED_TYPES, MOST_OPEN_ASKS, MOST_WANTED, type Opening } from './reconciliation-message.ts'
import { type Stage, stagesOf } from './reconciliation-stages.ts'
import { MOST_WAITING_DELIVERIES, type RecordSender } from './record-sender.ts'
import { copiedRange, type TrieRange, type Wanted } from './trie-range.ts'

/** Drives one comparison. */
export class ComparisonDriver {
  readonly #tools: ComparisonTools
  readonly #owner: ComparisonOwner
  readonly #comparison: RangeComparison
  readonly #sender: RecordSender
  readonly #stages: readonly Stage[]
  /** The other end's hashes of the types that it named. */
  readonly #theirTypes: ReadonlyMap<string, Uint8Array | undefined>
  readonly #hasAllTheirTypes: boolean
  /** What the other end said of all its records, and whether it said so just now. */
  readonly #whole: readonly TrieRange[]
  #isWholeNew = true
  #nextStage = 0
  #stage: Stage | undefined
  /** Prefixes to be asked, the last one first. */
  readonly #toAsk: string[] = []
  readonly #open: TrieRange[] = []
  #wants: Wanted[] = []
  /** Of both ends: deliveries that the other one has begun, and that were asked for; and that this one has begun. */
  #theirDeliveries = 0
  #wanted = 0
  #ownDeliveries = 0
  #isDone = false

  constructor(tools: ComparisonTools, owner: ComparisonOwner, opening: Opening) {
    this.#tools = tools
    this.#owner = owner
    const { records, crypto, terms, shared, salt, prioritized } = tools
    const named = [...shared.named(records.trie), ...opening.types.map(({ type }) => type)]
    this.#stages = stagesOf(terms.policy.firstTypes, named, prioritized, shared)
    const separate = new Set(this.#stages.flatMap(({ types }) => types ?? []).map((type) => typePath(crypto, type)))
    this.#comparison = new RangeComparison(records, crypto, salt, separate)
    this.#sender = owner.makeSender((path) => separate.has(path))
    this.#theirTypes = new Map(opening.types.map(({ type, hash }) => [type, hash?.slice()]))
    this.#hasAllTheirTypes = opening.types.length < MOST_NAMED_TYPES
    this.#whole = opening.ranges.map(copiedRange)
  }

  /** Whether the other end has caused more work than any honest one does. */
  get isMisused(): boolean {
    return this.#comparison.isMisused
  }

  /** An answer came. @returns whether it may be one */
  answered({ asks, deliveries, ranges, wants }: Answer): boolean {
    if (asks === 0 || asks > this.#open.length || deliveries < this.#theirDeliveries) return false
    const open = this.#open.slice(0, asks)
    const all = [...ranges.map(({ prefix }) => prefix), ...wants.map(({ prefix }) => prefix)].sort()
    if (all.some((prefix, index) => !isAnswer(prefix, all[index + 1], open))) return false
    for (let index = 0; index < asks; index++) this.#owner.progressed()
    this.#open.splice(0, asks)
    this.#theirDeliveries = deliveries
    this.#sender.add(wants)
    for (const range of [...ranges].reverse()) this.#apply(this.#comparison.compare(range))
    return true
  }

  /** Asks, or goes to the next stage. */
  goOn(): void {
    while (!this.#isDone) {
      this.#ask()
      if (this.#open.length > 0 || this.#toAsk.length > 0) break
      this.#finishStage()
      this.#beginStage()
    }
    this.#isWholeNew = false
  }

  #beginStage(): void {
    const stage = this.#stages[this.#nextStage++]
    this.#stage = stage
    if (stage === undefined) return
    if (stage.types === undefined) this.#beginWhole()
    else this.#toAsk.push(...stage.types.flatMap((type) => this.#beginType(type)).reverse())
  }

  /** Sends or wants a whole type, where one end has nothing of it. @returns the prefix that is to be asked otherwise */
  #beginType(type: string): readonly string[] {
    const path = typePath(this.#tools.crypto, type)
    const own = this.#tools.records.trie.hashAt(path)
    const theirs = this.#theirTypes.get(type)
    const isKnown = this.#theirTypes.has(type) || this.#hasAllTheirTypes
    if (own === undefined && theirs === undefined) return []
    if (own === undefined) this.#wants.push({ prefix: path, hasOther: false })
    else if (theirs === undefined && isKnown) this.#begin([{ prefix: path, hasOther: false }])
    else if (theirs === undefined || !equalBytes(own, theirs)) return [path]
    return []
  }

  #beginWhole(): void {
    const described = new Map(this.#whole.map((range) => [range.prefix, range]))
    const first = described.get('')
    if (first !== undefined) this.#compareWhole(first, described)
    else if (this.#tools.records.trie.size === 0) this.#wants.push({ prefix: '', hasOther: false })
    else if (this.#isWholeNew) this.#begin([{ prefix: '', hasOther: false }])
    else this.#toAsk.push('')
  }

  #compareWhole(range: TrieRange, described: Map<string, TrieRange>): void {
    // Each description once: a circle of them leads nowhere.
    described.delete(range.prefix)
    const { deeper, wants, sends } = this.#comparison.compare(range)
    const toAsk = deeper.filter((prefix) => !described.has(prefix))
    // What the other end lacked when it described its records it may have by now.
    if (!this.#isWholeNew) toAsk.push(...sends.map(({ prefix }) => prefix))
    this.#apply({ deeper: toAsk, wants, sends: this.#isWholeNew ? sends : [] })
    for (const prefix of deeper) {
      const next = described.get(prefix)
      if (next !== undefined) this.#compareWhole(next, described)
    }
  }

  #finishStage(): void {
    this.#sendWants()
    const stage = this.#stage
    const isLast = this.#nextStage >= this.#stages.length && (stage !== undefined || this.#stages.length === 0)
    if (!isLast && (stage === undefined || stage.prioritized === '')) return
    const { link, session } = this.#tools.terms
    const type = stage?.prioritized ?? ''
    link.send({ kind: 'COMPARED', session, type, isLast, deliveries: this.#ownDeliveries })
    this.#owner.stageCompared(type, isLast, this.#theirDeliveries + this.#wanted)
    this.#isDone = isLast
  }

  #apply({ deeper, wants, sends }: RangeDifference): void {
    this.#toAsk.push(...[...deeper].reverse())
    this.#wants.push(...wants)
    this.#begin(sends)
  }

  /** Sends what the other end lacks. */
  #begin(sends: readonly Wanted[]): void {
    this.#ownDeliveries += sends.length
    this.#sender.add(sends)
  }

  #ask(): void {
    const ranges: TrieRange[] = []
    const { terms } = this.#tools
    while (this.#open.length + ranges.length < MOST_OPEN_ASKS && this.#sender.waiting < MOST_WAITING_DELIVERIES) {
      const prefix = this.#toAsk.pop()
      if (prefix === undefined) break
      const range = this.#comparison.describe(prefix)
      // What was here has gone meanwhile, or nothing is here but what another stage has.
      if (range === undefined || this.#comparison.isOfOtherStage(range)) this.#wants.push({ prefix, hasOther: false })
      else ranges.push(range)
    }
    this.#open.push(...ranges)
    this.#sendWants()
    if (ranges.length > 0) terms.link.send({ kind: 'ASK', session: terms.session, ranges })
  }

  #sendWants(): void {
    const { link, session } = this.#tools.terms
    for (let start = 0; start < this.#wants.length; start += MOST_WANTED) {
      link.send({ kind: 'WANT', session, wants: this.#wants.slice(start, start + MOST_WANTED) })
    }
    this.#wanted += this.#wants.length
    this.#wants = []
  }
}

/** Whether a prefix of an answer lies where it was asked, and not above the one behind it. */
function isAnswer(prefix: string, next: string | undefined, open: readonly TrieRange[]): boolean {
  if (next?.startsWith(prefix) === true) return false
  return open.some((asked) => prefix.startsWith(asked.prefix))
}
