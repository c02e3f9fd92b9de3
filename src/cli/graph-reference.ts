/** How people name a graph: by its ID, or by its friendly name if it is the only one of that name. */
import type { GraphInfo } from '../peer-node/graphs.ts'
import type { PeerNode } from '../peer-node/peer-node.ts'
import { PeerageError } from '../runtime/peerage-error.ts'
import { findIdentity } from './identity-reference.ts'

/**
 * The graph that somebody means, of those in the data directory.
 *
 * @param identity Who of this data directory is meant, as people name an identity
 * @returns undefined if there is none
 * @throws PeerageError `ambiguous`, and as {@link findIdentity}
 */
export async function findGraph(
  { graphs, identities }: Pick<PeerNode, 'graphs' | 'identities'>,
  reference: string,
  identity: string | undefined,
): Promise<GraphInfo | undefined> {
  const whose = identity === undefined ? undefined : (await findIdentity(identities, identity)).peerName
  const ofIdentity = (await graphs.list()).filter((graph) => whose === undefined || graph.identity === whose)
  const byId = ofIdentity.filter(({ graphId }) => graphId === reference)
  const meant = byId.length > 0 ? byId : ofIdentity.filter(({ properties }) => properties.friendlyName === reference)
  const [match, ...others] = meant
  if (others.length === 0) return match
  const matches = meant.map((graph) => `${reference} of ${graph.identity}`)
  throw new PeerageError('ambiguous', { what: 'graph', reference, matches })
}
