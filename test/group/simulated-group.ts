/** A simulated graph whose security provider is that of a group: its key, its creator, and members with chains. */

import { DEFAULT_RECORD_LIFE } from '../../src/graph/graph-properties.ts'
import type { ProviderContext } from '../../src/graph/security-provider.ts'
import { rootChain } from '../../src/group/author-chain.ts'
import { admittersOf, settingPassword } from '../../src/group/group-password.ts'
import {
  encodeGroupProperties,
  GROUP_PROPERTIES_TYPE,
  type GroupProperties,
  propertiesAuthor,
  propertiesOrigin,
} from '../../src/group/group-properties.ts'
import { expirationOfProof } from '../../src/group/group-record-rules.ts'
import { type GroupRoot, makeGroupRoot } from '../../src/group/group-root.ts'
import { type GroupEntry, GroupSecurity } from '../../src/group/group-security.ts'
import { type Issuer, issueMembershipUnder } from '../../src/group/issuer.ts'
import { joinWithLink, type LinkKey, type LinkRequest, makeLink } from '../../src/group/link-key.ts'
import { type MemberChain, verifiedMemberChain } from '../../src/group/member-chain.ts'
import { encodeMembership, MEMBERSHIP_TYPE } from '../../src/group/membership-record.ts'
import { encodePasswordRecord, expirationOfPassword, PASSWORD_TYPE } from '../../src/group/password-record.ts'
import { LEAST_PASSWORD_MEMORY, type PasswordVerifier } from '../../src/group/password-verifier.ts'
import { encodeProofs } from '../../src/group/record-proofs.ts'
import { revocationExpires } from '../../src/group/revocation.ts'
import { encodeRevocation, REVOCATION_TYPE, readRevocation } from '../../src/group/revocation-record.ts'
import type { GroupRootCertificate } from '../../src/identity/certificate/certificate.ts'
import type { Chain } from '../../src/identity/certificate/chain-encoding.ts'
import type { PeerName } from '../../src/identity/peer-name.ts'
import type { Role } from '../../src/identity/role.ts'
import { graphKeys } from '../../src/records/graph-id.ts'
import { makeFirstVersion } from '../../src/records/make-record.ts'
import { PeerageError } from '../../src/runtime/peerage-error.ts'
import { SeededRandom } from '../../src/simulation/seeded-random.ts'
import {
  type Member,
  type MemberOptions,
  SIMULATED_GRAPH_ID,
  SimulatedGraph,
  type SimulatedGraphOptions,
} from '../graph/simulated-graph.ts'
import { crypto } from '../identity/platform.ts'

/** How somebody gets in. */
export type Joining = (context: ProviderContext, group: SimulatedGroup) => GroupEntry

/** A member of the group, with its provider. */
export interface GroupMember {
  readonly member: Member
  /** Undefined until it is opened. */
  readonly security: () => GroupSecurity
  /** What it let in. */
  readonly letIn: { readonly chain: MemberChain; readonly peer: PeerName }[]
  /** The chains that it was given. */
  readonly joined: MemberChain[]
}

export const DAY = 86_400_000

/** A group in a simulated graph. */
export class SimulatedGroup {
  readonly graph: SimulatedGraph
  readonly random: SeededRandom
  readonly made: GroupRoot
  readonly root: ReturnType<typeof rootChain>
  readonly creator: GroupMember
  readonly properties: GroupProperties
  readonly others: GroupMember[] = []
  readonly #clock: { utc(): number }

