/**
 * Peerage joins, in each of its three ways by turns, with all defaults. The phases are those that `join` tells. The node of the one who joins and
 * its cloud are open before: they are no part of it.
 */
import { join } from 'node:path'
import { openNode } from '../../../dist/index.js'
import { contestant } from '../../contestant.ts'
import type { Measure } from '../../measure.ts'
import { type Partner, startPartner } from '../../partner.ts'
import { median } from '../../statistics.ts'
import { countMeasured } from '../measured-record.ts'
import { beSeed, enterCloud } from './cloud.ts'
import { JOINS, PASSWORD, RECORDS, WAYS, type Way } from './job.ts'
import { until } from './until.ts'

const PHASES = ['resolving', 'dialing', 'authenticating', 'synchronizing'] as const

/** In milliseconds. */
type Sample = Readonly<Record<(typeof PHASES)[number] | 'all' | 'joinerCpu' | 'membersCpu', number>>

await contestant(async ({ size, folder }) => {
  const seed = await openNode({ dataDir: join(folder, 'seed') })
  const port = await beSeed(seed)
  const members = startPartner(new URL('peerage-members.ts', import.meta.url), [
    String(size),
    String(port),
    join(folder, 'members'),
  ])
  await members.ask('begin')
  const samples = new Map<Way, Sample[]>(WAYS.map((way) => [way, []]))
  for (let index = 0; index < JOINS; index++) {
    for (const [way, ofWay] of samples) {
      ofWay.push(await joinOnce(way, join(folder, `${way}-${index}`), port, size, members))
    }
  }
  return [...samples].flatMap(([way, ofWay]) => measuresOf(size, way, ofWay))
})

async function joinOnce(way: Way, dataDir: string, port: number, size: number, members: Partner): Promise<Sample> {
  const node = await openNode({ dataDir, friendlyName: 'Joins', seeds: [`127.0.0.1:${port}`] })
  await enterCloud(node)
  // The one before has left, and everybody knows.
  await until(async () => Number((await members.ask('status'))('online')) === size)
  const invitation = (await members.ask(`invite by ${way}`, await node.identities.certificate()))('invitation')
  const membersBefore = await processorTime(members)
  const before = process.cpuUsage()
  const started = performance.now()
  const phases = new Map<string, number>()
  const group = await node.groups.join(invitation, {
    ...(way === 'password' ? { password: PASSWORD } : {}),
    onProgress: ({ phase }) => phases.set(phase, phases.get(phase) ?? performance.now()),
  })
  const end = performance.now()
  const { user, system } = process.cpuUsage(before)
  const membersCpu = (await processorTime(members)) - membersBefore
  const records = await countMeasured(group)
  if (records !== RECORDS) throw new Error(`${records} of ${RECORDS} records are here`)
  await group.leave()
  await node.close()

  const dialing = phases.get('dialing') ?? started
  const authenticating = phases.get('authenticating') ?? dialing
  const synchronizing = phases.get('synchronizing') ?? authenticating
  return {
    resolving: dialing - started,
    dialing: authenticating - dialing,
    authenticating: synchronizing - authenticating,
    synchronizing: end - synchronizing,
    all: end - started,
    joinerCpu: (user + system) / 1000,
    membersCpu,
  }
}

/** What the members have spent so far, in milliseconds. */
async function processorTime(members: Partner): Promise<number> {
  return Number((await members.ask('status'))('processorTime'))
}

function measuresOf(size: number, way: Way, samples: readonly Sample[]): readonly Measure[] {
  const of = (metric: string, key: keyof Sample): Measure => ({
    size,
    metric: `by ${way}${metric}`,
    unit: 'ms',
    value: median(samples.map((sample) => sample[key])),
  })
  return [
    of('', 'all'),
    ...PHASES.map((phase) => of(`, ${phase}`, phase)),
    of(', processor time of who joins', 'joinerCpu'),
    of(', processor time of all members', 'membersCpu'),
  ]
}
