/** What members of groups register in PNRP, and until when, on simulated hosts. */
import { describe, expect, test } from 'vitest'
import { PARTICIPANT } from '../../src/group/issuer.ts'
import { authorityPart, makePeerName } from '../../src/identity/peer-name.ts'
import type { Group } from '../../src/peer-node/group.ts'
import type { ResolvedName } from '../../src/peer-node/names.ts'
import type { PeerNode } from '../../src/peer-node/peer-node.ts'
import { MOST_REGISTRATIONS } from '../../src/pnrp/registration.ts'
import { toHex, toUtf8 } from '../../src/runtime/bytes.ts'
import type { Datagrams } from '../../src/runtime/datagrams.ts'
import { all, type SimulatedNodes, withSimulatedNodes } from './simulated-nodes.ts'

const CLOUD = { cloud: 'Global_' }

function participants(node: PeerNode, group: Pick<Group, 'peerName'>): Promise<readonly ResolvedName[]> {
  return all(node.names.resolve(makePeerName(authorityPart(group.peerName), PARTICIPANT), CLOUD))
}

const publishers = async (node: PeerNode, group: Pick<Group, 'peerName'>): Promise<readonly string[]> =>
  (await participants(node, group)).map(({ publisher }) => authorityPart(publisher)).sort()

interface Meeting {
  readonly hub: PeerNode
  readonly ann: PeerNode
  readonly bob: PeerNode
  readonly hers: Group
  readonly his: Group
}

/** A group of Ann and Bob, both registered in a cloud in which somebody else is, too. */
async function meeting({ addHost, openNode, until }: SimulatedNodes): Promise<Meeting> {
  const hub = await openNode(addHost('hub'))
  await hub.clouds.open('Global_')
  const [ann, bob] = [
    await openNode(addHost('ann'), { seeds: ['hub'] }),
    await openNode(addHost('bob'), { seeds: ['hub'] }),
  ]
  const hers = await ann.groups.create({ ...CLOUD, classifier: 'books' })
  const his = await bob.groups.join(await hers.invite())
  await until(async () => (await participants(hub, hers)).length === 2, '60s')
  return { hub, ann, bob, hers, his }
}

describe('a registration of a member', () => {
  test.each([
    ['the group is closed', async ({ his }: Meeting) => his.close()],
    ['the member leaves', async ({ his }: Meeting) => his.leave()],
    ['the node is closed', async ({ bob }: Meeting) => bob.close()],
    ['the node is suspended', async ({ bob }: Meeting) => bob.suspend()],
  ] as const)('P-059: ends when %s', (what, end) =>
    withSimulatedNodes(what, async (nodes) => {
      const met = await meeting(nodes)
      await end(met)
      await nodes.advance('1s')
      expect(await publishers(met.hub, met.hers)).toEqual([authorityPart(met.hers.identity)])
    }),
  )

  test('P-059: ends when the member is revoked', () =>
    withSimulatedNodes('revoked', async (nodes) => {
      const { hub, hers, his } = await meeting(nodes)
      await hers.revoke(his.identity)
      await nodes.until(async () => (await his.status()).membership === 'revoked', '60s')
      await nodes.advance('1s')
      expect(await publishers(hub, hers)).toEqual([authorityPart(hers.identity)])
      expect((await his.status()).found).toBe('not-registered')
    }))

  test('P-059: is taken back before a node is suspended, and made again when it goes on', () =>
    withSimulatedNodes('told', async (nodes) => {
      const { hub, hers, his, bob } = await meeting(nodes)
      const bobs = nodes.world.host('bob').attachment.addresses.map(({ address }) => address)
      const entries = async (): Promise<number> => {
        const { entries: all } = await hub.clouds.inspect('Global_')
        return all.filter(({ endpoints }) => endpoints.some((one) => bobs.some((address) => one.includes(address))))
          .length
      }
      // One of the node itself, and the one of the member.
      await nodes.until(async () => (await entries()) === 2, '60s')
      await bob.suspend()
      expect(await entries()).toBe(1)
      await bob.resume()
      await nodes.until(async () => (await publishers(hub, hers)).length === 2, '60s')
      expect((await his.status()).found).toBe('registered')
    }))

  test('P-059: what a revoked member still registers costs others one refused attempt', () =>
    withSimulatedNodes('stale', async (nodes) => {
      const { addHost, openNode, until, world } = nodes
      const { hub, ann, hers, his } = await meeting(nodes)
      const cleo = await openNode(addHost('cleo'), { seeds: ['hub'] })
      const third = await cleo.groups.join(await hers.invite())
      await until(async () => (await participants(hub, hers)).length === 3, '60s')
      // Bob is cut off, and hears nothing of it: but he can be found.
      world.network.partition(['ann', 'cleo'], ['bob'])
      await hers.revoke(his.identity)
      await until(async () => (await third.members()).length === 2, '60s')
      // Nor does anything wait for him on a link.
      await until(async () => (await his.status()).neighbors === 0, '2m')
      await third.close()
      await ann.suspend()
      world.network.heal()
      await until(async () => (await publishers(hub, hers)).join() === authorityPart(his.identity), '2m')
      const bobs = world.host('bob').attachment.addresses.map(({ address }) => address)
      const tried: string[] = []
      const failures: string[] = []
      const again = await cleo.groups.open(hers.peerName)
      again.on('attempt', ({ endpoint }) => void tried.push(endpoint))
      again.on('connection-failed', ({ code }) => void failures.push(code))
      await until(() => failures.length > 0, '60s')
      expect(failures).toEqual(['not-let-in'])
      for (const address of bobs) expect(tried.filter((one) => one.includes(address)).length).toBeLessThanOrEqual(1)
      await ann.resume()
      await again.synchronized()
      expect((await again.links()).map(({ peerName }) => peerName)).toEqual([hers.identity])
    }))
})

