/**
 * The methods of the control API about graphs; those about a graph that is open are those of groups, too.
 */
import type { GraphEvents, GraphProperties, LinkInfo, NodeInfo, Status } from '../peer-node/graph.ts'
import type { GraphInfo } from '../peer-node/graphs.ts'
import type { ErrorCode } from '../runtime/peerage-error.ts'
import type { ControlValue } from './control-value.ts'
import { call, command, intake, longCall, noParameters, stream } from './method.ts'
import {
  anything,
  boolean,
  bytes,
  count,
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
import { attributes, duration, handle, issues, peerName, progress, recordId } from './value-shapes.ts'

/** What is in the status of a graph, and of a group. */
export const statusFields = {
  state: oneOf('offline', 'connecting', 'alone', 'synchronizing', 'synchronized'),
  neighbors: count,
  waitingFor: optional(text),
}
const status: Shape<Status> = object(statusFields)

const scope = oneOf('link-local', 'site-local', 'global')
/** What is in the properties of a graph, and of a group. */
export const propertyFields = {
  ...{ friendlyName: text, comment: text, scope, presenceLifetime: number, maxPresenceRecords: number },
  ...{ deferredExpiration: boolean, longestRecordLife: number },
}
const properties: Shape<GraphProperties> = object(propertyFields)

const propertyChanges = {
  ...{ friendlyName: optional(text), comment: optional(text), scope: optional(scope) },
  ...{ maxPresenceRecords: optional(number), deferredExpiration: optional(boolean) },
  presenceLifetime: optional(duration),
}

const node: Shape<NodeInfo> = object({ peerName, addresses: list(text), attributes })
const link: Shape<LinkInfo> = object({
  ...{ peerName, kind: oneOf('neighbor', 'direct'), address: text, isDialler: boolean },
})

const info: Shape<GraphInfo> = object({
  graphId: text,
  identity: peerName,
  provider: text,
  isOpen: boolean,
  properties,
})

/** What a program is told of a graph, or a group, that is open for it now. */
export const openGraphFields = { graph: handle, graphId: text, identity: peerName, label: text }
const openGraph = object(openGraphFields)

/** A code that this release does not know is passed on as it is. */
export const errorCode: Shape<ErrorCode> = textOf('error code', (code) => code as ErrorCode)

/** What the events of a graph say, by event. */
export const graphEvents: { readonly [Event in keyof GraphEvents]: Shape<GraphEvents[Event]> } = {
  status,
  properties,
  neighbor: object({ peer: peerName, connected: boolean, reason: optional(text) }),
  direct: object({ peer: peerName, protocol: text, connected: boolean, reason: optional(text) }),
  node: object({ peer: peerName, change: oneOf('connected', 'updated', 'disconnected') }),
  'connection-required': object({}),
  synchronized: object({ type: optional(text) }),
  attempt: object({ endpoint: text, outcome: either(oneOf('connected', 'referred'), errorCode) }),
  unreadable: either(object({ id: recordId, issues }), object({ from: peerName, type: text, issues })),
  lagged: object({ event: text, missed: count }),
}

const eventDetail: Shape<ControlValue> = { ...anything, text: 'the detail of the event' }

const one = object({ graph: handle })
const types = list(text)
const opening = { offline: optional(boolean), prioritize: optional(types), keep: optional(types) }
const membership = { identity: optional(peerName), provider: optional(text) }

export const graphsMethods = {
  create: call(
    'graphs.create',
    'Makes a graph.',
    object({
      ...propertyChanges,
      ...membership,
      ...opening,
      graphId: optional(text),
      longestRecordLife: optional(duration),
    }),
    openGraph,
  ),
  join: longCall(
    'graphs.join',
    'Joins a graph whose ID and at least one address are known.',
    object({ graphId: text, addresses: list(text), ...membership, prioritize: opening.prioritize, keep: opening.keep }),
    openGraph,
  ),
  open: call(
    'graphs.open',
    'Opens a graph that is in the data directory.',
    object({ graphId: text, ...opening, identity: optional(peerName) }),
    openGraph,
  ),
  list: call('graphs.list', 'The graphs in the data directory.', noParameters, list(info)),
  importDatabase: longCall(
    'graphs.importDatabase',
    'Adds what an exported file of this machine has to the database of its graph.',
    object({ file: text, identity: optional(peerName) }),
    openGraph,
  ),
  delete: command(
    'graphs.delete',
    'Deletes what is kept of a graph here.',
    object({ graphId: text, identity: optional(peerName) }),
  ),
}

const message = object({ from: peerName, payload: bytes })
/** A direct connection of a program. */
const openConnection = object({ connection: handle, peer: peerName, protocol: text })

export const graphMethods = {
  close: command('graph.close', 'Ends the use that this program makes of a graph.', one),
  status: call('graph.status', 'How this node is in the graph.', one, status),
  now: call('graph.now', 'The time of the graph.', one, date),
  addresses: call('graph.addresses', 'Where this node listens.', one, list(text)),
  nodes: call('graph.nodes', 'The nodes that are online, as far as they say so.', one, list(node)),
  node: call('graph.node', 'One of them.', object({ graph: handle, peer: peerName }), node),
  links: call('graph.links', 'The links that are open.', one, list(link)),
  properties: call('graph.properties', 'What is said of the graph.', one, properties),
  setProperties: call(
    'graph.setProperties',
    'Changes what is said of the graph.',
    object({ graph: handle, ...propertyChanges }),
    properties,
  ),
  connected: longCall('graph.connected', 'Waits for a neighbor.', one, nothing),
  synchronized: longCall(
    'graph.synchronized',
    'Waits until what is here is the same as what a neighbor has.',
    one,
    nothing,
  ),
  goOnline: command('graph.goOnline', 'A graph that was opened offline begins to look for others.', one),
  events: intake(
    'graph.events',
    'What happens in the graph, of one kind of event.',
    object({ graph: handle, event: text }),
    // Which one it is depends on the event: see graphEvents.
    eventDetail,
  ),
  addAddresses: command(
    'graph.addAddresses',
    'Addresses where nodes of the graph may be.',
    object({ graph: handle, addresses: list(text) }),
  ),
  setPresence: command(
    'graph.setPresence',
    'Whether this node says that it is online, and what it says of itself.',
    object({ graph: handle, publish: oneOf('always', 'never', 'graph'), attributes: optional(attributes) }),
  ),
  exportDatabase: command(
    'graph.exportDatabase',
    'Writes all records into a new file of this machine.',
    object({ graph: handle, file: text }),
  ),
  send: command(
    'graph.send',
    'Sends a message to one node.',
    object({ graph: handle, to: peerName, type: text, payload: bytes }),
  ),
  messages: intake(
    'graph.messages',
    'The messages of a type that come.',
    object({ graph: handle, type: text }),
    message,
  ),
  connect: longCall(
    'graph.connect',
    'Opens a byte stream to one node.',
    object({ graph: handle, to: peerName, protocol: text }),
    openConnection,
  ),
  connections: intake(
    'graph.connections',
    'The direct connections of a protocol that come.',
    object({ graph: handle, protocol: text }),
    openConnection,
  ),
}

const oneConnection = object({ connection: handle })

export const connectionMethods = {
  read: stream('connection.read', 'What the other side writes, until it has ended.', oneConnection, bytes),
  write: command(
    'connection.write',
    'Writes bytes; it is answered when there is room for more.',
    object({ connection: handle, bytes }),
  ),
  end: command('connection.end', 'Ends the direction from here to there.', oneConnection),
  abort: command('connection.abort', 'Breaks the connection.', oneConnection),
  close: command('connection.close', 'Delivers what was written, then ends both directions.', oneConnection),
}

/** The shape of a step of a long call. */
export const stepShape = progress
