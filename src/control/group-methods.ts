/**
 * The methods of the control API about groups. A group that is open is a graph, too: the methods of graphs take its number.
 */
import type { Invitation } from '../group/invitation.ts'
import type { GroupEvents, GroupProperties, GroupStatus, Member } from '../peer-node/group.ts'
import type { GroupInfo } from '../peer-node/groups.ts'
import type { TriedAddress } from '../runtime/error-catalog.ts'
import { errorCode, graphEvents, openGraphFields, propertyFields, statusFields } from './graph-methods.ts'
import { call, command, longCall } from './method.ts'
import {
  boolean,
  date,
  either,
  list,
  nothing,
  number,
  object,
  oneOf,
  optional,
  type Shape,
  text,
  textOf,
} from './shape.ts'
import { duration, handle, peerName, recordId } from './value-shapes.ts'

const role = oneOf('administrator', 'inviting-member', 'member')
const standing = oneOf('not-let-in', 'not-yet-valid', 'in-force', 'expired', 'revoked')
const invitation: Shape<Invitation> = textOf('invitation', (given) => given as Invitation)

const properties: Shape<GroupProperties> = object({
  ...propertyFields,
  creator: peerName,
  /** Absent: every cloud that a member has open. */
  cloud: either(text, nothing),
  ...{ memberDataOptional: boolean, presenceDisabled: boolean },
})

const propertyChanges = {
  ...{ friendlyName: optional(text), comment: optional(text), memberDataOptional: optional(boolean) },
  ...{ presenceDisabled: optional(boolean), deferredExpiration: optional(boolean) },
}

const status: Shape<GroupStatus> = object({
  ...{ ...statusFields, membership: standing },
  found: oneOf('registered', 'resolve-only', 'not-registered'),
})

const member: Shape<Member> = object({
  ...{ peerName, friendlyName: text, role, roles: list(role), issuer: peerName, since: date, expires: date },
  ...{ connected: boolean, addresses: list(text) },
})

const info: Shape<GroupInfo> = object({ peerName, friendlyName: text, identity: peerName, isOpen: boolean })
const tried: Shape<TriedAddress> = object({ endpoint: text, code: either(oneOf('referred'), errorCode), reason: text })
const error = { code: errorCode, message: text }

/** What the events of a group say, by event. */
export const groupEvents: { readonly [Event in keyof GroupEvents]: Shape<GroupEvents[Event]> } = {
  ...graphEvents,
  properties,
  member: object({ peer: peerName, change: oneOf('joined', 'updated', 'connected', 'disconnected', 'revoked') }),
  membership: object({ standing }),
  expiring: object({ expires: date }),
  'revoked-returned': object({ peer: peerName }),
  'connection-failed': object({ ...error, tried: list(tried) }),
  'listening-ended': object(error),
}

const openGroup = object({ ...openGraphFields, group: peerName })
const types = list(text)
const opening = { offline: optional(boolean), prioritize: optional(types), keep: optional(types) }
const whose = { identity: optional(peerName) }

export const groupsMethods = {
  create: call(
    'groups.create',
    'Makes a group.',
    object({
      ...{ ...propertyChanges, ...opening, ...whose, classifier: optional(text), cloud: optional(text) },
      ...{ presenceLifetime: optional(duration), longestRecordLife: optional(duration) },
    }),
    openGroup,
  ),
  join: longCall(
    'groups.join',
    'Joins a group with an invitation of any kind.',
    object({
      ...{ invitation: text, ...whose, password: optional(text) },
      ...{ prioritize: opening.prioritize, keep: opening.keep },
    }),
    openGroup,
  ),
  open: call(
    'groups.open',
    'Opens a group that is in the data directory.',
    object({ group: peerName, ...whose, ...opening }),
    openGroup,
  ),
  list: call('groups.list', 'The groups in the data directory, or those of one identity.', object(whose), list(info)),
  delete: command('groups.delete', 'Deletes what is kept of a group here.', object({ group: peerName, ...whose })),
  importConfiguration: call(
    'groups.importConfiguration',
    'Takes over the configuration of a group.',
    object({ text, password: text }),
    info,
  ),
  importDatabase: longCall(
    'groups.importDatabase',
    'Adds what an exported file of this machine has to the database of a group, and opens it offline.',
    object({ group: peerName, file: text, ...whose }),
    openGroup,
  ),
}

const one = object({ graph: handle })
const keep = { keep: optional(either(oneOf('all', 'none'), list(recordId))) }
const until = optional(either(date, duration))

export const groupMethods = {
  status: call('group.status', 'How this node is in the group.', one, status),
  properties: call('group.properties', 'What is said of the group.', one, properties),
  setProperties: call(
    'group.setProperties',
    'Changes what is said of the group.',
    object({ graph: handle, ...propertyChanges }),
    properties,
  ),
  invite: call(
    'group.invite',
    'Makes an invitation: a link; with `for` one for that identity; with `password` one for who knows it.',
    object({
      ...{ graph: handle, role: optional(role), expires: until, uses: optional(number) },
      ...{ admitter: optional(peerName), for: optional(text), memberUntil: until, password: optional(text) },
    }),
    invitation,
  ),
  cancelInvitation: command(
    'group.cancelInvitation',
    'Makes a link of no more use.',
    object({ graph: handle, invitation: text }),
  ),
  removePassword: command('group.removePassword', 'Removes the password.', one),
  members: call(
    'group.members',
    'The members, or those who are online.',
    object({ graph: handle, connected: optional(boolean) }),
    list(member),
  ),
  member: call('group.member', 'One of them.', object({ graph: handle, peer: peerName }), member),
  setRole: command(
    'group.setRole',
    'Gives a member another role.',
    object({ graph: handle, peer: peerName, role, ...keep }),
  ),
  renew: call(
    'group.renew',
    'Renews the certificate of a member.',
    object({ graph: handle, peer: peerName, expires: until, byInvitation: optional(boolean) }),
    either(invitation, nothing),
  ),
  revoke: command(
    'group.revoke',
    'Puts a member out of the group.',
    object({ graph: handle, peer: peerName, ...keep }),
  ),
  leave: command('group.leave', 'Leaves the group.', object({ graph: handle, losesGroupKey: optional(boolean) })),
  exportConfiguration: call(
    'group.exportConfiguration',
    'One text that opens the group for this identity in another place.',
    object({ graph: handle, password: text }),
    text,
  ),
  hasKey: call('group.hasKey', 'Whether this node holds the group key.', one, boolean),
  exportKey: call(
    'group.exportKey',
    'The group key, encrypted with the password.',
    object({ graph: handle, password: text }),
    text,
  ),
  importKey: command(
    'group.importKey',
    'Takes over the key of this group.',
    object({ graph: handle, text, password: text }),
  ),
  removeKey: command('group.removeKey', 'Removes the group key from this node.', one),
}
