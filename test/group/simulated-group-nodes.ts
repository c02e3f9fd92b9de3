/** A simulated group of {@link GroupNode}s: its creator, and members who come in by invitations and do all else by themselves. */
import type { GraphNode } from '../../src/graph/graph-node.ts'
import { DEFAULT_RECORD_LIFE } from '../../src/graph/graph-properties.ts'
import type { LinkIdentity } from '../../src/graph/security-provider.ts'
import { type GroupDone, GroupNode } from '../../src/group/group-node.ts'
import type { GroupProperties } from '../../src/group/group-properties.ts'
import { type GroupRoot, makeGroupRoot } from '../../src/group/group-root.ts'
import type { GroupEntry } from '../../src/group/group-security.ts'
import { readInvitation } from '../../src/group/invitation-text.ts'
import { completeChain, invitedLink, invitedMembership, requireUsable } from '../../src/group/invitation-use.ts'
import { joinWithLink } from '../../src/group/link-key.ts'
import type { MemberChain } from '../../src/group/member-chain.ts'
import { issueMembership } from '../../src/group/membership-issuing.ts'
import { LEAST_PASSWORD_MEMORY, type PasswordVerifier } from '../../src/group/password-verifier.ts'
import type { PeerName } from '../../src/identity/peer-name.ts'
import { parseGraphId } from '../../src/records/graph-id.ts'
import { PeerageError } from '../../src/runtime/peerage-error.ts'
import { SeededRandom } from '../../src/simulation/seeded-random.ts'
import { type Member, type MemberOptions, SimulatedGraph } from '../graph/simulated-graph.ts'
import { crypto } from '../identity/platform.ts'

const GRAPH_ID = parseGraphId('5e'.repeat(16))
export const MINUTE = 60_000
export const HOUR: number = 60 * MINUTE
export const DAY: number = 24 * HOUR

/** What a group is like where that is not the usual. */
export interface NodeGroupOptions {
  readonly properties?: Partial<GroupProperties>
  /** When the membership of the creator ends, counted from its beginning, in milliseconds. */
  readonly creatorsLife?: number
}

/** A group, and all that is known of it from outside. */
export class NodeGroup {
  readonly graph: SimulatedGraph
  readonly random: SeededRandom
  readonly made: GroupRoot
  readonly creator: NodeMember
  readonly members: NodeMember[] = []
  readonly #clock: { utc(): number }

  constructor(seed: string, { properties, creatorsLife }: NodeGroupOptions = {}) {
    this.random = new SeededRandom(`certificates of ${seed}`)
    this.graph = new SimulatedGraph({ seed, crypto })
    this.#clock = this.graph.world.addHost('office').ports.clock
    this.made = makeGroupRoot(crypto, this.random, { friendlyName: 'Book club', classifier: 'books' }, this.now())
    const key = { chain: [this.made.root], secretKey: this.made.keyPair.secretKey } as const
    this.creator = this.#add(
      'Ann',
      ({ name, keyPair }) => {
        const now = this.now()
        const notAfter = creatorsLife === undefined ? undefined : now + creatorsLife
        const request = {
          group: this.name,
          peerName: name,
          publicKey: keyPair.publicKey,
          roles: ['administrator'],
          notAfter,
        }
        return { kind: 'chain', chain: issueMembership(crypto, this.random, key, request, { now, stands: () => true }) }
      },
      {},
      properties ?? {},
    )
    this.graph.world.runFor(1000)
  }

  get name(): PeerName {
    return this.made.root.peerName
  }

  now(): number {
    return this.#clock.utc()
  }

  /** Somebody comes in by what they know. */
  enter(friendlyName: string, entry: (identity: LinkIdentity) => GroupEntry, options: MemberOptions = {}): NodeMember {
    return this.#add(friendlyName, entry, options, undefined)
  }

  /** Somebody comes in by a text. */
  join(friendlyName: string, text: string, options: MemberOptions = {}, verifier?: PasswordVerifier): NodeMember {
    return this.enter(friendlyName, ({ keyPair: { publicKey } }) => this.entryBy(text, publicKey, verifier), options)
  }

  /** Somebody comes in by a link of its own. */
  add(
    friendlyName: string,
    role: 'administrator' | 'inviting-member' | 'member' = 'member',
    by: NodeMember = this.creator,
  ): NodeMember {
    const one = this.join(friendlyName, by.node.inviteByLink({ role, hints: [] }), { at: [by.member.endpoint] })
    this.until(() => one.node.standing() === 'in-force')
    return one
  }

  entryBy(text: string, publicKey: Uint8Array, verifier?: PasswordVerifier): GroupEntry {
    const invitation = readInvitation(crypto, text)
    const now = this.now()
    requireUsable(crypto, invitation, publicKey, now)
    if (invitation.kind === 'password') {
      if (verifier === undefined) throw new Error('it takes a password')
      return { kind: 'password', verifier }
    }
    const chain = completeChain(crypto, invitation)
    if (chain === undefined) throw new Error('its chain has to be fetched')
    if (invitation.kind === 'identity') {
      return { kind: 'chain', chain: invitedMembership(crypto, invitation, chain, publicKey, now) }
    }
    const link = invitedLink(crypto, invitation, chain, now)
    return { kind: 'chain', chain: joinWithLink(crypto, this.random, link, publicKey, now) }
  }

  /** Lets time pass until it is so. */
  until(isSo: () => boolean, within: number = MINUTE): void {
    this.graph.world.runUntil(isSo, within)
  }

  runFor(time: number): void {
    this.graph.world.runFor(time)
  }

  /** Waits for what an operation comes to. */
  outcome<Result>(begin: (done: GroupDone<Result>) => void): Result | PeerageError {
    let outcome: { readonly is: Result | PeerageError } | undefined
    begin((is) => {
      if (outcome !== undefined) throw new Error('it is told twice')
      outcome = { is }
    })
    if (outcome !== undefined) throw new Error('it was told inside the call')
    this.until(() => outcome !== undefined)
    if (outcome === undefined) throw new Error('it is not told')
    return (outcome as { readonly is: Result | PeerageError }).is
  }

  /** As {@link outcome}, where nothing may go wrong. */
  done<Result>(begin: (done: GroupDone<Result>) => void): Result {
    const outcome = this.outcome(begin)
    if (outcome instanceof PeerageError) throw outcome
    return outcome
  }

  /** All members that run have the same records. */
  untilEqual(within: number = 5 * MINUTE): void {
    this.until(() => this.graph.differences().length === 0 && this.graph.isConnected(), within)
  }

  #add(
    friendlyName: string,
    entry: (identity: LinkIdentity) => GroupEntry,
    options: MemberOptions,
    creates: Partial<GroupProperties> | undefined,
  ): NodeMember {
    const one = new NodeMember(this, friendlyName, entry, options, creates)
    this.members.push(one)
    return one
  }
}

