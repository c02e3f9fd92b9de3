/** What a node does for the methods about graphs. */
import type { MessageType } from '../peer-node/application-types.ts'
import type { DirectConnection } from '../peer-node/direct-streams.ts'
import type { Graph } from '../peer-node/graph.ts'
import type { Graphs } from '../peer-node/graphs.ts'
import type { Group } from '../peer-node/group.ts'
import { PeerageError } from '../runtime/peerage-error.ts'
import { type ControlValue, crossing } from './control-value.ts'
import { connectionMethods, graphEvents, graphMethods, graphsMethods } from './graph-methods.ts'
import { groupEvents } from './group-methods.ts'
import type { Handlers, RequestContext } from './handlers.ts'
import { ItemQueue } from './item-queue.ts'
import { codecOfProgram, typeOfProgram } from './record-methods.ts'

/**
 * @param graphsFor The graphs for one more program
 * @param labelOf What names a graph in errors
 */
export function handleGraphs(handlers: Handlers, graphsFor: () => Graphs, labelOf: (graphId: string) => string): void {
  const graphsOf = perProgram(graphsFor)
  handlers.call(graphsMethods.create, ({ prioritize, keep, ...options }, { things }) =>
    opened(things, labelOf, () => graphsOf(things).create({ ...options, ...selection(prioritize, keep) })),
  )
  handlers.call(graphsMethods.join, ({ graphId, prioritize, keep, ...options }, { things, signal, tell }) =>
    opened(things, labelOf, () =>
      graphsOf(things).join(graphId, { ...options, ...selection(prioritize, keep), signal, onProgress: tell }),
    ),
  )
  handlers.call(graphsMethods.open, ({ graphId, prioritize, keep, ...options }, { things }) =>
    opened(things, labelOf, () => graphsOf(things).open(graphId, { ...options, ...selection(prioritize, keep) })),
  )
  handlers.call(graphsMethods.list, (_, { things }) => graphsOf(things).list())
  handlers.call(graphsMethods.importDatabase, ({ file, identity }, { things, signal, tell }) =>
    opened(things, labelOf, () => graphsOf(things).importDatabase(file, { identity, signal, onProgress: tell })),
  )
  handlers.command(graphsMethods.delete, ({ graphId, identity }, { things }) =>
    graphsOf(things).delete(graphId, { identity }),
  )
}

export function handleOpenGraphs(handlers: Handlers): void {
  handlers.command(graphMethods.close, ({ graph }, { things }) => things.graphs.closeOne(graph))
  handlers.call(graphMethods.status, ({ graph }, { things }) => things.graphs.get(graph).status())
  handlers.call(graphMethods.now, ({ graph }, { things }) => things.graphs.get(graph).now())
  handlers.call(graphMethods.addresses, ({ graph }, { things }) => things.graphs.get(graph).addresses())
  handlers.call(graphMethods.nodes, ({ graph }, { things }) => things.graphs.get(graph).nodes())
  handlers.call(graphMethods.node, ({ graph, peer }, { things }) => things.graphs.get(graph).node(peer))
  handlers.call(graphMethods.links, ({ graph }, { things }) => things.graphs.get(graph).links())
  handlers.call(graphMethods.properties, ({ graph }, { things }) => things.graphs.get(graph).properties())
  handlers.call(graphMethods.setProperties, ({ graph, ...changes }, { things }) =>
    things.graphs.get(graph).setProperties(changes),
  )
  handlers.command(graphMethods.connected, ({ graph }, { things, signal, tell }) =>
    things.graphs.get(graph).connected({ signal, onProgress: tell }),
  )
  handlers.command(graphMethods.synchronized, ({ graph }, { things, signal, tell }) =>
    things.graphs.get(graph).synchronized({ signal, onProgress: tell }),
  )
  handlers.command(graphMethods.goOnline, ({ graph }, { things }) => things.graphs.get(graph).goOnline())
  handlers.stream(graphMethods.events, ({ graph, event }, context) =>
    events(context.things.graphs.get(graph), event, context.signal),
  )
  handlers.command(graphMethods.addAddresses, ({ graph, addresses }, { things }) =>
    things.graphs.get(graph).addAddresses(addresses),
  )
  handlers.command(graphMethods.setPresence, ({ graph, ...presence }, { things }) =>
    things.graphs.get(graph).setPresence(presence),
  )
  handlers.command(graphMethods.exportDatabase, ({ graph, file }, { things, signal }) =>
    things.graphs.get(graph).exportDatabase(file, { signal }),
  )
  handlers.command(graphMethods.send, ({ graph, to, type, payload }, { things, signal }) =>
    things.graphs.get(graph).send(to, messages(type), payload, { signal }),
  )
  handlers.stream(graphMethods.messages, ({ graph, type }, { things, signal }) =>
    things.graphs.get(graph).messages(messages(type), { signal }),
  )
  handlers.call(graphMethods.connect, async ({ graph, to, protocol }, { things, signal, tell }) => {
    things.connections.requireRoom()
    return connection(things, await things.graphs.get(graph).connect(to, protocol, { signal, onProgress: tell }))
  })
  handlers.stream(graphMethods.connections, async function* ({ graph, protocol }, { things, signal }) {
    for await (const one of things.graphs.get(graph).connections(protocol, { signal })) {
      things.connections.requireRoom()
      yield connection(things, one)
    }
  })
  handleConnections(handlers)
}

