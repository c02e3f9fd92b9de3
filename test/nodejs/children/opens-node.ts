/** Opens a node with a friendly name, and prints the peer name and the friendly name of its default identity. */
import { openNode } from '../../../src/nodejs/open-node.ts'

const [dataDir = '', friendlyName = ''] = process.argv.slice(2)
const node = await openNode({ dataDir, friendlyName })
const identity = await node.identities.get()
process.stdout.write(JSON.stringify([identity.peerName, identity.friendlyName]))
await node.close()
