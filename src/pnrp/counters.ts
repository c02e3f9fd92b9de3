/**
 * Counters of one cloud: what was sent and received, and what was dropped, each for its reason. They tell
 * an operator what happens, and a test that bad input was noticed.
 */

/** Why something was dropped. docs/protocol/pnrp-counters.md says what each means. */
export const dropReasons = [
  'malformed',
  'other-version',
  'unknown-type',
  'other-cloud',
  'wrong-seal',
  'reserved-port',
  'address-out-of-range',
  'not-asked-for',
  'other-endpoint',
  'rate-of-prefix',
  'resolve-only',
  'no-conversation',
  'wrong-nonce',
  'table-full',
  'bad-fragment',
  'entry-out-of-range',
  'entry-unproven',
  'probe-charge',
  'cpa-expired',
  'cpa-too-far-ahead',
  'cpa-nonce',
  'cpa-id',
  'cpa-authority',
  'cpa-chain',
  'cpa-classifier',
  'cpa-signature',
  'cpa-addresses',
  'payload',
  'revocation',
  'unsent-out-of-range',
] as const
export type DropReason = (typeof dropReasons)[number]

/** What is counted beside what is dropped. */
export const countedEvents = [
  'datagrams-sent',
  'bytes-sent',
  'datagrams-received',
  'bytes-received',
  'replies-held-back',
] as const
export type CountedEvent = (typeof countedEvents)[number]

/** The counters of one cloud. */
export class Counters {
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
