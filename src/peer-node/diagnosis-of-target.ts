/**
 * The part of the diagnosis about somebody in particular: an invitation that cannot be used, a member who is not reached, a name that
 * is not found. Each address is dialled, which shows whether anything answers there; who it is, only a link would prove.
 */
import type { InvitationContent } from '../group/invitation.ts'
import { readInvitation } from '../group/invitation-text.ts'
import { PARTICIPANT } from '../group/issuer.ts'
import { authorityPart, makePeerName, type PeerName, parsePeerName } from '../identity/peer-name.ts'
import { makeCloud } from '../pnrp/cloud.ts'
import { formatUtc } from '../runtime/calendar.ts'
import { type Endpoint, formatEndpoint, parseIpAddress } from '../runtime/endpoint.ts'
import { PeerageError } from '../runtime/peerage-error.ts'
import type { Kept } from './diagnosis-of-graphs.ts'
import { type DiagnosisParts, within } from './diagnosis-parts.ts'
import { type Finding, failed, failedBy, ok, warning } from './finding.ts'
import type { CloudChoice, ResolvedName } from './names.ts'
import { openStream } from './stream-opening.ts'

/** How long one address is dialled, in milliseconds. */
const LONGEST_DIAL = 8000
/** Addresses that are dialled. */
const MOST_DIALLED = 16
/** How long a name is resolved, in milliseconds, and how many of its results are taken. */
const LONGEST_RESOLVE = 10_000
const MOST_RESOLVED = 16
/** IP protocol number (IANA). */
const TCP = 6

/** Somebody or something in particular. */
export type Target =
  | { readonly kind: 'invitation'; readonly invitation: InvitationContent }
  | { readonly kind: 'unreadable'; readonly problem: PeerageError }
  | { readonly kind: 'name'; readonly name: PeerName }

/** @throws PeerageError `invalid-peer-name`, `invalid-classifier`, `classifier-too-long`, of what does not look like an invitation */
export function readTarget({ ports: { crypto } }: DiagnosisParts, text: string): Target {
  if (!/^\s*peerage:/i.test(text)) return { kind: 'name', name: parsePeerName(text) }
  try {
    return { kind: 'invitation', invitation: readInvitation(crypto, text) }
  } catch (problem) {
    if (!(problem instanceof PeerageError)) throw problem
    return { kind: 'unreadable', problem }
  }
}

/** What an invitation says, and whether it can still be used here. */
export function* checkInvitation(
  { ports: { clock }, identities, clouds }: DiagnosisParts,
  kept: Kept,
  invitation: InvitationContent,
): Generator<Finding, void, undefined> {
  const { group, friendlyName, role, expires, kind, cloud } = invitation
  const label = friendlyName === '' ? group : JSON.stringify(friendlyName)
  const now = clock.utc()
  yield expires < now
    ? failed(
        'invitation',
        `the invitation to ${label} has expired: it was good until ${formatUtc(expires)}, and now it is ${formatUtc(now)}`,
        'Ask whoever invited you for a new one. If it should be good still, see that the clock of this machine is right.',
      )
    : ok('invitation', `the invitation to ${label} as ${role} is good until ${formatUtc(expires)}`)
  if (kind === 'identity' && !isHere(identities, invitation.invited)) {
    yield failed(
      'invitation',
      `the invitation is for the identity ${invitation.invited}, which is not here`,
      'Use it where that identity is, or ask for one for an identity of this data directory, or for a link.',
    )
  }
  if ([...kept.groups.values()].some((head) => head.group === group)) {
    yield warning('invitation', `an identity of this data directory is in ${label} already`, 'Open the group.')
  }
  if (cloud !== undefined && makeCloud(cloud).scope === 'private') {
    const isOpen = clouds.open().some((joined) => joined.cloud.name === cloud)
    if (!isOpen) {
      yield failed(
        'cloud',
        `members of ${label} are in the private cloud ${JSON.stringify(cloud)}, which is not open here`,
        'Open it first, with its secret if it has one: whoever invited you knows it.',
      )
    }
  }
}

/** Whether anybody of the group answers. */
export async function* checkInviters(
  parts: DiagnosisParts,
  { group, cloud, hints }: InvitationContent,
  ended: AbortSignal,
): AsyncGenerator<Finding, void, undefined> {
  yield* dialAll(parts, hints, ended)
  if (parts.clouds.open().length === 0) return
  const scope = cloud === undefined ? undefined : makeCloud(cloud).scope
  const choice = scope === 'link-local' ? { scope } : cloud
  try {
    const found = await resolved(parts, makePeerName(authorityPart(group), PARTICIPANT), choice, ended)
    if (found.length === 0) {
      yield failed(
        'name',
        'no member of the group is registered in the clouds that are open',
        'See that a member is online, and in the same cloud as this node.',
      )
      return
    }
    yield ok('name', `${found.length} ${found.length === 1 ? 'member' : 'members'} of the group found by its name`)
    const known = new Set(hints.map(formatEndpoint))
    const endpoints = found.flatMap(linkEndpoints).filter((endpoint) => !known.has(formatEndpoint(endpoint)))
    yield* dialAll(parts, endpoints, ended)
  } catch (error) {
    ended.throwIfAborted()
    if (!(error instanceof PeerageError)) throw error
    yield failedBy('name', error)
  }
}

