/**
 * The groups of a node for several programs, as SharedGraphs has its graphs (P-055).
 */
import { authorityPart, type PeerName } from '../identity/peer-name.ts'
import type { Group } from '../peer-node/group.ts'
import type { Groups } from '../peer-node/groups.ts'
import { PeerageError } from '../runtime/peerage-error.ts'
import { GroupUse } from './group-use.ts'
import { goOnline, type SharingParts } from './shared-graphs.ts'
import { SharedUses } from './shared-uses.ts'

/** What is shared. */
export class SharedGroups {
  readonly #groups: Groups
  readonly #parts: SharingParts
  readonly #uses: SharedUses<Group>

  constructor(groups: Groups, parts: SharingParts) {
    this.#groups = groups
    this.#parts = parts
    this.#uses = new SharedUses(parts.keeps)
  }

  /** The groups for one more program. */
  forProgram(): Groups {
    const own = new Set<string>()
    const groups = this.#groups
    const use = (opened: Group): Group => this.#use(opened, own)
    return {
      create: async (options) => use(await groups.create(options)),
      join: async (invitation, options) => use(await groups.join(invitation, options)),
      open: async (group, options = {}) => {
        const key = await this.#keyOf(group, options.identity)
        if (own.has(key)) throw new PeerageError('duplicate-group', { group })
        const present = this.#uses.get(key)
        if (present === undefined) return use(await groups.open(group, options))
        const mine = use(present)
        if (options.offline !== true) await goOnline(mine)
        return mine
      },
      list: (options) => groups.list(options),
      delete: async (group, options) => {
        await this.#uses.keepNoMore(await this.#keyOf(group, options?.identity))
        await groups.delete(group, options)
      },
      importConfiguration: (text, password) => groups.importConfiguration(text, password),
      importDatabase: async (group, file, options) => {
        await this.#uses.keepNoMore(await this.#keyOf(group, options?.identity))
        return use(await groups.importDatabase(group, file, options))
      },
    }
  }

  #use(group: Group, own: Set<string>): Group {
    const key = keyOf(group.peerName, group.identity)
    own.add(key)
    const shared = this.#uses.use(key, group)
    const release = async (): Promise<void> => {
      own.delete(key)
      await this.#uses.release(key)
    }
    return new GroupUse(shared, this.#parts.labelOf(group.graphId), release, () => this.#uses.keepNoMore(key))
  }

  /** Which group is meant: that of the identity, or of the only one that is in it, or of the default one. */
  async #keyOf(group: PeerName, identity: PeerName | undefined): Promise<string> {
    if (identity !== undefined) return keyOf(group, identity)
    const [only, ...others] = (await this.#groups.list()).filter(({ peerName }) => peerName === group)
    if (only !== undefined && others.length === 0) return keyOf(group, only.identity)
    return keyOf(group, (await this.#parts.identities.get()).peerName)
  }
}

function keyOf(group: PeerName, identity: PeerName): string {
  return `${authorityPart(identity)} ${group}`
}
