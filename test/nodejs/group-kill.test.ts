/** Nodes that are killed while they join a group: what is left behind neither blocks nor lies, and the same invitation brings them in. */
import { afterEach, expect, test } from 'vitest'
import { newPath } from './new-path.ts'
import { RemoteNode } from './remote-node.ts'

/** How often one is killed; npm run test:kill sets hundreds. */
const KILLS = Math.ceil(Number(process.env['PEERAGE_KILLS'] ?? 5))
/** A join takes about as long, in milliseconds. */
const LONGEST_JOIN = 300
const TIMEOUT = 60_000 + KILLS * 10_000
const CLOUD = { cloud: 'club' }
const RANGES = { ranges: ['127.0.0.0/8'] }

const started = new Set<RemoteNode>()
afterEach(async () => {
  for (const node of started) await node.kill()
  started.clear()
})

async function start(dataDir: string, seed?: number): Promise<RemoteNode> {
  const node = await RemoteNode.start({ dataDir, seeds: seed === undefined ? [] : [`127.0.0.1:${seed}`] })
  started.add(node)
  await node.join(CLOUD.cloud, RANGES)
  if (seed !== undefined) await node.active(CLOUD.cloud)
  return node
}

const after = (time: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, time))

test(
  'P-041: who is killed in the middle of a join has joined or has nothing, and gets in by the same link of one use',
  async () => {
    const ann = await start(newPath())
    const seed = (await ann.cloud(CLOUD.cloud)).port
    const group = String(await ann.call('group-create', '', CLOUD))
    const texts = Array.from({ length: 50 }, (_, index) => `text ${index}`)
    await ann.call('write', '', { texts })
    for (let kill = 0; kill < KILLS; kill++) {
      const dataDir = newPath()
      const invitation = String(await ann.call('group-invite'))
      const victim = await start(dataDir, seed)
      const joining = victim.call('group-join', invitation).then(
        () => 'joined',
        () => 'killed',
      )
      await Promise.race([joining, after((LONGEST_JOIN * (kill + 1)) / KILLS)])
      started.delete(victim)
      await victim.kill()
      const hadJoined = (await joining) === 'joined'

      const again = await start(dataDir, seed)
      const listed = await again.call('group-list')
      if (hadJoined) expect(listed).toMatchObject([{ peerName: group }])
      const isMember = Array.isArray(listed) && listed.length > 0
      // A link of one use is not used up by who comes back with it.
      await again.call(isMember ? 'group-open' : 'group-join', isMember ? group : invitation)
      await again.until('all is there', async () => {
        const read = await again.call('read')
        return Array.isArray(read) && read.length === texts.length
      })
      const members = await ann.call('group-members')
      const names = Array.isArray(members) ? members.map(({ peerName }) => String(peerName)) : []
      const authority = again.peerName.split('.')[0] ?? ''
      // What was made by the join that was killed may be there, too: it is the same member.
      expect(names.filter((name) => name.startsWith(authority))).toHaveLength(1)
      started.delete(again)
      await again.close()
    }
  },
  TIMEOUT,
)
