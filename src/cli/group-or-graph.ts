/**
 * The group that a command works in; or the graph, since most of what can be done in a group can be done in any graph.
 */
import type { Graph } from '../peer-node/graph.ts'
import type { Group } from '../peer-node/group.ts'
import type { PeerNode } from '../peer-node/peer-node.ts'
import { PeerageError } from '../runtime/peerage-error.ts'
import type { CommandContext } from './command-context.ts'
import { findGraph } from './graph-reference.ts'
import { findGroup } from './group-reference.ts'

/** What was named, opened. */
export type Opened =
  | { readonly group: Group; readonly graph: Group }
  | { readonly group?: never; readonly graph: Graph }

/** How it was named. */
export interface Named {
  readonly reference: string
  /** Who of this data directory is meant, as people name an identity. */
  readonly identity?: string | undefined
}

/** What of it is needed: without a running node its records can be worked on offline, and others are reached by going online for a while. */
export type Need = 'records' | 'others'

/**
 * Runs a body with what is named.
 *
 * @throws PeerageError `group-not-found`, `ambiguous`, and what opening throws
 */
export async function useGroupOrGraph(
  { useNode }: CommandContext,
  named: Named,
  need: Need,
  body: (opened: Opened) => Promise<void>,
): Promise<void> {
  await useNode(async (node, isRunning) => {
    const opened = await open(node, named, need === 'records' && !isRunning)
    try {
      await body(opened)
    } finally {
      await opened.graph.close()
    }
  })
}

/**
 * Waits for an iteration that ends only with the graph, and then says why that has ended.
 *
 * @throws PeerageError such as `node-connection-lost`, and what the iteration throws
 */
export async function endless({ graph }: Opened, iterating: Promise<void>): Promise<void> {
  await iterating
  await graph.status()
}

async function open(node: PeerNode, { reference, identity }: Named, offline: boolean): Promise<Opened> {
  try {
    const found = await findGroup(node, reference, identity)
    const group = await node.groups.open(found.peerName, { identity: found.identity, offline })
    return { group, graph: group }
  } catch (error) {
    if (!PeerageError.is(error, 'group-not-found')) throw error
    const found = await findGraph(node, reference, identity)
    if (found === undefined) throw error
    return { graph: await node.graphs.open(found.graphId, { identity: found.identity, offline }) }
  }
}
