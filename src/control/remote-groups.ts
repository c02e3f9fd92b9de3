/** The groups of a running node. */
import { resolve } from 'node:path'
import type { Groups } from '../peer-node/groups.ts'
import type { Log } from '../runtime/log.ts'
import { groupsMethods as methods } from './group-methods.ts'
import type { NodeConnection } from './node-connection.ts'
import { namesOf } from './remote-graphs.ts'
import { type OpenedGroup, RemoteGroup } from './remote-group.ts'
import { withoutUndefined } from './without-undefined.ts'

/** The groups, and what closes those that this program has open. */
export interface RemoteGroups {
  readonly groups: Groups
  close(): Promise<void>
}

export function remoteGroups(node: NodeConnection, log: Log): RemoteGroups {
  const open = new Set<RemoteGroup>()
  const opened = (answer: OpenedGroup): RemoteGroup => {
    const group: RemoteGroup = new RemoteGroup(node, answer, log, () => open.delete(group))
    open.add(group)
    return group
  }
  const groups: Groups = {
    create: async ({ prioritize, keep, ...options } = {}) => {
      const asked = withoutUndefined({ ...options, prioritize: namesOf(prioritize), keep: namesOf(keep) })
      return opened(await node.call(methods.create, asked))
    },
    join: async (invitation, { prioritize, keep, signal, onProgress, ...options } = {}) => {
      const asked = withoutUndefined({ invitation, ...options, prioritize: namesOf(prioritize), keep: namesOf(keep) })
      return opened(await node.call(methods.join, asked, { signal, onProgress }))
    },
    open: async (group, { prioritize, keep, ...options } = {}) => {
      const asked = withoutUndefined({ group, ...options, prioritize: namesOf(prioritize), keep: namesOf(keep) })
      return opened(await node.call(methods.open, asked))
    },
    list: (options = {}) => node.call(methods.list, withoutUndefined(options)),
    delete: async (group, { identity } = {}) => {
      await node.call(methods.delete, withoutUndefined({ group, identity }))
    },
    importConfiguration: (text, password) => node.call(methods.importConfiguration, { text, password }),
    importDatabase: async (group, file, { signal, onProgress, identity } = {}) => {
      const asked = withoutUndefined({ group, file: resolve(file), identity })
      return opened(await node.call(methods.importDatabase, asked, { signal, onProgress }))
    },
  }
  const close = async (): Promise<void> => void (await Promise.all([...open].map((group) => group.close())))
  return { groups, close }
}
