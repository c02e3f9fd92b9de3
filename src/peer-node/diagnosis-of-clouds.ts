/**
 * The part of the diagnosis about clouds: the port for names, whether others are found, whether the seeds answer, and whether others
 * can reach this node.
 */
import { GLOBAL_CLOUD, mayUse } from '../pnrp/cloud.ts'
import type { CloudStatus } from '../pnrp/cloud-status.ts'
import { DEFAULT_PNRP_PORT } from '../pnrp/default-port.ts'
import { type Endpoint, formatEndpoint } from '../runtime/endpoint.ts'
import { PeerageError } from '../runtime/peerage-error.ts'
import type { Closing } from './closing.ts'
import { type DiagnosisParts, within } from './diagnosis-parts.ts'
import { type Finding, failed, failedBy, ok, warning } from './finding.ts'
import type { JoinedCloud } from './joined-cloud.ts'

/** How long a cloud is waited for that is being looked for, in milliseconds. */
const LONGEST_CLOUD_WAIT = 15_000

/** Clouds that are open for a diagnosis. */
export interface DiagnosedClouds {
  readonly problems: readonly Finding[]
  close(): Promise<void>
}

/** If no cloud is open, those are opened that the node would use. */
export async function openUsualClouds({ clouds }: DiagnosisParts): Promise<DiagnosedClouds> {
  const handles: Closing[] = []
  const problems = new Map<string, Finding>()
  const isNeeded = clouds.open().length === 0
  for (const name of isNeeded ? clouds.usualNames() : []) {
    try {
      handles.push(await clouds.join(name, {}))
    } catch (error) {
      if (!(error instanceof PeerageError)) throw error
      // A link without an address is none: that the machine has none at all is a finding of its own.
      if (PeerageError.is(error, 'no-network') && name !== GLOBAL_CLOUD) continue
      const finding = failedBy(PeerageError.is(error, 'port-in-use') ? 'udp-port' : 'cloud', error)
      problems.set(finding.found, finding)
    }
  }
  return {
    problems: [...problems.values()],
    close: async () => {
      for (const handle of handles) await handle.close()
    },
  }
}

/**
 * @param opened Those that were opened for this
 * @param seeds Members of any cloud, beside its own seeds
 */
export async function* checkClouds(
  parts: DiagnosisParts,
  opened: DiagnosedClouds,
  seeds: readonly Endpoint[],
  ended: AbortSignal,
): AsyncGenerator<Finding, void, undefined> {
  const { clouds, ports } = parts
  yield* opened.problems
  const all = clouds.open()
  if (all.length === 0) {
    if (opened.problems.length > 0) return
    const found = 'this node is in no cloud, so nobody is found by name'
    yield clouds.usesLinks
      ? failed('cloud', found, 'Connect this machine to a network, or give the address of a seed.')
      : warning('cloud', found, 'It was told to keep out of the clouds of the links: name another one, or give a seed.')
    return
  }
  const { port, askedPort } = clouds
  const isUsual = port === DEFAULT_PNRP_PORT || port === askedPort
  const why = isUsual ? '' : `, because ${DEFAULT_PNRP_PORT} was taken by another program`
  if (port !== undefined) yield ok('udp-port', `names are resolved at UDP port ${port}${why}`)
  for (const joined of all) if (seeds.length > 0) joined.addSeeds(seeds)
  const isSought = (): boolean => all.some(({ node }) => node.status().state === 'synchronizing')
  await within(ports.clock, LONGEST_CLOUD_WAIT, ended, async (signal) => {
    while (!clouds.isClosed && isSought()) await clouds.nextChange(signal)
  })
  if (clouds.isClosed) return
  const isAnyActive = all.some(({ node }) => node.status().state === 'active')
  for (const joined of all) {
    const status = joined.node.status()
    yield cloudFinding(joined, status, usableSeeds(joined).length > 0, isAnyActive)
    yield* reachabilityFindings(joined, status)
  }
  yield* silentSeedFindings(all)
  yield* unknownSeedFindings(all)
}

