/**
 * Peerage twice, with its usual settings. The link that carries records has no public entrance, so its two ends are put together from
 * the sources: both identities are proven when it is open. A direct connection is what an application gets, through the
 * public entrance: two web streams, on a link of its own. How long it takes to open is not measured, for a node dials an address only a
 * few times in a row.
 */
import { join } from 'node:path'
import { type DirectConnection, openNode } from '../../../dist/index.js'
import type { GraphMessage } from '../../../src/graph/graph-message.ts'
import type { LinkPort } from '../../../src/graph/link-port.ts'
import { LONGEST_DATA } from '../../../src/graph/message-kinds.ts'
import { TlsNode } from '../../../test/graph/tls-links.ts'
import { contestant } from '../../contestant.ts'
import { DIALS, measureLink, NOBODY_LISTENS, type Talk } from './workload.ts'

const PROTOCOL = 'bench'

await contestant(async ({ size, folder }) => [
  ...(await measureLink({ size, of: '', piece: LONGEST_DATA, dials: DIALS, dial: await linkDialler(size) })),
  ...(await measureLink({
    size,
    of: 'direct connection, ',
    piece: 65_536,
    dials: 0,
    dial: await directDialler(folder),
  })),
])

async function linkDialler(size: number): Promise<() => Promise<Talk>> {
  const far = new TlsNode('measured')
  const near = new TlsNode('measured')
  const endpoint = await far.listen()
  // Short messages go as records do, long ones as direct connections do.
  const messageOf = (bytes: Uint8Array): GraphMessage =>
    bytes.length > size ? { kind: 'DATA', bytes } : { kind: 'FLOOD', record: bytes }
  const attach = (link: LinkPort, came: (length: number) => void, ready: () => void): void =>
    link.attach({
      received(message) {
        if (message.kind === 'FLOOD') came(message.record.length)
        else if (message.kind === 'DATA') came(message.bytes.length)
      },
      ready,
      closed: () => undefined,
    })
  return async () => {
    const accepted = new Promise<LinkPort>((resolve) => {
      far.onAccepted = resolve
    })
    const outcome = await near.dial(endpoint)
    if (!('link' in outcome)) throw new Error(outcome.reason)
    const { link } = outcome
    const answering = await accepted
    const talk: Talk = {
      ...NOBODY_LISTENS,
      send: (bytes) => link.send(messageOf(bytes)),
      answer: (bytes) => answering.send(messageOf(bytes)),
      close: () => link.destroy('closed'),
    }
    attach(
      answering,
      (length) => talk.cameFar(length),
      () => undefined,
    )
    attach(
      link,
      (length) => talk.cameNear(length),
      () => talk.ready(),
    )
    return talk
  }
}

async function directDialler(folder: string): Promise<() => Promise<Talk>> {
  const [nearNode, farNode] = await Promise.all(
    ['near', 'far'].map((name) => openNode({ dataDir: join(folder, name), friendlyName: name })),
  )
  if (nearNode === undefined || farNode === undefined) throw new Error('two nodes are open')
  const far = await farNode.graphs.create()
  const near = await nearNode.graphs.join(far.graphId, { addresses: await far.addresses() })
  const incoming = far.connections(PROTOCOL)[Symbol.asyncIterator]()
  return async () => {
    const accepted = incoming.next()
    const connection = await near.connect(far.identity, PROTOCOL)
    const { done, value: answering } = await accepted
    if (done === true) throw new Error('the graph is open')
    const writer = connection.writable.getWriter()
    const answeringWriter = answering.writable.getWriter()
    const talk: Talk = {
      ...NOBODY_LISTENS,
      send: (bytes) => {
        void writer.write(bytes)
        if ((writer.desiredSize ?? 0) > 0) return true
        void writer.ready.then(() => talk.ready())
        return false
      },
      answer: (bytes) => void answeringWriter.write(bytes),
      close: () => void Promise.all([connection.close(), answering.close()]),
    }
    void read(answering, (length) => talk.cameFar(length))
    void read(connection, (length) => talk.cameNear(length))
    return talk
  }
}

async function read({ readable }: DirectConnection, came: (length: number) => void): Promise<void> {
  for await (const { length } of readable) came(length)
}
