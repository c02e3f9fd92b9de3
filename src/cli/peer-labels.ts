/**
 * What peers are called when commands talk of them: by the friendly name of the member if no other has it, and else also by the first
 * digits of the authority, which nobody can choose.
 */
import { authorityPart, type PeerName } from '../identity/peer-name.ts'
import type { Opened } from './group-or-graph.ts'
import { printable } from './output.ts'

/** Enough that nobody makes another key of the same by chance. */
const SHOWN_DIGITS = 8

export class PeerLabels {
  readonly #opened: Opened
  /** By authority. */
  #friendlyNames: ReadonlyMap<string, string> = new Map()

  constructor(opened: Opened) {
    this.#opened = opened
  }

  /** Takes over the friendly names as they are now. */
  async load(): Promise<void> {
    const members = (await this.#opened.group?.members()) ?? []
    this.#friendlyNames = new Map(members.map(({ peerName, friendlyName }) => [authorityPart(peerName), friendlyName]))
  }

  /** For people, safe to print. */
  of(peer: PeerName): string {
    const digits = authorityPart(peer).slice(0, SHOWN_DIGITS)
    const name = this.#friendlyNames.get(authorityPart(peer)) ?? ''
    if (name === '') return digits
    const isUnique = [...this.#friendlyNames.values()].filter((other) => other === name).length === 1
    return isUnique ? printable(name) : `${printable(name)} (${digits})`
  }
}
