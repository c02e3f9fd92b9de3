/**
 * Whether a record whose form and signatures are right is valid in this graph now (MS-PPGRH 3.1.7.27): the rules of the graph,
 * then the security provider. The same question is asked of what arrives, of what is written here, and of what is stored
 * once the security state has changed, so that all nodes give one answer (G-192).
 */
import type { GraphRecord } from '../records/record.ts'
import { isReserved } from '../records/record-type.ts'
import { PeerageError } from '../runtime/peerage-error.ts'
import type { DropReason } from './graph-counters.ts'
import type { GraphParts } from './graph-parts.ts'
import type { Validity } from './security-provider.ts'

/** The rules of one graph. They may change as its properties do. */
export interface RecordRules {
  /** Whether an internal record is what its type says; undefined: it is. */
  internalProblem(record: GraphRecord): 'record-internal' | undefined
  /** No record of an application may expire later than so long after its creation, in milliseconds (G-154). */
  readonly longestLife: number
}

/** Judges the records of one node. */
export class RecordJudge {
  readonly #parts: Pick<GraphParts, 'provider' | 'counters'>
  readonly #rules: RecordRules

  constructor(parts: Pick<GraphParts, 'provider' | 'counters'>, rules: RecordRules) {
    this.#parts = parts
    this.#rules = rules
  }

  /** Judges a record. What is invalid is counted by its reason. */
  judge(record: GraphRecord): Validity {
    let problem: DropReason | undefined
    try {
      problem = this.#ruleBroken(record)
      if (problem === undefined) {
        const validity = this.#parts.provider.validate(record)
        if (validity !== 'invalid') return validity
        problem = 'record-invalid'
      }
    } catch {
      // What the provider did was logged where it is guarded.
      problem = 'record-provider-failed'
    }
    this.#parts.counters.dropped(problem)
    return 'invalid'
  }

  /** A record that was made here is one that others will take, or it is not made. @throws PeerageError `not-authorized` */
  requireValid(record: GraphRecord, operation: string): void {
    if (this.judge(record) === 'valid') return
    throw new PeerageError('not-authorized', { operation, problem: 'the rules of this graph do not let this identity' })
  }

  #ruleBroken(record: GraphRecord): 'record-outlives' | 'record-internal' | undefined {
    if (isReserved(record.type)) return this.#rules.internalProblem(record)
    if (record.expires > record.created + this.#rules.longestLife) return 'record-outlives'
    const right = this.#parts.provider.rightEnds(record.creator.publicKey, record)
    return right !== undefined && record.expires > right ? 'record-outlives' : undefined
  }
}