  constructor(seed: string, options: Partial<SimulatedGraphOptions> = {}) {
    this.random = new SeededRandom(`certificates of ${seed}`)
    this.graph = new SimulatedGraph({ seed, crypto, ...options })
    this.#clock = this.graph.world.addHost('office').ports.clock
    const now = this.#clock.utc()
    this.made = makeGroupRoot(crypto, this.random, { friendlyName: 'Book club', classifier: 'books' }, now)
    this.root = rootChain(crypto, this.made.root)
    this.creator = this.open((context) => this.issued(this.key, context, ['administrator']))
    this.properties = {
      ...{ group: this.name, creator: this.creator.member.identity.name, friendlyName: 'Book club', comment: '' },
      ...{ scope: 'global', cloud: '', presenceLifetime: 300_000, longestRecordLife: DEFAULT_RECORD_LIFE },
      ...{ memberDataOptional: false, presenceDisabled: false, deferredExpiration: false },
    }
    this.creator.member.node.import(this.propertiesRecord().bytes, () => undefined)
    this.publish(this.creator)
    this.graph.world.runFor(1000)
  }

  get name(): PeerName {
    return this.made.root.peerName
  }

  /** Issues with the group key. */
  get key(): Issuer {
    return { chain: [this.made.root], secretKey: this.made.keyPair.secretKey }
  }

  /** Issues as a member. */
  issuer({ member }: GroupMember): Issuer {
    return { chain: this.chainOf(member).chain, secretKey: member.identity.keyPair.secretKey }
  }

  chainOf(member: Member): MemberChain {
    const known = [this.creator, ...this.others].find((one) => one.member === member)
    const chain = known?.security().records?.state.chainsOf(member.key)[0]
    if (chain === undefined) throw new Error(`${member.name} has no chain`)
    return chain
  }

  issued(
    issuer: Issuer,
    { identity }: Pick<ProviderContext, 'identity'>,
    roles: readonly Role[],
    notAfter?: number,
  ): GroupEntry {
    const now = this.#clock.utc()
    const notBefore = now - (now % 1000)
    const parent = issuer.chain.at(-1) ?? issuer.chain[0]
    const period = { notBefore, notAfter: Math.min(notAfter ?? notBefore + 365 * DAY, parent.notAfter) }
    const { publicKey } = identity.keyPair
    const chain = issueMembershipUnder(crypto, this.random, issuer, { publicKey, roles, period })
    return { kind: 'chain', chain: verifiedMemberChain(crypto, this.name, chain) }
  }

  /** Opens a node. */
  open(joining: Joining, options: MemberOptions = {}): GroupMember {
    let security: GroupSecurity | undefined
    const letIn: GroupMember['letIn'] = []
    const joined: MemberChain[] = []
    let entry: GroupEntry | undefined
    // What its owner would keep.
    let root: GroupRootCertificate | undefined
    const member = this.graph.add({
      ...options,
      node: {
        provider: (context) => {
          entry ??= joining(context, this)
          security = new GroupSecurity(context, {
            ...{ group: this.name, root, entry },
            owner: {
              letIn: (chain, peer) => {
                letIn.push({ chain, peer })
                this.graph.world.after(0, () => publishMembership(member, chain, peer))
              },
              joined: (chain) => joined.push(chain),
              rootLearned: (learned) => {
                root = learned
              },
              ...{ precedes: () => undefined, changed: () => undefined },
            },
          })
          return security
        },
        ...options.node,
      },
    })
    return {
      ...{ member, letIn, joined },
      security: () => {
        if (security === undefined) throw new Error('it is not open')
        return security
      },
    }
  }

  /** Somebody whom another one made a member, who publishes its membership record at once. */
  add(roles: readonly Role[] = ['member'], by: GroupMember = this.creator, options: MemberOptions = {}): GroupMember {
    const one = this.open((context) => this.issued(this.issuer(by), context, roles), options)
    this.others.push(one)
    this.publish(one)
    return one
  }

  /** A member issues a new chain for somebody, and publishes its record. */
  renew(by: GroupMember, { member }: GroupMember): void {
    const entry = this.issued(this.issuer(by), { identity: member.identity }, ['member'])
    if (entry.kind === 'chain') publishMembership(by.member, entry.chain, member.identity.name)
  }

  now(): number {
    return this.#clock.utc()
  }

