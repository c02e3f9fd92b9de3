/**
 * What a node keeps with its database beside records, so that it survives a restart: whether it has ever synchronized,
 * whether it made the graph, the correction of peer time, and the memory of addresses.
 */
import type { RecordDatabase } from '../records/record-database.ts'
import { fromUtf8, toUtf8 } from '../runtime/bytes.ts'
import type { Log } from '../runtime/log.ts'
import { PeerageError } from '../runtime/peerage-error.ts'
import type { AddressMemory } from './address-memory.ts'

/** Names of settings in the database. */
const settings = {
  correction: 'peer-time-correction',
  synchronized: 'synchronized',
  creator: 'creator',
  memory: 'address-memory',
}
/** How often the memory of addresses and the correction of peer time are kept, in milliseconds. */
export const KEEPING_INTERVAL = 5 * 60_000
/** And how long after a neighbor has come, in milliseconds. */
export const KEEPING_DELAY = 5000

/** The settings of one graph. Whoever changes them commits. */
export class KeptState {
  readonly #database: RecordDatabase

  constructor(database: RecordDatabase) {
    this.#database = database
  }

  /** Of peer time, in milliseconds. */
  get correction(): number {
    const kept = this.#database.setting(settings.correction)
    const correction = kept === undefined ? 0 : Number(fromUtf8(kept))
    return Number.isFinite(correction) ? correction : 0
  }

  /** Whether this node has ever synchronized. */
  get wasSynchronized(): boolean {
    return this.#database.setting(settings.synchronized) !== undefined
  }

  /** Whether this node made the graph. */
  get isCreators(): boolean {
    return this.#database.setting(settings.creator) !== undefined
  }

  setSynchronized(): void {
    this.#database.setSetting(settings.synchronized, toUtf8('1'))
  }

  clearSynchronized(): void {
    this.#database.setSetting(settings.synchronized, undefined)
  }

  setCreators(): void {
    this.#database.setSetting(settings.creator, toUtf8('1'))
  }

  keep(correction: number, memory: AddressMemory): void {
    this.#database.setSetting(settings.correction, toUtf8(String(correction)))
    this.#database.setSetting(settings.memory, memory.encode())
  }

  /** Fills the memory of addresses. A damaged one begins anew. */
  readMemory(memory: AddressMemory, log: Log): void {
    const kept = this.#database.setting(settings.memory)
    if (kept === undefined) return
    try {
      memory.decode(kept)
    } catch (error) {
      if (!PeerageError.is(error, 'malformed')) throw error
      log.warn('the memory of addresses is damaged and begins anew', { problem: error.message })
    }
  }
}