/** One member. */
export class NodeMember {
  readonly friendlyName: string
  readonly member: Member
  /** What its application was told. */
  readonly events: string[] = []
  /** What it keeps over restarts. */
  kept: MemberChain | undefined
  #node: GroupNode | undefined

  constructor(
    group: NodeGroup,
    friendlyName: string,
    entry: (identity: LinkIdentity) => GroupEntry,
    options: MemberOptions,
    creates: Partial<GroupProperties> | undefined,
  ) {
    const { graph } = group
    let first: GroupEntry | undefined
    let opened: GraphNode | undefined
    this.friendlyName = friendlyName
    this.member = graph.add({
      ...options,
      events: {
        statusChanged: (status) => {
          this.#node?.statusChanged(status)
          if (opened?.isReady === true && options.listens !== false) this.#node?.listens()
        },
        nodeChanged: (peer, change) => this.#node?.nodeChanged(peer, change),
        synchronized: (type) => {
          if (type === undefined) this.#node?.synchronized()
        },
      },
      opened: (node) => {
        opened = node
        this.node.attach(node, (error) => {
          if (error instanceof PeerageError) throw error
        })
      },
      node: {
        ...options.node,
        id: GRAPH_ID,
        provider: (context) => {
          const member = graph.members.find(({ identity }) => identity === context.identity)
          if (member === undefined) throw new Error('it is not known')
          first ??= entry(context.identity)
          if (first.kind === 'chain') this.kept ??= first.chain
          const { clock, random, log } = member.host.ports
          const { keyPair } = group.made
          this.#node = new GroupNode(
            {
              ...{ group: group.name, graphId: GRAPH_ID, identity: context.identity, friendlyName },
              ...{ root: undefined, entry: this.kept === undefined ? first : { kind: 'chain', chain: this.kept } },
              groupKey: creates === undefined ? undefined : keyPair,
              creates: creates && {
                ...{ group: group.name, creator: context.identity.name, friendlyName: 'Book club', comment: '' },
                ...{ scope: 'global', cloud: '', presenceLifetime: 300_000, longestRecordLife: DEFAULT_RECORD_LIFE },
                ...{ memberDataOptional: false, presenceDisabled: false, deferredExpiration: false },
                ...creates,
              },
            },
            {
              ...{ clock, random, crypto, log },
              keeping: {
                joined: (chain) => {
                  this.kept = chain
                },
                rootLearned: () => this.events.push('root'),
              },
              events: {
                memberChanged: (peer, change) => this.events.push(`${change} ${nameOf(group, peer)}`),
                standingChanged: (standing) => this.events.push(`standing ${standing}`),
                expiring: () => this.events.push('expiring'),
                keyCameBack: (peer) => this.events.push(`came back ${nameOf(group, peer)}`),
              },
            },
          )
          return this.#node.provider(context)
        },
      },
    })
  }

  get node(): GroupNode {
    if (this.#node === undefined) throw new Error('it is not open')
    return this.#node
  }

  get name(): PeerName {
    return this.member.identity.name
  }

  /** The roles of members as this one sees them, by friendly name. */
  sees(): Record<string, string> {
    return Object.fromEntries(
      this.node.members().map(({ friendlyName, peerName, roles }) => [friendlyName ?? peerName, roles.join()]),
    )
  }

  /** The texts of live records that it has. */
  texts(type = 'test.note'): readonly string[] {
    const { store } = this.member.node
    return store
      .list({ type, limit: 10_000 })
      .map(({ record }) => new TextDecoder().decode(record.payload))
      .sort()
  }

  /** Opens it again, with what it has kept; at once after it was closed, or as after a crash. */
  reopen(): void {
    this.node.close()
    this.member.restart()
  }

  /** Closes it, as its application does. */
  close(): void {
    this.node.close()
    this.member.close()
  }
}

/** A password's verifier, not derived from any password: Argon2id takes long. */
export function someVerifier(value: number): PasswordVerifier {
  return { cost: { memory: LEAST_PASSWORD_MEMORY, passes: 1 }, value: new Uint8Array(32).fill(value) }
}

function nameOf(group: NodeGroup, peer: PeerName): string {
  const authority = peer.slice(0, 40)
  return group.members.find(({ member }) => member.identity.name.startsWith(authority))?.friendlyName ?? peer
}
