/**
 * A service that is found by its name, wherever it runs:
 *
 *   node examples/service-discovery.ts serve ./printer                 prints its name, and an address of its cloud
 *   node examples/service-discovery.ts find ./ann NAME [ADDRESS]       finds it, and asks it something
 *
 * On one link they find each other without the address. The name holds the hash of a key: nobody else can answer to it.
 */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { openNode, type PeerNode } from 'peerage'

const CLOUD = 'office'

const [role = 'serve', dataDir = './printer', name = '', ...seeds] = process.argv.slice(2)
const node = await openNode({ dataDir, friendlyName: role, seeds })
await node.clouds.open(CLOUD)
await (role === 'serve' ? serve(node) : find(node))
await node.close()

async function serve({ identities, names, clouds }: PeerNode): Promise<void> {
  const server = createServer((_, response) => response.end('ready to print\n')).listen()
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const { peerName } = await identities.get()
  const printer = await identities.makePeerName(peerName, 'printer')
  await names.register({ name: printer, endpoints: [{ port }], comment: 'second floor', cloud: CLOUD })
  const cloud = (await clouds.list()).find(({ name }) => name === CLOUD)
  console.log(printer, `${cloud?.addresses[0]}:${cloud?.port}`)
  await once(process, 'SIGINT')
  server.close() // closing the node unregisters the name
}

async function find({ names }: PeerNode): Promise<void> {
  for await (const { endpoints, comment } of names.resolve(name, { cloud: CLOUD })) {
    for (const { host, port } of endpoints) {
      const answer = await fetch(`http://${host.includes(':') ? `[${host}]` : host}:${port}/`)
      console.log(`${comment}: ${(await answer.text()).trim()}`)
      return
    }
  }
  console.log('nobody has this name here')
  process.exitCode = 1
}
