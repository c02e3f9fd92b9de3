/**
 * Random lives of simulated groups: members come, by certificates and links, are killed and return, are renewed and revoked, while the
 * network is cut and whole again and everybody writes. Then all that run must have the same records and the same view of who is a
 * member, within the time of a repair: in the tests with few members, and in bench/scale/group.ts with many.
 */
import type { MemberChain } from '../../src/group/member-chain.ts'
import type { Role } from '../../src/identity/role.ts'
import { toHex } from '../../src/runtime/bytes.ts'
import { randomBelow, randomChoice, shuffled } from '../../src/runtime/random.ts'
import type { SeededRandom } from '../../src/simulation/seeded-random.ts'
import { type GroupMember, SimulatedGroup } from './simulated-group.ts'

/** How large it is. */
export interface LifeSize {
  /** Members that begin. */
  readonly members: number
  /** Records that are written. */
  readonly records: number
}

/** What came of it. */
export interface LifeOutcome {
  /** How often each thing happened. */
  readonly happened: Readonly<Record<string, number>>
  readonly running: number
  /** Databases that were not the most frequent one when the network was whole again and all were back. */
  readonly differed: number
  /** In seconds of simulated time; undefined if they were not equal in time. */
  readonly equalAfter: number | undefined
  /** Different views of who is a member. */
  readonly views: number
  /** Links to somebody who is no member any more. */
  readonly strangers: number
  /** Notes, and all records, in a database. */
  readonly notes: number
  readonly records: number
}

/** In milliseconds of simulated time. */
const MINUTE = 60_000
/** Between two records. */
const PAUSE = 1000
/** In which all have to be equal. */
const LONGEST_REPAIR: number = 5 * MINUTE

/** @param say Told how far it is */
export function runLife(
  seed: string,
  size: LifeSize,
  say: (what: string, found: unknown) => void = () => undefined,
): LifeOutcome {
  return new RandomLife(seed, size, say).run()
}

class RandomLife {
  readonly #size: LifeSize
  readonly #say: (what: string, found: unknown) => void
  readonly #group: SimulatedGroup
  readonly #world: SimulatedGroup['graph']['world']
  readonly #random: SeededRandom
  /** Nothing of these stays. */
  readonly #revoked = new Set<GroupMember>()
  readonly #happened: Record<string, number> = {}
  #isCut = false

  constructor(seed: string, size: LifeSize, say: (what: string, found: unknown) => void) {
    this.#size = size
    this.#say = say
    this.#group = new SimulatedGroup(seed, { checks: false, told: () => undefined })
    this.#world = this.#group.graph.world
    this.#random = this.#world.random('life')
  }

  run(): LifeOutcome {
    this.#grow()
    this.#churn()
    return this.#settle()
  }

  #everybody(): readonly GroupMember[] {
    return [this.#group.creator, ...this.#group.others].filter((one) => !this.#revoked.has(one))
  }

