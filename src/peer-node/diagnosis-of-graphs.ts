/**
 * The part of the diagnosis about graphs and groups: whether their databases can be opened, whether those that are open have others
 * to talk to and what was tried, and how the own memberships stand.
 */
import type { OwnStanding } from '../group/own-membership.ts'
import { parseGraphId } from '../records/graph-id.ts'
import type { TriedAddress } from '../runtime/error-catalog.ts'
import { PeerageError } from '../runtime/peerage-error.ts'
import { type DiagnosisParts, pause } from './diagnosis-parts.ts'
import { type Finding, failed, failedBy, ok, warning } from './finding.ts'
import type { GraphEvents } from './graph.ts'
import { databaseName } from './graph-descriptions.ts'
import type { GroupHead } from './group-files.ts'
import type { OpenGraph } from './open-graph.ts'
import type { OpenGroup } from './open-group.ts'

/** How long graphs are waited for that look for others, in milliseconds. */
const LONGEST_GRAPH_WAIT = 20_000
/** How often they are looked at meanwhile, in milliseconds. */
const LOOKING_INTERVAL = 250
/** Addresses of a graph of which it is told what became of them. */
const MOST_ATTEMPTS_TOLD = 16

/** What a graph or group is called. */
interface Called {
  /** The name of its database. */
  readonly name: string
  /** For people: `the group "Book club"`. */
  readonly label: string
}

/** All graphs and groups that are kept. */
export interface Kept {
  readonly all: readonly Called[]
  /** The groups among them, by the names of their databases. */
  readonly groups: ReadonlyMap<string, GroupHead>
  /** Why they cannot be told. */
  readonly problem: PeerageError | undefined
}

/** Reads what is kept. */
export async function readKept(parts: DiagnosisParts): Promise<Kept> {
  try {
    return await keptOf(parts)
  } catch (problem) {
    if (!(problem instanceof PeerageError)) throw problem
    return { all: [], groups: new Map(), problem }
  }
}

async function keptOf({ ports, graphs, groups: openGroups }: DiagnosisParts): Promise<Kept> {
  const groups = openGroups.kept.members()
  const ofGroups = [...groups].map(([name, { friendlyName, group }]) => ({
    name,
    label: `the group ${friendlyName === '' ? group : JSON.stringify(friendlyName)}`,
  }))
  const ofGraphs = (await graphs.list()).map(({ graphId, identity, properties: { friendlyName } }) => ({
    name: databaseName(ports.crypto, parseGraphId(graphId), identity),
    label: friendlyName === '' ? 'a graph without a name' : `the graph ${JSON.stringify(friendlyName)}`,
  }))
  return { all: [...ofGroups, ...ofGraphs], groups, problem: undefined }
}

/** Whether those that are not open could be. */
export function* checkDatabases(
  { ports: { recordDatabases }, host, groups }: DiagnosisParts,
  { all, problem }: Kept,
): Generator<Finding, void, undefined> {
  if (problem !== undefined) {
    yield failedBy('database', problem)
    return
  }
  for (const ofFile of groups.kept.problems()) yield failedBy('group', ofFile)
  for (const { name, label } of all) {
    if (host.open.has(name) || !host.has(name)) continue
    try {
      recordDatabases.open(name, { survivesPowerLoss: false }).close()
      yield ok('database', `the database of ${label} is sound; it is not open in this node`)
    } catch (error) {
      if (!(error instanceof PeerageError)) throw error
      yield PeerageError.is(error, 'graph-in-use')
        ? failed(
            'database',
            `the database of ${label} is in use by another program`,
            'Close that program, or let it and this one use the node that runs on the data directory (`peerage up`).',
          )
        : failed('database', `the database of ${label}: ${error.message}`, error.advice)
    }
  }
}

/** How those are that are open. */
export async function* checkGraphs(
  { ports: { clock }, host, groups, clouds }: DiagnosisParts,
  kept: readonly Called[],
  ended: AbortSignal,
): AsyncGenerator<Finding, void, undefined> {
  const open = kept.flatMap(({ name, label }) => {
    const graph = host.open.get(name)
    return graph === undefined ? [] : [new WatchedGraph(label, graph, groups.openUnder(name))]
  })
  const until = clock.monotonic() + LONGEST_GRAPH_WAIT
  try {
    while (clock.monotonic() < until && !clouds.isClosed && open.some((one) => one.isLooking)) {
      await pause(clock, LOOKING_INTERVAL, ended)
    }
  } finally {
    for (const one of open) one.endWatching()
  }
  for (const one of open) if (!one.isClosed) yield* one.findings()
}

/** A graph that is open, and what it tries meanwhile. */
class WatchedGraph {
  readonly #label: string
  readonly #graph: OpenGraph
  readonly #group: OpenGroup | undefined
  readonly #attempts = new Map<string, GraphEvents['attempt']>()
  /** Takes no more notice of what it tries. */
  readonly endWatching: () => void

