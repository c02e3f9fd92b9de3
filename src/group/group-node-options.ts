/**
 * How a group is opened, what a node of it stands on, and what it tells.
 */
import type { LinkIdentity } from '../graph/security-provider.ts'
import type { GroupRootCertificate } from '../identity/certificate/certificate.ts'
import type { PeerName } from '../identity/peer-name.ts'
import type { GraphId } from '../records/graph-id.ts'
import type { Clock } from '../runtime/clock.ts'
import type { Crypto, SigningKeyPair } from '../runtime/crypto.ts'
import type { Log } from '../runtime/log.ts'
import type { PeerageError } from '../runtime/peerage-error.ts'
import type { Random } from '../runtime/random.ts'
import type { GroupProperties } from './group-properties.ts'
import type { GroupEntry } from './group-security.ts'
import type { MemberChain } from './member-chain.ts'
import type { OwnStanding } from './own-membership.ts'

/** How a group is opened. */
export interface GroupNodeOptions {
  readonly group: PeerName
  readonly graphId: GraphId
  readonly identity: LinkIdentity
  /** Of the identity, for its membership record. */
  readonly friendlyName: string
  /** undefined for a joiner who has not got it yet. */
  readonly root: GroupRootCertificate | undefined
  readonly entry: GroupEntry
  /** The group key, where it is at hand. */
  readonly groupKey: SigningKeyPair | undefined
  /** For a new group, or one whose creation is to be finished: the group key says this of it. */
  readonly creates: GroupProperties | undefined
}

/** What a node of a group stands on. */
export interface GroupNodePorts {
  readonly clock: Clock
  readonly random: Random
  readonly crypto: Crypto
  readonly log: Log
  readonly keeping: GroupKeeping
  readonly events: GroupNodeEvents
}

/** What has to survive a restart. Told later than the calls that bring it about, never from inside one of them. */
export interface GroupKeeping {
  /** This identity has this chain from now on: it joined, or its membership was renewed. It is opened with it the next time. */
  joined(chain: MemberChain): void
  /** The GRC is known now. */
  rootLearned(root: GroupRootCertificate): void
}

/** Told what happens, after it has happened; never from inside a call of the group or of its graph. */
export interface GroupNodeEvents {
  /**
   * Somebody is listed who was not (`joined`), or otherwise than before (`updated`: roles, end, names, presence); came online or
   * went; is a member no more because of a revocation (`revoked`).
   */
  memberChanged(peer: PeerName, change: MemberChange): void
  /** The own membership stands otherwise than before. `revoked`: the node has to stop listening and to unregister (P-097). */
  standingChanged(standing: OwnStanding): void
  /** The own membership ends soon, and nobody has renewed it so far (P-094). @param expires In milliseconds since 1970 */
  expiring(expires: number): void
  /** A certificate came to light of somebody who was revoked, and that no revocation covers: to revoke can be repeated (P-131). */
  keyCameBack(peer: PeerName): void
}

/** What became of a member. */
export type MemberChange = 'joined' | 'updated' | 'connected' | 'disconnected' | 'revoked'

/** Told what becomes of an operation that writes: once, never from inside the call. */
export type GroupDone<Result> = (outcome: Result | PeerageError) => void
