/**
 * The security provider of a graph, as the graph calls it (G-130). A provider can be anybody's code: it may throw, answer
 * nonsense, return a promise, or call the graph that is calling it. Each costs the link, the record or the operation at
 * hand and nothing else, is logged and counted, and leaves the graph as it was.
 */
import type { GraphRecord, RecordAuthor } from '../records/record.ts'
import type { RecordDraft } from '../records/record-draft.ts'
import { LONGEST_PROOFS } from '../records/record-format.ts'
import { isReserved } from '../records/record-type.ts'
import type { Deadlines } from '../runtime/deadlines.ts'
import type { Log } from '../runtime/log.ts'
import { PeerageError } from '../runtime/peerage-error.ts'
import type { GraphCounters } from './graph-counters.ts'
import type { GraphProperties } from './graph-properties.ts'
import {
  type Admission,
  type GraphSecurityProvider,
  type LinkToJudge,
  LONGEST_PROOF,
  LONGEST_PROOF_REQUEST,
  type PrecedingRecord,
  type Validity,
} from './security-provider.ts'

/** Of the reason of a refusal, in UTF-16 code units. */
const LONGEST_REASON = 200

/** What guarding stands on. */
export interface GuardTools {
  readonly log: Log
  readonly counters: GraphCounters
  readonly deadlines: Deadlines
}

/** A provider that cannot harm the graph. Its `validate`, `secure` and `rightEnds` throw where the provider fails. */
export class GuardedProvider implements GraphSecurityProvider {
  readonly #tools: GuardTools
  readonly #provider: GraphSecurityProvider
  readonly #owner: { changed(only: 'more' | undefined): void }
  #depth = 0
  /** What is to be told later. */
  #told: 'nothing' | 'more' | 'anything' = 'nothing'
  #isClosed = false

  /** Whether the security state has changed, and nobody was told so far. */
  get hasChanged(): boolean {
    return this.#told !== 'nothing'
  }

  /** @param open Opens the provider. It is handed what is to be called when the security state has changed. */
  constructor(
    open: (changed: (only?: 'more') => void) => GraphSecurityProvider,
    tools: GuardTools,
    owner: { changed(only: 'more' | undefined): void },
  ) {
    this.#tools = tools
    this.#owner = owner
    this.#provider = this.#inside(() => open((only) => this.#changed(only)))
  }

