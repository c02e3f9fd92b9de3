/**
 * Counters of one graph: what was dropped, each for its reason, and what else is worth counting. They tell an operator what
 * happens, and a test that bad input was noticed.
 */
import type { RecordProblem } from '../records/record-problem.ts'

/** Why something was dropped, or ended. docs/protocol/graph-counters.md says what each means. */
export const dropReasons = [
  // Openings of links
  'opening-unknown-graph',
  'opening-own-link',
  'opening-malformed',
  'opening-out-of-order',
  'opening-wrong-seal',
  'opening-wrong-signature',
  'opening-other-identity',
  'opening-no-common-version',
  'opening-refused',
  'opening-provider-failed',
  'opening-too-late',
  'opening-no-room',
  'opening-cut-short',
  // Links that end because of what came
  'frame-empty',
  'frame-too-large',
  'frame-priority',
  'message-size',
  'message-too-large',
  'message-malformed',
  'message-out-of-order',
  'link-overrun',
  'link-silent',
  // Messages that are passed over
  'message-unknown-version',
  'message-unknown-kind',
  // Records, beside what is wrong with their form or signatures
  'record-expired',
  'record-outlives',
  'record-internal',
  'record-invalid',
  'record-provider-failed',
  'record-old',
  'record-not-kept',
  'record-lost-by-disk',
  'record-over-rate',
  'ephemeral-limit',
  'waiting-limit',
  'proof-missing',
  'proof-limit',
  'provider-failed',
  'refresh-failed',
  'presence-failed',
  // Floods
  'announcements-limit',
  'graft-limit',
  // Reconciliation
  'comparison-busy',
  'comparison-minute',
  'comparison-failed',
] as const
/** What is wrong with a record counts under its own name. */
export type DropReason = (typeof dropReasons)[number] | `record-${RecordProblem}`

/** What is counted beside what is dropped. */
export const countedEvents = [
  'links-opened',
  'messages-sent',
  'messages-received',
  'bytes-sent',
  'bytes-received',
  'records-received',
  'records-new',
  'records-already-present',
  'records-waited',
  'records-delayed',
  'comparisons',
  'comparisons-different',
] as const
export type CountedEvent = (typeof countedEvents)[number]

/** The counters of one graph. */
export class GraphCounters {
  readonly #counts = new Map<string, number>()

  dropped(reason: DropReason): void {
    this.#add(`dropped-${reason}`, 1)
  }

  counted(event: CountedEvent, amount = 1): void {
    this.#add(event, amount)
  }

  /** All counters that are not zero, by name. */
  read(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#counts)
  }

  #add(name: string, amount: number): void {
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + amount)
  }
}