  constructor(label: string, graph: OpenGraph, group: OpenGroup | undefined) {
    this.#label = label
    this.#graph = graph
    this.#group = group
    this.endWatching = graph.isOpen ? graph.on('attempt', (attempt) => this.#note(attempt)) : () => undefined
  }

  get isClosed(): boolean {
    return !this.#graph.isOpen
  }

  /** Whether it may still find somebody. */
  get isLooking(): boolean {
    if (this.isClosed) return false
    const { neighbors, state } = this.#graph.engine.status()
    if (neighbors > 0 || state === 'offline') return state === 'synchronizing'
    return this.#group === undefined ? state !== 'alone' : this.#group.failure === undefined && !this.#isOnlyMember
  }

  *findings(): Generator<Finding, void, undefined> {
    if (this.#group !== undefined) yield membershipFinding(this.#label, this.#group.engine.standing())
    yield* this.#group === undefined ? this.#ofGraph() : this.#ofGroup(this.#group)
  }

  get #isOnlyMember(): boolean {
    return this.#graph.engine.isReady && this.#group?.engine.members().length === 1
  }

  *#ofGroup(group: OpenGroup): Generator<Finding, void, undefined> {
    const { neighbors, state } = this.#graph.engine.status()
    if (neighbors > 0 || state === 'offline') {
      yield this.#linkFinding('group')
      return
    }
    const { failure } = group
    if (this.#isOnlyMember) {
      yield warning('group', `${this.#label} has no other member yet`, 'Invite somebody: `peerage group invite`.')
    } else if (failure === undefined) {
      yield* this.#unlinked('group')
    } else {
      const { found, tried } = described(failure)
      yield failed('group', found, failure.advice)
      for (const { endpoint, reason } of tried) yield addressFinding(endpoint, reason)
    }
  }

  *#ofGraph(): Generator<Finding, void, undefined> {
    const { neighbors, state } = this.#graph.engine.status()
    if (neighbors > 0 || state === 'offline') yield this.#linkFinding('graph')
    else yield* this.#unlinked('graph')
  }

  #linkFinding(check: 'graph' | 'group'): Finding {
    const { neighbors, state } = this.#graph.engine.status()
    if (state === 'offline') {
      const advice = 'Take it online, resume the node, or open it again without `offline`.'
      return warning(check, `${this.#label} is offline: it takes and opens no links`, advice)
    }
    if (state === 'synchronizing') {
      const advice = 'A first copy of much takes its time. If nothing comes, see that the clock is right.'
      return warning(check, `${this.#label} has ${neighbors} neighbors, and what they have is not all here yet`, advice)
    }
    return ok(check, `${this.#label} is ${state}, with ${neighbors} ${neighbors === 1 ? 'neighbor' : 'neighbors'}`)
  }

  *#unlinked(check: 'graph' | 'group'): Generator<Finding, void, undefined> {
    const { state, waitingFor } = this.#graph.engine.status()
    const why = waitingFor === undefined ? '' : `: ${waitingFor}`
    const advice =
      'See that another node of it is online, and give an address of it (`addAddresses`), or wait until one comes.'
    yield warning(check, `${this.#label} has no neighbor, and is ${state}${why}`, advice)
    for (const { endpoint, outcome, reason = outcome } of this.#attempts.values()) {
      if (outcome !== 'connected' && outcome !== 'referred') yield addressFinding(endpoint, reason)
    }
  }

  #note(attempt: GraphEvents['attempt']): void {
    this.#attempts.delete(attempt.endpoint)
    if (this.#attempts.size < MOST_ATTEMPTS_TOLD) this.#attempts.set(attempt.endpoint, attempt)
  }
}

function addressFinding(endpoint: string, reason: string): Finding {
  return failed(
    'address',
    `${endpoint} was tried: ${reason}`,
    'See that the node there is online and has this address still, and that firewalls here and there pass its TCP port.',
  )
}

/** An error of a search, without what it has tried: each address is a finding of its own. */
function described(failure: PeerageError): { readonly found: string; readonly tried: readonly TriedAddress[] } {
  if (PeerageError.is(failure, 'no-members-found')) return withoutTried('no-members-found', failure)
  if (PeerageError.is(failure, 'no-member-reachable')) return withoutTried('no-member-reachable', failure)
  if (PeerageError.is(failure, 'not-let-in')) return withoutTried('not-let-in', failure)
  return { found: failure.message, tried: [] }
}

function withoutTried<Code extends 'no-members-found' | 'no-member-reachable' | 'not-let-in'>(
  code: Code,
  { details }: PeerageError<Code>,
): { readonly found: string; readonly tried: readonly TriedAddress[] } {
  return { found: new PeerageError(code, { ...details, tried: [] }).message, tried: details.tried }
}

function membershipFinding(label: string, standing: OwnStanding): Finding {
  switch (standing) {
    case 'in-force':
      return ok('membership', `the own membership of ${label} is in force, as far as this node knows`)
    case 'not-let-in':
      return warning(
        'membership',
        `nobody has let this node into ${label} yet`,
        'Leave the node running: it is let in as soon as it reaches a member who may do so.',
      )
    case 'not-yet-valid':
      return failed(
        'membership',
        `the own membership of ${label} begins later than now`,
        'See that the clock of this machine is right.',
      )
    case 'expired':
      return failed('membership', `the own membership of ${label} has ended`, 'Ask a member for a new invitation.')
    case 'revoked':
      return failed(
        'membership',
        `the own membership of ${label} was revoked`,
        'Members let this node in no more. Ask one of them for a new invitation.',
      )
  }
}
