/**
 * What a node keeps of its groups: of each a file (group-files.ts) and the database of its graph, both under one name. A group that
 * is only beginning is none yet: of one that was killed then nothing is to stay.
 */
import type { IdentityStore } from '../identity/identity-store.ts'
import { authorityPart, type PeerName, parsePeerName } from '../identity/peer-name.ts'
import type { GraphId } from '../records/graph-id.ts'
import { PeerageError } from '../runtime/peerage-error.ts'
import type { GraphHost } from './graph-host.ts'
import type { GroupFiles, GroupHead, StoredGroup } from './group-files.ts'

/** The groups that are kept on one node. */
export class KeptGroups {
  readonly #files: GroupFiles
  readonly #host: Pick<GraphHost, 'has' | 'delete'>
  readonly #identities: Pick<IdentityStore, 'get'>

  constructor(files: GroupFiles, host: Pick<GraphHost, 'has' | 'delete'>, identities: Pick<IdentityStore, 'get'>) {
    this.#files = files
    this.#host = host
    this.#identities = identities
  }

  /** The groups of an identity: as long as there are any it is not deleted (I-04). */
  groupsOf(identity: PeerName): readonly PeerName[] {
    const authority = authorityPart(identity)
    const own = [...this.members().values()].filter((head) => authorityPart(head.identity) === authority)
    return own.map(({ group }) => group)
  }

  /** Those of which this node is a member, by their names. */
  members(): ReadonlyMap<string, GroupHead> {
    return new Map([...this.#files.list()].filter(([, { state }]) => state === 'member'))
  }

  /** The group to which a graph belongs. */
  groupOf(graphId: GraphId): PeerName | undefined {
    return [...this.#files.list().values()].find((head) => head.graphId === graphId)?.group
  }

  /** What is wrong with the files. */
  problems(): readonly PeerageError[] {
    return this.#files.problems()
  }

  /** What is kept under a name, beginnings included. */
  read(name: string): StoredGroup | undefined {
    return this.#files.read(name)
  }

  write(name: string, stored: StoredGroup): void {
    this.#files.write(name, stored)
  }

  /** The group as this identity has it, or the default one, or the only one. @throws PeerageError `group-not-found` */
  find(text: PeerName, identity: PeerName | undefined): { readonly name: string; readonly stored: StoredGroup } {
    const { name, group } = this.findName(text, identity)
    const stored = this.#files.read(name)
    if (stored === undefined) throw new PeerageError('group-not-found', { group })
    return { name, stored }
  }

  /** As {@link KeptGroups.find}, where its file may be damaged in part. */
  findName(text: PeerName, identity: PeerName | undefined): { readonly name: string; readonly group: PeerName } {
    const group = parsePeerName(text)
    const found = [...this.members()].filter(([, head]) => head.group === group)
    const [only, ...others] = found
    if (identity === undefined && only !== undefined && others.length === 0) return { name: only[0], group }
    const authority = authorityPart(identity === undefined ? this.#identities.get().peerName : identity)
    const own = found.find(([, head]) => authorityPart(head.identity) === authority)
    if (own === undefined) throw new PeerageError('group-not-found', { group })
    return { name: own[0], group }
  }

  /** Removes all that is kept. @throws PeerageError `group-in-use` */
  forget(name: string, group: PeerName): void {
    try {
      this.discard(name)
    } catch (error) {
      if (!PeerageError.is(error, 'graph-in-use')) throw error
      throw new PeerageError('group-in-use', { group }, { cause: error })
    }
  }

  /** Removes what a beginning has left. @throws PeerageError `graph-in-use` */
  discard(name: string): void {
    this.deleteDatabase(name)
    this.#files.remove(name)
  }

  /**
   * Removes what beginnings have left that were killed. One that goes on, here or in another process, has its database open.
   *
   * @param isOpen Whether it is open here
   */
  tidy(isOpen: (name: string) => boolean): void {
    for (const [name, { state }] of this.#files.list()) {
      if (state === 'member' || isOpen(name)) continue
      try {
        this.discard(name)
      } catch (error) {
        if (!PeerageError.is(error, 'graph-in-use')) throw error
      }
    }
  }

  /** @throws PeerageError `graph-in-use` */
  deleteDatabase(name: string): void {
    if (this.#host.has(name)) this.#host.delete(name)
  }
}
