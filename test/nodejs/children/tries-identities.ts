/**
 * Tries the operations on identities in a data directory that may be full, read-only or forbidden, and
 * prints what became of each as a line of JSON. With a user ID, it gives up its rights as root before.
 */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { openNode } from '../../../src/nodejs/open-node.ts'
import { PeerageError } from '../../../src/runtime/peerage-error.ts'

const [dataDir = '', user = ''] = process.argv.slice(2)
// An identity elsewhere, so that everything is loaded while this process may still read its files.
await openNode({ dataDir: `${dataDir}-elsewhere`, friendlyName: 'Elsewhere' })
if (user !== '') process.setuid?.(Number(user))

const { identities } = await openNode({ dataDir })
const operations = {
  list: async () => (await identities.list()).length,
  default: async () => (await identities.get()).friendlyName,
  certificate: async () => (await identities.certificate()).length > 0,
  create: () => identities.create({ friendlyName: 'New' }),
  rename: async () => identities.rename((await identities.get()).peerName, 'Renamed'),
  setDefault: async () => identities.setDefault((await identities.get()).peerName),
  open: () => openNode({ dataDir, friendlyName: 'First' }).then(({ identities: { list } }) => list()),
  'list again': async () => (await identities.list()).map(({ friendlyName }) => friendlyName).join(),
  'files with keys': async () =>
    readdirSync(join(dataDir, 'identities')).filter((name) => name.endsWith('.pem')).length,
  delete: async () => identities.delete((await identities.get()).peerName).then(() => 'deleted'),
}
for (const [name, operation] of Object.entries(operations)) {
  process.stdout.write(`${JSON.stringify([name, await outcome(operation)])}\n`)
}

async function outcome(operation: () => Promise<unknown>): Promise<unknown> {
  try {
    return (await operation()) ?? null
  } catch (error) {
    if (error instanceof PeerageError) return error.code
    return error instanceof Error && 'code' in error ? error.code : String(error)
  }
}
