/**
 * What the engine of a group says and takes, as applications see it.
 */
import { type GroupProperties as EngineProperties, graphPropertiesOf } from '../group/group-properties.ts'
import type { Keeping } from '../group/kept-by-revoking.ts'
import type { GroupMemberInfo } from '../group/member-list.ts'
import { formatEndpoint } from '../runtime/endpoint.ts'
import { PeerageError } from '../runtime/peerage-error.ts'
import type { GraphProperties } from './graph.ts'
import type { GroupProperties, GroupPropertyChanges, Member, RevokeOptions } from './group.ts'

/** What was done under a certificate stays, and so do those who came in under it. */
export const KEEPING_ALL: Keeping = { records: 'all', members: true }

/** What stays of somebody who is revoked. */
export function keepingOf({ keep = 'all' }: RevokeOptions): Keeping {
  return { ...KEEPING_ALL, records: typeof keep === 'string' ? keep : new Set(keep) }
}

/** A member of the list. */
export function publicMember(info: GroupMemberInfo): Member {
  const { peerName, friendlyName = '', roles, issuer, validFrom, validUntil, isConnected, addresses } = info
  const [role = 'member'] = roles
  return {
    ...{ peerName, friendlyName, role, roles, issuer },
    ...{ since: new Date(validFrom), expires: new Date(validUntil) },
    ...{ connected: isConnected, addresses: addresses.map(formatEndpoint) },
  }
}

/** @param unknown What is said until the record of the properties is here */
export function publicProperties(
  known: EngineProperties | undefined,
  unknown: Pick<GroupProperties, 'creator' | 'cloud'> & GraphProperties,
): GroupProperties {
  if (known === undefined) return { ...unknown, memberDataOptional: false, presenceDisabled: false }
  const { creator, memberDataOptional, presenceDisabled } = known
  const cloud = known.cloud === '' ? undefined : known.cloud
  return { ...graphPropertiesOf(known), creator, cloud, memberDataOptional, presenceDisabled }
}

/** Names, classifier, cloud and the rest are fixed when the group is made. @throws PeerageError `invalid-graph-property` */
export function requireChangeable(changes: GroupPropertyChanges): void {
  const changeable = ['friendlyName', 'comment', 'memberDataOptional', 'presenceDisabled', 'deferredExpiration']
  for (const [name, value] of Object.entries(changes)) {
    if (changeable.includes(name)) continue
    const expected = `left out: what can be changed is ${changeable.join(', ')}`
    throw new PeerageError('invalid-graph-property', { name, value: String(value), expected })
  }
}
