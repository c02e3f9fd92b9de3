/** What a node does for the methods about groups. */
import type { Group } from '../peer-node/group.ts'
import type { Groups } from '../peer-node/groups.ts'
import type { Duration } from '../runtime/duration.ts'
import { PeerageError } from '../runtime/peerage-error.ts'
import { perProgram, selection } from './graph-handlers.ts'
import { groupMethods, groupsMethods } from './group-methods.ts'
import type { Handlers, RequestContext } from './handlers.ts'

/**
 * @param groupsFor The groups for one more program
 * @param labelOf What names a graph in errors
 */
export function handleGroups(handlers: Handlers, groupsFor: () => Groups, labelOf: (graphId: string) => string): void {
  const groupsOf = perProgram(groupsFor)
  const opened = async ({ graphs }: RequestContext['things'], open: () => Promise<Group>) => {
    graphs.requireRoom()
    const group = await open()
    const { graphId, identity, peerName } = group
    return { graph: graphs.add(group), graphId, identity, label: labelOf(graphId), group: peerName }
  }
  handlers.call(groupsMethods.create, ({ prioritize, keep, ...options }, { things }) =>
    opened(things, () => groupsOf(things).create({ ...options, ...selection(prioritize, keep) })),
  )
  handlers.call(groupsMethods.join, ({ invitation, prioritize, keep, ...options }, { things, signal, tell }) =>
    opened(things, () =>
      groupsOf(things).join(invitation, { ...options, ...selection(prioritize, keep), signal, onProgress: tell }),
    ),
  )
  handlers.call(groupsMethods.open, ({ group, prioritize, keep, ...options }, { things }) =>
    opened(things, () => groupsOf(things).open(group, { ...options, ...selection(prioritize, keep) })),
  )
  handlers.call(groupsMethods.list, (options, { things }) => groupsOf(things).list(options))
  handlers.command(groupsMethods.delete, ({ group, identity }, { things }) =>
    groupsOf(things).delete(group, { identity }),
  )
  handlers.call(groupsMethods.importConfiguration, ({ text, password }, { things }) =>
    groupsOf(things).importConfiguration(text, password),
  )
  handlers.call(groupsMethods.importDatabase, ({ group, file, identity }, { things, signal, tell }) =>
    opened(things, () => groupsOf(things).importDatabase(group, file, { identity, signal, onProgress: tell })),
  )
}

export function handleOpenGroups(handlers: Handlers): void {
  handlers.call(groupMethods.status, ({ graph }, { things }) => groupOf(things, graph).status())
  handlers.call(groupMethods.properties, ({ graph }, { things }) => groupOf(things, graph).properties())
  handlers.call(groupMethods.setProperties, ({ graph, ...changes }, { things }) =>
    groupOf(things, graph).setProperties(changes),
  )
  handlers.call(groupMethods.invite, ({ graph, role, expires, ...way }, { things }) =>
    groupOf(things, graph).invite({ role, expires, ...wayIn(way) }),
  )
  handlers.command(groupMethods.cancelInvitation, ({ graph, invitation }, { things }) =>
    groupOf(things, graph).cancelInvitation(invitation),
  )
  handlers.command(groupMethods.removePassword, ({ graph }, { things }) => groupOf(things, graph).removePassword())
  handlers.call(groupMethods.members, ({ graph, connected }, { things }) =>
    groupOf(things, graph).members({ connected }),
  )
  handlers.call(groupMethods.member, ({ graph, peer }, { things }) => groupOf(things, graph).member(peer))
  handlers.command(groupMethods.setRole, ({ graph, peer, role, keep }, { things }) =>
    groupOf(things, graph).setRole(peer, role, { keep }),
  )
  handlers.call(groupMethods.renew, ({ graph, peer, ...options }, { things }) =>
    groupOf(things, graph).renew(peer, options),
  )
  handlers.command(groupMethods.revoke, ({ graph, peer, keep }, { things }) =>
    groupOf(things, graph).revoke(peer, { keep }),
  )
  handlers.command(groupMethods.leave, ({ graph, losesGroupKey }, { things }) =>
    groupOf(things, graph).leave({ losesGroupKey }),
  )
  handlers.call(groupMethods.exportConfiguration, ({ graph, password }, { things }) =>
    groupOf(things, graph).exportConfiguration(password),
  )
  handlers.call(groupMethods.hasKey, ({ graph }, { things }) => groupOf(things, graph).hasKey())
  handlers.call(groupMethods.exportKey, ({ graph, password }, { things }) => groupOf(things, graph).exportKey(password))
  handlers.command(groupMethods.importKey, ({ graph, text, password }, { things }) =>
    groupOf(things, graph).importKey(text, password),
  )
  handlers.command(groupMethods.removeKey, ({ graph }, { things }) => groupOf(things, graph).removeKey())
}

/** A group that a program has open. @throws PeerageError `invalid-graph`; `invalid-argument` if it is a graph and no group */
function groupOf({ graphs }: RequestContext['things'], number: number): Group {
  const graph = graphs.get(number)
  if ('members' in graph) return graph
  throw new PeerageError('invalid-argument', { name: 'graph', value: String(number), expected: 'that of a group' })
}

/** One of the three ways in; what does not belong to it is left out. */
function wayIn(way: {
  readonly for?: string
  readonly memberUntil?: Duration | Date
  readonly password?: string
  readonly uses?: number
  readonly admitter?: Group['peerName']
}) {
  if (way.for !== undefined) return { for: way.for, memberUntil: way.memberUntil }
  return way.password === undefined ? { uses: way.uses, admitter: way.admitter } : { password: way.password }
}
