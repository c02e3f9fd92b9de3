/**
 * The use that one program makes of a group that several can have open.
 */
import type { Invitation } from '../group/invitation.ts'
import type { PeerName } from '../identity/peer-name.ts'
import type { Role } from '../identity/role.ts'
import type {
  Group,
  GroupEvents,
  GroupProperties,
  GroupPropertyChanges,
  GroupStatus,
  InviteOptions,
  Member,
  RevokeOptions,
} from '../peer-node/group.ts'
import type { Waiting } from '../peer-node/waiting.ts'
import { GraphUse } from './graph-use.ts'

/** One use. */
export class GroupUse extends GraphUse implements Group {
  readonly #group: Group
  readonly #left: () => Promise<void>

  /**
   * @param release Called once, when the use ends
   * @param left Called when the identity has left the group
   */
  constructor(group: Group, label: string, release: () => Promise<void>, left: () => Promise<void>) {
    super(group, label, release)
    this.#group = group
    this.#left = left
  }

  get peerName(): PeerName {
    return this.#group.peerName
  }

  override async status(): Promise<GroupStatus> {
    return this.#open.status()
  }

  override async properties(): Promise<GroupProperties> {
    return this.#open.properties()
  }

  override async setProperties(changes: GroupPropertyChanges): Promise<GroupProperties> {
    return this.#open.setProperties(changes)
  }

  override on<Event extends keyof GroupEvents>(
    event: Event,
    listener: (detail: GroupEvents[Event]) => void | Promise<void>,
    options: Waiting = {},
  ): () => void {
    return this.#group.on(event, listener, this.life.ending(options))
  }

  async invite(options?: InviteOptions): Promise<Invitation> {
    return this.#open.invite(options)
  }

  async cancelInvitation(invitation: string): Promise<void> {
    await this.#open.cancelInvitation(invitation)
  }

  async removePassword(): Promise<void> {
    await this.#open.removePassword()
  }

  async members(options?: { readonly connected?: boolean | undefined }): Promise<readonly Member[]> {
    return this.#open.members(options)
  }

  async member(peer: PeerName): Promise<Member> {
    return this.#open.member(peer)
  }

  async setRole(peer: PeerName, role: Role, options?: RevokeOptions): Promise<void> {
    await this.#open.setRole(peer, role, options)
  }

  async renew(peer: PeerName, options?: Parameters<Group['renew']>[1]): Promise<Invitation | undefined> {
    return this.#open.renew(peer, options)
  }

  async revoke(peer: PeerName, options?: RevokeOptions): Promise<void> {
    await this.#open.revoke(peer, options)
  }

  async leave(options?: { readonly losesGroupKey?: boolean | undefined }): Promise<void> {
    await this.#open.leave(options)
    await this.#left()
    await this.close()
  }

  async exportConfiguration(password: string): Promise<string> {
    return this.#open.exportConfiguration(password)
  }

  async hasKey(): Promise<boolean> {
    return this.#open.hasKey()
  }

  async exportKey(password: string): Promise<string> {
    return this.#open.exportKey(password)
  }

  async importKey(text: string, password: string): Promise<void> {
    await this.#open.importKey(text, password)
  }

  async removeKey(): Promise<void> {
    await this.#open.removeKey()
  }

  /** The group, while this use is open. */
  get #open(): Group {
    this.life.requireOpen()
    return this.#group
  }
}
