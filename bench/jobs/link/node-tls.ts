/**
 * Plain `node:tls`: TLS 1.3 with the certificate and without the delay of small writes that Peerage has too; no client certificate,
 * and nobody checks the server's. A link is open when both ends have told so.
 */
import { once } from 'node:events'
import { connect, createSecureContext, createServer, type TLSSocket } from 'node:tls'
import { throwAwayCertificate } from '../../../src/nodejs/throw-away-certificate.ts'
import { contestant } from '../../contestant.ts'
import { DIALS, measureLink, NOBODY_LISTENS, type Talk } from './workload.ts'

await contestant(async ({ size }) => {
  const server = createServer({ ...throwAwayCertificate(), minVersion: 'TLSv1.3', noDelay: true })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('a server has a port')
  const { port } = address
  const secureContext = createSecureContext({ minVersion: 'TLSv1.3' })

  async function dial(): Promise<Talk> {
    const accepted = new Promise<TLSSocket>((resolve) => server.once('secureConnection', resolve))
    const near = connect({ host: '127.0.0.1', port, secureContext, rejectUnauthorized: false }).setNoDelay(true)
    await once(near, 'secureConnect')
    const far = await accepted
    // The end of one tells the other.
    for (const socket of [near, far]) socket.on('error', () => undefined)
    const talk: Talk = {
      ...NOBODY_LISTENS,
      send: (bytes) => near.write(bytes),
      answer: (bytes) => far.write(bytes),
      close() {
        near.destroy()
        far.destroy()
      },
    }
    far.on('data', ({ length }) => talk.cameFar(length))
    near.on('data', ({ length }) => talk.cameNear(length))
    near.on('drain', () => talk.ready())
    return talk
  }

  return measureLink({ size, of: '', piece: 65_536, dials: DIALS, dial })
})
