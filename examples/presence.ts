/**
 * Who is there, and what they are doing:
 *
 *   node examples/presence.ts ./ann reading                 makes a group, and prints an invitation
 *   node examples/presence.ts ./bob cooking 'peerage:…'     joins it
 *
 * Each shows who comes, does something else, and goes, until Ctrl-C.
 */
import { basename } from 'node:path'
import { openNode } from 'peerage'

const [dataDir = './ann', doing = 'nothing', invitation] = process.argv.slice(2)
const node = await openNode({ dataDir, friendlyName: basename(dataDir) })
const group =
  invitation === undefined
    ? await node.groups.create({ friendlyName: 'Who is there' })
    : await node.groups.join(invitation)
if (invitation === undefined) console.log(await group.invite())

const shown = new Map<string, string>()
async function showChanges(): Promise<void> {
  const [members, nodes] = [await group.members(), await group.nodes()]
  const online = new Map<string, string>()
  for (const { peerName, attributes } of nodes) {
    const name = members.find((member) => member.peerName === peerName)?.friendlyName
    if (name) online.set(name, String(attributes['doing'] ?? 'here'))
  }
  for (const [name, does] of online) if (shown.get(name) !== does) console.log(`${name} is ${does}`)
  for (const name of shown.keys()) if (!online.has(name)) console.log(`${name} has gone`)
  shown.clear()
  for (const [name, does] of online) shown.set(name, does)
}
group.on('node', showChanges) // somebody came, went, or does something else
group.on('member', showChanges) // and when somebody new tells its name
await showChanges()
await group.setPresence({ publish: 'always', attributes: { doing } })

await new Promise((resolve) => process.once('SIGINT', resolve))
await node.close() // takes leave, so that the others know at once