  /** A link that a member makes. */
  link(by: GroupMember, terms: Partial<LinkRequest> = {}): LinkKey {
    const now = this.#clock.utc()
    const request = {
      ...({ role: 'member', uses: undefined, admitter: undefined, admitsUntil: now + DAY } as const),
      ...terms,
    }
    return makeLink(crypto, this.random, this.issuer(by), request, { now, stands: () => true })
  }

  /** Somebody who has the text of a link. */
  openLink(link: LinkKey, options: MemberOptions = {}): GroupMember {
    const one = this.open(({ identity }) => {
      const { publicKey } = identity.keyPair
      return { kind: 'chain', chain: joinWithLink(crypto, this.random, link, publicKey, this.#clock.utc()) }
    }, options)
    this.others.push(one)
    return one
  }

  /** An administrator sets the password. */
  setPassword(by: GroupMember, role: Role = 'member', value = 1): PasswordVerifier {
    const { records } = by.security()
    if (records === undefined) throw new Error('it is not open')
    const now = this.#clock.utc()
    const verifier = { cost: { memory: LEAST_PASSWORD_MEMORY, passes: 1 }, value: new Uint8Array(32).fill(value) }
    const inForce = [...records.state.keys()].flatMap((key) => records.state.chainsInForce(key, now))
    const admitters = admittersOf(crypto, inForce, role)
    const setting = settingPassword(crypto, this.random, this.name, records.password, { role, verifier }, admitters)
    const created = by.member.node.now()
    const expires = expirationOfPassword(created, this.properties.longestRecordLife)
    write(by.member, PASSWORD_TYPE, encodePasswordRecord(setting), expires)
    return verifier
  }

  /** A member publishes the record of its own chain. */
  publish({ member, security }: GroupMember): void {
    const chain = security().records?.state.chainsOf(member.key)[0]
    if (chain === undefined) throw new Error('it has no chain')
    publishMembership(member, chain, member.identity.name)
  }

  /** A member revokes the chain of another one, and keeps what it has written if that is wanted. */
  revoke(by: GroupMember, whom: GroupMember): void {
    this.revokeChain(by, this.chainOf(whom.member).chain)
  }

  /** The same for the end of a chain: of a link, for example. */
  revokeChain(by: GroupMember, revoked: Chain): void {
    const author = this.chainOf(by.member)
    const { revocation } = encodeRevocation(crypto, author.chain, [revoked], { children: [], records: [] })
    const content = readRevocation(crypto, this.name, revocation)
    const expires = revocationExpires(content.revoked, this.properties.longestRecordLife)
    write(by.member, REVOCATION_TYPE, revocation, expires)
  }

  /** The security properties, signed with the group key. */
  propertiesRecord() {
    const keys = graphKeys(crypto, SIMULATED_GRAPH_ID)
    const author = propertiesAuthor(this.root)
    const { created, nonce } = propertiesOrigin(crypto, this.root, this.properties)
    const proofs = encodeProofs({ creator: this.root.digest, author: this.root.digest })
    return makeFirstVersion(
      crypto,
      keys,
      {
        ...{
          id: undefined,
          type: GROUP_PROPERTIES_TYPE,
          creator: author,
          created,
          version: 1,
          author,
          modified: created,
        },
        ...{ expires: this.root.notAfter, deleted: false, encoding: 'bytes', attributes: [] },
        payload: encodeGroupProperties(this.properties),
      },
      nonce,
      { keyPair: this.made.keyPair, proofs },
    )
  }
}

/** Writes the membership record of a chain. */
export function publishMembership(member: Member, chain: MemberChain, peer: PeerName): void {
  const expires = expirationOfProof(chain.notAfter, DEFAULT_RECORD_LIFE)
  write(member, MEMBERSHIP_TYPE, encodeMembership(chain.bytes, peer, undefined), expires)
}

/** Writes a record of a type of the group's own. */
export function write(member: Member, type: string, payload: Uint8Array, expires: number): void {
  const record = { type, expires, refresh: false, encoding: 'bytes', payload, attributes: [] } as const
  member.node.addInternal(record, (outcome) => {
    if (outcome instanceof PeerageError) throw outcome
  })
}
