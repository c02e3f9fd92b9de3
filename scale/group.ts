/**
 * A group of 200 simulated members with 1,000 records, all of it with real signatures: members come, by certificates, links and a
 * password, are killed and return, are renewed and revoked, while the network is cut and whole again and everybody writes. Then all that
 * run must have the same records and the same view of who is a member, within the time of a repair.
 *
 *     node scale/group.ts [members] [records] [seed]
 */
import type { MemberChain } from '../src/group/member-chain.ts'
import type { Role } from '../src/identity/role.ts'
import { toHex } from '../src/runtime/bytes.ts'
import { randomBelow, randomChoice, shuffled } from '../src/runtime/random.ts'
import { type GroupMember, SimulatedGroup } from '../test/group/simulated-group.ts'

const [members = '200', records = '1000', seed = 'scale'] = process.argv.slice(2)
const [count, writes] = [Number(members), Number(records)]
const MINUTE = 60_000
/** Of simulated time between two records. */
const PAUSE = 1000
const started = performance.now()

const group = new SimulatedGroup(seed, { checks: false, told: () => undefined })
const { world } = group.graph
const random = world.random('churn')
const revoked = new Set<GroupMember>()
const happened: Record<string, number> = {}
let isCut = false

const everybody = (): readonly GroupMember[] => [group.creator, ...group.others].filter((one) => !revoked.has(one))
const running = (): readonly GroupMember[] => everybody().filter(({ member }) => member.isOpen && member.host.isRunning)

/** Members that may let others in, deep and less deep ones. */
const issuers = (): readonly GroupMember[] =>
  running().filter((one) => rolesOf(one).some((role) => role !== 'member') && depthOf(one) < 8)

function grow(): void {
  const roles: readonly Role[] = ['administrator', 'inviting-member', 'member', 'member', 'member', 'member', 'member']
  while (everybody().length < count) {
    const by = randomChoice(random, issuers()) ?? group.creator
    const isAdministrator = rolesOf(by).includes('administrator')
    const role = roles[everybody().length % roles.length] ?? 'member'
    group.add([isAdministrator || role !== 'administrator' ? role : 'member'], by, { isHelped: true })
    world.runFor(200)
  }
  world.runFor(2 * MINUTE)
  say('members', everybody().length)
  say('depths', tally(everybody().map(depthOf)))
  say('databases that differ', differing().length)
}

function churn(): void {
  for (let written = 0; written < writes; ) {
    const author = randomChoice(random, running().filter(mayWrite))
    if (author !== undefined) author.member.write(`record ${written++}`)
    if (randomBelow(random, 3) === 0) something()
    world.runFor(PAUSE)
    if (written % 250 === 0) say('written', written)
  }
  say('written, and what happened meanwhile', { writes, ...happened })
}

function something(): void {
  const acts = {
    'power cut': () => enough()?.member.crash('power'),
    'process killed': () => enough()?.member.crash('process'),
    'came back': () => returned(5),
    'disk lost': () => {
      const one = enough()
      if (one !== group.creator) one?.member.restart('lost')
    },
    'joined by certificate': () => group.add(['member'], randomChoice(random, issuers()), { isHelped: true }),
    'joined by link': () => {
      const [by, at] = [randomChoice(random, issuers()), randomChoice(random, running())]
      if (by === undefined || at === undefined) return
      group.openLink(group.link(by), { at: [at.member.endpoint], isHelped: true })
    },
    renewed: () => {
      const [by, whom] = [randomChoice(random, issuers()), randomChoice(random, running())]
      if (by !== undefined && whom !== undefined && !isAbove(whom, by)) group.renew(by, whom)
    },
    revoked: () => {
      const administrators = running().filter((one) => rolesOf(one).includes('administrator'))
      const by = randomChoice(random, administrators)
      if (by === undefined || revoked.size > count / 10) return
      const deeper = group.others.filter((one) => !revoked.has(one) && isDeeper(one, by))
      const whom = randomChoice(random, deeper)
      if (whom === undefined) return
      for (const { chain } of chainsOf(whom, by)) group.revokeChain(by, chain)
      revoked.add(whom)
      // Nothing of theirs stays, nor of those whom nobody else has made members.
      for (const one of group.others) {
        const chains = chainsOf(one, by)
        if (chains.length > 0 && chains.every((chain) => isUnderRevoked(chain))) revoked.add(one)
      }
    },
    'network cut or whole': () => {
      isCut = !isCut
      if (!isCut) return world.network.heal()
      const names = shuffled(random, group.graph.members).map(({ host }) => host.name)
      const half = 1 + randomBelow(random, names.length - 2)
      world.network.partition(names.slice(0, half), names.slice(half))
    },
  }
  const [what, act] = randomChoice(random, Object.entries(acts)) ?? []
  if (what === undefined || act === undefined) throw new RangeError('there is something to do')
  happened[what] = (happened[what] ?? 0) + 1
  act()
}

