/**
 * The other end of jobs/join/peerage.ts: all members of the group, in one process.
 */
import { join } from 'node:path'
import { type Group, openNode, type PeerNode } from '../../../dist/index.js'
import { type Answer, bePartner } from '../../partner.ts'
import { MEASURED } from '../measured-record.ts'
import { enterCloud } from './cloud.ts'
import { PASSWORD, RECORD_LENGTH, RECORDS } from './job.ts'

const [size, port, folder = ''] = process.argv.slice(2)
const creator = await open('creator')
const group = await creator.node.groups.create({ friendlyName: 'Measured', cloud: creator.cloud })
const groups: Group[] = [group]

bePartner({
  begin: async () => {
    for (let index = 0; index < RECORDS; index++) {
      await group.records.add(MEASURED, new Uint8Array(RECORD_LENGTH).fill(index))
    }
    while (groups.length < Number(size)) {
      const { node } = await open(`member-${groups.length}`)
      groups.push(await node.groups.join(await group.invite()))
    }
    return {}
  },
  status: async () => {
    const online = await Promise.all(groups.map(async (one) => (await one.members({ connected: true })).length))
    const { user, system } = process.cpuUsage()
    return { online: String(Math.max(...online)), processorTime: String((user + system) / 1000) }
  },
  'invite by link': async () => invitation(await group.invite()),
  'invite by identity': async (certificate) => invitation(await group.invite({ for: certificate })),
  'invite by password': async () => invitation(await group.invite({ password: PASSWORD })),
})

function invitation(text: string): Answer {
  return { invitation: text }
}

async function open(name: string): Promise<{ readonly node: PeerNode; readonly cloud: string }> {
  const node = await openNode({ dataDir: join(folder, name), friendlyName: name, seeds: [`127.0.0.1:${port}`] })
  return { node, cloud: await enterCloud(node) }
}
