/**
 * The methods of the control API about clouds.
 */
import type { CloudChange, CloudInfo, CloudInspection } from '../peer-node/cloud-info.ts'
import { call, command, stream } from './method.ts'
import { boolean, bytes, count, dictionary, list, number, object, oneOf, optional, type Shape, text } from './shape.ts'
import { handle } from './value-shapes.ts'

const scope = oneOf('global', 'site-local', 'link-local', 'private')

const cloud: Shape<CloudInfo> = object({
  ...{ name: text, scope, zone: optional(text), interface: optional(text), ranges: optional(list(text)) },
  state: oneOf('not-started', 'synchronizing', 'active', 'alone', 'no-network', 'disabled'),
  openCount: count,
  resolveOnly: optional(oneOf('configured', 'address-translated', 'not-asked', 'no-address')),
  ...{ port: optional(count), addresses: list(text), observed: optional(text), hasSecret: boolean },
  estimatedNodes: number,
})

const change: Shape<CloudChange> = object({ kind: oneOf('added', 'changed', 'deleted'), cloud })

const inspection: Shape<CloudInspection> = object({
  cloud,
  entries: list(object({ id: text, endpoints: list(text) })),
  counters: dictionary(number),
})

const ofScope = object({ scope: optional(scope) })

export const cloudMethods = {
  list: call('clouds.list', 'All clouds: those that are started, and those that could be.', ofScope, list(cloud)),
  watch: stream('clouds.watch', 'Every cloud as `added`, and then what changes.', ofScope, change),
  inspect: call('clouds.inspect', 'The inside of a cloud that is started.', object({ name: text }), inspection),
  open: call(
    'clouds.open',
    'Opens a cloud until it is closed or the program ends.',
    object({
      ...{ name: text, seeds: optional(list(text)), ranges: optional(list(text)) },
      ...{ secret: optional(bytes), resolveOnly: optional(boolean) },
    }),
    handle,
  ),
  close: command('cloud.close', 'Closes a cloud that this program has opened.', object({ cloud: handle })),
}
