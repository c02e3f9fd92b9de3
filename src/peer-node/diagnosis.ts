/**
 * The diagnosis of a node: finds out why nothing connects. It goes from what is nearest to what is furthest, since what is wrong near
 * by is the cause of what is wrong further away: the data, the machine and its network, the clouds, the graphs and groups,
 * somebody in particular, and the clock.
 *
 * It opens the usual clouds for its time if none is open; beyond that it changes nothing, and opens no graph and no group.
 */
import { seedsOf } from '../group/invitation-seeds.ts'
import { authorityPart, type PeerName } from '../identity/peer-name.ts'
import { checkClock } from './diagnosis-of-clock.ts'
import { checkClouds, type DiagnosedClouds, openUsualClouds } from './diagnosis-of-clouds.ts'
import { checkDatabases, checkGraphs, readKept } from './diagnosis-of-graphs.ts'
import { checkData, checkNetwork } from './diagnosis-of-machine.ts'
import { checkInvitation, checkInviters, checkName, readTarget, type Target } from './diagnosis-of-target.ts'
import type { DiagnosisParts } from './diagnosis-parts.ts'
import { type Finding, failedBy } from './finding.ts'
import { iteration, type Waiting } from './waiting.ts'

/** @param text A peer name, or an invitation; undefined for the node alone */
export function diagnose(
  parts: DiagnosisParts,
  text: string | undefined,
  { signal }: Waiting,
): AsyncIterableIterator<Finding, void, undefined> {
  return iteration(signal, async function* (ended) {
    const target = text === undefined ? undefined : readTarget(parts, text)
    yield* checkData(parts)
    yield* checkNetwork(parts)
    const opened = await openUsualClouds(parts)
    try {
      yield* checkOthers(parts, opened, target, ended)
    } finally {
      await opened.close()
    }
  })
}

/** What needs the network. */
async function* checkOthers(
  parts: DiagnosisParts,
  opened: DiagnosedClouds,
  target: Target | undefined,
  ended: AbortSignal,
): AsyncGenerator<Finding, void, undefined> {
  const { clouds } = parts
  if (target?.kind === 'unreadable') yield failedBy('invitation', target.problem)
  const invitation = target?.kind === 'invitation' ? target.invitation : undefined
  yield* checkClouds(parts, opened, invitation === undefined ? [] : seedsOf(invitation), ended)
  if (clouds.isClosed) return
  const kept = await readKept(parts)
  yield* checkDatabases(parts, kept)
  // Of a group that is asked for, the others are of no interest.
  const isAskedFor = (group: PeerName): boolean =>
    target?.kind === 'name' && authorityPart(group) === authorityPart(target.name)
  const asked = new Set([...kept.groups].flatMap(([name, { group }]) => (isAskedFor(group) ? [name] : [])))
  yield* checkGraphs(parts, asked.size === 0 ? kept.all : kept.all.filter(({ name }) => asked.has(name)), ended)
  if (clouds.isClosed) return
  if (invitation !== undefined) {
    yield* checkInvitation(parts, kept, invitation)
    yield* checkInviters(parts, invitation, ended)
  }
  if (target?.kind === 'name' && asked.size === 0) yield* checkName(parts, kept, target.name, ended)
  // At the end, when others were heard.
  yield* checkClock(parts)
}