function handleConnections(handlers: Handlers): void {
  handlers.stream(connectionMethods.read, async function* (params, { things, signal }) {
    const reader = things.connections.get(params.connection).readable.getReader()
    const leave = (): void => void reader.cancel().catch(() => undefined)
    signal.addEventListener('abort', leave, { once: true })
    try {
      for (let next = await reader.read(); !next.done; next = await reader.read()) yield next.value
    } finally {
      signal.removeEventListener('abort', leave)
      reader.releaseLock()
    }
  })
  handlers.command(connectionMethods.write, async ({ connection: number, bytes }, { things }) => {
    const writer = things.connections.get(number).writable.getWriter()
    try {
      await writer.write(bytes)
    } finally {
      writer.releaseLock()
    }
  })
  handlers.command(connectionMethods.end, ({ connection: number }, { things }) =>
    things.connections.get(number).writable.close(),
  )
  handlers.command(connectionMethods.abort, ({ connection: number }, { things }) =>
    things.connections.get(number).writable.abort(),
  )
  handlers.command(connectionMethods.close, ({ connection: number }, { things }) => things.connections.closeOne(number))
}

/** Something that each program has for itself, made when it first asks. */
export function perProgram<Own>(make: () => Own): (things: RequestContext['things']) => Own {
  const all = new WeakMap<RequestContext['things'], Own>()
  return (things) => {
    const present = all.get(things) ?? make()
    all.set(things, present)
    return present
  }
}

/** Opens a graph for a program. */
async function opened(
  { graphs }: RequestContext['things'],
  labelOf: (graphId: string) => string,
  open: () => Promise<Graph>,
): Promise<{
  readonly graph: number
  readonly graphId: string
  readonly identity: Graph['identity']
  readonly label: string
}> {
  graphs.requireRoom()
  const graph = await open()
  const { graphId, identity } = graph
  return { graph: graphs.add(graph), graphId, identity, label: labelOf(graphId) }
}

function connection(
  { connections }: RequestContext['things'],
  one: DirectConnection,
): { readonly connection: number; readonly peer: DirectConnection['peer']; readonly protocol: string } {
  return { connection: connections.add(one), peer: one.peer, protocol: one.protocol }
}

export function selection(prioritize: readonly string[] | undefined, keep: readonly string[] | undefined) {
  const typesOf = (names: readonly string[]) =>
    names.map((name) => typeOfProgram({ name, ephemeral: name.startsWith('~'), encoding: 'bytes' }))
  return { prioritize: prioritize && typesOf(prioritize), keep: keep && typesOf(keep) }
}

function messages(name: string): MessageType<Uint8Array, Uint8Array> {
  return { name, codec: codecOfProgram('bytes') }
}

/** Events wait for the program: its listener is not called again before the last one was taken. */
async function* events(
  graph: Graph | Group,
  event: string,
  signal: AbortSignal,
): AsyncGenerator<ControlValue, void, undefined> {
  const queue = new ItemQueue<ControlValue>(signal)
  const end = subscribe(graph, event, (detail) => queue.add(crossing(detail)))
  try {
    yield* queue.items()
  } finally {
    end()
  }
}

/** @throws PeerageError `invalid-argument` */
function subscribe(graph: Graph | Group, event: string, listener: (detail: object) => Promise<void>): () => void {
  const isGroup = 'members' in graph
  if (isGroup && isEvent(event, groupEvents)) return graph.on(event, listener)
  if (!isGroup && isEvent(event, graphEvents)) return graph.on(event, listener)
  const expected = Object.keys(isGroup ? groupEvents : graphEvents).join(', ')
  throw new PeerageError('invalid-argument', { name: 'event', value: event, expected })
}

function isEvent<Events extends object>(event: string, events: Events): event is keyof Events & string {
  return Object.hasOwn(events, event)
}
