/**
 * A group of a running node, as one program has it open there.
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
import type { Log } from '../runtime/log.ts'
import { groupEvents, groupMethods as methods } from './group-methods.ts'
import type { NodeConnection } from './node-connection.ts'
import { type OpenedGraph, RemoteGraph } from './remote-graph.ts'
import { withoutUndefined } from './without-undefined.ts'

/** What the node says of a group that it has opened. */
export interface OpenedGroup extends OpenedGraph {
  readonly group: PeerName
}

/** One group. */
export class RemoteGroup extends RemoteGraph implements Group {
  readonly peerName: PeerName

  /** @param closed Called when it is closed by the program */
  constructor(connection: NodeConnection, opened: OpenedGroup, log: Log, closed: () => void) {
    super(connection, opened, log, closed)
    this.peerName = opened.group
  }

  override status(): Promise<GroupStatus> {
    return this.there.call(methods.status, { graph: this.graph })
  }

  override async properties(): Promise<GroupProperties> {
    return this.there.call(methods.properties, { graph: this.graph })
  }

  override async setProperties(changes: GroupPropertyChanges): Promise<GroupProperties> {
    return this.there.call(methods.setProperties, withoutUndefined({ graph: this.graph, ...changes }))
  }

  override on<Event extends keyof GroupEvents>(
    event: Event,
    listener: (detail: GroupEvents[Event]) => void | Promise<void>,
    options: Waiting = {},
  ): () => void {
    return this.events.on(event, groupEvents[event], listener, options)
  }

  invite(options: InviteOptions = {}): Promise<Invitation> {
    return this.there.call(methods.invite, withoutUndefined({ graph: this.graph, ...options }))
  }

  async cancelInvitation(invitation: string): Promise<void> {
    await this.there.call(methods.cancelInvitation, { graph: this.graph, invitation })
  }

  async removePassword(): Promise<void> {
    await this.there.call(methods.removePassword, { graph: this.graph })
  }

  members({ connected }: { readonly connected?: boolean | undefined } = {}): Promise<readonly Member[]> {
    return this.there.call(methods.members, withoutUndefined({ graph: this.graph, connected }))
  }

  member(peer: PeerName): Promise<Member> {
    return this.there.call(methods.member, { graph: this.graph, peer })
  }

  async setRole(peer: PeerName, role: Role, { keep }: RevokeOptions = {}): Promise<void> {
    await this.there.call(methods.setRole, withoutUndefined({ graph: this.graph, peer, role, keep }))
  }

  renew(peer: PeerName, options: Parameters<Group['renew']>[1] = {}): Promise<Invitation | undefined> {
    return this.there.call(methods.renew, withoutUndefined({ graph: this.graph, peer, ...options }))
  }

  async revoke(peer: PeerName, { keep }: RevokeOptions = {}): Promise<void> {
    await this.there.call(methods.revoke, withoutUndefined({ graph: this.graph, peer, keep }))
  }

  async leave({ losesGroupKey }: { readonly losesGroupKey?: boolean | undefined } = {}): Promise<void> {
    await this.there.call(methods.leave, withoutUndefined({ graph: this.graph, losesGroupKey }))
    await this.close()
  }

  exportConfiguration(password: string): Promise<string> {
    return this.there.call(methods.exportConfiguration, { graph: this.graph, password })
  }

  hasKey(): Promise<boolean> {
    return this.there.call(methods.hasKey, { graph: this.graph })
  }

  exportKey(password: string): Promise<string> {
    return this.there.call(methods.exportKey, { graph: this.graph, password })
  }

  async importKey(text: string, password: string): Promise<void> {
    await this.there.call(methods.importKey, { graph: this.graph, text, password })
  }

  async removeKey(): Promise<void> {
    await this.there.call(methods.removeKey, { graph: this.graph })
  }
}
