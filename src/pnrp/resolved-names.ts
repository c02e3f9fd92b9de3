/**
 * Places for the names that a node resolves at the same time (N-100): each has resolves, and requests that wait.
 */
import { PeerageError } from '../runtime/peerage-error.ts'

/** Names that a node resolves at the same time in one cloud: each has up to four LOOKUPs waiting. */
export const MOST_RESOLVED_NAMES = 1024

/** The places of one cloud. */
export class ResolvedNames {
  readonly #cloud: string
  #places: Set<object> | undefined

  /** @param cloud Its name, for errors. */
  constructor(cloud: string) {
    this.#cloud = cloud
  }

  /** Takes a place. @returns what gives it back; twice does nothing. @throws PeerageError `too-many-resolves` */
  admit(): () => void {
    this.#places ??= new Set()
    if (this.#places.size >= MOST_RESOLVED_NAMES) {
      throw new PeerageError('too-many-resolves', { cloud: this.#cloud, limit: MOST_RESOLVED_NAMES })
    }
    const place = {}
    this.#places.add(place)
    return () => this.#places?.delete(place)
  }

  /** Every name has ended. */
  clear(): void {
    this.#places = undefined
  }
}
