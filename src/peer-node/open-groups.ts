/**
 * The {@link Groups} of a node: makes, joins, opens, lists and deletes them. What begins and fails leaves nothing of what is kept of a group
 * (kept-groups.ts).
 */
import { DEFAULT_RECORD_LIFE, SHORTEST_PRESENCE_LIFETIME } from '../graph/graph-properties.ts'
import type { GraphScope } from '../graph/graph-scope.ts'
import { decodeGroupConfiguration, readConfigurationHead } from '../group/group-configuration.ts'
import { type GroupProperties, graphPropertiesOf, requireGroupProperties } from '../group/group-properties.ts'
import { makeGroupRoot } from '../group/group-root.ts'
import type { GroupEntry } from '../group/group-security.ts'
import type { InvitationContent } from '../group/invitation.ts'
import { seedsOf } from '../group/invitation-seeds.ts'
import { readInvitation } from '../group/invitation-text.ts'
import { requireUsable } from '../group/invitation-use.ts'
import { issueMembership } from '../group/membership-issuing.ts'
import type { IdentityStore } from '../identity/identity-store.ts'
import { authorityPart, type PeerName, parsePeerName } from '../identity/peer-name.ts'
import { makeCloud, rangesOf } from '../pnrp/cloud.ts'
import { drawGraphId } from '../records/graph-id.ts'
import type { AddressRange } from '../runtime/address-range.ts'
import { parseDuration } from '../runtime/duration.ts'
import type { Endpoint } from '../runtime/endpoint.ts'
import { PeerageError } from '../runtime/peerage-error.ts'
import type { Storage } from '../runtime/storage.ts'
import { subnetsOf } from './cloud-addresses.ts'
import { databaseName } from './graph-descriptions.ts'
import type { GraphHost, GraphHostPorts } from './graph-host.ts'
import { importRecords, openImport } from './graph-import.ts'
import type { OpenGraphOptions } from './graphs.ts'
import type { Group } from './group.ts'
import { GroupFiles, type StoredGroup } from './group-files.ts'
import { joinGroup, joiningEntry } from './group-joining.ts'
import type { CreateGroupOptions, GroupInfo, Groups, JoinGroupOptions, WhoseGroup } from './groups.ts'
import { KeptGroups } from './kept-groups.ts'
import type { NodeNames } from './node-names.ts'
import type { OpenClouds } from './open-clouds.ts'
import { GROUP_PROVIDER } from './open-graphs.ts'
import { OpenGroup } from './open-group.ts'
import type { DerivingPorts } from './password-deriving.ts'
import { type Dialing, progressTeller } from './progress.ts'

/** What the groups of a node stand on. */
export interface OpenGroupsPorts extends GraphHostPorts, DerivingPorts {
  /** Where what is to be known of groups is kept. */
  readonly groupStorage: Storage
}

/** How a node has its groups. */
export interface OpenGroupsOptions {
  readonly identities: IdentityStore
  readonly clouds: OpenClouds
  readonly names: NodeNames
  /** Throws if the node is closed. */
  requireOpen(operation: string): void
}

/** How a group is started. */
interface Start {
  readonly name: string
  readonly stored: StoredGroup
  readonly entry: GroupEntry
  readonly creates: GroupProperties | undefined
  readonly opensAs: OpenGraphOptions
  /** Nodes of the group's clouds that are known from an invitation. */
  readonly seeds: readonly Endpoint[]
}

/** The groups of one node. */
export class OpenGroups implements Groups {
  readonly kept: KeptGroups
  readonly #ports: OpenGroupsPorts
  readonly #host: GraphHost
  readonly #options: OpenGroupsOptions
  /** By the names of their databases. */
  readonly #open = new Map<string, OpenGroup>()

  constructor(ports: OpenGroupsPorts, host: GraphHost, options: OpenGroupsOptions) {
    this.#ports = ports
    this.#host = host
    this.#options = options
    this.kept = new KeptGroups(new GroupFiles(ports.groupStorage, ports.crypto, ports.log), host, options.identities)
  }

