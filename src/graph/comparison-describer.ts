/**
 * The end of a reconciliation that describes: it says in OPENING what it has, and answers what the driving end asks.
 */
import { RESERVED_PREFIX } from '../records/record-type.ts'
import { TYPE_NIBBLES, typePath } from './merkle-trie.ts'
import { RangeComparison } from './range-comparison.ts'
import type { ComparisonOwner, ComparisonTools } from './reconciliation.ts'
import { MOST_ANSWERED_RANGES, MOST_NAMED_TYPES, MOST_OPEN_ASKS, MOST_WANTED } from './reconciliation-message.ts'
import { MOST_WAITING_DELIVERIES, type RecordSender } from './record-sender.ts'
import { copiedRange, type TrieRange, type Wanted } from './trie-range.ts'

/** Describes the records of one end. */
export class ComparisonDescriber {
  readonly #tools: ComparisonTools
  readonly #owner: ComparisonOwner
  readonly #comparison: RangeComparison
  readonly #sender: RecordSender
  readonly #open: TrieRange[] = []
  #ownDeliveries = 0
  #wants = 0
  #isCompared = false

  /** Sends OPENING. */
  constructor(tools: ComparisonTools, owner: ComparisonOwner) {
    this.#tools = tools
    this.#owner = owner
    const { records, crypto, terms, shared, salt, prioritized } = tools
    const { trie } = records
    const named = [...terms.policy.firstTypes, ...prioritized, ...shared.named(trie)]
    const types = [...new Set(named)].filter((type) => shared.has(type)).slice(0, MOST_NAMED_TYPES)
    const paths = types.map((type) => typePath(crypto, type))
    const separate = new Set(paths)
    this.#comparison = new RangeComparison(records, crypto, salt, separate)
    // The driving end compares all types of Peerage one by one, also such as are not here yet, unless too many were named.
    const areAllNamed = types.length < MOST_NAMED_TYPES
    this.#sender = owner.makeSender(
      (path, type) => separate.has(path) || (areAllNamed && type.startsWith(RESERVED_PREFIX)),
    )
    terms.link.send({
      ...{ kind: 'OPENING', session: terms.session },
      types: types.map((type, index) => ({ type, hash: trie.hashAt(paths[index] ?? '') })),
      ranges: shared.areAll ? this.#comparison.describeAll() : [],
    })
  }

  /** How many deliveries this end has asked for. */
  get wants(): number {
    return this.#wants
  }

  /** Whether the last stage is compared. */
  get isCompared(): boolean {
    return this.#isCompared
  }

  compared(isLast: boolean): void {
    this.#isCompared = isLast
  }

  /** Whether the other end has caused more work than any honest one does. */
  get isMisused(): boolean {
    return this.#comparison.isMisused
  }

  /** @returns whether it may be asked */
  asked(ranges: readonly TrieRange[]): boolean {
    if (this.#isCompared || this.#open.length + ranges.length > MOST_OPEN_ASKS) return false
    if (ranges.some(({ prefix }) => !this.#isShared(prefix))) return false
    this.#open.push(...ranges.map(copiedRange))
    return true
  }

  /** @returns whether it may be asked for */
  wanted(wants: readonly Wanted[]): boolean {
    if (this.#isCompared || wants.some(({ prefix }) => !this.#isShared(prefix))) return false
    this.#sender.add(wants)
    return true
  }

  /** Answers what was asked, unless too much waits to be sent. */
  goOn(): void {
    while (this.#open.length > 0 && this.#sender.waiting < MOST_WAITING_DELIVERIES) this.#answer()
  }

  /** Answers as much as one message holds. */
  #answer(): void {
    const ranges: TrieRange[] = []
    const wants: Wanted[] = []
    let asks = 0
    for (let first = this.#open[0]; first !== undefined; first = this.#open[0]) {
      const difference = this.#comparison.compare(first)
      const described = difference.deeper.map((prefix) => this.#comparison.describe(prefix) ?? wanted(prefix))
      if (ranges.length + described.length > MOST_ANSWERED_RANGES) break
      if (wants.length + described.length + difference.wants.length > MOST_WANTED) break
      this.#open.shift()
      asks++
      for (const one of described) {
        if ('below' in one) ranges.push(one)
        else wants.push(one)
      }
      wants.push(...difference.wants)
      this.#ownDeliveries += difference.sends.length
      this.#sender.add(difference.sends)
      this.#owner.progressed()
      if (this.#sender.waiting >= MOST_WAITING_DELIVERIES) break
    }
    this.#wants += wants.length
    const { link, session } = this.#tools.terms
    link.send({ kind: 'ANSWER', session, asks, deliveries: this.#ownDeliveries, ranges, wants })
  }

  /** Whether records below a prefix are kept by both ends. */
  #isShared(prefix: string): boolean {
    return this.#tools.shared.areAll || prefix.length >= TYPE_NIBBLES
  }
}

/** What was here has gone meanwhile. */
function wanted(prefix: string): Wanted {
  return { prefix, hasOther: false }
}