test('P-056: a node that only resolves listens without registering, and its status says so', () =>
  withSimulatedNodes('behind a NAT', async (nodes) => {
    const { addHost, openNode, until, world } = nodes
    const { hub, hers } = await meeting(nodes)
    world.network.addNat({ segment: 'home', address: '88.8.8.8' })
    const interfaces = [{ name: 'eth0', segment: 'home', addresses: ['192.168.1.5/24'] }]
    const dan = await openNode(addHost('dan', { interfaces }), { seeds: ['hub'] })
    const his = await dan.groups.join(await hers.invite())
    await until(async () => (await his.status()).found === 'resolve-only', '60s')
    expect(await his.addresses()).toEqual(['192.168.1.5:3587'])
    expect(await publishers(hub, hers)).not.toContain(authorityPart(his.identity))
    expect((await his.status()).membership).toBe('in-force')
  }))

test('P-056: where a member cannot be registered, it does not listen, which is reported, and goes on as one who dials', () =>
  withSimulatedNodes('full', async (nodes) => {
    const { addHost, openNode, until } = nodes
    const { hers } = await meeting(nodes)
    const dan = await openNode(addHost('dan'), { seeds: ['hub'] })
    await dan.clouds.open('Global_')
    // One place is taken by the node itself.
    const mine = Array.from({ length: MOST_REGISTRATIONS - 1 }, (_, index) =>
      dan.names.register({ name: `0.mine ${index}`, endpoints: [{ port: 80 }] }),
    )
    const [first] = await Promise.all(mine)
    const invitation = await hers.invite({ for: await dan.identities.certificate() })
    const his = await dan.groups.join(invitation)
    const ended: string[] = []
    his.on('listening-ended', ({ code }) => void ended.push(code))
    const isHidden = async (): Promise<boolean> =>
      (await his.addresses()).length === 0 && (await his.status()).found === 'not-registered'
    await until(isHidden, '60s')
    // It tries again when it goes on.
    await dan.suspend()
    await dan.resume()
    await until(() => ended.length > 0, '60s')
    await until(isHidden, '60s')
    expect(new Set(ended)).toEqual(new Set(['too-many-registrations']))
    await until(async () => (await his.status()).state === 'synchronized', '60s')
    await until(async () => (await hers.node(his.identity)).addresses.length === 0, '60s')
    await his.close()
    await first?.close()
    const again = await dan.groups.open(hers.peerName)
    await until(async () => (await again.status()).found === 'registered', '60s')
    expect(await again.addresses()).not.toEqual([])
  }))

test('P-120: no datagram shows a friendly name of a member, or the classifier of its peer name', () =>
  withSimulatedNodes('wire', async ({ addHost, openNode, until }) => {
    const sent: Uint8Array[] = []
    const open = async (host: string, friendlyName: string, classifier: string): Promise<PeerNode> => {
      const simulated = addHost(host)
      const datagrams = recorded(simulated.ports.datagrams, sent)
      const node = await openNode(
        simulated,
        { seeds: host === 'hub' ? [] : ['hub'], friendlyName: 'nobody' },
        { datagrams },
      )
      await node.identities.setDefault((await node.identities.create({ friendlyName, classifier })).peerName)
      return node
    }
    const secrets = ['Annabel of the Office', 'ann at the office', 'Robert of the Harbour', 'bob afloat'] as const
    const hub = await open('hub', 'Hub', 'hub')
    await hub.clouds.open('Global_')
    const ann = await open('ann', secrets[0], secrets[1])
    const bob = await open('bob', secrets[2], secrets[3])
    const hers = await ann.groups.create({ ...CLOUD, friendlyName: 'Book club', classifier: 'books' })
    // Under a link of an inviting member, so that the chain has every kind of certificate.
    await bob.groups.join(await hers.invite({ role: 'inviting-member' }))
    await until(async () => (await participants(hub, hers)).length === 2, '60s')
    const wire = toHex(Uint8Array.from(sent.flatMap((bytes) => [...bytes])))
    const occurs = (text: string): boolean => wire.includes(toHex(toUtf8(text)))
    // What is shown could be seen: the certificates were there.
    expect(occurs(PARTICIPANT) && occurs('Book club') && occurs(authorityPart(hers.identity))).toBe(true)
    for (const secret of secrets) expect(occurs(secret), secret).toBe(false)
  }))

/** Keeps a copy of every datagram that is sent. */
function recorded(datagrams: Datagrams, sent: Uint8Array[]): Datagrams {
  return {
    bind: async (local, receiver) => {
      const socket = await datagrams.bind(local, receiver)
      return {
        local: socket.local,
        send: (bytes, to) => {
          sent.push(bytes.slice())
          socket.send(bytes, to)
        },
        get refused() {
          return socket.refused
        },
        get failures() {
          return socket.failures
        },
        close: () => socket.close(),
      }
    },
  }
}