/** A member of a group that is open, or else a name that is registered. */
export async function* checkName(
  parts: DiagnosisParts,
  kept: Kept,
  name: PeerName,
  ended: AbortSignal,
): AsyncGenerator<Finding, void, undefined> {
  const members = membersOf(parts, kept, name)
  for (const { label, isConnected, addresses } of members) {
    yield isConnected
      ? ok('member', `${name} is a member of ${label}, and online by what it says`)
      : warning(
          'member',
          `${name} is a member of ${label}, and not online`,
          'Wait until its node runs. If it does run, it has not reached this part of the group: see there.',
        )
    yield* dialAll(parts, addresses, ended)
  }
  if (members.length > 0 || parts.clouds.open().length === 0) return
  try {
    const found = await resolved(parts, name, undefined, ended)
    if (found.length === 0) {
      yield failed(
        'name',
        `${name} is not registered in the clouds that are open`,
        'See that whoever registers it is online, and in the same cloud as this node.',
      )
    }
    for (const { endpoints, secured, cloud } of found) {
      const where = endpoints.map(({ host, port }) => `${host} port ${port}`).join(', ') || 'no address'
      yield ok('name', `${name} is registered in ${cloud} with ${where}${secured ? '' : ', and nothing proves that'}`)
    }
  } catch (error) {
    ended.throwIfAborted()
    if (!(error instanceof PeerageError)) throw error
    yield failedBy('name', error)
  }
}

/** What is wrong with the identities is told where they are looked at. */
function isHere(identities: DiagnosisParts['identities'], authority: string): boolean {
  try {
    return identities.list().some(({ peerName }) => authorityPart(peerName) === authority)
  } catch (error) {
    if (!(error instanceof PeerageError)) throw error
    return true
  }
}

interface FoundMember {
  readonly label: string
  readonly isConnected: boolean
  readonly addresses: readonly Endpoint[]
}

function membersOf({ groups }: DiagnosisParts, kept: Kept, name: PeerName): readonly FoundMember[] {
  const authority = authorityPart(name)
  return [...kept.groups].flatMap(([database, { friendlyName, group }]) => {
    const listed = groups.openUnder(database)?.engine.members() ?? []
    const member = listed.find(({ peerName }) => authorityPart(peerName) === authority)
    if (member === undefined) return []
    const label = friendlyName === '' ? group : JSON.stringify(friendlyName)
    return [{ label, isConnected: member.isConnected, addresses: member.addresses }]
  })
}

async function resolved(
  { names, ports: { clock } }: DiagnosisParts,
  name: PeerName,
  cloud: CloudChoice | undefined,
  ended: AbortSignal,
): Promise<readonly ResolvedName[]> {
  const found: ResolvedName[] = []
  await within(clock, LONGEST_RESOLVE, ended, async (signal) => {
    for await (const result of names.resolve(name, { cloud, limit: MOST_RESOLVED, signal })) found.push(result)
  })
  return found
}

function linkEndpoints({ endpoints }: ResolvedName): readonly Endpoint[] {
  return endpoints.flatMap(({ host, port, protocol }) => {
    const address = parseIpAddress(host)
    return address === undefined || protocol !== TCP ? [] : [{ host: address, port }]
  })
}

/** Dials all at once, and tells of them in their order. */
async function* dialAll(
  parts: DiagnosisParts,
  endpoints: readonly Endpoint[],
  ended: AbortSignal,
): AsyncGenerator<Finding, void, undefined> {
  const own = new Set(parts.host.listensAt.map(formatEndpoint))
  const others = endpoints.filter((endpoint) => !own.has(formatEndpoint(endpoint)))
  const dials = others.slice(0, MOST_DIALLED).map((endpoint) => dial(parts, endpoint, ended))
  for (const finding of await Promise.all(dials)) yield finding
}

async function dial({ ports }: DiagnosisParts, endpoint: Endpoint, ended: AbortSignal): Promise<Finding> {
  const name = formatEndpoint(endpoint)
  const advice =
    'See that the node there is online and has this address still, and that firewalls here and there pass its TCP port.'
  try {
    const hasAnswered = await within(ports.clock, LONGEST_DIAL, ended, async (signal) => {
      const stream = await openStream(ports, endpoint, signal)
      stream.destroy()
    })
    if (hasAnswered) return ok('address', `something answers at ${name}`)
    return failed('address', `${name} was tried: no answer within ${LONGEST_DIAL / 1000} s`, advice)
  } catch (error) {
    ended.throwIfAborted()
    if (!PeerageError.is(error, 'connection-failed')) throw error
    return failed('address', `${name} was tried: ${error.details.reason}`, advice)
  }
}