  async create(options: CreateGroupOptions = {}): Promise<Group> {
    this.#options.requireOpen('groups.create')
    const { crypto, random, clock } = this.#ports
    const { friendlyName = '', classifier = '', cloud, identity: asked, offline, prioritize, keep } = options
    const { peerName: identity } = this.#options.identities.get(asked)
    const { publicKey } = this.#options.identities.keyPair(identity)
    const now = clock.utc()
    const names = { classifier, friendlyName: friendlyName === '' ? undefined : friendlyName }
    const { root, keyPair: groupKey } = makeGroupRoot(crypto, random, names, now)
    const group = root.peerName
    const creates = requireGroupProperties({
      ...{ group, creator: identity, friendlyName, comment: options.comment ?? '', cloud: cloud ?? '' },
      ...{ scope: scopeOf(cloud), presenceLifetime: presenceLifetimeOf(options) },
      longestRecordLife: Math.trunc(parseDuration(options.longestRecordLife ?? DEFAULT_RECORD_LIFE)),
      memberDataOptional: options.memberDataOptional ?? false,
      presenceDisabled: options.presenceDisabled ?? false,
      deferredExpiration: options.deferredExpiration ?? false,
    })
    const request = { group, peerName: identity, publicKey, roles: ['administrator'] }
    const issuer = { chain: [root], secretKey: groupKey.secretKey } as const
    const chain = issueMembership(crypto, random, issuer, request, { now, stands: () => true })
    const graphId = drawGraphId(random)
    const stored: StoredGroup = {
      ...{ state: 'beginning', group, graphId, identity, friendlyName, cloud, hints: [], chain, fetches: undefined },
      ...{ groupKey, hasEnded: false },
    }
    const name = databaseName(crypto, graphId, identity)
    return this.#beginning(name, undefined, async () => {
      const opensAs = { offline, prioritize, keep }
      this.kept.write(name, stored)
      const opened = await this.#start({ name, stored, entry: { kind: 'chain', chain }, creates, opensAs, seeds: [] })
      opened.graph.engine.store.commit()
      if (offline !== true) await opened.goOnline()
      return opened
    })
  }

  async join(text: string, options: JoinGroupOptions = {}): Promise<Group> {
    this.#options.requireOpen('groups.join')
    options.signal?.throwIfAborted()
    const { crypto, passwordHashing, random, clock } = this.#ports
    const invitation = readInvitation(crypto, text)
    const { peerName: identity } = this.#options.identities.get(this.#joiner(invitation, options.identity))
    const { publicKey } = this.#options.identities.keyPair(identity)
    const { group, graphId, cloud, hints, friendlyName } = invitation
    const name = databaseName(crypto, graphId, identity)
    const known = this.#former(name, invitation, identity)
    requireUsable(crypto, invitation, publicKey, clock.utc())
    const parts = { crypto, passwordHashing, random, now: clock.utc() }
    const { entry, ready } = joiningEntry(parts, invitation, publicKey, options.password)
    const stored: StoredGroup = {
      ...{ state: known?.state ?? 'beginning', group, graphId, identity, friendlyName, cloud, hints },
      chain: entry.kind === 'chain' ? entry.chain : undefined,
      fetches: entry.kind === 'fetched' ? entry.digest : undefined,
      ...{ groupKey: known?.groupKey, hasEnded: false },
    }
    const opensAs = { prioritize: options.prioritize, keep: options.keep }
    return this.#beginning(name, known, async () => {
      this.kept.write(name, stored)
      const opened = await this.#start({ name, stored, entry, creates: undefined, opensAs, seeds: seedsOf(invitation) })
      await joinGroup(opened, ready, options, invitation.kind === 'identity' && entry.kind === 'chain')
      await this.#host.listen()
      return opened
    })
  }

  async open(group: PeerName, options: WhoseGroup & OpenGraphOptions = {}): Promise<Group> {
    this.#options.requireOpen('groups.open')
    const { name, stored } = this.kept.find(group, options.identity)
    if (this.#open.has(name)) throw new PeerageError('duplicate-group', { group: stored.group })
    const opened = await this.#start({
      name,
      stored,
      entry: entryAgain(stored),
      creates: undefined,
      opensAs: options,
      seeds: seedsOf(stored),
    })
    try {
      if (options.offline !== true) await opened.goOnline()
      return opened
    } catch (error) {
      await opened.close()
      throw error
    }
  }

  async list({ identity }: WhoseGroup = {}): Promise<readonly GroupInfo[]> {
    this.#options.requireOpen('groups.list')
    this.kept.tidy((name) => this.#open.has(name))
    const authority = identity === undefined ? undefined : authorityPart(parsePeerName(identity))
    return [...this.kept.members()]
      .filter(([, head]) => authority === undefined || authorityPart(head.identity) === authority)
      .map(([name, head]) => infoOf(this.#open.get(name)?.stored ?? head, this.#open.has(name)))
  }

  async delete(group: PeerName, { identity }: WhoseGroup = {}): Promise<void> {
    this.#options.requireOpen('groups.delete')
    const found = this.kept.findName(group, identity)
    if (this.#open.has(found.name)) throw new PeerageError('group-in-use', { group: found.group })
    this.kept.forget(found.name, found.group)
  }

  async importConfiguration(text: string, password: string): Promise<GroupInfo> {
    this.#options.requireOpen('groups.importConfiguration')
    const { crypto } = this.#ports
    this.#options.identities.get(readConfigurationHead(crypto, text).identity)
    const { group, graphId, identity, cloud, hints, chain } = decodeGroupConfiguration(crypto, text, password)
    const name = databaseName(crypto, graphId, identity)
    const known = this.kept.read(name)
    if (known?.state === 'member') throw new PeerageError('already-a-member', { group, identity })
    this.kept.discard(name)
    const stored: StoredGroup = {
      ...{ state: 'member', group, graphId, identity, friendlyName: '', cloud, hints, chain, fetches: undefined },
      ...{ groupKey: undefined, hasEnded: false },
    }
    this.kept.write(name, stored)
    return infoOf(stored, false)
  }

  async importDatabase(group: PeerName, file: string, options: WhoseGroup & Dialing = {}): Promise<Group> {
    this.#options.requireOpen('groups.importDatabase')
    options.signal?.throwIfAborted()
    const { crypto, recordDatabases, log } = this.#ports
    const { name, stored } = this.kept.find(group, options.identity)
    if (this.#open.has(name)) throw new PeerageError('group-in-use', { group: stored.group })
    const source = openImport(recordDatabases, crypto, file)
    try {
      if (source.graphId !== stored.graphId || source.provider !== GROUP_PROVIDER) {
        throw new PeerageError('invalid-database', { file, problem: `it is not of the group ${stored.group}` })
      }
      const opensAs = { offline: true }
      const opened = await this.#start({
        name,
        stored,
        entry: entryAgain(stored),
        creates: undefined,
        opensAs,
        seeds: [],
      })
      try {
        const tell = progressTeller(options.onProgress ?? (() => undefined), log)
        await opened.graph.import(() => importRecords(opened.graph, source, tell))
        return opened
      } catch (error) {
        await opened.close()
        throw error
      }
    } finally {
      source.close()
    }
  }

  /** What is open under the name of a database. */
  openUnder(name: string): OpenGroup | undefined {
    return this.#open.get(name)
  }

  async close(): Promise<void> {
    await Promise.all([...this.#open.values()].map((group) => group.close()))
  }

  /** What was counted of getting into groups and of their records, of all that are open. */
  counters(): Readonly<Record<string, number>> {
    const sums: Record<string, number> = {}
    for (const { engine } of this.#open.values()) {
      for (const [name, count] of Object.entries(engine.counters())) {
        sums[`group-${name}`] = (sums[`group-${name}`] ?? 0) + count
      }
    }
    return sums
  }

  /** Begins something of which nothing is to stay if it fails; or, of a membership that has ended, that alone. */
  async #beginning(name: string, known: StoredGroup | undefined, begin: () => Promise<OpenGroup>): Promise<OpenGroup> {
    try {
      // Under a former membership nothing that was not yet told others could be told them any more.
      this.kept.deleteDatabase(name)
      const opened = await begin()
      opened.keep({ state: 'member' })
      return opened
    } catch (error) {
      await this.#open.get(name)?.close()
      this.kept.discard(name)
      if (known !== undefined) this.kept.write(name, known)
      throw error
    }
  }

  /** Opens a group, offline. What it writes is in its database when it resolves. */
  async #start({ name, stored, entry, creates, opensAs, seeds }: Start): Promise<OpenGroup> {
    const { identities, clouds, names } = this.#options
    const { graphId, identity } = stored
    const link = { name: identity, keyPair: identities.keyPair(identity) }
    const { friendlyName } = identities.get(identity)
    const ranges = (): readonly AddressRange[] | undefined => this.#rangesIn(stored.cloud)
    const created = creates && graphPropertiesOf(creates)
    const root = stored.chain?.chain[0]
    const opened: OpenGroup = new OpenGroup(
      { identity: link, friendlyName, root, entry, creates },
      { stored, seeds },
      { ...this.#ports, clouds, names },
      {
        startGraph: (provider, follower) => {
          const isNew = !this.#host.has(name)
          return this.#host.start(
            { name, id: graphId, identity: link, provider, creates: created, ranges, isNew, opensAs, ...GROUP },
            { follower, propertiesChanged: () => undefined, closed: () => this.#open.delete(name) },
          )
        },
        keep: (changed) => {
          // After it was closed, somebody else may have it.
          if (this.#open.has(name)) this.kept.write(name, changed)
        },
        forget: () => this.kept.forget(name, stored.group),
      },
    )
    this.#open.set(name, opened)
    try {
      opened.reach.requireCloud()
      opened.begin()
      return opened
    } catch (error) {
      await opened.close()
      throw error
    }
  }

  /** Which addresses the members in a cloud use: of a private one those that it was opened with, of links those of their subnets. */
  #rangesIn(name: string | undefined): readonly AddressRange[] | undefined {
    const made = name === undefined ? undefined : makeCloud(name)
    if (made?.scope === 'private') {
      const open = this.#options.clouds.open().find(({ cloud }) => cloud.name === name)
      return open && rangesOf(open.cloud)
    }
    if (made?.scope !== 'link-local') return undefined
    const machine = this.#ports.networkInterfaces.list().filter(({ loopback }) => !loopback)
    const interfaces = new Set(machine.map(({ interface: one }) => one))
    return rangesOf({ ...made, subnets: [...interfaces].flatMap((one) => subnetsOf(one, machine)) })
  }

  /** Who joins: the one that the invitation is for, if it is for one, or the default identity. */
  #joiner(invitation: InvitationContent, asked: PeerName | undefined): PeerName | undefined {
    if (asked !== undefined || invitation.kind !== 'identity') return asked
    const { invited } = invitation
    return this.#options.identities.list().find(({ peerName }) => authorityPart(peerName) === invited)?.peerName
  }

  /** What is here of a membership that has ended. @throws PeerageError `already-a-member` if it has not */
  #former(name: string, { group }: InvitationContent, identity: PeerName): StoredGroup | undefined {
    const former = this.kept.read(name)
    const isOver = former?.hasEnded === true || (former?.chain?.notAfter ?? Infinity) < this.#ports.clock.utc()
    if (this.#open.has(name) || (former?.state === 'member' && !isOver)) {
      throw new PeerageError('already-a-member', { group, identity })
    }
    return former?.state === 'member' ? former : undefined
  }
}

const GROUP = { providerName: GROUP_PROVIDER } as const

/** With what a group is opened again. */
function entryAgain({ chain, fetches, group }: StoredGroup): GroupEntry {
  if (chain !== undefined) return { kind: 'chain', chain }
  if (fetches !== undefined) return { kind: 'fetched', digest: fetches }
  throw new PeerageError('membership-not-in-force', { group, problem: 'there is none here' })
}

function infoOf(stored: Pick<StoredGroup, 'group' | 'friendlyName' | 'identity'>, isOpen: boolean): GroupInfo {
  const { group: peerName, friendlyName, identity } = stored
  return { peerName, friendlyName, identity, isOpen }
}

/** Which addresses the graph of a group uses, by its cloud. @throws PeerageError `invalid-cloud` */
function scopeOf(cloud: string | undefined): GraphScope {
  if (cloud === undefined) return 'global'
  const { scope } = makeCloud(cloud)
  return scope === 'private' ? 'global' : scope
}

function presenceLifetimeOf({ presenceLifetime }: CreateGroupOptions): number {
  return presenceLifetime === undefined ? SHORTEST_PRESENCE_LIFETIME : parseDuration(presenceLifetime)
}
