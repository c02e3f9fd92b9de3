/**
 * Two programs meet in a group, on one machine or on two:
 *
 *   node examples/hello-group.ts ./ann                 makes a group, and prints an invitation
 *   node examples/hello-group.ts ./bob 'peerage:…'     joins with it
 *
 * Each says hello, and ends when each has read the greeting of the other.
 */
import { basename } from 'node:path'
import { openNode, recordType } from 'peerage'

const Greeting = recordType('hello.greeting', { expires: '1d' }) // bytes; with a schema, JSON

const [dataDir = './ann', invitation] = process.argv.slice(2)
const node = await openNode({ dataDir, friendlyName: basename(dataDir) }) // makes an identity on first use

const group =
  invitation === undefined
    ? await node.groups.create({ friendlyName: 'Hello' })
    : await node.groups.join(invitation, { onProgress: ({ phase, detail }) => console.log(`… ${phase} ${detail}`) })
if (invitation === undefined) console.log(await group.invite())

const left = new Promise<void>((resolve) => {
  group.on('node', ({ change }) => (change === 'disconnected' ? resolve() : undefined))
})
await group.records.add(Greeting, new TextEncoder().encode(`hello from ${basename(dataDir)}`))
for await (const change of group.records.watch(Greeting)) {
  if (change.kind === 'removed') continue
  const { creator, payload } = change.record
  console.log(new TextDecoder().decode(payload))
  if (creator !== group.identity) break
}
// Who joined stays until the other one has read, and leaves: whoever is gone delivers nothing until it is back.
if (invitation !== undefined) await left
await node.close()