  #running(): readonly GroupMember[] {
    return this.#everybody().filter(({ member }) => member.isOpen && member.host.isRunning)
  }

  /** Members that may let others in, deep and less deep ones. */
  #issuers(): readonly GroupMember[] {
    return this.#running().filter((one) => rolesOf(one).some((role) => role !== 'member') && depthOf(one) < 8)
  }

  #grow(): void {
    const roles: readonly Role[] = [
      'administrator',
      'inviting-member',
      'member',
      'member',
      'member',
      'member',
      'member',
    ]
    while (this.#everybody().length < this.#size.members) {
      const by = randomChoice(this.#random, this.#issuers()) ?? this.#group.creator
      const isAdministrator = rolesOf(by).includes('administrator')
      const role = roles[this.#everybody().length % roles.length] ?? 'member'
      this.#group.add([isAdministrator || role !== 'administrator' ? role : 'member'], by, { isHelped: true })
      this.#world.runFor(200)
    }
    this.#world.runFor(2 * MINUTE)
    this.#say('members', this.#everybody().length)
    this.#say('depths', tally(this.#everybody().map(depthOf)))
    this.#say('databases that differ', this.#differing().length)
  }

  #churn(): void {
    for (let written = 0; written < this.#size.records; ) {
      const author = randomChoice(
        this.#random,
        this.#running().filter((one) => this.#mayWrite(one)),
      )
      if (author !== undefined) author.member.write(`record ${written++}`)
      if (randomBelow(this.#random, 3) === 0) this.#something()
      this.#world.runFor(PAUSE)
      if (written % 250 === 0) this.#say('written', written)
    }
    this.#say('written', this.#size.records)
  }

  #something(): void {
    const acts = {
      'power cut': () => this.#enough()?.member.crash('power'),
      'process killed': () => this.#enough()?.member.crash('process'),
      'came back': () => this.#returned(5),
      'disk lost': () => {
        const one = this.#enough()
        if (one !== this.#group.creator) one?.member.restart('lost')
      },
      'joined by certificate': () =>
        this.#group.add(['member'], randomChoice(this.#random, this.#issuers()), { isHelped: true }),
      'joined by link': () => {
        const [by, at] = [randomChoice(this.#random, this.#issuers()), randomChoice(this.#random, this.#running())]
        if (by === undefined || at === undefined) return
        this.#group.openLink(this.#group.link(by), { at: [at.member.endpoint], isHelped: true })
      },
      renewed: () => {
        const [by, whom] = [randomChoice(this.#random, this.#issuers()), randomChoice(this.#random, this.#running())]
        if (by !== undefined && whom !== undefined && !isAbove(whom, by)) this.#group.renew(by, whom)
      },
      revoked: () => {
        const administrators = this.#running().filter((one) => rolesOf(one).includes('administrator'))
        const by = randomChoice(this.#random, administrators)
        if (by === undefined || this.#revoked.size > this.#size.members / 10) return
        const deeper = this.#group.others.filter((one) => !this.#revoked.has(one) && isDeeper(one, by))
        const whom = randomChoice(this.#random, deeper)
        if (whom === undefined) return
        for (const { chain } of chainsOf(whom, by)) this.#group.revokeChain(by, chain)
        this.#revoked.add(whom)
        // Nothing of theirs stays, nor of those whom nobody else has made members.
        for (const one of this.#group.others) {
          const chains = chainsOf(one, by)
          if (chains.length > 0 && chains.every((chain) => this.#isUnderRevoked(chain))) this.#revoked.add(one)
        }
      },
      'network cut or whole': () => {
        this.#isCut = !this.#isCut
        if (!this.#isCut) return this.#world.network.heal()
        const names = shuffled(this.#random, this.#group.graph.members).map(({ host }) => host.name)
        const half = 1 + randomBelow(this.#random, names.length - 2)
        this.#world.network.partition(names.slice(0, half), names.slice(half))
      },
    }
    const [what, act] = randomChoice(this.#random, Object.entries(acts)) ?? []
    if (what === undefined || act === undefined) throw new RangeError('there is something to do')
    this.#happened[what] = (this.#happened[what] ?? 0) + 1
    act()
  }

  /** Those who run and are members in the eyes of most: who was let in by somebody who was revoked elsewhere is none. */
  #inForce(): readonly GroupMember[] {
    const { security } = this.#mostFrequent()
    return this.#running().filter(({ member }) => security().isAdmitted(member.identity.keyPair.publicKey))
  }

  /** One of those with the most frequent database. */
  #mostFrequent(): GroupMember {
    const [most] = [...tally(this.#running().map(({ member }) => member.root))].sort(
      ([, one], [, other]) => other - one,
    )
    const one = this.#running().find(({ member }) => member.root === most?.[0])
    if (one === undefined) throw new Error('nobody runs')
    return one
  }

  /** Members whose databases are not the most frequent one. */
  #differing(): readonly GroupMember[] {
    const { root } = this.#mostFrequent().member
    return this.#inForce().filter(({ member }) => member.root !== root)
  }

  /** Who is a member, as this one sees it. */
  #viewOf({ security }: GroupMember): string {
    const state = security().records?.state
    const inForce = [...(state?.keys() ?? [])].flatMap((key) => state?.chainsInForce(key, this.#group.now()) ?? [])
    return inForce
      .map(({ digest }) => digest)
      .sort()
      .join()
  }

  #returned(most: number): void {
    const away = this.#everybody().filter(({ member }) => !member.isOpen)
    for (const { member } of shuffled(this.#random, away).slice(0, most)) {
      member.host.restart('kept')
      member.start()
    }
  }

  /** Somebody who may go, as long as there are others. */
  #enough(): GroupMember | undefined {
    const there = this.#running()
    return there.length < this.#size.members * 0.75 ? undefined : randomChoice(this.#random, there)
  }

  #mayWrite({ member, security }: GroupMember): boolean {
    const chain = security().own.toWrite(this.#group.now(), 'publish')
    return chain !== undefined && member.node.isReady
  }

  #isUnderRevoked({ chain }: MemberChain): boolean {
    const gone = new Set([...this.#revoked].map(({ member }) => member.key))
    return keysOf(chain).some((key) => gone.has(key))
  }

  #settle(): LifeOutcome {
    this.#world.network.heal()
    this.#returned(this.#group.graph.members.length)
    const differed = this.#differing().length
    // Whoever knew nobody but those who are no members any more is told of one.
    const { member: one } = this.#mostFrequent()
    for (const { member } of this.#running()) if (member !== one) member.node.addAddresses([one.endpoint])
    const from = this.#world.now
    while (this.#differing().length > 0 && this.#world.now < from + LONGEST_REPAIR) this.#world.runFor(1000)
    const equalAfter = this.#differing().length === 0 ? (this.#world.now - from) / 1000 : undefined
    // What is told at the end of a turn.
    this.#world.runFor(1000)
    const running = this.#inForce()
    const strangers = running.flatMap(({ member, security }) =>
      member.node.parts.neighbors.all().filter(({ session }) => !security().isAdmitted(session.peer.publicKey)),
    )
    const { store } = (running[0] ?? this.#group.creator).member.node
    return {
      ...{ happened: this.#happened, running: running.length, differed, strangers: strangers.length },
      equalAfter,
      views: new Set(running.map((one) => this.#viewOf(one))).size,
      notes: store.list({ type: 'test.note', limit: 10 * this.#size.records }).length,
      records: store.trie.size,
    }
  }
}

const chainOf = ({ member, security }: GroupMember) => security().records?.state.chainsOf(member.key)[0]
const rolesOf = (one: GroupMember): readonly Role[] => chainOf(one)?.roles ?? []
const depthOf = (one: GroupMember): number => chainOf(one)?.depth ?? 0

/** All chains of somebody that another one knows. */
function chainsOf({ member }: GroupMember, { security }: GroupMember): readonly MemberChain[] {
  return security().records?.state.chainsOf(member.key) ?? []
}

/** Whether one stands above another in a chain of that one. */
function isAbove(one: GroupMember, other: GroupMember): boolean {
  return chainsOf(other, other).some(({ chain }) => keysOf(chain).includes(one.member.key))
}

function isDeeper(one: GroupMember, by: GroupMember): boolean {
  const chains = chainsOf(one, by)
  return chains.length > 0 && chains.every(({ depth }) => depth > depthOf(by))
}

const keysOf = (chain: MemberChain['chain']): readonly string[] => chain.map(({ publicKey }) => toHex(publicKey))

function tally<Item>(items: readonly Item[]): ReadonlyMap<Item, number> {
  const counts = new Map<Item, number>()
  for (const item of items) counts.set(item, (counts.get(item) ?? 0) + 1)
  return counts
}
