/**
 * What the parts of a node of a group share: whose node it is, its ports, the graph and the provider that it was opened with.
 */
import type { GraphNode } from '../graph/graph-node.ts'
import type { LinkIdentity } from '../graph/security-provider.ts'
import { authorityPart, type PeerName } from '../identity/peer-name.ts'
import type { GraphId } from '../records/graph-id.ts'
import { toHex } from '../runtime/bytes.ts'
import type { Clock } from '../runtime/clock.ts'
import type { Crypto, SigningKeyPair } from '../runtime/crypto.ts'
import { Deadlines } from '../runtime/deadlines.ts'
import type { Log } from '../runtime/log.ts'
import { PeerageError } from '../runtime/peerage-error.ts'
import type { Random } from '../runtime/random.ts'
import type { GroupNodeOptions, GroupNodePorts } from './group-node-options.ts'
import type { GroupRecords } from './group-records.ts'
import type { GroupSecurity } from './group-security.ts'
import type { Issuer } from './issuer.ts'
import type { MemberChain } from './member-chain.ts'

/** Shared by the parts of one node. */
export class GroupParts {
  readonly group: PeerName
  readonly graphId: GraphId
  readonly identity: LinkIdentity
  /** In hexadecimal digits. */
  readonly ownKey: string
  readonly friendlyName: string | undefined
  readonly clock: Clock
  readonly random: Random
  readonly crypto: Crypto
  readonly log: Log
  readonly deadlines: Deadlines
  groupKey: SigningKeyPair | undefined
  #security: GroupSecurity | undefined
  #graph: GraphNode | undefined

  constructor(options: GroupNodeOptions, { clock, random, crypto, log }: GroupNodePorts) {
    this.group = options.group
    this.graphId = options.graphId
    this.identity = options.identity
    this.ownKey = toHex(options.identity.keyPair.publicKey)
    this.friendlyName = options.friendlyName === '' ? undefined : options.friendlyName
    this.clock = clock
    this.random = random
    this.crypto = crypto
    this.log = log
    this.deadlines = new Deadlines(clock)
    this.groupKey = options.groupKey
  }

  opened(security: GroupSecurity): void {
    if (this.#security !== undefined) throw new TypeError('a group is opened once')
    this.#security = security
  }

  attached(graph: GraphNode): void {
    if (this.#graph !== undefined) throw new TypeError('a group has one graph')
    this.#graph = graph
  }

  get security(): GroupSecurity {
    if (this.#security === undefined) throw new TypeError('the graph of the group is not open')
    return this.#security
  }

  get graph(): GraphNode {
    if (this.#graph === undefined) throw new TypeError('the graph of the group is not attached')
    return this.#graph
  }

  get isAttached(): boolean {
    return this.#graph !== undefined
  }

  /** In milliseconds since 1970: what certificates are judged by. */
  get now(): number {
    return this.clock.utc()
  }

  /** The records of the group; undefined until its GRC is known. */
  get records(): GroupRecords | undefined {
    return this.security.records
  }

  /** @throws PeerageError `graph-not-ready`: the group is not known here yet */
  requireRecords(): GroupRecords {
    const { records } = this
    if (records === undefined) throw new PeerageError('graph-not-ready', { graph: this.group })
    return records
  }

  /** The own chains in force that are good for something, the one that ends last first. @throws PeerageError `membership-not-in-force`, `not-authorized` */
  requireOwn(operation: string, isGood: (chain: MemberChain) => boolean): readonly [MemberChain, ...MemberChain[]] {
    const inForce = this.security.own.inForce(this.now)
    if (inForce.length === 0) {
      throw new PeerageError('membership-not-in-force', {
        group: this.group,
        problem: this.security.own.whyNone(this.now),
      })
    }
    const [first, ...others] = inForce.filter(isGood)
    if (first !== undefined) return [first, ...others]
    const roles = [...new Set(inForce.flatMap((chain) => chain.roles))]
    throw new PeerageError('not-authorized', { operation, problem: `own roles are ${roles.join(', ')}` })
  }

  /** Issues as the holder of an own chain. */
  issuer({ chain }: MemberChain): Issuer {
    return { chain, secretKey: this.identity.keyPair.secretKey }
  }

  /** The key of a member, in hexadecimal digits, by the authority of its name. */
  keyOf(peer: PeerName): string | undefined {
    const authority = authorityPart(peer)
    const { records } = this
    for (const key of records?.state.keys() ?? []) {
      const [chain] = records?.state.chainsOf(key) ?? []
      if (chain !== undefined && authorityPart(chain.leaf.peerName) === authority) return key
    }
    return undefined
  }

  /** Of the chains of a key that were not revoked, the one that ends last. */
  newestChain(key: string): MemberChain | undefined {
    const { records } = this
    const chains = records?.state.chainsOf(key).filter((chain) => records.state.standingOfChain(chain) === 'stands')
    return chains?.reduce<MemberChain | undefined>(
      (best, chain) => (best === undefined || chain.notAfter > best.notAfter ? chain : best),
      undefined,
    )
  }
}
