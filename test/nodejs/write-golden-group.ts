/**
 * Writes the data directory of a member that a release keeps (test/golden/README.md): the creator of a group in which others have
 * written, one was revoked and a password is set.
 *
 *     node test/nodejs/write-golden-group.ts test/golden/<release>
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openNode } from '../../src/nodejs/open-node.ts'
import { recordType } from '../../src/peer-node/application-types.ts'
import type { Group } from '../../src/peer-node/group.ts'
import type { PeerNode } from '../../src/peer-node/peer-node.ts'
import { anything } from '../peer-node/schemas.ts'

const [folder] = process.argv.slice(2)
if (folder === undefined) throw new Error('it takes the name of a folder')

/** As long as a record can live: the release that reads it may be a late one. */
const LONG = '36000d'
const CLOUD = 'club'
const Note = recordType('test.note', { schema: anything, expires: LONG })
const others = mkdtempSync(join(tmpdir(), 'peerage-golden-'))
const opened: PeerNode[] = []

async function open(dataDir: string, friendlyName: string): Promise<PeerNode> {
  const node = await openNode({ dataDir, friendlyName })
  await node.clouds.open(CLOUD, { ranges: ['127.0.0.0/8'] })
  opened.push(node)
  return node
}

async function notesOf(group: Group): Promise<readonly string[]> {
  const notes: string[] = []
  for await (const { payload } of group.records.list(Note)) notes.push(String(payload))
  return notes.sort()
}

const ann = await open(join(folder, 'group-directory'), 'Ann')
const bob = await open(join(others, 'bob'), 'Bob')
const zed = await open(join(others, 'zed'), 'Zed')
const hers = await ann.groups.create({
  ...{ friendlyName: 'Golden', comment: 'kept for ever', classifier: 'golden', cloud: CLOUD },
  longestRecordLife: '36525d',
})
const certificate = await bob.identities.certificate()
const his = await bob.groups.join(await hers.invite({ for: certificate, role: 'administrator' }))
const theirs = await zed.groups.join(await hers.invite())
await hers.invite({ password: 'golden password', expires: LONG })
await hers.records.add(Note, 'of Ann')
const { id } = await his.records.add(Note, 'of Bob')
await theirs.records.add(Note, 'of Zed')
const { id: gone } = await theirs.records.add(Note, 'deleted')
const reaches = async (group: Group, count: number): Promise<void> => {
  while ((await notesOf(group)).length !== count) await new Promise((resolve) => setTimeout(resolve, 20))
}
for (const group of [hers, his, theirs]) await reaches(group, 4)
await his.records.update(Note, id, 'of Bob, changed')
await his.records.delete(gone)
await reaches(hers, 3)
await hers.revoke(theirs.identity, { keep: 'none' })
for (const group of [hers, his]) await reaches(group, 2)
while (!(await notesOf(hers)).includes('of Bob, changed')) await new Promise((resolve) => setTimeout(resolve, 20))

const members = await hers.members()
const expected = {
  group: hers.peerName,
  invitation: await hers.invite({ uses: 1_000_000, expires: LONG }),
  password: 'golden password',
  passwordInvitation: await hers.invite({ password: 'golden password', expires: LONG }),
  exportPassword: 'the password of the export',
  configuration: await his.exportConfiguration('the password of the export'),
  key: await hers.exportKey('the password of the export'),
  friendlyName: 'Golden',
  comment: 'kept for ever',
  notes: await notesOf(hers),
  members: Object.fromEntries(members.map(({ friendlyName, role }) => [friendlyName, role]).sort()),
}
writeFileSync(join(folder, 'group-directory.json'), `${JSON.stringify(expected, null, 2)}\n`)
await Promise.all(opened.map((node) => node.close()))
rmSync(others, { recursive: true })