function settle(): void {
  world.network.heal()
  returned(group.graph.members.length)
  const before = differing().length
  const from = world.now
  while (differing().length > 0 && world.now < from + 10 * MINUTE) world.runFor(1000)
  say('databases that differed when the network was whole and all were back', before)
  say('equal after, s', differing().length === 0 ? (world.now - from) / 1000 : 'not at all')
  say('running, in force', running().length)
  say('views of the members that there are', new Set(running().map(viewOf)).size)
  say('notes in a database', notes(running()[0] ?? group.creator))
  const strangers = running().flatMap(({ member, security }) =>
    member.node.parts.neighbors.all().filter(({ session }) => !security().isAdmitted(session.peer.publicKey)),
  )
  say('links to who is no member', strangers.length)
  say('stored at most, records', Math.max(...running().map(({ member }) => member.node.store.trie.size)))
}

/** Those whose databases are not the most frequent one. */
function differing(): readonly GroupMember[] {
  const roots = running().map((one) => ({ one, root: one.member.root }))
  const [most] = [...tally(roots.map(({ root }) => root))].sort(([, one], [, other]) => other - one)
  return roots.filter(({ root }) => root !== most?.[0]).map(({ one }) => one)
}

/** Who is a member, as this one sees it. */
function viewOf({ security }: GroupMember): string {
  const state = security().records?.state
  const inForce = [...(state?.keys() ?? [])].flatMap((key) => state?.chainsInForce(key, group.now()) ?? [])
  return toHex(
    group.graph.crypto.sha256(
      new TextEncoder().encode(
        inForce
          .map(({ digest }) => digest)
          .sort()
          .join(),
      ),
    ),
  )
}

function notes({ member }: GroupMember): number {
  return member.node.store.list({ type: 'test.note', limit: 10 * writes }).length
}

function returned(most: number): void {
  const away = everybody().filter(({ member }) => !member.isOpen)
  for (const { member } of shuffled(random, away).slice(0, most)) {
    member.host.restart('kept')
    member.start()
  }
}

/** Somebody who may go, as long as there are others. */
function enough(): GroupMember | undefined {
  const there = running()
  return there.length < count * 0.75 ? undefined : randomChoice(random, there)
}

function mayWrite({ member, security }: GroupMember): boolean {
  const chain = security().own.toWrite(group.now(), 'publish')
  return chain !== undefined && member.node.isReady
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

function isUnderRevoked({ chain }: MemberChain): boolean {
  const gone = new Set([...revoked].map(({ member }) => member.key))
  return keysOf(chain).some((key) => gone.has(key))
}

const keysOf = (chain: MemberChain['chain']): readonly string[] => chain.map(({ publicKey }) => toHex(publicKey))

function tally<Item>(items: readonly Item[]): ReadonlyMap<Item, number> {
  const counts = new Map<Item, number>()
  for (const item of items) counts.set(item, (counts.get(item) ?? 0) + 1)
  return counts
}

function say(what: string, found: unknown): void {
  const shown = found instanceof Map ? Object.fromEntries(found) : found
  const passed = ((performance.now() - started) / 1000).toFixed(0).padStart(5)
  process.stdout.write(`${passed} s  ${what}: ${JSON.stringify(shown)}\n`)
}

grow()
churn()
settle()
