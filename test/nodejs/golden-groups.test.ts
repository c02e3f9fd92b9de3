/** Data directories with a group, as each release has written them: test/golden/<release>/group-directory. */
import { chmodSync, cpSync, existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, expect, test } from 'vitest'
import { makeInvitation, readInvitation } from '../../src/group/invitation-text.ts'
import { parsePeerName } from '../../src/identity/peer-name.ts'
import { openNode } from '../../src/nodejs/open-node.ts'
import { recordType } from '../../src/peer-node/application-types.ts'
import type { Group } from '../../src/peer-node/group.ts'
import type { PeerNode } from '../../src/peer-node/peer-node.ts'
import { crypto } from '../identity/platform.ts'
import { endpoint } from '../peer-node/endpoints.ts'
import { anything } from '../peer-node/schemas.ts'
import { newPath } from './new-path.ts'

interface Golden {
  readonly group: string
  readonly invitation: string
  readonly password: string
  readonly passwordInvitation: string
  readonly exportPassword: string
  readonly configuration: string
  readonly key: string
  readonly friendlyName: string
  readonly comment: string
  readonly notes: readonly string[]
  /** Role by friendly name. */
  readonly members: Readonly<Record<string, string>>
}

const GOLDEN = fileURLToPath(new URL('../golden', import.meta.url))
const releases = readdirSync(GOLDEN).filter((release) => existsSync(join(GOLDEN, release, 'group-directory')))
const Note = recordType('test.note', { schema: anything, expires: '1d' })

const opened: PeerNode[] = []
afterEach(async () => {
  await Promise.all(opened.splice(0).map((node) => node.close()))
})

/** A node that has the group of a release, in a copy with the modes that the files were written with. */
async function openGolden(release: string): Promise<{ golden: Golden; node: PeerNode }> {
  const golden: Golden = JSON.parse(readFileSync(join(GOLDEN, release, 'group-directory.json'), 'utf8'))
  const dataDir = newPath()
  cpSync(join(GOLDEN, release, 'group-directory'), dataDir, { recursive: true })
  for (const entry of readdirSync(dataDir, { recursive: true, withFileTypes: true })) {
    chmodSync(join(entry.parentPath, entry.name), entry.isDirectory() ? 0o700 : 0o600)
  }
  return { golden, node: await inCloud(dataDir) }
}

async function inCloud(dataDir: string): Promise<PeerNode> {
  const node = await openNode({ dataDir, friendlyName: 'Somebody else' })
  opened.push(node)
  await node.clouds.open('club', { ranges: ['127.0.0.0/8'] })
  return node
}

async function notesOf(group: Group): Promise<readonly unknown[]> {
  const notes: unknown[] = []
  for await (const { payload } of group.records.list(Note)) notes.push(payload)
  return notes.sort()
}

async function rolesOf(group: Group): Promise<Golden['members']> {
  return Object.fromEntries((await group.members()).map(({ friendlyName, role }) => [friendlyName, role]))
}

test('P-136: the data directory of a member of the first release is kept', () => {
  expect(releases).toContain('0.1.0')
})

test.each(releases)('P-136: the group of release %s opens from its file and its database', async (release) => {
  const { golden, node } = await openGolden(release)
  expect(await node.groups.list()).toMatchObject([{ peerName: golden.group, friendlyName: golden.friendlyName }])
  const group = await node.groups.open(parsePeerName(golden.group), { offline: true })
  expect(await notesOf(group)).toEqual(golden.notes)
  expect(await rolesOf(group)).toEqual(golden.members)
  expect(await group.status()).toMatchObject({ membership: 'in-force' })
  const { friendlyName, comment } = golden
  expect(await group.properties()).toMatchObject({ friendlyName, comment })
  expect((await group.setProperties({ comment: 'another one' })).comment).toBe('another one')
  await group.removeKey()
  await group.importKey(golden.key, golden.exportPassword)
  expect(await group.hasKey()).toBe(true)
  // It is taken over by the identity that it is of, which is not here.
  await expect(node.groups.importConfiguration(golden.configuration, golden.exportPassword)).rejects.toMatchObject({
    code: 'identity-not-found',
  })
})

test.each(releases)('P-136: the group of release %s is joined by its link and by its password', async (release) => {
  const { golden, node } = await openGolden(release)
  const group = await node.groups.open(parsePeerName(golden.group))
  await expect.poll(() => group.addresses(), { timeout: 20_000 }).not.toEqual([])
  const hints = (await group.addresses()).map(endpoint)
  for (const [text, options] of [
    [golden.invitation, {}],
    [golden.passwordInvitation, { password: golden.password }],
  ] as const) {
    // Where the member was then nobody is now.
    const { cloudPorts: _, ...content } = readInvitation(crypto, text)
    const joiner = await inCloud(newPath())
    const joined = await joiner.groups.join(makeInvitation(crypto, { ...content, hints }), options)
    expect(await notesOf(joined)).toEqual(golden.notes)
    expect(await rolesOf(joined)).toMatchObject(golden.members)
  }
})
