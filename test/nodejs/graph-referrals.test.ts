/** Joining a graph over TLS where the node at the given address has no place, and refers to others. */
import { afterEach, expect, test } from 'vitest'
import type { GraphMessage } from '../../src/graph/graph-message.ts'
import type { LinkHandler, LinkPort } from '../../src/graph/link-port.ts'
import type { Refuse } from '../../src/graph/overlay-message.ts'
import { openNode } from '../../src/nodejs/open-node.ts'
import type { PeerNode } from '../../src/peer-node/peer-node.ts'
import { expectRejection } from '../../src/runtime/acceptance/acceptance.ts'
import { type Endpoint, formatEndpoint } from '../../src/runtime/endpoint.ts'
import { TlsNode } from '../graph/tls-links.ts'
import { newPath } from './new-path.ts'
import { settle } from './settle.ts'

const GRAPH = 'a graph in which places are rare'
const opened: PeerNode[] = []
const busy: TlsNode[] = []

afterEach(async () => {
  await Promise.all(opened.splice(0).map((node) => node.close()))
  for (const node of busy.splice(0)) node.close()
})

/** A node of the graph that answers each CONNECT so, and what it was asked. */
async function refusing(
  referrals: () => Refuse['referrals'],
): Promise<{ readonly to: Endpoint; asked: GraphMessage[]; node: TlsNode }> {
  const node = new TlsNode(GRAPH)
  busy.push(node)
  const asked: GraphMessage[] = []
  node.onAccepted = (link: LinkPort) => {
    const handler: LinkHandler = {
      received: (message) => {
        asked.push(structuredClone(message))
        link.send({ kind: 'REFUSE', code: 'busy', referrals: referrals() })
      },
      ready: () => undefined,
      closed: () => undefined,
    }
    link.attach(handler)
  }
  return { to: await node.listen(), asked, node }
}

async function open(): Promise<PeerNode> {
  const node = await openNode({ dataDir: newPath(), friendlyName: 'Ann' })
  opened.push(node)
  return node
}

test('G-034: over sockets a request follows referrals from node to node', async () => {
  const last = await refusing(() => [])
  const second = await refusing(() => [{ publicKey: last.node.graph.identity.keyPair.publicKey, addresses: [last.to] }])
  const first = await refusing(() => [
    { publicKey: second.node.graph.identity.keyPair.publicKey, addresses: [second.to] },
  ])
  const ann = await open()
  const joining = ann.graphs.join(GRAPH, { addresses: [formatEndpoint(first.to)] })
  const error = await expectRejection('refused', joining, 'nobody has a place')
  expect(error.details).toMatchObject({ endpoint: formatEndpoint(first.to) })
  for (const { asked } of [first, second, last]) {
    await settle(() => asked.length > 0)
    expect(asked[0]).toMatchObject({ kind: 'CONNECT', purpose: 'neighbor', alone: true })
  }
})