/** Where those seeds are that the cloud may use: each is a seed of every cloud. */
function usableSeeds(joined: JoinedCloud): readonly string[] {
  const mine = joined.seeds().map(({ endpoints }) => endpoints.filter(({ host }) => mayUse(joined.cloud, host)))
  return mine.filter((endpoints) => endpoints.length > 0).map((endpoints) => endpoints.map(formatEndpoint).join(', '))
}

function cloudFinding(
  { cloud: { name } }: JoinedCloud,
  { state, estimatedNodes, cachedEntries }: CloudStatus,
  hasSeeds: boolean,
  isAnyActive: boolean,
): Finding {
  switch (state) {
    case 'active':
      return ok('cloud', `${name} is active: about ${estimatedNodes} nodes, of which ${cachedEntries} are known here`)
    case 'suspended':
      return warning('cloud', `${name} is not used, because the node is suspended`, 'Resume the node.')
    case 'no-network':
      return failed(
        'cloud',
        `this machine has no address that ${name} may use`,
        'Connect this machine to the network of that cloud.',
      )
    case 'synchronizing':
      return warning('cloud', `${name} is still being looked for`, 'Wait a moment, and look again.')
    case 'alone': {
      const found = `nobody was found in ${name}: this node is alone there`
      if (hasSeeds)
        return failed('cloud', found, 'See which of the seeds answers, and that the network lets UDP through.')
      if (isAnyActive) return ok('cloud', found)
      const advice =
        'If it is the first one, that is as it should be. Otherwise give the address of a node that runs as a seed, or join with an invitation.'
      return warning('cloud', found, advice)
    }
  }
}

/** Where nobody is found, no seed has answered; where somebody is, it is of no interest whether one has. */
function* silentSeedFindings(all: readonly JoinedCloud[]): Generator<Finding, void, undefined> {
  const seedsWhere = (state: CloudStatus['state']): readonly string[] =>
    all.filter(({ node }) => node.status().state === state).flatMap(usableSeeds)
  const others = new Set(seedsWhere('active'))
  for (const where of new Set(seedsWhere('alone'))) {
    if (others.has(where)) continue
    yield failed(
      'seed',
      `no answer from the seed ${where}`,
      'See that a node runs there with this UDP port, in the same cloud, that no firewall between here and there stops UDP, and that the clock is right.',
    )
  }
}

function* unknownSeedFindings(all: readonly JoinedCloud[]): Generator<Finding, void, undefined> {
  const unknown = all.flatMap((joined) => joined.seeds()).filter(({ endpoints }) => endpoints.length === 0)
  for (const host of new Set(unknown.map((seed) => seed.host))) {
    const found = `the host ${host} of a seed could not be looked up`
    yield failed('seed', found, 'See that its name is right, and that DNS works here.')
  }
}

function* reachabilityFindings(
  { cloud: { name } }: JoinedCloud,
  { state, resolveOnly, observed }: CloudStatus,
): Generator<Finding, void, undefined> {
  const seenAt = observed === undefined ? '' : `; others see it as ${formatEndpoint(observed)}`
  switch (resolveOnly) {
    case undefined:
      if (state === 'active')
        yield ok('reachability', `nothing says that others cannot reach this node in ${name}${seenAt}`)
      break
    case 'configured':
      yield ok('reachability', `this node only resolves names in ${name}, as was asked for`)
      break
    case 'address-translated':
      yield warning(
        'reachability',
        `this node is behind address translation (NAT) in ${name}, so it only resolves names, and others cannot find it${seenAt}`,
        'It can dial others that are reachable. To be reached, forward its UDP and its TCP port in the router, or use IPv6.',
      )
      break
    case 'not-asked':
      yield warning(
        'reachability',
        `nobody has reached this node in ${name} although others know it, so it only resolves names${seenAt}`,
        'Let the firewall pass its UDP port and its TCP port.',
      )
      break
    case 'no-address':
      yield warning(
        'reachability',
        `this machine has no address by which others in ${name} could reach it, so it only resolves names${seenAt}`,
        'It can dial others that are reachable. To be reached, it needs an address that is valid in that cloud, such as an IPv6 address.',
      )
  }
}
