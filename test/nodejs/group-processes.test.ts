/** Members of a group in processes of their own, on loopback: they find each other by hints and by PNRP. */
import { afterEach, describe, expect, test } from 'vitest'
import { makeInvitation, readInvitation } from '../../src/group/invitation-text.ts'
import { PARTICIPANT } from '../../src/group/issuer.ts'
import { authorityPart, makePeerName, parsePeerName } from '../../src/identity/peer-name.ts'
import { crypto } from '../identity/platform.ts'
import { endpoint } from '../peer-node/endpoints.ts'
import { newPath } from './new-path.ts'
import { RemoteNode, type RemoteNodeOptions } from './remote-node.ts'

const CLOUD = { cloud: 'club' }
const RANGES = { ranges: ['127.0.0.0/8'] }
/** Nothing listens there, nor at the port of PNRP beside it. */
const NOBODY = '127.9.9.9:1'

const started: RemoteNode[] = []

afterEach(async () => {
  await Promise.all(started.splice(0).map((node) => node.kill()))
})

/** Starts a node that is in the cloud, with the port of another one as its seed, if there is one. */
async function inCloud(seed?: number, options: RemoteNodeOptions = {}): Promise<{ node: RemoteNode; port: number }> {
  const seeds = seed === undefined ? [] : [`127.0.0.1:${seed}`]
  const node = await RemoteNode.start({ ...options, seeds })
  started.push(node)
  const { port } = await node.join(CLOUD.cloud, RANGES)
  if (port === undefined) throw new Error('it has no port')
  if (seed !== undefined) await node.active(CLOUD.cloud)
  return { node, port }
}

const textOf = async (node: RemoteNode): Promise<string> => String(await node.call('group-invite'))

const isRegistered = (node: RemoteNode): Promise<void> =>
  node.until('it is registered', async () => {
    const status = await node.call('group-status')
    return typeof status === 'object' && status !== null && 'found' in status && status.found === 'registered'
  })

const reads = (node: RemoteNode, text: string): Promise<void> =>
  node.until(`it reads ${text}`, async () => {
    const texts = await node.call('read')
    return Array.isArray(texts) && texts.includes(text)
  })

function hinting(text: string, ...hints: readonly string[]): string {
  const { cloudPorts: _, ...content } = readInvitation(crypto, text)
  return makeInvitation(crypto, { ...content, hints: hints.map(endpoint) })
}

describe('members in processes of their own', () => {
  test('P-051, P-057, P-132: join by a hint, and by PNRP once the creator is gone for good; all come back and meet', async () => {
    const ann = await inCloud()
    const [bobsFolder, cleosFolder] = [newPath(), newPath()]
    const [bob, cleo] = await Promise.all([
      inCloud(ann.port, { dataDir: bobsFolder }),
      inCloud(ann.port, { dataDir: cleosFolder }),
    ])
    const group = parsePeerName(
      String(await ann.node.call('group-create', '', { ...CLOUD, friendlyName: 'Book club' })),
    )
    const texts = [await textOf(ann.node), await textOf(ann.node)]
    expect(await bob.node.call('group-join', texts[0] ?? '')).toBe(group)
    await ann.node.call('write', '', { texts: ['from ann'] })
    await reads(bob.node, 'from ann')
    await isRegistered(bob.node)
    await ann.node.kill()
    expect(await cleo.node.call('group-join', texts[1] ?? '')).toBe(group)
    await reads(cleo.node, 'from ann')
    await isRegistered(cleo.node)
    const found = await cleo.node.resolve(makePeerName(authorityPart(group), PARTICIPANT), CLOUD)
    const publishers = found.map(({ publisher }) => authorityPart(publisher))
    for (const { node } of [bob, cleo]) expect(publishers).toContain(authorityPart(parsePeerName(node.peerName)))
    await Promise.all([cleo.node.close(), bob.node.close()])
    // Ports may be others now, and what was remembered wrong.
    const bobAgain = await inCloud(undefined, { dataDir: bobsFolder })
    await bobAgain.node.call('group-open', group)
    await bobAgain.node.call('write', '', { texts: ['from bob'] })
    const cleoAgain = await inCloud(bobAgain.port, { dataDir: cleosFolder })
    await cleoAgain.node.call('group-open', group)
    await reads(cleoAgain.node, 'from bob')
  }, 60_000)

  test('P-054: connect by a given address, without PNRP', async () => {
    const [ann, bob] = await Promise.all([inCloud(), inCloud()])
    await ann.node.call('group-create', '', CLOUD)
    const invitation = String(await ann.node.call('group-invite', '', { for: await bob.node.call('certificate') }))
    await bob.node.call('group-join', hinting(invitation, NOBODY))
    await ann.node.call('write', '', { texts: ['from ann'] })
    expect(await bob.node.call('read')).toEqual([])
    const addresses = await ann.node.call('graph-addresses')
    await bob.node.call('graph-add', '', { addresses })
    await reads(bob.node, 'from ann')
  }, 60_000)

  test('P-053: who finds nobody is told why, and nothing stays', async () => {
    const ann = await inCloud()
    const [bob, cleo] = await Promise.all([inCloud(ann.port), inCloud(ann.port)])
    await ann.node.call('group-create', '', CLOUD)
    const [text, used] = [await textOf(ann.node), await textOf(ann.node)]
    await bob.node.call('group-join', used)
    await expect(cleo.node.call('group-join', used)).rejects.toThrow('not-let-in')
    // Bob goes with his registration, and Ann without a word.
    await bob.node.close()
    await ann.node.kill()
    await expect(cleo.node.call('group-join', hinting(text, NOBODY))).rejects.toThrow('no-members-found')
    expect(await cleo.node.call('group-list')).toEqual([])
  }, 60_000)
})
