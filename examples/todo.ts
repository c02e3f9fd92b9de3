/**
 * The to-do list as a command:
 *
 *   node examples/todo.ts ./ann add 'buy milk'        makes the list on first use
 *   node examples/todo.ts ./ann invite
 *   node examples/todo.ts ./bob join 'peerage:…'
 *   node examples/todo.ts ./bob done milk             ticks off what has this in its title
 *   node examples/todo.ts ./bob                       shows what is to be done
 *
 * Each run opens the node for a moment. What it writes the others get when both are there: with `peerage up` on the folder that is
 * always, and `connectNode({ dataDir })` from `peerage/client` takes the place of `openNode`.
 */
import { once } from 'node:events'
import { basename } from 'node:path'
import { type Group, openNode, type PeerNode } from 'peerage'
import { TodoList } from './todo-list.ts'

const [dataDir = './ann', command = 'list', text = ''] = process.argv.slice(2)

async function openList(node: PeerNode): Promise<Group> {
  if (command === 'join') return node.groups.join(text)
  const [list] = await node.groups.list()
  return list === undefined ? node.groups.create({ friendlyName: 'To do' }) : node.groups.open(list.peerName)
}

const node = await openNode({ dataDir, friendlyName: basename(dataDir) })
const group = await openList(node)
const list = new TodoList(group)

if (command === 'invite') {
  console.log(await group.invite())
  console.log('Whoever joins needs somebody to let them in: this stays, until Ctrl-C.')
  await once(process, 'SIGINT')
}
// Others that are online are a second away. Nobody need be.
await group.synchronized({ signal: AbortSignal.timeout(1000) }).catch(() => undefined)
if (command === 'add') await list.add(text)
if (command === 'done') {
  for (const [id, title] of await list.open()) if (title.includes(text)) await list.tickOff(id)
}
for (const title of (await list.open()).values()) console.log(`[ ] ${title}`)
await node.close()