  /** What the application asked of the graph cannot be done in the middle of a judgement. @throws PeerageError `called-by-provider` */
  requireOutside(operation: string): void {
    if (this.#depth === 0) return
    this.#tools.counters.dropped('provider-failed')
    this.#tools.log.error('the security provider called the graph that waited for it', { operation })
    throw new PeerageError('called-by-provider', { operation })
  }

  /** What fails here, link by link, is counted by its opening. */
  admit(link: LinkToJudge, send: (message: Uint8Array) => void): Admission {
    const admission = this.#inside(() => this.#provider.admit(link, send))
    return {
      verdict: admission.verdict,
      get reason() {
        const reason: unknown = admission.reason
        return typeof reason === 'string' ? reason.slice(0, LONGEST_REASON) : undefined
      },
      received: (message) => this.#inside(() => admission.received(message)),
    }
  }

  /** As {@link GuardedProvider.secure}. */
  precedes(draft: RecordDraft): PrecedingRecord | undefined {
    const preceding: unknown = this.#ask('precedes', () => this.#provider.precedes?.(draft))
    if (preceding === undefined || isPreceding(preceding)) return preceding
    throw this.#nonsense('precedes', preceding)
  }

  /** What the provider throws reaches the caller as it is. */
  secure(draft: RecordDraft, previous: GraphRecord | undefined): Uint8Array {
    const proofs: unknown = this.#ask('secure', () => this.#provider.secure(draft, previous))
    if (proofs instanceof Uint8Array && proofs.length <= LONGEST_PROOFS) return proofs
    throw this.#nonsense('secure', proofs)
  }

  validate(record: GraphRecord): Validity {
    const validity: unknown = this.#ask('validate', () => this.#provider.validate(record))
    if (validity === 'valid' || validity === 'invalid') return validity
    if (isMissingProof(validity)) return validity
    throw this.#nonsense('validate', validity)
  }

  isAdministrator(author: RecordAuthor, version: GraphRecord): boolean {
    return this.#isTrue('isAdministrator', () => this.#provider.isAdministrator(author, version))
  }

  isAdmitted(publicKey: Uint8Array): boolean {
    return this.#isTrue('isAdmitted', () => this.#provider.isAdmitted(publicKey))
  }

  rightEnds(publicKey: Uint8Array, record: GraphRecord | undefined): number | undefined {
    const ends: unknown = this.#ask('rightEnds', () => this.#provider.rightEnds(publicKey, record))
    if (ends === undefined || (typeof ends === 'number' && !Number.isNaN(ends))) return ends
    throw this.#nonsense('rightEnds', ends)
  }

  get firstTypes(): readonly string[] {
    return this.#or([], 'firstTypes', () => {
      const types: unknown = this.#provider.firstTypes
      if (Array.isArray(types) && types.every((type) => typeof type === 'string')) return types
      throw this.#nonsense('firstTypes', types)
    })
  }

  proof(request: Uint8Array): Uint8Array | undefined {
    return this.#or(undefined, 'proof', () => {
      const proof: unknown = this.#provider.proof(request)
      if (proof === undefined || (proof instanceof Uint8Array && proof.length <= LONGEST_PROOF)) return proof
      throw this.#nonsense('proof', proof)
    })
  }

  proofArrived(request: Uint8Array, proof: Uint8Array): boolean {
    return this.#isTrue('proofArrived', () => this.#provider.proofArrived(request, proof))
  }

  properties(): GraphProperties | 'unknown' | undefined {
    return this.#or('unknown', 'properties', () => this.#provider.properties?.())
  }

  stored(record: GraphRecord): void {
    this.#or(undefined, 'stored', () => this.#provider.stored?.(record))
  }

  removed(record: GraphRecord): void {
    this.#or(undefined, 'removed', () => this.#provider.removed?.(record))
  }

  close(): void {
    this.#isClosed = true
    this.#or(undefined, 'close', () => this.#provider.close())
  }

  /** The security state has changed. What is told in the middle of a judgement, or of opening, is passed on after it. */
  #changed(only: 'more' | undefined): void {
    if (this.#isClosed) return
    if (this.#depth === 0) {
      this.#owner.changed(only)
      return
    }
    if (this.#told === 'nothing') {
      this.#tools.deadlines.set(0, () => {
        const isMore = this.#told === 'more'
        this.#told = 'nothing'
        if (!this.#isClosed) this.#owner.changed(isMore ? 'more' : undefined)
      })
    }
    if (only === undefined) this.#told = 'anything'
    else if (this.#told === 'nothing') this.#told = 'more'
  }

  #inside<Answer>(ask: () => Answer): Answer {
    this.#depth++
    try {
      return ask()
    } finally {
      this.#depth--
    }
  }

  /** Asks, and notes a failure before it goes on to whoever asked. A PeerageError is an answer, such as "not authorized". */
  #ask(operation: string, ask: () => unknown): unknown {
    try {
      return this.#inside(ask)
    } catch (error) {
      if (!(error instanceof PeerageError) || error.code === 'called-by-provider') this.#note(operation, String(error))
      throw error
    }
  }

  #or<Answer>(otherwise: Answer, operation: string, ask: () => Answer): Answer {
    try {
      return this.#inside(ask)
    } catch (error) {
      if (!PeerageError.is(error, 'provider-failed')) this.#note(operation, String(error))
      return otherwise
    }
  }

  #isTrue(operation: string, ask: () => unknown): boolean {
    return this.#or(false, operation, () => {
      const answer = ask()
      if (typeof answer === 'boolean') return answer
      throw this.#nonsense(operation, answer)
    })
  }

  #nonsense(operation: string, answer: unknown): PeerageError {
    const isPromise = typeof answer === 'object' && answer !== null && 'then' in answer
    const problem = isPromise ? 'it returned a promise' : `it answered ${typeof answer}`
    this.#note(operation, problem)
    return new PeerageError('provider-failed', { operation, problem })
  }

  #note(operation: string, problem: string): void {
    this.#tools.counters.dropped('provider-failed')
    this.#tools.log.error('the security provider failed', { operation, problem })
  }
}

function isPreceding(preceding: unknown): preceding is PrecedingRecord {
  if (typeof preceding !== 'object' || preceding === null) return false
  if (!('type' in preceding) || !('expires' in preceding) || !('payload' in preceding)) return false
  const { type, expires, payload } = preceding
  return typeof type === 'string' && isReserved(type) && Number.isInteger(expires) && payload instanceof Uint8Array
}

function isMissingProof(validity: unknown): validity is { readonly missingProof: Uint8Array } {
  return (
    typeof validity === 'object' &&
    validity !== null &&
    'missingProof' in validity &&
    validity.missingProof instanceof Uint8Array &&
    validity.missingProof.length <= LONGEST_PROOF_REQUEST
  )
}
